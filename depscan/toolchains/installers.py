"""Installers that come as a script: `curl ADDRESS | sh`.

In: the address of a script with the words that it is given, on a stage. Out: the programs that it puts there. The table
is knowledge/installers.json: which script puts what where, by the C library of the stage; read in the scripts' own
sources. A program that has a reader of its own (`program`) is handed the words.
"""

from __future__ import annotations

import posixpath
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from depscan.artifacts.prediction import Made, Product
from depscan.toolchains.arguments import read_arguments
from depscan.toolchains.elf import linked_program, static_program
from depscan.toolchains.homes import fill

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depscan.artifacts.facts import ElfFacts
    from depscan.toolchains.workplace import Workplace

_DATA = Path(__file__).parent.parent / "knowledge" / "installers.json"
_MAX_URL = 2000


class Installer(Struct, frozen=True, forbid_unknown_fields=True):
    """A script: a row of the knowledge.

    `url` is an expression for its address behind the scheme. `directories` are where it puts `programs`: the first of
    which all variables are set, unless one of the flags `option` names another. `pinned` is the variable that names the
    version, `versions` an expression for those that the row holds for. `libcs` tells of each C library of a stage what
    the programs are built for: glibc, musl, or static; `needs` the libraries beside it. `program` is the name under
    which another module reads the words.
    """

    name: str
    url: str
    source: str
    program: str = "installer"
    directories: tuple[str, ...] = ()
    option: tuple[str, ...] = ()
    pinned: str = ""
    versions: str = ".*"
    programs: tuple[str, ...] = ()
    libcs: dict[str, str] = {}
    needs: dict[str, tuple[str, ...]] = {}


@cache
def _installers() -> tuple[tuple[re.Pattern[str], Installer], ...]:
    rows = msgspec.json.decode(_DATA.read_bytes(), type=tuple[Installer, ...])
    return tuple((re.compile(r"https?://(?:www\.)?" + row.url), row) for row in rows)


def find_installer(url: str, environment: Mapping[str, str | None]) -> Installer | None:
    """The row of a script's address; None for one that is not known, or not in the version that is asked for."""
    text = re.sub(r"[?#].*$", "", url[:_MAX_URL]).strip("\"'")
    for pattern, row in _installers():
        if pattern.fullmatch(text):
            version = environment.get(row.pinned, "")
            if version is not None and re.fullmatch(row.versions, version):
                return row
    return None


def predict(place: Workplace) -> Iterator[Product | Made]:
    """The programs of the script whose address stands in the place of the command's name."""
    row = find_installer(place.words[0] or "", place.environment)
    directory = _directory(row, place) if row else None
    if row is None or directory is None:
        return
    if not row.programs:
        yield Made(directory, directory=True)
    for name in row.programs:
        facts = _facts(row, place)
        if facts is not None:
            why = f"{row.name}: {row.source}"
            yield Product(posixpath.join(directory, name), "download", facts, evidence=(why,), open=True)


def _directory(row: Installer, place: Workplace) -> str | None:
    arguments = read_arguments(place.command.words[1:], frozenset(row.option))
    if row.option and (arguments.unknown or arguments.has(*row.option)):
        return place.path(arguments.value(*row.option))
    for text in row.directories:
        path = fill(text, place.environment)
        if path is None:
            return None
        if path:
            return place.path(path)
    return None


def _facts(row: Installer, place: Workplace) -> ElfFacts | None:
    built = row.libcs.get(place.profile.libc.family)
    if built == "static":
        return static_program(place.machine)
    return linked_program(built, place.platform, None, row.needs.get(built, ())) if built else None
