"""Real root file systems to run programs in.

In: a name of `ROOTS`. Out: the path of an unpacked root, made once and kept in `cache_folder()`. Debian's roots come
from debootstrap's minbase variant, which is what Debian's own images are made of; musl's roots are an Alpine in small:
the dynamic linker of Debian's package `musl` by Alpine's names, without the path file that Alpine does not have. Two
more are made of these: glibc beside musl, and a glibc that was copied to where nothing else is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def cache_folder() -> Path:
    """Where roots are kept: DEPSCAN_LIVE_CACHE, else ~/.cache/depscan-live."""
    return Path(os.environ.get("DEPSCAN_LIVE_CACHE") or Path.home() / ".cache" / "depscan-live")


def why_not() -> str | None:
    """The reason why programs cannot be run in roots on this machine, or None where they can."""
    if os.geteuid() != 0:
        return "needs root, for chroot"
    if os.uname().machine != "x86_64":
        return "the programs are x86_64's"
    missing = [name for name in ("debootstrap", "gcc") if shutil.which(name) is None]
    return f"needs {' and '.join(missing)}" if missing else None


def root(name: str) -> Path:
    """The root file system called `name`, made when it is not there yet (Debian's: half a minute each)."""
    kept = cache_folder() / name
    if not kept.exists():
        half_made = cache_folder() / f".{name}.{os.getpid()}"
        half_made.mkdir(parents=True)
        try:
            ROOTS[name](half_made)
            half_made.rename(kept)
        finally:
            shutil.rmtree(half_made, ignore_errors=True)
    for mount_point in ("proc", "opt"):
        (kept / mount_point).mkdir(exist_ok=True)
    return kept


@contextmanager
def copy_root(name: str) -> Iterator[Path]:
    """A copy of a root, by hard links, so that files may be added to it; what is there must not be written in place."""
    original = root(name)
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix=".copy-") as folder:
        copy = Path(folder, "root")
        subprocess.run(["cp", "-al", original, copy], check=True)
        Path(folder).chmod(0o755)
        yield copy


def _bootstrap(suite: str, *more: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        include = [f"--include={','.join(more)}"] if more else []
        _run("debootstrap", "--variant=minbase", *include, suite, str(folder))
        for needless in ("usr/share", "var/cache", "var/lib"):
            shutil.rmtree(folder / needless)

    return make


def _musl(suite: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        from tests.live.downloads import download  # its apt takes the mirror from a root

        with tempfile.TemporaryDirectory() as scratch:
            package = download(f"debian {suite} amd64 musl", Path(scratch))
            _run("dpkg-deb", "--extract", str(package), str(folder))
        shutil.rmtree(folder / "etc")
        if not (folder / "lib").exists():  # trixie's packages leave the merge of /usr to the system
            (folder / "lib").symlink_to("usr/lib")
        (folder / "lib" / "libc.musl-x86_64.so.1").symlink_to("ld-musl-x86_64.so.1")

    return make


def _copied_glibc(folder: Path) -> None:
    """bullseye's dynamic linker with gcc's and glibc's libraries, without ld.so.cache: as in `FROM scratch` images."""
    here = root("bullseye")
    names = ("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libgcc_s.so.1", "libstdc++.so.6")
    for path in (f"{folder_of(here, name)}/{name}" for name in names):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(here / path, folder / path)
    (folder / "lib64").mkdir()
    shutil.copy(here / "lib" / "x86_64-linux-gnu" / "ld-linux-x86-64.so.2", folder / "lib64")


def folder_of(here: Path, name: str) -> str:
    """The one of Debian's two library folders in which `name` is."""
    folders = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu")
    return next(path for path in folders if (here / path / name).exists())


def _glibc_beside_musl(folder: Path) -> None:
    shutil.copytree(root("musl"), folder, symlinks=True, dirs_exist_ok=True)
    _copied_glibc(folder)


def _empty(folder: Path) -> None:
    (folder / "tmp").mkdir()


def _run(*command: str, cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=1200, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed: {(done.stderr or done.stdout)[-400:]}")


MORE = ("libstdc++6", "libssl3", "libcurl4", "python3-minimal", "libpq5", "libxml2")

ROOTS: dict[str, Callable[[Path], None]] = {
    "bookworm": _bootstrap("bookworm"),
    "bookworm-more": _bootstrap("bookworm", *MORE),
    "bullseye": _bootstrap("bullseye"),
    "trixie": _bootstrap("trixie"),
    "musl": _musl("bookworm"),
    "musl-1.2.2": _musl("bullseye"),
    "musl-1.2.5": _musl("trixie"),
    "copied-glibc": _copied_glibc,
    "glibc-beside-musl": _glibc_beside_musl,
    "empty": _empty,
}
