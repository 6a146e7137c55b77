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
    from collections.abc import Iterable, Iterator, Sequence

    from tests.live.subjects import Package
    from tests.live.trials import Cell

EXPLAINED = Path(__file__).with_name("differences.toml")
HEADERS = ("root", "known by", "cells", "agree", "cause", "detail", "false alarms", "misses", "of symbols", "unknown")


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
        files = [path for package in had for path in unpacked(package).rglob("*") if path.is_file()]
        host = build_host(Path(folder), files)
        return [cell for package in had for cell in try_package(package, host)]


def figures(cells: Sequence[Cell]) -> str:
    """The table: a row for each root and source, and their sums."""
    rows = [
        _row(stand.name, source, [cell for cell in cells if (cell.stand, cell.source) == (stand.name, source)])
        for source in ("root", "knowledge")
        for stand in STANDS
    ]
    sums = [_row("all", source, [cell for cell in cells if cell.source == source]) for source in ("root", "knowledge")]
    return tabulate([row for row in (*rows, *sums) if row[2]], HEADERS, colalign=("left", "left", *["right"] * 8))


def _row(stand: str, source: str, cells: Sequence[Cell]) -> tuple[object, ...]:
    """Agreement is of the cells with an answer; cause and detail of those that fail in truth and by the answer."""
    kinds = Counter(cell.kind for cell in cells)
    known = len(cells) - kinds["unknown"]
    misses = kinds["miss"] + kinds["miss-of-symbol"]
    failing = sum(None not in (cell.outcome.cause, cell.answer.cause) and cell.kind != "unknown" for cell in cells)
    return (
        stand,
        source,
        len(cells),
        _share(known - misses - kinds["false-alarm"], known),
        _share(failing - kinds["other-cause"], failing),
        _share(failing - kinds["other-cause"] - kinds["other-detail"], failing),
        kinds["false-alarm"],
        misses,
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
    return [*lines, *_group(differing)], done and not differing


def _group(cells: Iterable[Cell]) -> Iterator[str]:
    """Unexplained cells, those that are the same in several roots in one line."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for cell in cells:
        answer = f"{cell.answer.cause} {cell.answer.detail} ({cell.answer.reason})"
        truth = f"{cell.outcome.cause} {cell.outcome.detail} ({cell.outcome.message})"
        groups.setdefault((cell.kind, cell.package, cell.subject, answer, truth), []).append(
            f"{cell.stand}/{cell.source}"
        )
    for (kind, package, subject, answer, truth), stands in groups.items():
        where = ", ".join(stands)
        yield f"NOT EXPLAINED {kind}: {package} {subject}, {where}\n    depscan: {answer}\n    in truth: {truth}"


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
