"""Each row of the knowledge against its siblings: what is one family has one libc, one layout, and grows with time."""

from __future__ import annotations

import re
from datetime import date
from itertools import groupby, pairwise

import pytest

from depscan.images.architectures import architecture_of
from depscan.images.knowledge import lookup, release_profile
from depscan.images.lifetimes import distribution_release
from depscan.images.naming import family_of
from depscan.images.reference import parse_reference
from depscan.images.rows import Release, all_releases, find_layout, find_release, find_tags, read_rows
from depscan.packages import PROGRAMS
from depscan.platforms import DEFAULT_PLATFORM

RELEASES = {row.id: row for row in all_releases()}
SPACES = ("GLIBC", "GLIBCXX", "CXXABI", "GCC")
# Releases that stand on another's packages: the same libc, to the number.
STANDS_ON = {
    **{f"{kin}:{n}": f"ubi:{n}" for kin in ("almalinux", "oraclelinux", "rockylinux") for n in (8, 9, 10)},
    **{f"centos:stream{n}": f"ubi:{n}" for n in (8, 9, 10)},
    "centos:7": "ubi:7",
    "centos:8": "ubi:8",
    "oraclelinux:7": "ubi:7",
    "oraclelinux:6": "centos:6",
    "manylinux:2014": "ubi:7",
    "manylinux:2_28": "ubi:8",
    "manylinux:2_34": "ubi:9",
    "busybox:glibc": "debian:13",
}
IMAGES = sorted({line.split(b'"')[1].decode() for line in read_rows("images.jsonl").splitlines() if line})


def numbers(text: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", text)]


def distribution(row: Release) -> str:
    return re.sub(r"(:|@).*", "", row.id)


@pytest.mark.parametrize("row", RELEASES.values(), ids=RELEASES)
def test_a_row_is_whole(row: Release) -> None:
    assert date.fromisoformat(row.as_of) <= date.today()
    assert row.source
    assert find_layout(row.layout).package_manager in {*PROGRAMS, None}
    assert {row.root, row.second} - {None} <= {*RELEASES, "alpine:3.3", "alpine:3.5"}
    if row.libc == "glibc" and row.version:
        assert "libc.so.6" in row.libraries
        assert numbers(row.ceilings["GLIBC"]) <= numbers(row.version)
        # glibc 2.19 to 2.21 define no version of their own, nor does 2.37
        assert row.ceilings["GLIBC"] == row.version or row.version in {"2.19", "2.20", "2.21", "2.37"}
    if row.libc == "none":
        assert (row.libraries, row.ceilings, row.version) == ((), {}, None)
    if row.complete:
        assert ("GLIBCXX" in row.ceilings) <= ("libstdc++.so.6" in row.libraries)


@pytest.mark.parametrize(("name", "base"), STANDS_ON.items())
def test_a_release_has_the_libc_of_the_one_it_stands_on(name: str, base: str) -> None:
    own, other = RELEASES[name], RELEASES[base]
    assert (own.libc, own.version, own.ceilings["GLIBC"]) == (other.libc, other.version, other.ceilings["GLIBC"])
    shared = [space for space in SPACES if space in own.ceilings]
    assert [own.ceilings[space] for space in shared] == [other.ceilings[space] for space in shared]


@pytest.mark.parametrize("name", [name for name in RELEASES if name.startswith("distroless:")])
def test_distroless_has_the_libc_of_its_debian(name: str) -> None:
    row, debian = RELEASES[name], RELEASES[f"debian:{name.rpartition('-debian')[2]}"]
    static = name.startswith("distroless:static")
    assert (row.libc, row.version) == (("none", None) if static else (debian.libc, debian.version))
    assert {space: debian.ceilings[space] for space in row.ceilings} == row.ceilings
    assert find_layout(row.layout).package_manager is None
    assert distribution_release(row.id) in (None, debian.id)


@pytest.mark.parametrize("name", [name for name in IMAGES if "distroless" in name])
def test_a_distroless_image_stands_on_distroless(name: str) -> None:
    kind = re.sub(r"(?<!python)\d*(-debian\d+)?$", "", name.removeprefix("distroless/"))
    debian = re.search(r"-debian\d+$", name)
    for row in find_tags(name).values():
        assert row.release.startswith(f"distroless:{kind}")
        assert debian is None or row.release.endswith(debian[0])


@pytest.mark.parametrize(
    "name", [f"{kind}-debian{n}" for n in (9, 10, 11, 12, 13) for kind in ("static", "base", "cc", "java", "nodejs")]
)
@pytest.mark.parametrize("tag", ["latest", "nonroot", "debug", "some-tag"])
def test_no_distroless_image_has_a_shell_or_a_package_manager(name: str, tag: str) -> None:
    found = lookup(parse_reference(f"gcr.io/distroless/{name}:{tag}"), DEFAULT_PLATFORM)
    assert found is not None
    assert (found.package_manager, found.libc.family) == (None, "none" if name.startswith("static") else "glibc")
    assert not any(path.endswith("/bash") for path in found.interpreters)


MONOTONE = ("alpine", "debian", "ubuntu", "fedora", "opensuse", "photon", "amazonlinux", "almalinux", "oraclelinux")


@pytest.mark.parametrize("name", MONOTONE)
def test_a_newer_release_has_no_older_libc(name: str) -> None:
    rows = [row for row in RELEASES.values() if distribution(row) == name and re.fullmatch(r"[\w-]+:[\d.]+", row.id)]
    rows.sort(key=lambda row: numbers(row.id))
    assert len(rows) > 2
    for older, newer in pairwise(rows):
        assert numbers(older.version or "") <= numbers(newer.version or ""), (older.id, newer.id)
        for space in SPACES:
            if space in older.ceilings and space in newer.ceilings:
                assert numbers(older.ceilings[space]) <= numbers(newer.ceilings[space]), (older.id, newer.id, space)
        assert older.libc == newer.libc


def test_one_glibc_is_one_ceiling() -> None:
    """The versions that a glibc defines do not depend on who packages it."""
    rows = sorted(
        (row for row in RELEASES.values() if row.libc == "glibc" and row.version), key=lambda r: r.version or ""
    )
    for version, kin in groupby(rows, key=lambda row: row.version):
        assert len({row.ceilings["GLIBC"] for row in kin}) == 1, version


def test_one_distribution_is_one_package_manager() -> None:
    for name in {distribution(row) for row in RELEASES.values()} - {
        "amazonlinux",
        "centos",
        "manylinux",
        "oraclelinux",
        "ubi",
    }:  # yum, then dnf
        managers = {find_layout(row.layout).package_manager for row in RELEASES.values() if distribution(row) == name}
        assert len(managers) == 1, (name, managers)


@pytest.mark.parametrize("row", RELEASES.values(), ids=RELEASES)
def test_the_search_path_and_the_linker_are_those_of_the_family(row: Release) -> None:
    architecture = architecture_of(DEFAULT_PLATFORM)
    assert architecture is not None
    found = release_profile(row, architecture)
    family = found.libc.family
    nix = row.layout == "nix"
    expected = {"glibc": (architecture.glibc,), "musl": (architecture.musl,)}.get(family, ())
    assert found.loaders == (() if nix else expected)
    assert bool(found.search_paths) is (family in ("glibc", "musl") and not nix) or family == "none"
    if family == "musl":
        assert found.search_paths == ("/lib", "/usr/local/lib", "/usr/lib")


@pytest.mark.parametrize("image", IMAGES)
def test_each_tag_stands_on_a_release_of_its_name(image: str) -> None:
    """A tag that names a release stands on it, and on one that has a row where the table says so."""
    for tag, row in find_tags(image).items():
        alpine = re.search(r"(?:^|[-.])alpine-?(3\.\d+)", tag)
        if alpine and not image.startswith("frolvlad"):
            assert row.release == f"alpine:{alpine[1]}", tag
        for word, release in (("bookworm", "debian:12"), ("bullseye", "debian:11"), ("buster", "debian:10")):
            if word in re.split(r"[-_.]", tag):
                assert row.release == release, tag
        assert find_release(row.release) is not None or family_of(row.release) != "unknown"
