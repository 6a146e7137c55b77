"""What the maintainers' scripts refuse, and how they tell what changed."""

from __future__ import annotations

import gzip
import hashlib
import sys
from argparse import Namespace
from collections import defaultdict
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


@pytest.mark.parametrize(
    ("package", "pattern", "names"),
    [
        ("libssl3", "libssl.so.*", ["libssl.so.3"]),  # as in Debian's package of this name
        ("libpq5", "libpq.so.*", ["libpq.so.5"]),
        ("libicu74", "libicuuc.so.74*", ["libicuuc.so.74"]),  # Debian's libicuuc have a single number too
        ("libpython3.12t64", "libpython3.12.so.1.0", ["libpython3.12.so.1.0"]),
        ("libperl5.38t64", "libperl.so.5.38*", []),  # 5 or 5.38?
        ("libfoo9", "libfoo.so.9*", []),  # nobody has it in Debian
        ("libicu70", "libicuuc.so.*", []),
    ],
)
def test_stars_of_ubuntus_slices_are_read_as_debian_has_the_name(package: str, pattern: str, names: list[str]) -> None:
    from refresh_ubuntu import Debian

    packages = "{}\nlibpq5 :3 *\nlibssl3 :2 libcrypto.so.3 libssl.so.3\nlibperl5.36 :2 libperl.so.5.36\n"
    sonames = "{}\nicuuc 67:1 72:2\nperl 5.32:1 5.36:2\nssl 1.1:1 3:6\n"
    assert list(Debian(packages, sonames).expand(package, pattern)) == names


def test_a_slice_tells_libraries_and_what_it_draws_in() -> None:
    from refresh_ubuntu import Debian, read_row

    text = """package: libpq5
essential:
  - libpq5_copyright
slices:
  libs:
    essential:
      - libc6_libs
      libssl3_libs:
    contents:
      /usr/lib/*-linux-*/libpq.so.5:
      /usr/lib/*-linux-*/libpq.so.5.14:
      /usr/lib/*-linux-*/libpq.so:
      /usr/lib/*-linux-*/engines-3/libafalg.so.1:
"""
    row = read_row("libpq5", text, Debian("{}\n", "{}\n"))
    assert row == {"libraries": ["libpq.so.5", "libpq.so.5.14"], "depends": {"libc6", "libssl3"}}


class OneSuite:
    """A suite in which arm64's package `tool` draws in `extra`, and amd64's does not."""

    def __init__(self) -> None:
        self.name, self.version, self.contents_sources = "trixie", "13", {"amd64": "Contents-amd64.gz"}
        self.packages = {
            "tool": {"Package": "tool", "Section": "utils", "Depends": "libc6"},
            "libc6": {"Package": "libc6", "Section": "libs", "Priority": "required"},
            "extra": {"Package": "extra", "Section": "libs", "Depends": "libc6"},
        }

    def packages_of(self, architecture: str) -> dict[str, dict[str, str]]:
        tool = {"Package": "tool", "Section": "utils", "Depends": "libc6, extra, arm-only"}
        return {**self.packages, "tool": tool} if architecture == "arm64" else self.packages

    def contents(self, architecture: str) -> list[tuple[str, str]]:
        assert architecture == "amd64"
        return [("usr/lib/x86_64-linux-gnu/libextra.so.1", "libs/extra")]


def test_what_a_package_draws_in_on_arm64_alone_may_come_in() -> None:
    from refresh_debian import Archive

    rows = dict(Archive(OneSuite()).rows())
    assert rows["tool"] == "?extra"
    assert rows["extra"] == "libextra.so.1"


def test_a_moving_suite_stands_where_the_libraries_are_the_same() -> None:
    """As in the latest release, as in an older one, with other libraries, new; a package that has left is none."""
    from refresh_debian import Rows, add_libraries

    class Moving(OneSuite):
        def __init__(self) -> None:
            self.packages = {name: {} for name in ("libsame1", "libback1", "libother1", "libnew2")}

        def contents(self, architecture: str) -> list[tuple[str, str]]:
            names = {
                "libsame1": "libsame.so.1",
                "libback1": "libback.so.1",
                "libother1": "libother-b.so.1",
                "libnew2": "libnew.so.2",
                "libleft1": "libleft.so.1",
            }
            return [(f"usr/lib/x86_64-linux-gnu/{library}", f"libs/{name}") for name, library in names.items()]

    rows: Rows = defaultdict(lambda: defaultdict(int))
    rows["libsame1"] |= {"libold1 *": 3, "libnew2 *": 4}
    rows["libback1"] |= {"*": 3, "* libback-b.so.1": 4}
    rows["libother1"] |= {"*": 7}
    rows["libleft1"] |= {"*": 7}
    add_libraries(rows, Moving(), 8)
    assert {name: dict(masks) for name, masks in rows.items()} == {
        "libsame1": {"libold1 *": 3, "libnew2 *": 12},
        "libback1": {"*": 11, "* libback-b.so.1": 4},
        "libother1": {"*": 7, "libother-b.so.1": 8},
        "libnew2": {"*": 8},
        "libleft1": {"*": 7},
    }


def test_a_moving_suite_amid_a_sync_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As every suite; --stale-contents takes an older Contents and says so in the source."""
    from debian_archive import MOVING, OutOfSyncError, suites
    from refresh_debian import describe

    monkeypatch.setenv("DEBIAN_MIRROR", "http://mirror.example/debian/")
    place = "mirror.example_debian_dists_sid_"
    release = "Date: Fri, 30 Oct 2026 09:15:44 UTC\nSHA256:\n 00 5 main/Contents-amd64.gz\n"
    (tmp_path / f"{place}Release").write_text(release)
    (tmp_path / f"{place}main_Contents-amd64.gz").write_bytes(gzip.compress(b"usr/lib/liba.so.1 libs/liba1\n", mtime=0))
    strict, lenient = (
        suites(Namespace(cache=tmp_path, stale_contents=stale), MOVING)["debian:sid"] for stale in (False, True)
    )
    with pytest.raises(OutOfSyncError, match=r"sid/main/Contents-amd64\.gz is not the file that its index names"):
        list(strict.contents("amd64"))
    assert list(lenient.contents("amd64")) == [("usr/lib/liba.so.1", "libs/liba1")]
    source = describe({"debian:sid": lenient})["sources"]["debian:sid"]
    assert source.startswith("Debian sid, dists/sid/main: Contents-amd64.gz (of the state before, sha256 ")
    assert source.endswith("), binary-amd64/Packages.xz")
