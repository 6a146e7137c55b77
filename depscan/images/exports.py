"""Which symbols the C libraries and GCC's runtime libraries of known releases define.

In: a library and a release, or musl's version and the machine. Out: `Exports`, or None where nothing is known. The
lists (knowledge/exports/, made by scripts/refresh_exports.py from Debian's packages and gcompat's sources) are loaded
when a symbol check needs one: a line per symbol, with the columns that have it as a mask where not all have.
"""

from __future__ import annotations

import zlib
from functools import cache

from msgspec import Struct

from depscan.images.rows import KNOWLEDGE

_FOLDER = KNOWLEDGE / "exports"


class Exports(Struct, frozen=True):
    """Names that a library surely defines (`certain`), and that it may define; all others are missing if `closed`."""

    certain: frozenset[str]
    possible: frozenset[str]
    closed: bool = True


def library_exports(soname: str, release: str | None) -> Exports | None:
    """What a library of Debian 11 to 13 defines, e.g. libstdc++.so.6 of debian:12, names without versions."""
    if release is None or not release.startswith("debian:"):
        return None
    names = _table(soname).get(release)
    return Exports(names, names) if names is not None else None


@cache
def musl_exports(version: str | None, machine: str) -> Exports | None:
    """What musl defines. It only ever grew: a version between two known ones has what the older has.

    Distributions patch musl, so a name that no list has is missing with some doubt, which the caller adds.
    """
    table = {
        _numbers(column.partition("-")[0]): names
        for column, names in _table("musl").items()
        if column.endswith(f"-{machine}")
    }
    if not table or version is None:
        return None
    known = _numbers(version)
    older = [number for number in table if number <= known]
    newer = [number for number in table if number >= known]
    return Exports(
        certain=table[max(older)] if older else frozenset(),
        possible=table[min(newer)] if newer else table[max(older)],
        closed=bool(newer),
    )


@cache
def gcompat_exports() -> Exports:
    """What libgcompat defines, over its two versions; its own needs, libucontext and libobstack, are not known."""
    first, *others = _table("gcompat").values()
    return Exports(first.intersection(*others), first.union(*others))


@cache
def names_of_musl() -> frozenset[str]:
    """Every name that some known musl defines."""
    return frozenset().union(*_table("musl").values())


@cache
def _table(library: str) -> dict[str, frozenset[str]]:
    """The columns of one file; {} where there is none. A soname comes from a binary, and may be any text."""
    if "/" in library:
        return {}
    try:
        text = zlib.decompress((_FOLDER / f"{library}.z").read_bytes()).decode()
    except (OSError, ValueError):
        return {}
    header, *rows = text.split("\n")
    columns = header.split(" ")
    everywhere = (1 << len(columns)) - 1
    masks = [(name, int(mask, 16) if mask else everywhere) for name, _, mask in (row.partition(" ") for row in rows)]
    return {
        column: frozenset(name for name, mask in masks if mask >> index & 1) for index, column in enumerate(columns)
    }


def _numbers(version: str) -> tuple[int, ...]:
    """(1, 2, 5) of 1.2.5 or 1.2.5_git20240512-r0."""
    return tuple(int(part) for part in version.partition("_")[0].partition("-")[0].split(".") if part.isdigit())
