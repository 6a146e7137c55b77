"""The table of binaries and verdicts.

In: the placements of a scan. Out: its lines; failing binaries first, then unknown, then those that load. Unless every
row is asked for, binaries of one instruction with the same needs and verdict share a row, and what a build makes has
one where it ends up. Reasons why a verdict is unknown are sentences and stand below. The only module that imports
tabulate, and only for two rows or more: one row is a sentence.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.platforms import MACHINES
from depscan.reports.escaping import printable
from depscan.reports.text.frame import WIDTH, folded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.linking.placement import Placement
    from depscan.reports.text.paint import Paint

_ORDER = {"fails": 0, "unknown": 1, "loads": 2}
_MOST = 20
_HEAD = ("binary", "source", "needs", "base", "verdict", "cause")
_PATHS, _VERDICT = 2, 4  # the first columns hold paths; the one that is painted
_PADDING = 2  # what tabulate adds to a header's width
_FLOOR = 14  # columns that every other column keeps before the cause is cut


class _Row(Struct, frozen=True):
    """A row's cells, and how many binaries it stands for."""

    cells: tuple[str, ...]
    count: int


def table(placements: tuple[Placement, ...], paint: Paint, *, everything: bool) -> Iterator[str]:
    """The lines of the table; one that says so without placements."""
    if not placements:
        yield "no binary to check"
        return
    ordered = sorted(placements, key=lambda placement: _ORDER[placement.verdict])
    rows = [_row([placement]) for placement in ordered] if everything else _grouped(_arrived(ordered))
    if len(rows) == 1 and not everything:
        yield from folded(_sentence(rows[0].cells))
        return
    from tabulate import tabulate  # noqa: PLC0415 - 10 ms that only this table needs

    shown = rows if everything else rows[:_MOST]
    cells = [
        (*row[:_VERDICT], paint.word(row[_VERDICT]), *row[_VERDICT + 1 :]) for row in _fit([row.cells for row in shown])
    ]
    yield from tabulate(cells, headers=_HEAD, tablefmt="simple", disable_numparse=True).split("\n")
    if len(rows) > len(shown):
        yield f"and {sum(row.count for row in rows[len(shown) :])} more; --verbose shows all"


def _sentence(cells: tuple[str, ...]) -> str:
    """A table of one row, as a line."""
    path, source, needs, base, verdict, cause = cells
    wanted = f", needs {needs}" if needs else ""
    return f"{path} ({source}{wanted}) on {base}: {verdict}{f', {cause}' if cause else ''}"


def unknown_reasons(placements: tuple[Placement, ...]) -> Iterator[str]:
    """Why verdicts are unknown: one sentence per reason, with the binary or how many."""
    reasons: dict[str, list[str]] = {}
    for placement in placements:
        if placement.verdict == "unknown":
            reasons.setdefault(next(iter(placement.link.unknowns), "not known why"), []).append(placement.path)
    for reason, paths in reasons.items():
        yield f"unknown, {paths[0] if len(paths) == 1 else f'{len(paths)} binaries'}: {reason}"


def _arrived(placements: list[Placement]) -> list[Placement]:
    """Without what loads in the stage that makes it and goes on to a later one."""
    last: dict[str, int] = {}
    for placement in placements:
        source, stage = placement.artifact.source, placement.filesystem.stage.index
        last[source] = max(stage, last.get(source, stage))
    return [
        placement
        for placement in placements
        if placement.verdict != "loads"
        or placement.artifact.origin != "predicted"
        or placement.filesystem.stage.index == last[placement.artifact.source]
    ]


def _grouped(placements: list[Placement]) -> list[_Row]:
    groups: dict[tuple[object, ...], list[Placement]] = {}
    for placement in placements:
        same = (placement.entry.span.start.line, placement.filesystem.stage.index, *_row([placement]).cells[_PATHS:])
        groups.setdefault(same, []).append(placement)
    return [_row(group) for group in groups.values()]


def _row(group: list[Placement]) -> _Row:
    first = group[0]
    more = f" +{len(group) - 1}" if len(group) > 1 else ""
    cells = (first.path + more, first.artifact.source, _needs(first), _base(first), first.verdict, _cause(first))
    return _Row(tuple(printable(cell) for cell in cells), len(group))


def _cause(placement: Placement) -> str:
    """The cause, with the library, version or symbol; a path would be too wide, and the frame above has it."""
    detail = placement.detail if placement.detail and "/" not in placement.detail else None
    return " ".join(part for part in (placement.cause, detail) if part)


def _needs(placement: Placement) -> str:
    """What the binary needs in few words: `glibc 2.34`, `nothing, static`; its machine if not the platform's."""
    facts = placement.artifact.facts
    if placement.artifact.script is not None:
        return posixpath.basename(placement.artifact.script.wanted or "")
    foreign = facts.machine if facts.machine != MACHINES.get(placement.platform.architecture) else ""
    if facts.linkage in ("static", "static-pie"):
        return ", ".join(part for part in ("nothing", str(facts.linkage), foreign) if part)
    libc = facts.libc if facts.libc in ("glibc", "musl") else ""
    versions = (need.name for found in facts.version_needs.values() for need in found if not need.weak)
    floor = max((_number(name) for name in versions if name.startswith("GLIBC_2.")), default=())
    wanted = " ".join(part for part in (libc, ".".join(map(str, floor))) if part)
    return ", ".join(part for part in (wanted, foreign) if part)


def _number(version: str) -> tuple[int, ...]:
    """(2, 34) of GLIBC_2.34."""
    return tuple(int(part) for part in version.removeprefix("GLIBC_").split(".") if part.isdigit())


def _base(placement: Placement) -> str:
    profile = placement.filesystem.profile
    libc = " ".join(part for part in (profile.libc.family, profile.libc.version) if part)
    name = placement.filesystem.stage.base or "?"
    return f"{name}, {libc}" if profile.libc.family not in ("none", "unknown") else name


def _fit(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Shorten the cells of the widest columns until a row has `WIDTH` columns; of a path the end tells most."""
    heads = [len(head) + _PADDING for head in _HEAD]
    widths = [max(head, *map(len, column)) for head, column in zip(heads, zip(*rows, strict=True), strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > WIDTH:
        columns = [column for column, width in enumerate(widths[:_VERDICT]) if width > _FLOOR]
        widths[max(columns, key=lambda column: widths[column]) if columns else -1] -= 1
    return [
        tuple(
            _cut(cell, width, from_end=column < _PATHS)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _cut(text: str, room: int, *, from_end: bool) -> str:
    if len(text) <= room:
        return text
    return f"...{text[3 - room :]}" if from_end else f"{text[: room - 3]}..."
