"""The same small root as layout, archive, docker archive, directory and tar: one profile from each."""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zstandard
from msgspec.structs import replace

from depscan.errors import UsageError
from depscan.images.contents import BadImageError
from depscan.images.reference import parse_reference
from depscan.images.sources import read_source
from depscan.platforms import DEFAULT_PLATFORM, parse_platform
from tests.images.handmade import (
    A_ROOT,
    Member,
    docker_archive,
    file,
    hard_link,
    image,
    index,
    layout_files,
    link,
    tar,
    write_layout,
    write_tar,
)

if TYPE_CHECKING:
    from depscan.images.profile import ImageProfile

REFERENCE = parse_reference("debian:12")
ARM64 = {"os": "linux", "architecture": "arm64", "variant": "v8"}
AMD64 = {"os": "linux", "architecture": "amd64"}


def read(path: Path, platform: str = "linux/amd64") -> ImageProfile:
    return read_source(REFERENCE, str(path), parse_platform(platform))


def unpacked(folder: Path) -> Path:
    with tarfile.open(fileobj=BytesIO(tar(A_ROOT))) as archive:
        archive.extractall(folder, filter="tar")
    return folder


@pytest.fixture(
    params=["layout", "zstd", "plain", "archive", "archive.gz", "docker", "docker+oci", "root", "tar", "tar.gz"]
)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    name, path = request.param, tmp_path / "image"
    if name == "layout":
        return "oci-layout", write_layout(path, image(A_ROOT))
    if name == "zstd":
        return "oci-layout", write_layout(path, image(A_ROOT, suffix="+zstd", compress=zstandard.compress))
    if name == "plain":
        return "oci-layout", write_layout(path, image(A_ROOT, suffix="", compress=bytes))
    if name.startswith("archive"):
        write_tar(path, layout_files(write_layout(tmp_path / "layout", image(A_ROOT))))
        if name.endswith("gz"):
            path.write_bytes(gzip.compress(path.read_bytes()))
        return "archive", path
    if name == "docker":
        return "archive", docker_archive(path, A_ROOT)
    if name == "docker+oci":
        files = layout_files(write_layout(tmp_path / "layout", image(A_ROOT)))
        return "archive", write_tar(path, {**files, "manifest.json": b"not looked at"})
    if name == "root":
        return "rootfs", unpacked(path)
    path.write_bytes(gzip.compress(tar(A_ROOT)) if name == "tar.gz" else tar(A_ROOT))
    return "rootfs", path


def test_every_source_gives_the_same_profile(made: tuple[str, Path]) -> None:
    source, path = made
    found = read(path)

    assert (found.source, found.release, found.libc.family, found.libc.version) == (
        source,
        "debian:12",
        "glibc",
        "2.36",
    )
    assert found.loaders[0] == "/lib64/ld-linux-x86-64.so.2"
    assert set(found.libraries) == {"ld-linux-x86-64.so.2", "libc.so.6", "libfoo.so.1", "libfoo.so.1.0"}
    assert found.libraries["libfoo.so.1"].path == "/usr/lib/x86_64-linux-gnu/libfoo.so.1"
    assert (found.libraries_complete, found.loaders_complete, found.links_complete) == (True, True, True)
    assert found.links == {"/lib": "usr/lib", "/lib64": "usr/lib64", "/bin": "usr/bin"}
    assert found.search_paths == ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib", "/usr/lib")
    assert found.cache_paths == ("/opt/lib",)
    assert {"/bin/sh", "/usr/bin/sh", "/usr/bin/dash"} <= found.interpreters
    assert found.package_manager == "apt"
    assert "Debian GLIBC 2.36-9, libc6 2.36-9" in found.why
    assert found.tree is not None
    assert found.tree.files["/lib"].target == "usr/lib"
    assert found.tree.texts["/etc/ld.so.conf.d/local.conf"].endswith("/opt/lib\n")
    assert found.tree.facts["/usr/lib/x86_64-linux-gnu/libfoo.so.1.0"].soname == "libfoo.so.1"
    if source == "rootfs":
        assert (found.environment, found.entrypoint, found.as_of) == (None, None, None)
    else:
        assert found.environment == {"PATH": "/usr/bin", "A": "b=c"}
        assert (found.workdir, found.entrypoint, found.cmd, found.as_of) == ("/srv", ("/run",), (), "2026-05-01")


def test_the_size_is_that_of_compressed_layers(tmp_path: Path) -> None:
    layer = gzip.compress(tar(A_ROOT), mtime=0)
    made = image(A_ROOT, compress=lambda data: gzip.compress(data, mtime=0))
    assert read(write_layout(tmp_path / "a", made)).size == len(layer)
    assert read(docker_archive(tmp_path / "b", A_ROOT)).size is None


def test_a_second_reading_comes_from_the_cache(tmp_path: Path) -> None:
    path = write_layout(tmp_path / "image", image(A_ROOT))
    first = read(path)
    for blob in (path / "blobs" / "sha256").iterdir():
        if blob.read_bytes().startswith(b"\x1f\x8b"):
            blob.unlink()  # the layer is not needed any more
    os.utime(path, (1, 1))  # so that this process does not remember the path
    assert read(path) == first


def test_a_damaged_cache_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPSCAN_CACHE_DIR", str(tmp_path / "cache"))
    path = write_layout(tmp_path / "image", image(A_ROOT))
    first = read(path)
    (kept,) = (tmp_path / "cache" / "images").iterdir()
    kept.write_bytes(kept.read_bytes()[:-9] + b"corrupted")
    os.utime(path, (2, 2))
    assert read(path) == first


def test_nothing_is_left_of_the_unpacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPSCAN_CACHE_DIR", str(tmp_path / "cache"))
    read(write_layout(tmp_path / "image", image(A_ROOT)))
    assert [path.suffix for path in (tmp_path / "cache").rglob("*") if path.is_file()] == [".profile"]


class TestLayers:
    """Whiteouts, links and what replaces what, as containerd and moby unpack."""

    def files(self, tmp_path: Path, *layers: object) -> dict[str, str]:
        tree = read(write_layout(tmp_path / "image", image(A_ROOT, *layers))).tree
        assert tree is not None
        return {path: file.kind for path, file in tree.files.items()}

    def test_a_whiteout_hides_lower_layers(self, tmp_path: Path) -> None:
        files = self.files(tmp_path, [file("usr/bin/.wh.dash"), file("etc/ld.so.conf.d/.wh.local.conf")])
        assert {"/usr/bin/dash", "/etc/ld.so.conf.d/local.conf"} & files.keys() == set()
        assert {path for path in files if ".wh." in path} == set()

    def test_a_whiteout_of_a_directory_hides_all_below(self, tmp_path: Path) -> None:
        files = self.files(tmp_path, [file("usr/.wh.bin")])
        assert {path for path in files if path.startswith("/usr/bin")} == set()

    @pytest.mark.parametrize("order", [1, -1])
    def test_a_whiteout_leaves_its_own_layer_alone(self, tmp_path: Path, order: int) -> None:
        files = self.files(tmp_path, [file("usr/bin/.wh.dash"), file("usr/bin/dash")][::order])
        assert files["/usr/bin/dash"] == "file"

    @pytest.mark.parametrize("order", [1, -1])
    def test_an_opaque_directory_hides_only_lower_layers(self, tmp_path: Path, order: int) -> None:
        files = self.files(tmp_path, [file("usr/bin/.wh..wh..opq"), file("usr/bin/new/tool")][::order])
        assert {path for path in files if path.startswith("/usr/bin")} == {
            "/usr/bin",
            "/usr/bin/new",
            "/usr/bin/new/tool",
        }

    def test_a_whiteout_through_a_linked_directory(self, tmp_path: Path) -> None:
        assert "/usr/bin/dash" not in self.files(tmp_path, [file("bin/.wh.dash")])

    def test_a_whiteout_of_nothing_is_nothing(self, tmp_path: Path) -> None:
        assert "/none" not in self.files(tmp_path, [file(".wh.none"), file("none/.wh.none")])

    def test_a_member_below_a_linked_directory_goes_to_its_target(self, tmp_path: Path) -> None:
        files = self.files(tmp_path, [file("lib/new.so", b"x")])
        assert (files["/usr/lib/new.so"], files["/lib"]) == ("file", "link")

    def test_a_member_below_a_link_out_of_the_root_stays_inside(self, tmp_path: Path) -> None:
        files = self.files(tmp_path, [link("out", "../../../../outside"), file("out/file")])
        assert files["/outside/file"] == "file"
        assert not (tmp_path / "outside").exists()

    def test_a_directory_replaces_a_link_and_a_file_a_directory(self, tmp_path: Path) -> None:
        files = self.files(tmp_path, [Member("lib64/"), file("usr/bin", b"now a file")])
        assert (files["/lib64"], files["/usr/bin"]) == ("directory", "file")
        assert "/usr/bin/dash" not in files

    def test_a_directory_over_a_directory_keeps_what_is_in_it(self, tmp_path: Path) -> None:
        assert "/usr/bin/dash" in self.files(tmp_path, [Member("usr/bin/", mode=0o700)])

    def test_a_hard_link_is_the_file_again(self, tmp_path: Path) -> None:
        layer = [hard_link("usr/lib/libbar.so.1", "lib/x86_64-linux-gnu/libfoo.so.1.0")]
        found = read(write_layout(tmp_path / "image", image(A_ROOT, layer)))
        assert found.libraries["libbar.so.1"].path == "/usr/lib/libbar.so.1"

    def test_absolute_names_and_devices_are_normalised(self, tmp_path: Path) -> None:
        files = self.files(tmp_path, [file("/usr/./absolute"), Member("dev/null", None, tarfile.CHRTYPE)])
        assert (files["/usr/absolute"], files["/dev/null"]) == ("file", "other")


class TestIndexes:
    def test_the_platform_is_picked(self, tmp_path: Path) -> None:
        other = image([*A_ROOT, file("etc/arm64")], configuration={"architecture": "arm64"})
        attestation = {"os": "unknown", "architecture": "unknown"}
        layout = write_layout(
            tmp_path / "i", index(other, image(A_ROOT), image([]), platforms=[ARM64, AMD64, attestation])
        )
        assert "/etc/arm64" not in (read(layout).tree or pytest.fail()).files
        assert "/etc/arm64" in (read(layout, "linux/arm64").tree or pytest.fail()).files

    def test_nested_indexes(self, tmp_path: Path) -> None:
        assert read(write_layout(tmp_path / "i", index(index(image(A_ROOT))))).release == "debian:12"

    def test_arm_takes_the_best_variant_that_runs(self, tmp_path: Path) -> None:
        variants = ["v5", "v6", "v7"]
        made = [image([*A_ROOT, file(f"etc/{v}")], configuration={"architecture": "arm"}) for v in variants]
        layout = write_layout(
            tmp_path / "i",
            index(*made, platforms=[{"os": "linux", "architecture": "arm", "variant": v} for v in variants]),
        )
        tree = read(layout, "linux/arm/v6").tree
        assert tree is not None
        assert [v for v in variants if f"/etc/{v}" in tree.files] == ["v6"]

    def test_the_named_image_of_several(self, tmp_path: Path) -> None:
        names = {"12": image(A_ROOT), "13": image([file("etc/thirteen")])}
        named = [
            made._replace(descriptor={**made.descriptor, "annotations": {"org.opencontainers.image.ref.name": name}})
            for name, made in names.items()
        ]
        layout = write_layout(tmp_path / "i", *named)
        assert read(layout).release == "debian:12"
        with pytest.raises(BadImageError, match=r"several images \(12, 13\), none named debian:11"):
            read_source(parse_reference("debian:11"), str(layout), DEFAULT_PLATFORM)


def test_a_root_directory_is_never_left_by_links(tmp_path: Path) -> None:
    root = unpacked(tmp_path / "root")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "libsecret.so.1").write_bytes(b"\x7fELF")
    (root / "usr/lib/outside").symlink_to(tmp_path / "secret")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "fifo")
    tree = read(root).tree
    assert tree is not None
    assert "/usr/lib/outside/libsecret.so.1" not in tree.files
    assert (tree.files["/loop"].kind, tree.files["/fifo"].kind) == ("link", "other")


def test_musl_by_its_bytes_and_path_file(tmp_path: Path) -> None:
    words = b"\0musl libc (x86_64)\nVersion %s\n\0" + b"1.2.5\0/lib:/usr/local/lib:/usr/lib\0"
    elf = (Path(__file__).parents[2] / "fixtures" / "elf" / "libfoo.so.1").read_bytes()
    root = [
        file("etc/os-release", b"ID=alpine\nVERSION_ID=3.20.3\n"),
        file("lib/ld-musl-x86_64.so.1", elf + words),
        file("usr/lib/libfoo.so.1", elf),
        file("sbin/apk", b"#!/bin/sh\n"),
        file("lib/apk/db/installed", b"P:alpine-base\nV:1\n\nP:musl\nV:1.2.5-r0\n\n"),
    ]
    found = read(docker_archive(tmp_path / "plain", root))
    assert (found.release, found.libc.family, found.libc.version) == ("alpine:3.20", "musl", "1.2.5")
    assert found.search_paths == ("/lib", "/usr/local/lib", "/usr/lib")
    assert set(found.libraries) == {"ld-musl-x86_64.so.1", "libfoo.so.1"}
    assert (found.package_manager, found.loaders) == ("apk", ("/lib/ld-musl-x86_64.so.1",))
    assert "musl 1.2.5-r0" in found.why

    configured = read(docker_archive(tmp_path / "path", [*root, file("etc/ld-musl-x86_64.path", b"/opt/lib\n/lib")]))
    assert configured.search_paths == ("/opt/lib", "/lib")
    assert set(configured.libraries) == {"ld-musl-x86_64.so.1"}


def test_two_libcs_the_second_is_the_one_fewer_programs_ask_for(tmp_path: Path) -> None:
    elf = (Path(__file__).parents[2] / "fixtures" / "elf" / "libfoo.so.1").read_bytes()
    musl = file("lib/ld-musl-x86_64.so.1", elf + b"\0musl libc (x86_64)\0\x001.2.3\0/lib:/usr/lib\0")
    found = read(docker_archive(tmp_path / "both", [*A_ROOT, musl]))
    assert found.libc.family == "glibc"
    assert found.secondary is not None
    assert (found.secondary.libc.version, found.secondary.search_paths) == ("1.2.3", ("/lib", "/usr/lib"))


def test_a_root_without_dynamic_linker_has_no_libc(tmp_path: Path) -> None:
    found = read(docker_archive(tmp_path / "static", [file("etc/passwd", b"root")]))
    assert (found.libc.family, found.loaders, found.loaders_complete, found.libraries) == ("none", (), True, {})


@pytest.mark.parametrize("spec", ["no/such/place", "\0"])
def test_a_path_that_is_not_there_is_wrong_use(spec: str) -> None:
    with pytest.raises(UsageError, match="name an OCI layout"):
        read_source(REFERENCE, spec, DEFAULT_PLATFORM)


def test_docker_by_its_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = docker_archive(tmp_path / "saved", A_ROOT)
    client = tmp_path / "bin" / "podman"
    client.parent.mkdir()
    client.write_text(
        f'#!/bin/sh\n[ "$*" = "save -- corp/base:1" ] && exec cat {archive}\necho "no such image: $3" >&2\nexit 125\n'
    )
    client.chmod(0o755)
    monkeypatch.setenv("PATH", f"{client.parent}:{os.environ['PATH']}")

    assert read_source(REFERENCE, "podman:corp/base:1", DEFAULT_PLATFORM).release == "debian:12"
    with pytest.raises(BadImageError, match="podman save failed: no such image: corp/base:2"):
        read_source(REFERENCE, "podman:corp/base:2", DEFAULT_PLATFORM)
    with pytest.raises(BadImageError, match="no image reference"):
        read_source(REFERENCE, "podman:--help", DEFAULT_PLATFORM)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadImageError, match="there is no docker on the PATH"):
        read_source(REFERENCE, "docker:x", DEFAULT_PLATFORM)


def test_the_cached_profile_has_every_field(tmp_path: Path) -> None:
    path = write_layout(tmp_path / "image", image(A_ROOT))
    first = read(path)
    shutil.copytree(path, tmp_path / "copy")
    assert replace(read(tmp_path / "copy"), why=first.why) == first
