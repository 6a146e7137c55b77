"""Packages of PyPI that have native code which an application cannot do without.

In: a name and a version. Out: `Known`, a row of knowledge/python_packages.json, each read from the package's wheels or
its source on the day that the row names. Packages whose native part only makes them faster (PyYAML, MarkupSafe,
aiohttp, SQLAlchemy) have rows too, so that nothing is said of them.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

_DATA = Path(__file__).parent.parent / "knowledge" / "python_packages.json"


class Known(Struct, frozen=True):
    """How a package comes.

    `comes`: native (it does not work without its extension module), glibc (nor is there any for another C library, not
    even its source), optional (it does), pure (with what it `draws` in, whose native part it needs). `versions` are
    those it holds for, as `>=2`. `file` is its extension module, below the directory of packages, without the suffix
    that the Python puts there; with one it is complete. `wheels` are the C libraries that it has wheels for, `links`
    the libraries (as `-lNAME`, alternatives joined by |) that a build from source links, `needs` the sonames that its
    wheels leave to the system. `sonames` are those of `links` that have been the same for years.
    """

    name: str
    source: str
    comes: Literal["native", "glibc", "optional", "pure"] = "native"
    versions: str = ""
    file: str = ""
    wheels: tuple[str, ...] = ("glibc", "musl")
    links: tuple[str, ...] = ()
    sonames: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    draws: tuple[str, ...] = ()


@cache
def _rows() -> dict[str, list[Known]]:
    rows = msgspec.json.decode(_DATA.read_bytes(), type=list[Known])
    return {name: [row for row in rows if row.name == name] for name in {row.name for row in rows}}


def find_known(name: str, version: str | None) -> Known | None:
    """The row of a package by its normalised name; None for one that is not known, or not in this version."""
    return next((row for row in _rows().get(name, ()) if _holds(row.versions, version)), None)


def _holds(versions: str, version: str | None) -> bool:
    if not versions:
        return True
    if version is None:
        return versions.startswith(">")
    limit, given = _numbers(versions), _numbers(version)
    return given < limit if versions.startswith("<") else given >= limit


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
