"""Answers compared with package lists of the real images: docker-library/repo-info, repos/*/local/*.md (of 2026).

A package that is listed has its library; one that is not listed has not. `+` is provided by both, `-` absent in the
list and not claimed, `?` is there by the list but not claimed: the package's soname in that release of Alpine is in no
index that was read, so linking answers unknown; libtirpc came with the module nis, which Python 3.13 dropped. No answer
may be wrong: what is claimed must be listed.
"""

from __future__ import annotations

import pytest

from depscan.images.lookup import profile
from depscan.platforms import DEFAULT_PLATFORM

# repos/node/local/22-alpine3.23.md: 20 packages, among them libcrypto3 libgcc libssl3 libstdc++ musl-1.2.5-r23 zlib.
# repos/python/local/3.12-alpine3.23.md: 37, among them libbz2 libffi gdbm libncursesw readline sqlite-libs xz-libs.
# repos/php/local/8.2-cli-alpine3.24.md: 43, among them libcurl libgcc libxml2 oniguruma libsodium zstd-libs.
# repos/python/local/3.12-slim-bookworm.md: 105, among them libgdbm6 libreadline8 libsqlite3-0 libssl3, libc6 2.36-9.
LISTS = {
    "node:22-alpine3.23": """musl 1.2.5
        + libcrypto.so.3 libssl.so.3 libgcc_s.so.1 libstdc++.so.6 libz.so.1 libc.musl-x86_64.so.1
        - libcurl.so.4 libffi.so.8 libbz2.so.1 libsqlite3.so.0 liblzma.so.5 libuuid.so.1 libxml2.so.2 libgomp.so.1""",
    "python:3.12-alpine3.23": """musl 1.2.5
        + libbz2.so.1 libsqlite3.so.0 libssl.so.3 libcrypto.so.3 libuuid.so.1 liblzma.so.5 libz.so.1
        ? libffi.so.8 libncursesw.so.6 libreadline.so.8 libgdbm.so.6
        - libstdc++.so.6 libgcc_s.so.1 libcurl.so.4 libxml2.so.2 libpq.so.5""",
    "php:8.2-cli-alpine3.24": """musl 1.2.6
        + libcurl.so.4 libsqlite3.so.0 libxml2.so.2 liblzma.so.5 libz.so.1 libssl.so.3 libcrypto.so.3
        ? libgcc_s.so.1 libonig.so.5 libreadline.so.8 libzstd.so.1 libncursesw.so.6
        - libstdc++.so.6 libbz2.so.1 libffi.so.8 libuuid.so.1 libgomp.so.1 libpq.so.5""",
    "python:3.12-slim-bookworm": """glibc 2.36
        + libbz2.so.1.0 libdb-5.3.so libffi.so.8 libssl.so.3 libcrypto.so.3 libncursesw.so.6 libreadline.so.8
        + libsqlite3.so.0 libuuid.so.1 libz.so.1 liblzma.so.5 libstdc++.so.6 libgcc_s.so.1 libgdbm.so.6 libhogweed.so.6
        + libgnutls.so.30 libgcrypt.so.20 libgmp.so.10 libidn2.so.0 liblz4.so.1 libzstd.so.1 libp11-kit.so.0
        ? libtirpc.so.3
        - libpq.so.5 libcurl.so.4 libxml2.so.2 libexpat.so.1 libgomp.so.1 libyaml-0.so.2 libjpeg.so.62
        - libmariadb.so.3""",
}


def answers() -> list[tuple[str, str, str]]:
    rows = []
    for image, text in LISTS.items():
        for line in text.splitlines()[1:]:
            mark, *sonames = line.split()
            rows += [(image, mark, soname) for soname in sonames]
    return rows


@pytest.mark.parametrize("image", LISTS)
def test_libc(image: str) -> None:
    found = profile(image, DEFAULT_PLATFORM, {}).libc
    assert f"{found.family} {found.version}" == LISTS[image].splitlines()[0]


@pytest.mark.parametrize(("image", "mark", "soname"), answers())
def test_library(image: str, mark: str, soname: str) -> None:
    found = profile(image, DEFAULT_PLATFORM, {})
    assert (soname in found.libraries) == (mark == "+")
    assert mark == "+" or not found.libraries_complete


def test_enough_was_compared() -> None:
    marks = [mark for _, mark, _ in answers()]
    assert (len(marks) + len(LISTS), marks.count("?")) == (83, 10)
