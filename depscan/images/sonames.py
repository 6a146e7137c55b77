"""Which shared libraries a release's package archive has at all: knowledge/sonames.txt.

In: a release, an architecture and a soname. Out: True or False, or None where that is not known. A name that no package
of the release contains cannot come in by its package manager, whatever a RUN installs from the release's own archive.
The file has a line for each stem with its versions and a mask of releases, and is searched, not decoded. It tells what
any of its architectures has: libteec.so.1, which arm64 alone has, is not called absent on amd64.
"""

from __future__ import annotations

import re
from functools import cache

import msgspec
from msgspec import Struct

from depscan.images.rows import KNOWLEDGE

_NAME = re.compile(r"lib(\S+?)\.so\.(\S+)")


class _Head(Struct, frozen=True):
    """The first line; the bits of a mask are `releases` in this order."""

    releases: tuple[str, ...]
    architectures: frozenset[str]


def archive_has(release: str | None, architecture: str, soname: str) -> bool | None:
    """Whether any package in Debian's archive of `release` (its component main) contains a file of this name.

    `architecture` as platforms name it. None for a release or an architecture that was not read, for names other than
    lib*.so.*, and for a name that lengthens the version of one that is there (libpq.so.5.15 beside libpq.so.5) or
    shortens it: ldconfig may make a link of the shorter name.
    """
    head, table = _table()
    name = _NAME.fullmatch(soname)
    if name is None or release not in head.releases or architecture not in head.architectures:
        return None
    bit = 1 << head.releases.index(release)
    versions = _versions(table, name[1])
    if versions.get(name[2], 0) & bit:
        return True
    parts = name[2].split(".")
    shorter = {".".join(parts[:size]) for size in range(1, len(parts))}
    related = (mask for version, mask in versions.items() if version in shorter or version.startswith(name[2] + "."))
    return None if any(mask & bit for mask in related) else False


def _versions(table: bytes, stem: str) -> dict[str, int]:
    """The versions of a stem and the releases of each, as masks."""
    start = table.find(b"\n" + stem.encode() + b" ")
    if start < 0:
        return {}
    words = table[start + 1 : table.find(b"\n", start + 1)].decode().split(" ")[1:]
    pairs = (word.rpartition(":") for word in words)
    return {version: int(mask) for version, _, mask in pairs}


@cache
def _table() -> tuple[_Head, bytes]:
    data = (KNOWLEDGE / "sonames.txt").read_bytes()
    end = data.index(b"\n")
    return msgspec.json.decode(data[:end], type=_Head), data[end:]
