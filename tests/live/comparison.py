"""Prints how often depscan tells the truth: `python -m tests.live.comparison` (`make live`).

In: all pinned packages, all roots. Out: the table of figures; each disagreement with its explanation from
differences.toml. The exit code is 1 where a disagreement has none, or an explanation no disagreement any more.
"""

from __future__ import annotations

import sys
import tempfile
import time
import tomllib
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tabulate import tabulate

from tests.live.downloads import DownloadError
from tests.live.hosts import build_host
from tests.live.roots import root
from tests.live.subjects import packages, unpacked
from tests.live.trials import STANDS, try_package

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.live.subjects import Package
    from tests.live.trials import Cell

EXPLAINED = Path(__file__).with_name("differences.toml")
HEADERS = ("root", "known by", "cells", "agree", "cause", "false alarms", "misses", "of symbols", "unknown")


class Difference(NamedTuple):
    """A row of differences.toml: which cells differ so, by patterns, and why."""

    kind: str
    why: str
    stand: str = "*"
    source: str = "*"
    package: str = "*"
    subject: str = "*"
    outcome: str = "*"
    reason: str = "*"

    def covers(self, cell: Cell) -> bool:
        """Whether this row speaks of `cell`."""
        pairs = (
            (self.kind, cell.kind),
            (self.stand, cell.stand),
            (self.source, cell.source),
            (self.package, cell.package),
            (self.subject, cell.subject),
            (self.outcome, f"{cell.outcome.cause} {cell.outcome.detail}"),
            (self.reason, f"{cell.answer.cause} {cell.answer.detail} {cell.answer.reason}"),
        )
        return all(fnmatchcase(text, pattern) for pattern, text in pairs)


def differences() -> list[Difference]:
    """The explained disagreements."""
    return [Difference(**row) for row in tomllib.loads(EXPLAINED.read_text()).get("difference", [])]


def obtain(wanted: Iterable[Package]) -> tuple[list[Package], list[str]]:
    """Those packages that could be had, and why the others could not."""
    had, refused = [], []
    for package in wanted:
        try:
            unpacked(package)
            had.append(package)
        except DownloadError as error:
            refused.append(str(error))
    return had, refused


def compare(had: Sequence[Package]) -> list[Cell]:
    """All cells of these packages."""
    for stand in STANDS:
        root(stand.name)
    with tempfile.TemporaryDirectory() as folder:
        libraries = [unpacked(package) / path for package in had for path in package.subjects]
        host = build_host(Path(folder), libraries)
        return [cell for package in had for cell in try_package(package, host)]


def figures(cells: Sequence[Cell]) -> str:
    """The table: a row for each root and source, and their sums."""
    rows = [
        _row(stand.name, source, [cell for cell in cells if (cell.stand, cell.source) == (stand.name, source)])
        for source in ("root", "knowledge")
        for stand in STANDS
    ]
    sums = [_row("all", source, [cell for cell in cells if cell.source == source]) for source in ("root", "knowledge")]
    return tabulate([row for row in (*rows, *sums) if row[2]], HEADERS, colalign=("left", "left", *["right"] * 7))


def _row(stand: str, source: str, cells: Sequence[Cell]) -> tuple[object, ...]:
    kinds = Counter(cell.kind for cell in cells)
    known = len(cells) - kinds["unknown"]
    right = kinds["agreed"] + kinds["other-cause"]
    failing = [cell for cell in cells if cell.outcome.cause and cell.kind in ("agreed", "other-cause")]
    named = sum(cell.kind == "agreed" for cell in failing)
    return (
        stand,
        source,
        len(cells),
        _share(right, known),
        _share(named, len(failing)),
        kinds["false-alarm"],
        kinds["miss"] + kinds["miss-of-symbol"],
        kinds["miss-of-symbol"],
        _share(kinds["unknown"], len(cells)),
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def explain(cells: Sequence[Cell], rows: Sequence[Difference]) -> tuple[list[str], bool]:
    """Lines that tell each disagreement by its explanation, and whether all are explained and no explanation is old."""
    differing = [cell for cell in cells if cell.kind != "agreed"]
    lines, done = [], True
    for row in rows:
        covered = [cell for cell in differing if row.covers(cell)]
        differing = [cell for cell in differing if not row.covers(cell)]
        lines.append(f"{len(covered):4} {row.kind}: {row.why}")
        done = done and bool(covered)
    lines += [f"NOT EXPLAINED {_line(cell)}" for cell in differing]
    return lines, done and not differing


def _line(cell: Cell) -> str:
    where = f"{cell.stand} by {cell.source}: {cell.package} {cell.subject}"
    said = f"{cell.answer.cause} {cell.answer.detail} ({cell.answer.reason})"
    truth = f"{cell.outcome.cause} {cell.outcome.detail} ({cell.outcome.message})"
    return f"{cell.kind} {where}\n    depscan: {said}\n    in truth: {truth}"


def main() -> int:
    """Print the table and the explanations."""
    start = time.monotonic()
    had, refused = obtain(packages())
    obtained = time.monotonic()
    cells = compare(had)
    subjects = {(cell.package, cell.subject) for cell in cells}
    lines, done = explain(cells, differences())
    print(figures(cells))
    print(
        f"\n{len(subjects)} subjects of {len(had)} packages; {len(refused)} packages could not be had",
        *refused,
        sep="\n  ",
    )
    print("\nDisagreements, and why:", *lines, sep="\n")
    print(f"\n{obtained - start:.0f} s to obtain packages, {time.monotonic() - obtained:.0f} s for roots and trials")
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
