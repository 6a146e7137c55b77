"""The table of binaries and verdicts.

In: the placements of a scan. Out: its lines; failing ones first, then unknown, then those that load, of which only the
first few are shown unless asked for more. The only module that imports tabulate, and only when there is a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.escaping import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.linking.placement import Placement
    from depscan.reports.text.paint import Paint

_ORDER = {"fails": 0, "unknown": 1, "loads": 2}
_MOST = 20
_HEAD = ("binary", "source", "needs", "base", "verdict", "cause")


def table(placements: tuple[Placement, ...], paint: Paint, *, everything: bool) -> Iterator[str]:
    """The lines of the table; nothing without placements."""
    if not placements:
        return
    from tabulate import tabulate  # noqa: PLC0415 - 10 ms that only this table needs

    ordered = sorted(placements, key=lambda placement: _ORDER[placement.verdict])
    shown = ordered if everything else ordered[:_MOST]
    rows = [_row(placement, paint) for placement in shown]
    yield from tabulate(rows, headers=_HEAD, tablefmt="simple", disable_numparse=True).split("\n")
    if len(ordered) > len(shown):
        rest = ordered[len(shown) :]
        counts = ", ".join(
            f"{number} {verdict}" for verdict in _ORDER if (number := sum(row.verdict == verdict for row in rest))
        )
        yield f"and {len(rest)} more ({counts}); --verbose shows all"


def _row(placement: Placement, paint: Paint) -> tuple[str, ...]:
    path, source, wanted, base, cause = (
        _cell(text, room, from_end=from_end)
        for text, room, from_end in (
            (placement.path, 28, True),
            (placement.artifact.source, 20, True),
            (_needs(placement), 26, False),
            (_base(placement), 28, False),
            (_cause(placement), 30, False),
        )
    )
    return path, source, wanted, base, paint.word(placement.verdict), cause


def _cause(placement: Placement) -> str:
    """The cause and its detail; a path by its last name, since the frame above says where."""
    if placement.verdict == "unknown":
        return next(iter(placement.link.unknowns), "")
    return " ".join(part for part in (placement.cause, (placement.detail or "").rpartition("/")[2]) if part)


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


def _cell(text: str, room: int, *, from_end: bool) -> str:
    """At most `room` columns; of a path the end tells most."""
    text = printable(text)
    if len(text) <= room:
        return text
    return f"...{text[3 - room :]}" if from_end else f"{text[: room - 3]}..."
