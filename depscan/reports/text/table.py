"""The table of binaries and verdicts.

In: the placements of a scan. Out: its lines; failing ones first, then unknown, then those that load, of which only the
first few are shown unless asked for more. The only module that imports tabulate, and only when there is a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.escaping import printable
from depscan.reports.text.frame import WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.linking.placement import Placement
    from depscan.reports.text.paint import Paint

_ORDER = {"fails": 0, "unknown": 1, "loads": 2}
_MOST = 20
_HEAD = ("binary", "source", "needs", "base", "verdict", "cause")
_PATHS, _VERDICT = 2, 4  # the first columns hold paths; the one that is painted
_PADDING = 2  # what tabulate adds to a header's width


def table(placements: tuple[Placement, ...], paint: Paint, *, everything: bool) -> Iterator[str]:
    """The lines of the table; nothing without placements."""
    if not placements:
        return
    from tabulate import tabulate  # noqa: PLC0415 - 10 ms that only this table needs

    ordered = sorted(placements, key=lambda placement: _ORDER[placement.verdict])
    shown = ordered if everything else ordered[:_MOST]
    rows = _fit([_row(placement) for placement in shown])
    painted = [(*row[:_VERDICT], paint.word(row[_VERDICT]), *row[_VERDICT + 1 :]) for row in rows]
    yield from tabulate(painted, headers=_HEAD, tablefmt="simple", disable_numparse=True).split("\n")
    if len(ordered) > len(shown):
        rest = ordered[len(shown) :]
        counts = ", ".join(
            f"{number} {verdict}" for verdict in _ORDER if (number := sum(row.verdict == verdict for row in rest))
        )
        yield f"and {len(rest)} more ({counts}); --verbose shows all"


def _row(placement: Placement) -> tuple[str, ...]:
    cells = (
        placement.path,
        placement.artifact.source,
        _needs(placement),
        _base(placement),
        placement.verdict,
        _cause(placement),
    )
    return tuple(printable(cell) for cell in cells)


def _fit(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Shorten the cells of the widest columns until a row has `WIDTH` columns; of a path the end tells most."""
    heads = [len(head) + _PADDING for head in _HEAD]
    widths = [max(head, *map(len, column)) for head, column in zip(heads, zip(*rows, strict=True), strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > WIDTH:
        widest = max(range(len(widths)), key=lambda index: widths[index])
        widths[widest] -= 1
    return [
        tuple(
            _cut(cell, width, from_end=index < _PATHS)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _cause(placement: Placement) -> str:
    """The cause, with the library, version or symbol; a path would be too wide, and the frame above has it."""
    if placement.verdict == "unknown":
        return next(iter(placement.link.unknowns), "")
    detail = placement.detail if placement.detail and "/" not in placement.detail else None
    return " ".join(part for part in (placement.cause, detail) if part)


def _needs(placement: Placement) -> str:
    """What the binary needs, in three words: `glibc 2.34, dynamic, x86_64` or `static x86_64`."""
    facts = placement.artifact.facts
    if placement.artifact.kind == "script":
        return "script"
    if facts.linkage in ("static", "static-pie"):
        return f"nothing ({facts.linkage}, {facts.machine})"
    libc = {"glibc": "glibc", "musl": "musl"}.get(facts.libc, "")
    versions = (need.name for found in facts.version_needs.values() for need in found if not need.weak)
    floor = max((_number(name) for name in versions if name.startswith("GLIBC_2.")), default=())
    wanted = " ".join(part for part in (libc, ".".join(map(str, floor))) if part)
    return ", ".join(part for part in (wanted, facts.machine) if part)


def _number(version: str) -> tuple[int, ...]:
    """(2, 34) of GLIBC_2.34."""
    return tuple(int(part) for part in version.removeprefix("GLIBC_").split(".") if part.isdigit())


def _base(placement: Placement) -> str:
    profile = placement.filesystem.profile
    libc = " ".join(part for part in (profile.libc.family, profile.libc.version) if part)
    name = placement.filesystem.stage.base or "?"
    return f"{name}, {libc}" if profile.libc.family not in ("none", "unknown") else name


def _cut(text: str, room: int, *, from_end: bool) -> str:
    if len(text) <= room:
        return text
    return f"...{text[3 - room :]}" if from_end else f"{text[: room - 3]}..."
