"""Crates of crates.io: the features that lead to system libraries, and how crates bind these.

In: a crate's name and version. Out: its manifest as far as that leads to a system library (a row of
knowledge/crates.jsonl, read from the manifests of its releases by scripts/refresh_crates.py), and its `Linking` (a row
of knowledge/crate_links.json, read from its build script). Each row names its source with the day of it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from depscan.toolchains.cargo_lock import fits
from depscan.toolchains.cargo_manifests import Dependency, Manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

_KNOWLEDGE = Path(__file__).parent.parent / "knowledge"
ROWS = _KNOWLEDGE / "crates.jsonl"
LINKS = _KNOWLEDGE / "crate_links.json"


class Row(Struct, frozen=True):
    """A crate in a range of versions."""

    name: str
    versions: str
    source: str
    features: dict[str, tuple[str, ...]] = {}
    dependencies: tuple[Dependency, ...] = ()
    macros: bool = False


class Linking(Struct, frozen=True):
    """How a crate comes by the library that it binds.

    `links` are names behind -l; of `a|b` the one that the stage has. Where one of the features `own` is on it builds
    its own copy, for which it needs the crate that stands behind the feature; with `asked` the system's is taken only
    where one of these features or variables asks for it. The variables `system` ask for the system's whatever the
    features say, `static` for its archive, `elsewhere` name a place of which nothing is known. Where `packages` are
    named, a crate that finds none of the system's builds its own: one of them brings what it looks for.
    """

    name: str
    source: str
    links: tuple[str, ...] = ()
    own: dict[str, str] = {}
    asked: tuple[str, ...] = ()
    system: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


@cache
def _rows() -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in msgspec.json.Decoder(Row).decode_lines(ROWS.read_bytes()):
        found.setdefault(row.name, []).append(row)
    return found


def find_manifest(name: str, version: str) -> Manifest | None:
    """The manifest of a crate in a version, cut down to what matters; None where no row has it."""
    row = next((row for row in _rows().get(name, ()) if fits(version, row.versions)), None)
    return None if row is None else Manifest(row.name, row.features, row.dependencies, row.macros)


def read_links(data: bytes) -> list[Linking]:
    """The rows of crate_links.json."""
    return msgspec.json.decode(data, type=list[Linking])


@cache
def _links() -> Mapping[str, Linking]:
    return {row.name: row for row in read_links(LINKS.read_bytes())}


def find_linking(name: str) -> Linking | None:
    """How a crate binds a system library; None for a crate that binds none.

    Crates by the name of NAME-sys exist to bind one: for those that have no row it is not known which, or how.
    """
    unknown = Linking(name, "", elsewhere=("",)) if re.fullmatch(r".+[-_]sys", name) else None
    return _links().get(name, unknown)
