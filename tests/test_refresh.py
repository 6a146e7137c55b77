"""What the maintainers' scripts refuse, and how they tell what changed."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent.parent / "scripts"


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))


def test_an_index_that_release_does_not_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from debian_archive import OutOfSyncError, Suite

    monkeypatch.setenv("DEBIAN_MIRROR", "http://mirror.example/debian/")

    digest = hashlib.sha256(b"index").hexdigest()
    mirror = "mirror.example_debian_dists_trixie_"
    release = (
        f"Date: Sat, 21 Nov 2026 09:15:44 UTC\nVersion: 13.8\nSHA256:\n {digest} 5 main/good\n {digest} 5 main/bad\n"
    )
    (tmp_path / f"{mirror}Release").write_text(release)
    (tmp_path / f"{mirror}main_good").write_bytes(b"index")
    (tmp_path / f"{mirror}main_bad").write_bytes(b"an older index")
    suite = Suite("trixie", tmp_path)
    assert (suite.version, suite.as_of, suite.index("main/good")) == ("13.8", "2026-11-21", b"index")
    with pytest.raises(OutOfSyncError, match="trixie/main/bad is not the file that its index names"):
        suite.index("main/bad")


@pytest.mark.parametrize(
    ("release", "package", "refused"),
    [
        ("fedora:43", "glibc-2.39-121.0.1.el10_2", True),
        ("fedora:43", "glibc-2.42-4.fc43", False),
        ("rockylinux:9", "glibc-2.34-60.el9", False),
        ("rockylinux:9", "glibc-2.39-60.el10", True),
        ("amazonlinux:2023", "libstdc++ 14.2.1-7.amzn2023.0.2", False),
        ("centos:stream10", "glibc-2.39-38.el10", False),
        ("debian:12", "libc6 2.36-9.el9", False),
    ],
)
def test_a_foreign_dist_tag_is_refused(release: str, package: str, refused: bool) -> None:
    from refresh_knowledge import refuse_foreign

    row = {"id": release, "in_base_image": {"has": [package]}}
    if refused:
        with pytest.raises(SystemExit, match="of another system"):
            refuse_foreign(row)
    else:
        refuse_foreign(row)


def test_changes_are_told_in_rows() -> None:
    from refresh import change

    before = b'{"id":"a","libc":"musl"}\n{"id":"b","libc":"glibc"}\n'
    after = b'{"id":"b","libc":"musl"}\n{"id":"c","libc":"glibc"}\n'
    assert change("x.jsonl", {"x.jsonl": before}, {"x.jsonl": after}) == (
        "x.jsonl: 1 added, 1 removed, 1 changed, 51 bytes"
    )
    assert change("x.jsonl", {"x.jsonl": before}, {"x.jsonl": before}) is None


def test_a_step_without_its_input_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    import refresh

    monkeypatch.setattr(sys, "argv", ["refresh.py", "--only", "knowledge"])
    with pytest.raises(SystemExit, match="step knowledge needs --facts; or choose others by --only"):
        refresh.main()
