"""Debian's archive by package: knowledge/debian.txt, written by scripts/refresh_debian.py.

In: a release and a package. Out: `PackageRow`. The file has forty thousand lines, one for each package, sorted, and is
searched, not decoded. Base packages, which every image with apt has, are drawn in by none. Of testing and unstable,
which move every day, a row tells the package's own libraries alone and is never complete: nothing is missed by it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from depscan.images.rows import KNOWLEDGE
from depscan.packages.rows import Head, PackageRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OWN = "*"
"""The word that stands for the library that a package has its name from, see `own_library`."""

_NAMED = re.compile(r"(lib.*?)-?(\d[\d.]*)(?:t64)?")
_LIBRARY = re.compile(r"\.so(\.|$)")


class Archive(Struct, frozen=True):
    """The file as it holds for one release: `bit` tells its variants, `start` is where the packages begin.

    Of a `moving` release only libraries are known: the other words of a variant are of the other releases.
    """

    head: Head
    bit: int
    data: bytes
    start: int
    moving: bool

    def find(self, package: str) -> PackageRow | None:
        """The row of a package, or of the one that provides its name; None where there is none."""
        name = package.encode(errors="replace")  # a build argument may hold any byte
        at = bisect_left(range(self.start, len(self.data)), name, key=self._name_at) + self.start
        if at >= len(self.data) or self._name_at(at) != name:
            return None
        return self._read(self.data[at : self.data.index(b"\n", at)])

    def _name_at(self, position: int) -> bytes:
        """The name in the line that has this byte; lines are sorted by it."""
        start = self.data.rfind(b"\n", 0, position) + 1
        return self.data[start : self.data.index(b" ", start)]

    def who_has(self, name: str) -> Iterator[str]:
        """The packages with a library of this name in a default directory, or with an interpreter at this path."""
        written = re.finditer(rb" " + re.escape(name.encode()) + rb"(?=[ \n])", self.data)
        packages = [self._name_at(found.start()).decode() for found in written]
        for package in dict.fromkeys([*packages, *_named_after(name)]):
            row = self.find(package)
            if row is not None and (name in row.libraries or name in row.interpreters):
                yield package

    def _read(self, line: bytes) -> PackageRow | None:
        package, *variants = line.decode().split(" :")
        for variant in variants:
            mask, *words = variant.split(" ")
            if int(mask) & self.bit:
                libraries = read_libraries(package, words)
                return PackageRow(libraries) if self.moving else _row(libraries, words)
        return None


def own_library(package: str) -> str | None:
    """The library that a package's name tells (Debian Policy 8.1), if it does: libpq.so.5 of libpq5."""
    found = _NAMED.fullmatch(package)
    return f"{found[1]}.so.{found[2]}" if found else None


def read_libraries(package: str, words: Sequence[str]) -> tuple[str, ...]:
    """The file names of libraries among the words of a package's variant."""
    written = (own_library(package) if word == OWN else word for word in words)
    return tuple(word for word in written if word and _LIBRARY.search(word))


def _named_after(library: str) -> list[str]:
    """The packages whose `own_library` this would be."""
    stem, _, version = library.partition(".so.")
    return [f"{stem}{hyphen}{version}{suffix}" for hyphen in ("", "-") for suffix in ("", "t64")] if version else []


def _row(libraries: tuple[str, ...], words: list[str]) -> PackageRow:
    return PackageRow(
        libraries,
        depends=tuple(word for word in words if word[0] not in "!?+/-*" and word not in libraries),
        perhaps=tuple(word[1:] for word in words if word[0] == "?"),
        recommends=tuple(word[1:] for word in words if word[0] == "+"),
        interpreters=tuple(word for word in words if word[0] == "/"),
        complete="!" not in words,
    )


class _Line(Struct, frozen=True):
    """The first line; the bits of a mask are `releases` in this order, `moving` those of them that move."""

    releases: tuple[str, ...]
    moving: frozenset[str]
    as_of: dict[str, str]
    sources: dict[str, str]


@cache
def find_archive(release: str | None) -> Archive | None:
    """The archive of a release such as debian:12; None for one that was not read."""
    data = (KNOWLEDGE / "debian.txt").read_bytes()
    start = data.index(b"\n") + 1
    head = msgspec.json.decode(data[:start], type=_Line)
    if release not in head.releases:
        return None
    own = Head("apt", head.sources[release], head.as_of[release])
    return Archive(own, 1 << head.releases.index(release), data, start, release in head.moving)
