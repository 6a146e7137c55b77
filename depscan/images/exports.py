"""Which symbols the C libraries and GCC's runtime libraries of known releases define.

In: a library and a release, or musl's version and the machine. Out: `Exports`, or None where nothing is known. The
lists (knowledge/exports/, made by scripts/refresh_exports.py from Debian's packages, Alpine's root file systems, wheels
with Alpine's libraries and gcompat's sources) are loaded when a symbol check needs one: a line per symbol, with the
columns that have it as a mask where not all have.
"""

from __future__ import annotations

import zlib
from functools import cache

from msgspec import Struct

from depscan.images.rows import KNOWLEDGE

_FOLDER = KNOWLEDGE / "exports"
_ONE_VERSION = frozenset({"libcurl.so.4"})


class Exports(Struct, frozen=True):
    """Names that a library surely defines (`certain`), and that it may define; all others are missing if `closed`."""

    certain: frozenset[str]
    possible: frozenset[str]
    closed: bool = True


@cache
def library_exports(soname: str, release: str | None, machine: str) -> Exports | None:
    """What a library of Debian 11 to 13 or of Alpine 3.12 on defines, names without versions; x86_64 only.

    Of Alpine's releases between two known ones it is what both have, surely, and what one of them has, perhaps.
    """
    distribution, _, number = (release or "").partition(":")
    if machine != "x86_64" or distribution not in ("debian", "alpine"):
        return None
    columns = {
        _numbers(column.partition(":")[2]): names
        for column, names in _table(soname).items()
        if column.startswith(f"{distribution}:")
    }
    if distribution == "alpine":
        return _between(columns, _numbers(number))
    names = columns.get(_numbers(number))
    return Exports(names, names) if names is not None else None


def has_one_version(soname: str) -> bool:
    """Whether all symbols of a library, old and new, have one version, so that finding the version proves nothing."""
    return soname in _ONE_VERSION


@cache
def musl_exports(version: str | None, machine: str) -> Exports | None:
    """What musl defines; 1.1.21 hid what only musl itself uses.

    Distributions patch musl, so a name that no list has is missing with some doubt, which the caller adds.
    """
    table = {
        _numbers(column.partition("-")[0]): names
        for column, names in _table("musl").items()
        if column.endswith(f"-{machine}")
    }
    return _between(table, _numbers(version)) if version is not None else None


def _between(table: dict[tuple[int, ...], frozenset[str]], known: tuple[int, ...]) -> Exports | None:
    """What version `known` defines, between two known ones: surely what both have, perhaps what one of them has."""
    if not table or not known:
        return None
    older = [number for number in table if number <= known]
    newer = [number for number in table if number >= known]
    ends = [table[max(older)]] if older else []
    ends += [table[min(newer)]] if newer else []
    certain = ends[0].intersection(*ends) if older else frozenset[str]()
    return Exports(certain, ends[0].union(*ends), closed=bool(newer))


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
