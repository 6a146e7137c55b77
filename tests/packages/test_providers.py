"""The packaged data: what packages bring."""

from __future__ import annotations

import json

import pytest

from depscan.images.rows import KNOWLEDGE
from depscan.packages.providers import may_bring_libc, provides, who_provides

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
        ("apt", "debian:12", "libstdc++6", "libgcc_s.so.1"),
        ("apk", "alpine:3.20", "libstdc++", "libgcc_s.so.1"),
        ("apk", "alpine:3.99", "libstdc++", "libstdc++.so.6"),
        ("apk", "alpine:3.17", "openssl1.1-compat", "libssl.so.1.1"),
        ("apk", "alpine:3.20", "libcurl", "libnghttp2.so.14"),
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
        ("apt", "ubuntu:22.04", "libpq5"),
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
        ("apt", "debian:13", "libssl.so.1.1", ()),
        ("apt", "ubuntu:24.04", "libpq.so.5", ()),
        ("apk", "alpine:3.21", "libstdc++.so.6", ("libstdc++",)),
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


def test_rows_of_the_file_are_found() -> None:
    """Rows are read line by line: the whole file, read as JSON, must say the same. Every seventh is enough."""
    for release, table in json.loads((KNOWLEDGE / "packages.json").read_text()).items():
        for name, row in list(table["packages"].items())[::7]:
            found = provides(table["manager"], release, name)
            assert found is not None
            assert set(row.get("libraries", ())) <= set(found.libraries)
            assert found.source == row.get("source", table["source"])
            assert all(name in who_provides(table["manager"], release, each) for each in row.get("libraries", ()))
