"""The end of a run: what was found, what was judged, what is not known, and the notes.

In: a `ScanResult` and its findings as they are told. Out: one line for the run and one for the notes, by kind. What is
not known is counted by kind, a thing of several builds or platforms once.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from depscan.findings import Severity
from depscan.linking.placement import Verdict
from depscan.reports.escaping import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.findings import Skipped
    from depscan.reports.text.paint import Paint
    from depscan.results import Scan, ScanResult, Told
    from depscan.source import Position

_KINDS = {"FROM": "base images", "RUN": "RUN not understood"}
_MOST_NAMED = 3


def ending(result: ScanResult, told: Sequence[Told], paint: Paint) -> Iterator[str]:
    """The lines without the notes."""
    counts = Counter("ignored" if each.finding.ignored else each.finding.severity.value for each in told)
    parts = [_plural(counts[word], word) for word in ("error", "warning") if counts[word]]
    found = ", ".join(parts) or "no findings"
    worst = next((word for word in ("error", "warning") if counts[word]), None)
    ignored = f", {counts['ignored']} ignored" if counts["ignored"] else ""
    line = f"{found}{ignored}{_in_builds(result, clean=not parts)} · {_judged(result)}"
    first, *more = paint.folded(line)
    yield (paint.word(worst, found) if worst else paint.good(found)) + first[len(found) :]
    yield from more


def denied_lines(denied: Sequence[tuple[str, Position, Skipped]], paint: Paint) -> Iterator[str]:
    """What may not be read, which a person can mend: a line each, the rest as a number."""
    for path, at, row in denied[:_MOST_NAMED]:
        yield from paint.folded(f"skipped: {printable(row.subject)} ({printable(path)}:{at.line}): {row.reason}")
    if len(denied) > _MOST_NAMED:
        yield from paint.folded(f"skipped: {len(denied) - _MOST_NAMED} more that cannot be read: --verbose")


def notes_line(told: Sequence[Told], paint: Paint) -> Iterator[str]:
    """`2 notes: base-end-of-life (debian:buster-slim), base-tag-moves (node:latest)`."""
    kinds: dict[str, dict[str, None]] = {}
    for each in told:
        kinds.setdefault(each.finding.rule, {})[_subject(each)] = None
    if kinds:
        listed = ", ".join(f"{rule} ({_listed(list(subjects))})" for rule, subjects in kinds.items())
        yield from paint.folded(f"{_plural(len(told), 'note')}: {listed}")


def _subject(told: Told) -> str:
    """What a note is about: the file, else the words at its place."""
    finding, span = told.finding, told.finding.location.span
    if finding.artifact:
        return finding.artifact
    end = span.end.column - 1 if span.end.line == span.start.line else None
    words = told.scan.source.line(span.start.line)[span.start.column - 1 : end].strip()
    return words[:60] or f"line {span.start.line}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return printable(", ".join(names[:_MOST_NAMED]) + more)


def _in_builds(result: ScanResult, *, clean: bool) -> str:
    """` in 2 of 19 builds`; of a single build its file, where nothing was found that names it."""
    builds: dict[tuple[str, str], bool] = {}
    for scan in result.scans:
        key = (scan.source.path, scan.build_name)
        builds[key] = builds.get(key, False) or any(_counts(scan))
    if len(builds) == 1:
        return f" in {printable(next(iter(builds))[0])}" if clean else ""
    return f" in {len(builds)} builds" if clean else f" in {sum(builds.values())} of {len(builds)} builds"


def _counts(scan: Scan) -> Iterator[bool]:
    return (finding.severity is not Severity.NOTE and not finding.ignored for finding in scan.findings)


def _judged(result: ScanResult) -> str:
    """`214 files judged for linux/amd64, 31 unknown (base images 20, files 8, downloads 3: --verbose)`."""
    unknown: set[tuple[str, int, str]] = set()
    judged: set[tuple[str, int, str]] = set()
    for scan in result.scans:
        told = {(finding.stage, path) for finding in scan.findings for path in finding.artifacts}
        for placement in scan.placements:
            stage = placement.filesystem.stage.index
            if stage in scan.run:  # what a builder holds is judged where it ends up
                open_ = placement.verdict is Verdict.UNKNOWN and (stage, placement.path) not in told
                (unknown if open_ else judged).add((scan.source.path, stage, placement.path))
    skipped = {(scan.source.path, row): _kind(row, scan) for scan in result.scans for row in scan.skipped}
    kinds = Counter({"files": len(unknown)} if unknown else {})
    kinds.update(skipped.values())
    platforms = list(dict.fromkeys(str(scan.platform) for scan in result.scans if scan.stages))
    words = f"{_plural(len(judged - unknown), 'file')} judged{f' for {_listed(platforms)}' if platforms else ''}"
    if not kinds:
        return words
    hint = "" if result.verbose else ": --verbose"
    return (
        f"{words}, {sum(kinds.values())} unknown ({', '.join(f'{kind} {n}' for kind, n in kinds.most_common())}{hint})"
    )


def _kind(row: Skipped, scan: Scan) -> str:
    """By the instruction that a row is about; a declaration without stages is a build."""
    if not scan.stages:
        return "builds"
    if re.match(r"\w+://", row.subject):
        return "downloads"
    if row.span is None:
        return "files"
    start = row.span.start
    everything = (item for each in scan.stages for item in (each.stage.instruction, *each.stage.instructions))
    keyword = next((item.keyword for item in everything if item.span.start <= start <= item.span.end), "")
    return _KINDS.get(keyword, "files")


def _plural(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
