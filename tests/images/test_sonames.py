"""Which libraries Debian's archive has, against the packages of its own package index (packages.debian.org)."""

from __future__ import annotations

import pytest

from depscan.images.sonames import archive_has

# soname, then the answer for Debian 11, 12 and 13: yes, no, or ? for unknown.
NAMES = """
libssl.so.1.1            yes no  no
libssl.so.3              no  yes yes
libssl.so.1.0.0          no  no  no
libssl.so.10             no  no  no
libffi.so.6              no  no  no
libffi.so.7              yes no  no
libffi.so.8              no  yes yes
libicuuc.so.67           yes no  no
libicuuc.so.72           no  yes no
libpq.so.5               yes yes yes
libpq.so.5.15            ?   ?   ?
libblas.so.3             yes yes yes
libreadline.so.7         no  no  no
libreadline.so.8         yes yes yes
libtinfo.so.5            yes yes no
libpcre.so.1             no  no  no
libpcre.so.3             yes yes no
libpython3.12.so.1.0     no  no  no
libjpeg.so.8             no  no  no
libtiff.so.5             yes no  no
libtiff.so.6             no  yes yes
libwebp.so.6             yes no  no
libcuda.so.1             no  no  no
libstdc++.so.6           yes yes yes
libfoo.so                ?   ?   ?
foo                      ?   ?   ?
"""
ANSWERS = {"yes": True, "no": False, "?": None}


@pytest.mark.parametrize("row", NAMES.strip().splitlines(), ids=lambda row: row.split()[0])
def test_archive_has(row: str) -> None:
    soname, *wanted = row.split()
    found = [archive_has(f"debian:{number}", "amd64", soname) for number in (11, 12, 13)]
    assert found == [ANSWERS[word] for word in wanted]


def test_other_releases_are_unknown() -> None:
    assert archive_has("ubuntu:22.04", "amd64", "libssl.so.1.1") is None
    assert archive_has("debian:10", "amd64", "libssl.so.3") is None
    assert archive_has(None, "amd64", "libssl.so.3") is None


@pytest.mark.parametrize(
    ("architecture", "soname", "expected"),
    [
        ("arm64", "libssl.so.1.1", False),
        ("arm64", "libssl.so.3", True),
        ("arm64", "libteec.so.1", True),  # OP-TEE's client is built for ARM alone
        ("arm64", "libunwind-aarch64.so.8", True),
        ("s390x", "libssl.so.1.1", None),
        ("386", "libssl.so.3", None),
    ],
)
def test_names_of_other_architectures(architecture: str, soname: str, expected: bool | None) -> None:
    assert archive_has("debian:12", architecture, soname) is expected
