"""Base images made here, by the names that Dockerfiles use.

In: an image reference. Out: its layers and its configuration, or `NoImageError`. Debian's images are debootstrap's
minbase with the apt settings of the official ones; distroless images are made of the same packages as the real ones
(by GoogleContainerTools/distroless, base/ and cc/); `alpine` is musl by its Alpine names with a static busybox, without
apk and the libraries that it brings.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tests.live.performed.layers import Layers, make_layer
from tests.live.roots import root

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CERTIFICATES = "/etc/depscan-ca.crt"  # what this machine's clients trust, for pip and npm in RUN

_RELEASES = {"11": "bullseye", "12": "bookworm", "13": "trixie"}
# Debian's musl by the Alpine that has the same version.
_ALPINES = {"3.15": "bullseye", "3.17": "bookworm", "3.21": "trixie", "3.22": "trixie", "3.23": "trixie"}
_APT_SETTINGS = """\
Apt::AutoRemove::SuggestsImportant "false";
Acquire::Languages "none";
APT::Keep-Downloaded-Packages "false";
"""
_STATIC = ("base-files", "netbase", "tzdata")
_GLIBC = {
    "11": ("libc6", "libssl1.1"),
    "12": ("libc6", "libssl3"),
    "13": ("libc6", "libssl3t64", "libzstd1", "zlib1g"),
}
_CXX = ("libgcc-s1", "libgomp1", "libstdc++6")


class Image(Struct, frozen=True):
    """Layers, and the configuration that a build carries on."""

    layers: Layers
    environment: dict[str, str]
    workdir: str = "/"
    user: str = ""
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


class NoImageError(Exception):
    """The image is none of those that can be made here."""


def base_image(reference: str) -> Image:
    """The image that `reference` names."""
    if reference == "scratch":
        return Image((), {})
    name, _, tag = reference.partition(":")
    for maker in (_debian, _distroless, _alpine):
        if (image := maker(name, tag)) is not None:
            return image
    raise NoImageError(reference)


def _debian(name: str, tag: str) -> Image | None:
    release = tag.removesuffix("-slim")
    suite = _RELEASES.get(release, release)
    if name != "debian" or suite not in _RELEASES.values():
        return None
    return Image(_layer(f"debian {suite}", partial(_make_debian, suite)), {"PATH": PATH})


def _distroless(name: str, tag: str) -> Image | None:
    kind, _, release = name.removeprefix("gcr.io/distroless/").partition("-debian")
    if release not in _RELEASES or kind not in ("static", "base", "cc"):
        return None
    packages = _STATIC
    packages += _GLIBC[release] if kind != "static" else ()
    packages += _CXX if kind == "cc" else ()
    layers = _layer(f"distroless {kind} {release}", partial(_make_distroless, _RELEASES[release], packages))
    user = "65532" if tag == "nonroot" else "0"
    return Image(layers, {"PATH": PATH}, user=user, workdir="/home/nonroot" if tag == "nonroot" else "/")


def _alpine(name: str, tag: str) -> Image | None:
    if name != "alpine" or tag not in _ALPINES:
        return None
    return Image(_layer(f"alpine {tag}", partial(_make_alpine, _ALPINES[tag])), {"PATH": PATH}, command=("/bin/sh",))


def _layer(text: str, make: Callable[[Path], None]) -> Layers:
    return make_layer((), f"base 4 {text}", make)


def _make_debian(suite: str, here: Path) -> None:
    _run("debootstrap", "--variant=minbase", suite, str(here))
    sources = here / "etc" / "apt" / "sources.list"
    mirror = sources.read_text().split()[1]
    lines = [
        f"deb {mirror} {suite} main",
        f"deb {mirror} {suite}-updates main",
        f"deb {mirror}-security {suite}-security main",
    ]
    sources.write_text("\n".join([*lines, ""]))
    (here / "etc" / "apt" / "apt.conf.d" / "docker").write_text(_APT_SETTINGS)
    for path in ("var/lib/apt/lists", "var/cache/apt/archives"):
        shutil.rmtree(here / path)
        (here / path / "partial").mkdir(parents=True)
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", here / CERTIFICATES.lstrip("/"))


def _make_distroless(suite: str, packages: tuple[str, ...], here: Path) -> None:
    for name in packages:
        _unpack(suite, name, here)
    home = here / "home" / "nonroot"
    home.mkdir(parents=True)
    for path, text in (
        (
            "etc/passwd",
            "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
        ),
        ("etc/group", "root:x:0:\nnonroot:x:65532:\n"),
    ):
        (here / path).write_text(text)


def _make_alpine(suite: str, here: Path) -> None:
    _unpack(suite, "musl", here)
    shutil.rmtree(here / "etc")
    if not (here / "lib").exists():
        (here / "usr" / "lib").rename(here / "lib")  # trixie's packages leave the merge of /usr to the system
    for folder in ("bin", "etc", "tmp", "root", "usr/bin", "usr/local/bin", "usr/local/lib", "dev", "proc"):
        (here / folder).mkdir(parents=True, exist_ok=True)
    (here / "lib" / "libc.musl-x86_64.so.1").symlink_to("ld-musl-x86_64.so.1")
    (here / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n")
    with tempfile.TemporaryDirectory() as scratch:
        _unpack("bookworm", "busybox-static", Path(scratch))
        program = next(path for path in Path(scratch).rglob("busybox") if path.is_file() and path.parent.name == "bin")
        shutil.copy(program, here / "bin" / "busybox")
    listed = subprocess.run([here / "bin" / "busybox", "--list-full"], check=True, capture_output=True, text=True)
    for path in (each for each in listed.stdout.split() if each != "bin/busybox"):
        (here / path).parent.mkdir(parents=True, exist_ok=True)
        if not (here / path).exists():
            (here / path).symlink_to("/bin/busybox")


def _unpack(suite: str, name: str, here: Path) -> None:
    from tests.live.downloads import download

    root("bookworm")
    with tempfile.TemporaryDirectory() as scratch:
        package = download(f"debian {suite} amd64 {name}", Path(scratch))
        _run("dpkg-deb", "--extract", str(package), str(here))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed: {(done.stderr or done.stdout)[-400:]}")
