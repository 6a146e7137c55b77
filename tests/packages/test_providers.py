"""The packaged data: what packages bring."""

from __future__ import annotations

import json

import pytest

from depscan.images.rows import KNOWLEDGE
from depscan.images.sonames import archive_has
from depscan.packages.archive import own_library
from depscan.packages.providers import may_bring_libc, may_bring_programs, provides, who_provides

RELEASES = ("debian:11", "debian:12", "debian:13", "debian:forky", "debian:sid")
X86_64 = "/lib/ld-musl-x86_64.so.1"


@pytest.mark.parametrize(
    ("manager", "release", "package", "soname"),
    [
        ("apt", "debian:11", "libssl1.1", "libssl.so.1.1"),
        ("apt", "debian:12", "libssl3", "libcrypto.so.3"),
        ("apt", "debian:13", "libssl3t64", "libssl.so.3"),
        ("apt", "debian:12", "libpq-dev", "libpq.so.5"),
        ("apt", "debian:12", "curl", "libcurl.so.4"),
        ("apt", "debian:13", "libstdc++6", "libstdc++.so.6"),
        ("apt", "debian:12", "ffmpeg", "libx264.so.164"),
        (
            "apt",
            "debian:13",
            "libssl3",
            "libssl.so.3",
        ),  # the name before the 64-bit time_t transition, which libssl3t64 provides
        ("apk", "alpine:3.20", "libstdc++", "libgcc_s.so.1"),
        ("apk", "alpine:3.99", "libstdc++", "libstdc++.so.6"),
        ("apk", "alpine:3.17", "openssl1.1-compat", "libssl.so.1.1"),
        ("apk", "alpine:3.20", "libcurl", "libnghttp2.so.14"),
        ("apt", "ubuntu:22.04", "libpq5", "libssl.so.3"),
        ("apt", "ubuntu:20.04", "libcurl4", "libcurl.so.4"),
        ("apt", "debian:sid", "libpq5", "libpq.so.5"),
        ("apt", "debian:forky", "libssl3t64", "libssl.so.3"),
        ("dnf", "almalinux:9", "openssl-libs", "libcrypto.so.3"),
        ("microdnf", "ubi:8", "libicu", "libicui18n.so.60"),
    ],
)
def test_a_package_brings_its_libraries_and_those_it_depends_on(
    manager: str, release: str, package: str, soname: str
) -> None:
    provision = provides(manager, release, package)
    assert provision is not None
    assert soname in provision.libraries
    assert provision.source
    assert provision.as_of


@pytest.mark.parametrize(
    ("manager", "release", "package"),
    [
        ("apt", "debian:12", "libssl1.1"),
        ("apt", "debian:sid", "libicu72"),
        ("apt", "debian:forky", "libssl1.1"),
        ("apt", "debian:sid", "curl"),  # of these releases libraries alone were read
        ("apt", "ubuntu:18.04", "libpq5"),
        ("apt", "ubuntu:24.04", "libpython3.10"),
        ("apt", None, "libpq5"),
        ("apk", "debian:12", "libpq5"),
        ("apk", "alpine:3.20", "no-such-package"),
        ("dnf", "fedora:40", "libpq"),
    ],
)
def test_nothing_is_known_of_other_releases_and_names(manager: str, release: str | None, package: str) -> None:
    assert provides(manager, release, package) is None


@pytest.mark.parametrize(
    ("package", "native", "paths"),
    [
        ("gcompat", X86_64, ("/lib/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2")),
        ("gcompat", "/lib/ld-musl-aarch64.so.1", ("/lib/ld-linux-aarch64.so.1", "/lib64/ld-linux-aarch64.so.1")),
        ("gcompat", "/lib/ld-musl-s390x.so.1", ("/lib/ld64.so.1",)),
        ("libc6-compat", X86_64, ("/lib/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2")),
        ("glibc", X86_64, ("/lib/ld-linux-x86-64.so.2",)),
    ],
)
def test_compat_layers_add_dynamic_linkers_by_architecture(package: str, native: str, paths: tuple[str, ...]) -> None:
    provision = provides("apk", "alpine:3.20", package)
    assert provision is not None
    assert (provision.loaders[native], provision.compat) == (paths, package)


def test_musl_itself_brings_nothing() -> None:
    provision = provides("apk", "alpine:3.20", "musl")
    assert provision is not None
    assert (provision.libraries, provision.loaders, provision.complete) == ({}, {}, True)


@pytest.mark.parametrize("release", ["debian:forky", "debian:sid"])
def test_of_a_moving_release_nothing_is_complete(release: str) -> None:
    """What a package draws in was not read, and must not be taken for what is not there."""
    (package,) = who_provides("apt", release, "libpq.so.5")
    provision = provides("apt", release, package)
    assert provision is not None
    assert list(provision.libraries) == ["libpq.so.5"]
    assert (provision.complete, provision.possible, provision.interpreters) == (False, None, ())
    assert may_bring_programs("apt", release, package) is None
    assert archive_has(release, "amd64", "libpq.so.5") is archive_has(release, "amd64", "libnone.so.1") is None


@pytest.mark.parametrize(
    ("package", "library"),
    [
        ("libpq5", "libpq.so.5"),
        ("libssl3t64", "libssl.so.3"),
        ("libssl1.1", "libssl.so.1.1"),
        ("libglib2.0-0t64", "libglib2.0.so.0"),
        ("libsoup-3.0-0", "libsoup-3.0.so.0"),
        ("libpq-dev", None),
        ("ffmpeg", None),
        ("python3.13", None),
    ],
)
def test_the_library_that_a_package_has_its_name_from(package: str, library: str | None) -> None:
    assert own_library(package) == library


def test_interpreters() -> None:
    bash = provides("apk", "alpine:3.20", "bash")
    python = provides("apt", "debian:12", "python3")
    assert bash is not None
    assert python is not None
    assert "/bin/bash" in bash.interpreters
    assert "/usr/bin/python3" in python.interpreters


@pytest.mark.parametrize(
    ("manager", "release", "soname", "names"),
    [
        ("apt", "debian:12", "libpq.so.5", ("libpq5",)),
        ("apt", "debian:13", "libcrypto.so.3", ("libssl3t64",)),
        ("apt", "debian:11", "libssl.so.1.1", ("libssl1.1",)),
        ("apt", "debian:12", "libcurl.so.4", ("libcurl4",)),
        ("apt", "debian:13", "libcurl.so.4", ("libcurl4t64",)),
        ("apt", "debian:13", "libssl.so.1.1", ()),
        ("apt", "debian:13", "libgtk-3.so.0", ("libgtk-3-0t64",)),
        ("apt", "debian:forky", "libpq.so.5", ("libpq5",)),
        ("apt", "debian:forky", "libicuuc.so.78", ("libicu78",)),
        ("apt", "debian:sid", "libpq.so.5", ("libpq5",)),
        ("apt", "debian:sid", "libssl.so.3", ("libssl3t64",)),
        ("apt", "debian:sid", "libicuuc.so.78", ("libicu78",)),
        ("apt", "debian:sid", "libicuuc.so.72", ()),
        ("apt", "debian:sid", "/usr/bin/python3", ()),
        ("apt", "ubuntu:20.04", "libssl.so.1.1", ("libssl1.1",)),
        ("apt", "ubuntu:20.04", "libicuuc.so.66", ("libicu66",)),
        ("apt", "ubuntu:22.04", "libssl.so.3", ("libssl3",)),
        ("apt", "ubuntu:22.04", "libicuuc.so.70", ("libicu70",)),
        ("apt", "ubuntu:22.04", "libcurl.so.4", ("libcurl4",)),
        ("apt", "ubuntu:24.04", "libssl.so.3", ("libssl3t64",)),
        ("apt", "ubuntu:24.04", "libicuuc.so.74", ("libicu74",)),
        ("apt", "ubuntu:24.04", "libcurl.so.4", ("libcurl4t64",)),
        ("apt", "ubuntu:24.04", "libpython3.12.so.1.0", ("libpython3.12t64",)),
        ("apt", "ubuntu:24.04", "libpq.so.5", ("libpq5",)),
        ("apt", "ubuntu:24.04", "libssl.so.1.1", ()),
        ("apt", "ubuntu:26.10", "libpq.so.5", ()),
        ("apk", "alpine:3.21", "libstdc++.so.6", ("libstdc++",)),
        ("apk", "alpine:3.20", "libpq.so.5", ("libpq",)),
        ("yum", "centos:7", "libssl.so.10", ("openssl-libs",)),
        ("yum", "ubi:7", "libpq.so.5", ("postgresql-libs",)),
        ("dnf", "rockylinux:8", "libssl.so.1.1", ("openssl-libs",)),
        ("dnf", "rockylinux:8", "libssl.so.3", ()),
        ("dnf", "rockylinux:8", "libffi.so.6", ("libffi",)),
        ("dnf", "rockylinux:9", "libssl.so.1.1", ("compat-openssl11",)),
        ("microdnf", "ubi:9", "libffi.so.8", ("libffi",)),
        ("dnf", "centos:stream9", "libpq.so.5", ("libpq",)),
        ("dnf", "oraclelinux:9", "libGL.so.1", ("libglvnd-glx",)),
        ("dnf", "almalinux:8", "libcurl.so.4", ("libcurl", "libcurl-minimal")),
        ("dnf", "rockylinux:10", "libpq.so.5", ("libpq",)),
        ("microdnf", "centos:stream10", "libz.so.1", ("zlib-ng-compat",)),
        ("dnf", "amazonlinux:2023", "libpq.so.5", ()),
    ],
)
def test_who_provides_names_the_package_of_that_release(
    manager: str, release: str, soname: str, names: tuple[str, ...]
) -> None:
    assert who_provides(manager, release, soname) == names


@pytest.mark.parametrize(
    ("manager", "package", "expected"),
    [
        ("apk", "gcompat", True),
        ("apk", "libc6-compat", True),
        ("apk", "glibc-bin", True),
        ("apk", "musl-dev", False),
        ("apk", "curl", False),
        ("apt", "musl-tools", True),
        ("apt", "libc6-dev", False),
        ("dnf", "glibc-devel", False),
    ],
)
def test_packages_that_may_bring_another_libc(manager: str, package: str, expected: bool) -> None:
    assert may_bring_libc(manager, package) is expected


@pytest.mark.parametrize("file", ["packages.json", "ubuntu.json"])
def test_rows_of_the_file_are_found(file: str) -> None:
    """Rows are read line by line: the whole file, read as JSON, must say the same. Every seventh is enough."""
    for release, table in json.loads((KNOWLEDGE / file).read_text()).items():
        for name, row in list(table["packages"].items())[::7]:
            found = provides(table["manager"], release, name)
            assert found is not None
            assert set(row.get("libraries", ())) <= set(found.libraries)
            assert found.source == row.get("source", table["source"])
            assert all(name in who_provides(table["manager"], release, each) for each in row.get("libraries", ()))


@pytest.mark.parametrize(
    ("package", "recommends", "soname", "expected"),
    [
        ("curl", False, "libnghttp2.so.14", True),
        ("curl", False, "libpq.so.5", False),
        ("ca-certificates", True, "libssl.so.3", True),
        ("tzdata", True, "libssl.so.3", False),
        ("postgresql-client", False, "libpq.so.5", True),
    ],
)
def test_the_libraries_that_may_come_in(package: str, recommends: bool, soname: str, expected: bool) -> None:
    provision = provides("apt", "debian:12", package, recommends=recommends)
    assert provision is not None
    assert provision.possible is not None
    assert (soname in provision.possible) is expected


@pytest.mark.parametrize("release", RELEASES)
def test_lines_of_the_archive_are_found(release: str) -> None:
    """Lines are searched by halving: the file, read from the top, must have the same names. Every 97th is enough."""
    names = [line.partition(" ")[0] for line in (KNOWLEDGE / "debian.txt").read_text().splitlines()[1:]]
    bit = 1 << RELEASES.index(release)
    assert names == sorted(set(names))
    for line in (KNOWLEDGE / "debian.txt").read_text().splitlines()[1::97]:
        name, *variants = line.split(" :")
        expected = [set(words.split(" ")[1:]) for words in variants if int(words.split(" ")[0]) & bit]
        found = provides("apt", release, name)
        assert (found is not None) == bool(expected)
        if found is not None:
            assert {word for word in expected[0] if ".so." in word} <= set(found.libraries)
            assert found.source.startswith("Debian ")
            brought = expected[0] & {"*"} and own_library(name)
            assert not brought or (brought in found.libraries and name in who_provides("apt", release, brought))
