"""Archives that instructions unpack are read within bounds, and their members once."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from depscan.artifacts import containers, listing
from depscan.artifacts.contents import Allowance
from depscan.artifacts.listing import HEAD_SIZE, Archive
from depscan.filesystem.archives import Archives, read_member

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunDepscan


def read_archive(path: Path) -> Archive | None:
    return Archives().read(path)


def pack(path: Path, mode: str = "w:gz", count: int = 5, size: int = 1000) -> Path:
    with tarfile.open(path, mode) as archive:
        for number in range(count):
            info = tarfile.TarInfo(f"m{number}")
            info.size = size
            archive.addfile(info, io.BytesIO(bytes([number]) * size))
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_members_are_read_in_any_order(tmp_path: Path, mode: str) -> None:
    path = pack(tmp_path / "a.tar", mode)
    for number in (1, 3, 2, 2, 0, 4):
        assert read_member(path, f"m{number}", 2000) == bytes([number]) * 1000
    assert read_member(path, "gone", 10) is None


def test_members_in_order_cost_one_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack(tmp_path / "a.tgz", count=50)
    opened = []
    real = containers.open_items
    monkeypatch.setattr(containers, "open_items", lambda *given: opened.append(1) or real(*given))
    assert [read_member(path, f"m{number}", 1) for number in range(50)] == [bytes([number]) for number in range(50)]
    assert len(opened) == 1


def test_heads_are_kept_for_sniffing(tmp_path: Path) -> None:
    archive = read_archive(pack(tmp_path / "a.tgz"))
    assert archive is not None
    found = {member.name: len(member.head) for member in archive.members}
    assert found == {f"m{n}": HEAD_SIZE for n in range(5)}
    assert archive.problem is None


def test_what_was_read_whole_is_kept_for_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPSCAN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("depscan.cachefiles.TICK_NS", -1)
    path = pack(tmp_path / "a.tgz")
    first = read_archive(path)
    monkeypatch.setattr(listing, "open_items", lambda *_: pytest.fail("opened again"))
    assert read_archive(path) == first
    with pytest.raises(pytest.fail.Exception):
        Archives(cache=False).read(path)


def test_what_is_kept_counts_into_the_allowance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPSCAN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("depscan.cachefiles.TICK_NS", -1)
    path = pack(tmp_path / "a.tgz")
    assert len(listing.read_listing(path, Allowance()).members) == 5  # type: ignore[union-attr]
    again = listing.read_listing(path, Allowance(members=3))
    assert again == Archive((), "the archives of this run have more than 3 members together")


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_MEMBERS", 3)
    archive = read_archive(pack(tmp_path / "a.tgz"))
    assert archive is not None
    assert (len(archive.members), archive.problem) == (3, "it has more than 3 members")


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_UNPACKED", 2 << 20)
    path = pack(tmp_path / "a.tgz", count=3, size=1_000_000)
    archive = read_archive(path)
    assert archive is not None
    assert "unpacks to more than 2 MB" in str(archive.problem)


def test_an_archive_that_is_cut_off(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.tgz", count=200, size=3000)
    path.write_bytes(path.read_bytes()[:-400])
    archive = read_archive(path)
    assert archive is not None
    assert archive.members
    assert archive.problem is not None


@pytest.mark.parametrize(
    "data", [b"", b"\x1f\x8b", b"BZh9", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"x" * 600, b"\0" * 600]
)
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(data)
    archive = read_archive(path)
    assert archive is None or (archive.members == () and "zstd" in str(archive.problem))


def test_directories_and_missing_files_are_no_archives(tmp_path: Path) -> None:
    assert read_archive(tmp_path) is None
    assert read_archive(tmp_path / "gone") is None
    assert read_member(tmp_path / "gone", "m", 1) is None


@pytest.mark.parametrize("keyword", ["COPY", "ADD"])
def test_a_text_with_the_mark_of_tar_is_added_as_it_is(keyword: str, tmp_path: Path, run_depscan: RunDepscan) -> None:
    """`ustar` at byte 257 makes no archive: without the right sum of a header, nothing is unpacked."""
    (tmp_path / "app").write_bytes(b"#!/bin/bash\n".ljust(257, b"-") + b"ustar".ljust(600, b"-"))
    (tmp_path / "app").chmod(0o755)
    (tmp_path / "Dockerfile").write_text(f'FROM alpine:3.20\n{keyword} app /usr/bin/app\nCMD ["app"]\n')
    found = run_depscan("--isolated", "--format=json", str(tmp_path / "Dockerfile"))
    (scan,) = json.loads(found.out)["scans"]
    assert [(each["path"], each["verdict"]) for each in scan["placements"]] == [("/usr/bin/app", "fails")]
    assert [(each["rule"], each["location"]["line"]) for each in scan["findings"]] == [
        ("shebang-interpreter-missing", 2)
    ]
