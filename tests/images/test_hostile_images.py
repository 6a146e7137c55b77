"""Images that are damaged, foreign or hostile: a reason each, no traceback, nothing outside the cache."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import time
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depscan.findings import Confidence
from depscan.images import filetree, layers
from depscan.images.contents import BadImageError
from depscan.images.filetree import FileTree, Node
from depscan.images.lookup import profile
from depscan.images.reference import parse_reference
from depscan.images.sources import read_source
from depscan.platforms import DEFAULT_PLATFORM
from tests.images.handmade import (
    A_ROOT,
    CONFIGURATION,
    OCI,
    Made,
    Member,
    describe,
    digest,
    docker_archive,
    file,
    hard_link,
    image,
    index,
    layout_files,
    link,
    tar,
    wrap,
    write_layout,
    write_tar,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REFERENCE = parse_reference("debian:12")


def reason(path: Path) -> str:
    with pytest.raises(BadImageError) as error:
        read_source(REFERENCE, str(path), DEFAULT_PLATFORM)
    return str(error.value)


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DEPSCAN_CACHE_DIR", str(tmp_path / "cache"))
    yield
    assert [
        path for path in (tmp_path / "cache" / "images").rglob("*") if path.is_file() and path.suffix != ".profile"
    ] == []
    assert not (tmp_path.parent / "evil").exists()


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([file("../evil", b"x")], "a member named ../evil, which leaves the root"),
        ([file("usr/../../evil", b"x")], "a member named usr/../../evil, which leaves the root"),
        ([file("../.wh.evil")], "a member named ../.wh.evil, which leaves the root"),
        ([hard_link("evil", "../../etc/passwd")], "a member named ../../etc/passwd, which leaves the root"),
        ([hard_link("evil", "etc/nothing")], "a hard link to etc/nothing, which is no file in it"),
        ([hard_link("evil", "etc")], "a hard link to etc, which is no file in it"),
        ([hard_link("evil", "no/where")], "a hard link into no, which is not there"),
        ([link("a", "b"), link("b", "a"), file("a/x", b"x")], "a loop of links at"),
        ([file("usr/bin/dash/x", b"x")], "a member below usr/bin/dash, which is no directory"),
        ([file("/".join(["d"] * 300), b"x")], "a member more than 255 directories deep"),
        ([file("n" * 5000, b"x")], "a member whose name has more than 4096 characters"),
    ],
)
def test_a_member_that_cannot_be(tmp_path: Path, members: list[Member], expected: str) -> None:
    found = reason(docker_archive(tmp_path / "image", A_ROOT, members))
    assert expected in found
    assert found.startswith("layer 1/layer.tar: ")


def test_depth_cannot_be_gained_through_links(tmp_path: Path) -> None:
    deep = "/".join(["d"] * 200)
    members = [Member(deep), link("l", deep), file(f"l/{deep}/x", b"x")]
    assert "more than 255 directories deep" in reason(docker_archive(tmp_path / "image", members))


def test_a_gzip_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "_FREE_BYTES", 1 << 20)
    layout = write_layout(tmp_path / "image", image([file("usr/zeros", bytes(8 << 20))]))
    assert "unpacks to more than 250 times its size, as a bomb does" in reason(layout)


def test_too_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "MAX_UNPACKED", 1 << 20)
    random = os.urandom(1 << 20)
    assert "the image unpacks to more than 0 GB" in reason(write_layout(tmp_path / "i", image([file("etc/x", random)])))


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filetree, "MAX_FILES", 10)
    members = [file(f"etc/{number}") for number in range(20)]
    assert "more than 10 files" in reason(docker_archive(tmp_path / "image", members))


def test_a_pax_header_as_large_as_memory(tmp_path: Path) -> None:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 7 << 30
    layer = info.tobuf() + bytes(10240)
    assert "a pax header or long name of more than 1 MB" in reason(write_layout(tmp_path / "i", image(layer)))


def test_a_chain_of_long_names(tmp_path: Path) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1
    layer = (info.tobuf(tarfile.GNU_FORMAT) + b"x".ljust(512, b"\0")) * 3000
    assert "cannot be read" in reason(write_layout(tmp_path / "i", image(layer)))


def spoiled(made: Made, change: Any) -> Made:
    """The image with the bytes of its layer changed, but not their digest."""
    (layer,) = [key for key, data in made.blobs.items() if data.startswith(b"\x1f\x8b")]
    return made._replace(blobs={**made.blobs, layer: change(made.blobs[layer])})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda data: data[: len(data) // 2], "cannot be read: "),
        (lambda data: gzip.compress(tar([*A_ROOT, file("etc/evil")])), "its bytes are not those of sha256:"),
        (lambda data: b"", "cannot be read: "),
        (lambda data: b"\x1f\x8bgarbage", "cannot be read: "),
        (lambda data: b"\x28\xb5\x2f\xfdgarbage", "cannot be read: "),
        (lambda data: data + b"more", "cannot be read: "),
    ],
)
def test_a_layer_whose_bytes_changed(tmp_path: Path, change: Any, expected: str) -> None:
    assert expected in reason(write_layout(tmp_path / "image", spoiled(image(A_ROOT), change)))


def test_a_tar_that_is_not_the_configurations(tmp_path: Path) -> None:
    assert "its bytes are not those of sha256:" in reason(
        docker_archive(tmp_path / "image", A_ROOT, diff_ids=[digest(b"another tar")])
    )


def test_missing_zstandard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "zstandard", None)
    made = image(A_ROOT, suffix="+zstd", compress=zstandard.compress)
    assert "pip install 'depscan-lint[zstd]'" in reason(write_layout(tmp_path / "image", made))


def test_a_zstd_frame_that_wants_much_memory(tmp_path: Path) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=28)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()

    def compress(layer: bytes) -> bytes:
        return stream.compress(layer) + stream.flush()

    assert "cannot be read: " in reason(write_layout(tmp_path / "i", image(A_ROOT, suffix="+zstd", compress=compress)))


def test_zstd_of_several_frames(tmp_path: Path) -> None:
    def compress(layer: bytes) -> bytes:
        return zstandard.compress(layer[:1024]) + zstandard.compress(layer[1024:])

    made = image(A_ROOT, suffix="+zstd", compress=compress)
    found = read_source(REFERENCE, str(write_layout(tmp_path / "i", made)), DEFAULT_PLATFORM)
    assert found.release == "debian:12"


def manifest(**fields: Any) -> Made:
    config = json.dumps(CONFIGURATION).encode()
    document = {
        "mediaType": f"{OCI}manifest.v1+json",
        "config": describe(config, f"{OCI}config.v1+json"),
        "layers": [],
        **fields,
    }
    return wrap(document, {digest(config): config})


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (manifest(layers=[describe(b"", "application/x-squashfs")]), "unknown media type 'application/x-squashfs'"),
        (manifest(layers=[describe(b"", f"{OCI}layer.v1.tar+gzip")]), f"blob {digest(b'')} is not there"),
        (manifest(layers=[{"digest": "sha256:../../../x", "mediaType": f"{OCI}layer.v1.tar"}]), "no sha256 or sha512"),
        (manifest(layers=[describe(b"", f"{OCI}layer.v1.tar")] * 600), "more than 512 layers"),
        (manifest(layers="none"), "its manifest is no valid JSON of this kind"),
        (manifest(config=None), "neither an index nor a manifest"),
        (manifest(config={"digest": digest(b"{}"), "size": 9 << 30}), "a manifest of 9663676416 bytes, more than 4 MB"),
        (image(A_ROOT, configuration={"os": "windows"}), "an image of Windows"),
        (image(A_ROOT, configuration={"architecture": "s390x"}), "an image for linux/s390x, not for linux/amd64"),
        (image(A_ROOT, configuration={"rootfs": 5}), "its configuration is no valid JSON"),
        (index(image(A_ROOT), platforms=[{"os": "windows", "architecture": "amd64"}]), "only for windows/amd64"),
        (index(image(A_ROOT), platforms=[{"os": "linux", "architecture": "arm64"}]), "only for linux/arm64"),
        (index(), "an index without manifests"),
        (index(index(index(index(index(image(A_ROOT)))))), "indexes nested more than 3 deep"),
    ],
)
def test_a_manifest_that_cannot_be_used(tmp_path: Path, made: Made, expected: str) -> None:
    assert expected in reason(write_layout(tmp_path / "image", made))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "its index.json is no valid JSON"),
        (b"{}", "its index.json is no valid JSON"),
        (b'{"manifests": []}', "its index.json lists no image"),
        (b"[" * 100_000, "its index.json is no valid JSON"),
        (b'{"manifests": [' + b" " * (5 << 20) + b"]}", "its index.json is larger than 4 MB"),
        (b'{"manifests": [{"digest": "md5:0"}]}', "'md5:0' is no sha256 or sha512 digest"),
    ],
)
def test_an_index_json_that_cannot_be_used(tmp_path: Path, content: bytes, expected: str) -> None:
    layout = write_layout(tmp_path / "image", image(A_ROOT))
    (layout / "index.json").write_bytes(content)
    assert expected in reason(layout)


def test_a_manifest_with_other_bytes_than_its_digest(tmp_path: Path) -> None:
    made = image(A_ROOT)
    blobs = {**made.blobs, made.descriptor["digest"]: b"{}"}
    assert "its bytes are not those of sha256:" in reason(write_layout(tmp_path / "image", made._replace(blobs=blobs)))


def test_blobs_that_are_links_or_devices(tmp_path: Path) -> None:
    layout = write_layout(tmp_path / "image", image(A_ROOT))
    blob = layout / "blobs" / image(A_ROOT).descriptor["digest"].replace(":", "/")
    blob.unlink()
    blob.symlink_to("/etc/passwd")
    assert "cannot be read" in reason(layout)
    blob.unlink()
    os.mkfifo(blob)
    os.utime(layout, (3, 3))
    assert "is no regular file" in reason(layout)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "no whole tar archive"),
        (b"not a tar at all" * 100, "no whole tar archive"),
        (
            tar([file("src/main.c", b"int main;")]),
            "no root file system in it, nor an OCI layout or docker save archive",
        ),
        (tar([file("manifest.json", b"{}")]), "its manifest.json is not docker's"),
        (tar([file("manifest.json", b"[]")]), "it holds 0 images"),
        (tar([file("manifest.json", b'[{"Config": "c", "Layers": []}]')]), "c is not in the archive"),
        (tar([link("manifest.json", "manifest.json")]), "manifest.json is not in the archive"),
        (gzip.compress(tar(A_ROOT))[:-200], "a damaged archive"),
    ],
)
def test_an_archive_that_cannot_be_used(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "image.tar").write_bytes(content)
    assert expected in reason(tmp_path / "image.tar")


def test_an_archive_that_is_cut_off(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "image", [*A_ROOT, file("etc/large", os.urandom(1 << 20))])
    path.write_bytes(path.read_bytes()[: 1 << 19])
    assert "a truncated archive: 0/layer.tar is cut off" in reason(path)


def test_an_archive_of_several_images(tmp_path: Path) -> None:
    entry = {"Config": "c", "Layers": []}
    entries = [{**entry, "RepoTags": ["a:1"]}, {**entry, "RepoTags": ["b:1"]}]
    path = write_tar(tmp_path / "image", {"manifest.json": json.dumps(entries).encode()})
    assert "it holds 2 images (a:1, b:1), none named debian:12" in reason(path)


def test_a_library_that_crashes_no_one(tmp_path: Path) -> None:
    broken = [
        file(
            "usr/lib/x86_64-linux-gnu/libbad.so.1", b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + b"\x03\0" + b"\xff" * 300
        )
    ]
    found = read_source(REFERENCE, str(docker_archive(tmp_path / "image", A_ROOT, broken)), DEFAULT_PLATFORM)
    assert found.libraries["libbad.so.1"].versions is None
    assert found.libc.version == "2.36"


def test_files_that_lie_about_their_kind(tmp_path: Path) -> None:
    texts = {"etc/os-release": os.urandom(500), "etc/ld.so.cache": b"glibc-ld.so.cache1.1" + b"\xff" * 500}
    layer = [*(file(name, text) for name, text in texts.items()), file("var/lib/dpkg/status", os.urandom(5000))]
    found = read_source(REFERENCE, str(docker_archive(tmp_path / "image", A_ROOT, layer)), DEFAULT_PLATFORM)
    assert (found.release, found.libc.version) == (None, "2.36")


def test_names_that_are_no_text(tmp_path: Path) -> None:
    layer = [file("etc/caf\udce9\n\x1b[31m", b"x")]
    found = read_source(REFERENCE, str(docker_archive(tmp_path / "image", A_ROOT, layer)), DEFAULT_PLATFORM)
    assert found.tree is not None
    assert "/etc/caf\ufffd\n\x1b[31m" in found.tree.files


def test_whiteouts_cost_no_more_than_their_number(tmp_path: Path) -> None:
    wide = [file(f"usr/{number}") for number in range(5000)]
    started = time.process_time()
    tree = FileTree()
    for layer in (wide, [file(f"usr/.wh.{number}") for number in range(5000)]):
        tree.layer += 1
        for member in layer:
            tree.put(member.name, Node("file", 0o644))
    assert tree.contents().files.keys() == {"/usr"}
    assert time.process_time() - started < 2


class TestTheRunGoesOn:
    """What cannot be read is a Skipped row with the cause, and the knowledge answers."""

    def test_with_the_knowledge(self, tmp_path: Path) -> None:
        (tmp_path / "image.tar").write_bytes(b"junk")
        found = profile("debian:12", DEFAULT_PLATFORM, {"debian:12": str(tmp_path / "image.tar")})
        assert (found.source, found.libc.version, found.confidence) == ("knowledge", "2.36", Confidence.CERTAIN)
        assert found.trouble == f"{tmp_path}/image.tar: no whole tar archive: truncated header"
        assert found.trouble in found.why

    def test_and_a_row_in_the_report(self, tmp_path: Path, run_depscan: Any) -> None:
        (tmp_path / "image.tar").write_bytes(b"junk")
        (tmp_path / "Dockerfile").write_text("FROM debian:12\n")
        run = run_depscan("--isolated", "--base", f"debian:12={tmp_path}/image.tar", "--format", "json", str(tmp_path))
        (row,) = json.loads(run.out)["scans"][0]["skipped"]
        assert (run.code, row["line"], row["subject"]) == (0, 1, "debian:12")
        assert "no whole tar archive" in row["reason"]

    def test_unless_nothing_is_there(self, tmp_path: Path, run_depscan: Any) -> None:
        (tmp_path / "Dockerfile").write_text("FROM debian:12\n")
        run = run_depscan("--isolated", "--base", f"debian:12={tmp_path}/missing", str(tmp_path))
        assert (run.code, run.out) == (2, "")
        assert f"'{tmp_path}/missing', the source of debian:12: No such file or directory; name an OCI" in run.err


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_is_a_reason(tmp_path: Path, data: st.DataObject) -> None:
    """Bytes changed anywhere in an archive: a reason or a profile, never another exception."""
    whole = bytearray(tar(file(name, blob) for name, blob in layout_files(_layout(tmp_path)).items()))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / f"{data.draw(st.uuids())}.tar"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        assert read_source(REFERENCE, str(path), DEFAULT_PLATFORM).reference == str(REFERENCE)
    except BadImageError as error:
        assert str(error)
    finally:
        path.unlink()


def _layout(folder: Path) -> Path:
    return folder / "layout" if (folder / "layout").exists() else write_layout(folder / "layout", image(A_ROOT))


@given(
    st.lists(st.tuples(st.sampled_from("fdlhw"), st.text("ab./", max_size=8), st.text("ab./", max_size=8)), max_size=12)
)
def test_any_sequence_of_members_keeps_the_tree_whole(members: list[tuple[str, str, str]]) -> None:
    """Every file's parents are directories, and no path holds a part that leads elsewhere."""
    tree = FileTree()
    for number, (kind, name, target) in enumerate(members):
        tree.layer = number // 3
        try:
            if kind == "h":
                tree.link(name, target)
            else:
                node = Node({"d": "directory", "l": "link"}.get(kind, "file"), 0o755, target if kind == "l" else None)
                tree.put(f"{name}/.wh.{target}" if kind == "w" else name, node)
        except BadImageError:
            continue
    files = tree.contents().files
    for path in files:
        parent, _, name = path.rpartition("/")
        assert name not in ("", ".", "..")
        assert parent == "" or files[parent].kind == "directory", (path, files)


def test_a_stream_of_nothing_ends(tmp_path: Path) -> None:
    layer = layers.Layer("empty", lambda: io.BytesIO(bytes(10240)))
    assert layers.unpack([layer], tmp_path).files == {}
