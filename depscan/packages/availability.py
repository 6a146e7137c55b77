"""Packages that a release's archive surely does not have.

In: a release and a package's name. Out: `Absence`, or None where the package is there or nothing is known of it. The
facts are packaged data (knowledge/availability.txt, made by scripts/refresh_availability.py from Debian's own indexes):
names that one measured release has and another lacks, one a line, in byte order, so that a look-up reads a few lines.
A name that is nowhere in the file may be misspelt or not: nothing is said of it. Of Alpine a few packages are known to
have gone with a release (knowledge/alpine_absences.json), each with its source.
"""

from __future__ import annotations

from functools import cache

import msgspec
from msgspec import Struct

from depscan.images.rows import read_rows


class Absence(Struct, frozen=True):
    """Why apt-get cannot install a package: it is nowhere, or `virtual` and several packages provide it.

    `elsewhere` are the measured releases that have it, `as_of` the ISO date of this release's index.
    """

    virtual: bool
    elsewhere: tuple[str, ...]
    as_of: str


def find_absence(release: str, package: str, architecture: str) -> Absence | None:
    """Why `package` is not to be had in `release` (debian:12) on amd64 or arm64; None where it is, or may be."""
    if release.startswith("alpine:"):
        return _find_in_alpine(release, package)
    dates = _dates()
    if release not in dates or architecture not in _VIRTUAL:
        return None
    letters = _letters(read_rows("availability.txt"), package.encode(errors="replace"))
    if letters is None:
        return None
    by_release = dict(zip(dates, letters, strict=True))
    refused = by_release[release] in _VIRTUAL[architecture]
    if by_release[release] != "n" and not refused:
        return None
    elsewhere = tuple(name for name, letter in by_release.items() if letter == "y")
    return Absence(refused, elsewhere, dates[release])


class _Last(Struct, frozen=True):
    """The last release of Alpine that has a package."""

    last: str
    source: str


class _Alpine(Struct, frozen=True):
    as_of: str
    packages: dict[str, _Last]


def _find_in_alpine(release: str, package: str) -> Absence | None:
    table = _alpine()
    row = table.packages.get(package)
    number = _number(release.removeprefix("alpine:"))
    if row is None or number is None or number <= (_number(row.last) or ()):
        return None
    return Absence(virtual=False, elsewhere=(f"alpine:{row.last}",), as_of=table.as_of)


def _number(version: str) -> tuple[int, ...] | None:
    parts = version.split(".")
    return tuple(map(int, parts)) if all(part.isdigit() for part in parts) else None


@cache
def _alpine() -> _Alpine:
    return msgspec.json.decode(read_rows("alpine_absences.json"), type=_Alpine)


_VIRTUAL = {"amd64": "va", "arm64": "vb"}  # letters by which apt-get refuses to choose a provider


@cache
def _dates() -> dict[str, str]:
    """The measured releases in the order of the letters, with the dates of their indexes."""
    data = read_rows("availability.txt")
    pairs = (part.partition("=") for part in data[3 : data.index(b"\n", 1)].decode().split())
    return {release: date for release, _, date in pairs}


def _letters(data: bytes, name: bytes) -> str | None:
    """Bisect the lines for that of a name."""
    low, high = data.index(b"\n", 1) + 1, len(data)
    while low < high:
        start = data.rfind(b"\n", 0, (low + high) // 2) + 1
        start = max(start, low)
        end = data.index(b"\n", start)
        found, _, letters = data[start:end].partition(b" ")
        if found == name:
            return letters.decode()
        low, high = (end + 1, high) if found < name else (low, start)
    return None
