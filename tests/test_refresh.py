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


REMOTE = """\
## `debian:13`

### `debian:13` - linux; arm64 variant v8

-\tTotal Size: **9.9 MB (9900000 bytes)**

### `debian:13` - linux; amd64

-\tTotal Size: **49.4 MB (49379699 bytes)**
\t(compressed transfer size, not on-disk size)

```dockerfile
# Fri, 18 Sep 2026 00:00:00 GMT
RUN # debian.sh --arch 'amd64' out/ 'trixie' '@1789689600'
# Sun, 20 Sep 2026 00:00:00 GMT
CMD ["bash"]
```

### `debian:13` - unknown; unknown

-\tTotal Size: **4.0 MB (4023763 bytes)**
"""
LOCAL = "# `debian:trixie`\n\n- Created: `2026-09-18T00:00:00Z`\n- Virtual Size: ~ 120.09 Mb  \n"


def test_sizes_are_those_of_the_pages_or_stay(tmp_path: Path) -> None:
    from refresh_sizes import refreshed

    for kind, page in (("remote", REMOTE), ("local", LOCAL)):
        (tmp_path / "debian" / kind).mkdir(parents=True)
        (tmp_path / "debian" / kind / "13.md").write_text(page)
    row = {"packed": (1, "2020-01-01")}
    assert refreshed("debian:13", row, tmp_path) == {
        "packed": (49379699, "2026-09-20"),
        "unpacked": (120090000, "2026-09-18"),
    }
    assert refreshed("debian:12", row, tmp_path) == row
    (tmp_path / "debian" / "remote" / "13.md").write_text("# another page\n")
    assert refreshed("debian:13", row, tmp_path)["packed"] == (1, "2020-01-01")


@pytest.mark.parametrize(("text", "size"), [("8.3 Mb", 8300000), ("150 Mb", 150000000), ("1.25 Gb", 1250000000)])
def test_units_of_unpacked_sizes(text: str, size: int) -> None:
    from refresh_sizes import unpacked_size

    assert unpacked_size(f"- Created: `2026-01-02T00`\n- Virtual Size: ~ {text}  \n") == (size, "2026-01-02")
