"""What images add to their distribution, and which versions libraries define, against Debian's own packages.

Versions: `readelf -V` of the library in the package of that release. Layers: the Dockerfiles of the images.
"""

from __future__ import annotations

import pytest

from depscan.images.library_rows import find_definitions, find_layers
from depscan.images.lookup import profile
from depscan.packages.providers import provides
from depscan.platforms import DEFAULT_PLATFORM, parse_platform

LAYERS = """
python:3.12                     libpq.so.5 libmariadb.so.3 libcurl.so.4 libtk8.6.so.0 libgomp.so.1
python:3.12-bookworm            libffi.so.8 libMagickCore-6.Q16.so.6 libpq.so.5
python:3.9-bullseye             libffi.so.7 libssl.so.1.1 libpq.so.5
python:3.12-slim                libssl.so.3 libreadline.so.8 -libpq.so.5 -libcurl.so.4
node:20                         libpq.so.5 libstdc++.so.6
node:20-slim                    libstdc++.so.6 -libpq.so.5 -libssl.so.3
node:20-alpine                  libstdc++.so.6 libgcc_s.so.1
golang:1.26                     libcurl.so.4 libatomic.so.1 -libpq.so.5
golang:1.26-alpine              -libstdc++.so.6 -libcurl.so.4
rust:1.75                       libpq.so.5
rust:1.75-slim                  libgomp.so.1 -libpq.so.5
rust:1.75-alpine3.19            libgcc_s.so.1
ruby:3.4-slim                   libyaml-0.so.2 libgmp.so.10 -libpq.so.5
php:8.3                         libonig.so.5 libcurl.so.4 libxml2.so.2 -libpq.so.5
openjdk:27-bookworm             libfreetype.so.6
eclipse-temurin:21-jre          libfreetype.so.6 libfontconfig.so.1
postgres:16                     libpq.so.5 libxml2.so.2
nginx:1.25                      libcurl.so.4
nginx:1.25-alpine               libcurl.so.4
nginx:1.25-alpine-slim          -libcurl.so.4
buildpack-deps:bookworm-scm     libcurl.so.4 -libpq.so.5
mcr.microsoft.com/dotnet/aspnet:8.0          libssl.so.3 libicuuc.so.72
mcr.microsoft.com/dotnet/runtime:8.0-alpine  libstdc++.so.6 libgcc_s.so.1
gcr.io/distroless/cc-debian12                libstdc++.so.6 libgomp.so.1 libssl.so.3 -libz.so.1
"""


@pytest.mark.parametrize("row", LAYERS.strip().splitlines(), ids=lambda row: row.split()[0])
def test_what_an_image_adds(row: str) -> None:
    text, *sonames = row.split()
    found = profile(text, DEFAULT_PLATFORM, {}).libraries
    for soname in sonames:
        assert (soname in found) == (not soname.startswith("-")), soname


def test_interpreters_of_images() -> None:
    python, node = profile("python:3.12-alpine3.23", DEFAULT_PLATFORM, {}), profile("node:20", DEFAULT_PLATFORM, {})
    assert "/usr/local/bin/python3" in python.interpreters and "/bin/bash" not in python.interpreters
    assert {"/usr/local/bin/node", "/usr/bin/python3", "/usr/bin/perl", "/usr/bin/make"} <= node.interpreters
    assert not python.interpreters_complete and not node.interpreters_complete


def test_a_release_without_an_index_gets_no_layer() -> None:
    assert find_layers("python", "debian:10") == () and find_layers("nothing", "debian:12") == ()
    assert [layer.name for layer in find_layers("golang", "debian:12")][:2] == ["golang", "buildpack-deps-scm"]
    assert profile("python:3.6-buster", DEFAULT_PLATFORM, {}).layers == ()


@pytest.mark.parametrize(
    ("release", "soname", "highest", "absent"),
    [
        ("debian:11", "libssl.so.1.1", "OPENSSL_1_1_1a", "OPENSSL_3.0.0"),
        ("debian:12", "libssl.so.3", "OPENSSL_3.0.0", "OPENSSL_3.2.0"),
        ("debian:13", "libssl.so.3", "OPENSSL_3.5.0", "OPENSSL_3.6.0"),
        ("debian:11", "libz.so.1", "ZLIB_1.2.9", "ZLIB_1.2.12"),
        ("debian:12", "libz.so.1", "ZLIB_1.2.12", "ZLIB_1.3.1"),
        ("debian:12", "libcurl.so.4", "CURL_OPENSSL_4", "CURL_OPENSSL_3"),
        ("debian:11", "libgomp.so.1", "GOMP_5.0", "GOMP_5.1"),
        ("debian:12", "libgnutls.so.30", "GNUTLS_3_7_7", "GNUTLS_3_8_1"),
        ("debian:12", "libxml2.so.2", "LIBXML2_2.9.11", "LIBXML2_2.12.0"),
    ],
)
def test_versions(release: str, soname: str, highest: str, absent: str) -> None:
    for architecture in ("amd64", "arm64", None):
        defined = find_definitions(release, architecture)[soname]
        assert highest in defined and absent not in defined


def test_versions_that_differ_by_architecture() -> None:
    amd64, arm64 = (find_definitions("debian:12", name)["libgcc_s.so.1"] for name in ("amd64", "arm64"))
    assert "GCC_12.0.0" in amd64 and "GCC_12.0.0" not in arm64
    assert "libgcc_s.so.1" not in find_definitions("debian:12", "s390x")
    assert find_definitions("debian:10", "amd64") == {}


def test_a_library_without_definitions_is_known_to_have_none() -> None:
    assert find_definitions("debian:12", "amd64")["libexpat.so.1"] == ()


def test_profiles_and_packages_carry_the_versions() -> None:
    trixie = profile("debian:13", DEFAULT_PLATFORM, {}).libraries
    assert "OPENSSL_3.5.0" in (trixie["libssl.so.3"].versions or ())
    assert trixie["libc.so.6"].versions is None  # told by the ceilings
    distroless = profile("gcr.io/distroless/base-debian12", DEFAULT_PLATFORM, {}).libraries
    assert distroless["libssl.so.3"].versions == ("OPENSSL_3.0.0",)
    arm = profile("debian:13", parse_platform("linux/arm64"), {}).libraries
    assert arm["libstdc++.so.6"].versions != trixie["libstdc++.so.6"].versions
    assert profile("ubuntu:22.04", DEFAULT_PLATFORM, {}).libraries["libc.so.6"].versions is None
    installed = provides("apt", "debian:12", "libssl3")
    assert installed is not None and installed.libraries["libssl.so.3"].versions == ("OPENSSL_3.0.0",)
