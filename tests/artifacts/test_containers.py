"""Archives: what is found in them, and what hostile ones cost."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from depscan.artifacts import containers
from depscan.artifacts.containers import read_contents
from depscan.artifacts.contents import Allowance, Contents, read_archives

FIXTURES = Path(__file__).parents[2] / "fixtures" / "elf"
PLUGIN = (FIXTURES / "plugin.so").read_bytes()


def zipped(members: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def debian(members: dict[str, bytes], packing: str = "w:xz") -> bytes:
    def entry(name: bytes, data: bytes) -> bytes:
        return b"%-16s0           0     0     100644  %-10d`\n" % (name, len(data)) + data + b"\n" * (len(data) % 2)

    return b"!<arch>\n" + entry(b"debian-binary", b"2.0\n") + entry(b"data.tar", tarred(members, packing))


def read(data: bytes, tmp_path: Path, name: str = "a.jar") -> Contents:
    path = tmp_path / name
    path.write_bytes(data)
    return read_contents(path, "x86_64")


def paths(contents: Contents) -> list[str]:
    return [member.path for member in contents.members]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (zipped({"META-INF/native/libx.so": PLUGIN, "A.class": b"\xca\xfe"}), ["META-INF/native/libx.so"]),
        (zipped({"lib/b.jar": zipped({"libx.so": PLUGIN})}), ["lib/b.jar!/libx.so"]),
        (
            zipped({"BOOT-INF/lib/b.jar": zipped({"libx.so": PLUGIN})}, method=zipfile.ZIP_STORED),
            ["BOOT-INF/lib/b.jar!/libx.so"],
        ),
        (tarred({"package/x.node": PLUGIN}, "w:gz"), ["package/x.node"]),
        (tarred({"./usr/lib/libx.so.1": PLUGIN}, "w:bz2"), ["usr/lib/libx.so.1"]),
        (tarred({"bin/x": PLUGIN}), ["bin/x"]),
        (debian({"./usr/lib/libx.so": PLUGIN}), ["usr/lib/libx.so"]),
        (gzip.compress(b"\0" * 1024) + tarred({"usr/bin/x": PLUGIN}, "w:gz"), []),
        (tarred({".SIGN": b"s"}, "w:gz") + tarred({"usr/bin/x": PLUGIN}, "w:gz"), ["usr/bin/x"]),
        (zipped({"libx.so": (FIXTURES / "hello-arm64").read_bytes()}), []),
        (zipped({"notes.txt": PLUGIN}), []),
        (gzip.compress(b"no tar at all"), []),
    ],
    ids="jar jar-in-jar stored npm bzip2 tar deb no-apk apk other-machine asset gzip".split(),  # noqa: SIM905
)
def test_native_members_are_found(data: bytes, expected: list[str], tmp_path: Path) -> None:
    found = read(data, tmp_path)
    assert (paths(found), found.problem) == (expected, None)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("../../etc/libx.so", "etc/libx.so"), ("/libx.so", "libx.so"), ("a/\x1b[31m\n/libx.so", "a/\\x1b[31m\\n/libx.so")],
)
def test_names_lead_nowhere(name: str, shown: str, tmp_path: Path) -> None:
    assert paths(read(zipped({name: PLUGIN}), tmp_path)) == [shown]


def nested(depth: int) -> bytes:
    data = PLUGIN
    for level in range(depth):
        data = zipped({f"{level}.zip" if level else "libx.so": data})
    return data


def test_deep_nesting_ends(tmp_path: Path) -> None:
    assert paths(read(nested(3), tmp_path)) == ["2.zip!/1.zip!/libx.so"]
    assert read(nested(10), tmp_path).problem == "9.zip!/8.zip!/7.zip: archives more than 3 deep are not opened"


def test_bomb_is_named(tmp_path: Path) -> None:
    bomb = zipped({"lib/big.so": b"\x7fELF" + b"\0" * (64 << 20)})
    assert read(bomb, tmp_path).problem == "lib/big.so: it unpacks to more than 200 times its size, as a bomb does"
    packed = gzip.compress(tarred({"big.so": b"\0" * (64 << 20)}))
    found = read(packed, tmp_path)
    assert found.problem == "it unpacks to more than 200 times its size, as a bomb does"


def test_overlapping_members_are_a_bomb(tmp_path: Path) -> None:
    data = bytearray(zipped({f"lib{number}.so": PLUGIN for number in range(3)}, method=zipfile.ZIP_STORED))
    at = data.index(b"PK\x01\x02")
    for _ in range(3):
        struct.pack_into("<II", data, at + 20, len(data), len(data))
        at = data.find(b"PK\x01\x02", at + 4)
    assert read(bytes(data), tmp_path).problem == "its members lie over one another, as a bomb's do"


def test_members_are_counted_before_the_directory_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_MEMBERS", 5)
    assert read(zipped({f"{n}.class": b"" for n in range(6)}), tmp_path).problem == "it has more than 5 members"
    assert read(tarred({f"{n}.class": b"" for n in range(6)}), tmp_path).problem == "it has more than 5 members"


def test_encrypted_truncated_and_damaged(tmp_path: Path) -> None:
    data = bytearray(zipped({"libx.so": PLUGIN}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert read(bytes(data), tmp_path).problem == "libx.so: it is encrypted"
    whole = zipped({"libx.so": PLUGIN})
    truncated = read(whole[:-40], tmp_path).problem
    assert truncated == "a damaged zip: it has no end of a central directory, as one that is cut off"
    wrong = bytearray(whole)
    wrong[wrong.index(b"PK\x01\x02") + 16] ^= 0xFF
    assert (read(bytes(wrong), tmp_path).problem or "").startswith("libx.so: it cannot be unpacked: Bad CRC-32")
    packed = tarred({"libx.so": PLUGIN}, "w:gz")
    cut = read(packed[: len(packed) * 2 // 3], tmp_path)
    assert (
        cut.problem
        == "libx.so: it cannot be unpacked: Compressed file ended before the end-of-stream marker was reached"
    )


def test_links_have_no_bytes(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("libx.so")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    assert read(buffer.getvalue(), tmp_path) == Contents()


def test_the_cache_knows_archives_by_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPSCAN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("depscan.cachefiles.TICK_NS", -1)
    path = tmp_path / "a.jar"
    path.write_bytes(zipped({"libx.so": PLUGIN}))
    first = read_archives([path], "x86_64")
    monkeypatch.setattr(containers, "read_contents", lambda *_: pytest.fail("opened again"))
    assert read_archives([path], "x86_64") == first
    with pytest.raises(pytest.fail.Exception):
        read_archives([path], "aarch64")


def test_memory_is_shared_by_what_lies_in_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = zipped({"libx.so": PLUGIN}, method=zipfile.ZIP_STORED)
    monkeypatch.setattr(containers, "MAX_HELD", len(inner) + len(PLUGIN) - 1)
    assert read(zipped({"b.jar": inner}), tmp_path).problem == "b.jar!/libx.so: larger than 0 MB inside an archive"
    assert paths(read(inner, tmp_path)) == ["libx.so"]


def test_the_archives_of_a_run_share_an_allowance(tmp_path: Path) -> None:
    for name in ("a.jar", "b.jar", "c.jar"):
        (tmp_path / name).write_bytes(zipped({"libx.so": PLUGIN, "A.class": b""}))
    paths = [tmp_path / name for name in ("a.jar", "b.jar", "c.jar")]
    for allowance, kind in (
        (Allowance(members=3), "have more than 3 members together"),
        (Allowance(size=len(PLUGIN) + 10), "unpack to more than 0 MB together"),
        (Allowance(seconds=-1.0), "takes longer than -1 s together"),
    ):
        found = list(read_archives(paths, "x86_64", cache=False, allowance=allowance).values())
        spent = [kind in (each.problem or "") for each in found]
        assert spent in ([False, True, True], [True, True, True])
        assert spent[0] is (allowance.seconds < 0)


def test_what_the_allowance_left_unread_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPSCAN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("depscan.cachefiles.TICK_NS", -1)
    path = tmp_path / "a.jar"
    path.write_bytes(zipped({"libx.so": PLUGIN}))
    assert read_archives([path], "x86_64", allowance=Allowance(members=0))[path].members == ()
    assert [member.path for member in read_archives([path], "x86_64")[path].members] == ["libx.so"]


def rpm(members: dict[str, bytes], packing: str = "gzip") -> bytes:
    """The lead, an empty signature, an empty header, and a cpio archive (cpio(5), newc)."""

    def entry(name: str, data: bytes, mode: int = 0o100755) -> bytes:
        fields = (1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)

    payload = b"".join(entry(name, data) for name, data in members.items()) + entry("TRAILER!!!", b"", 0)
    packed = {"gzip": gzip.compress, "xz": lzma.compress, "bzip2": bz2.compress, "none": bytes}[packing](payload)
    header = b"\x8e\xad\xe8\x01" + b"\0" * 4 + struct.pack(">II", 0, 0)
    return b"\xed\xab\xee\xdb\3\0" + b"\0" * 90 + header + header + packed


@pytest.mark.parametrize("packing", ["gzip", "xz", "bzip2", "none"])
def test_rpm_packages_are_read(packing: str, tmp_path: Path) -> None:
    data = rpm({"./usr/share/doc/x": b"text", "./usr/lib64/libx.so.1": PLUGIN}, packing)
    found = read(data, tmp_path, "x.rpm")
    assert (paths(found), found.problem) == (["usr/lib64/libx.so.1"], None)


def test_damaged_rpm_packages_are_named(tmp_path: Path) -> None:
    whole = rpm({"./usr/lib64/libx.so.1": PLUGIN}, "none")
    assert read(whole[:90], tmp_path).problem == "a damaged rpm package: no header where one belongs"
    assert "it is cut off" in (read(whole[:-300], tmp_path).problem or "")
    assert "no cpio archive" in (read(whole[:128] + b"x" * 600, tmp_path).problem or "")
    bomb = read(rpm({"./big": b"\0" * (64 << 20)}), tmp_path)
    assert bomb.problem == "it unpacks to more than 200 times its size, as a bomb does"


@pytest.mark.parametrize("packing", ["w:gz", "w:bz2", "w:xz"])
def test_bombs_of_every_packing_end(packing: str, tmp_path: Path) -> None:
    found = read(tarred({"big.so": b"\0" * (64 << 20)}, packing), tmp_path, "bomb.tar")
    assert found.problem == "it unpacks to more than 200 times its size, as a bomb does"


def test_a_damaged_stream_that_holds_no_archive_is_no_archive(tmp_path: Path) -> None:
    damaged = gzip.compress(bytes(range(256)) * 40)[:12] + b"\xff" * 40
    assert read(damaged, tmp_path, "words.gz") == Contents()
    assert "it cannot be unpacked" in (read(damaged, tmp_path, "words.tar.gz").problem or "")
