"""The report for people: a frame per finding with its proof and its ways out, then what was looked at.

In: a `ScanResult` and whether to colour. Out: text of about 100 columns, in ASCII apart from what the Dockerfile
itself holds, so that every terminal and log shows it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from depscan.reports.escaping import printable
from depscan.reports.text.finding import again, finding_lines
from depscan.reports.text.frame import folded
from depscan.reports.text.paint import Paint
from depscan.reports.text.table import table, unknown_reasons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.results import Scan, ScanResult

_MOST_SKIPPED = 8


def render(result: ScanResult, *, color: bool = False) -> str:
    """The report."""
    paint = Paint(color)
    told: set[tuple[object, ...]] = set()
    lines = [line for scan in result.scans for line in _scan(scan, result, paint, told)]
    return "\n".join(lines) + "\n" if lines else ""


def _scan(scan: Scan, result: ScanResult, paint: Paint, told: set[tuple[object, ...]]) -> Iterator[str]:
    """The lines of a scan. `told` are the findings of the scans before: one that is told again takes one line."""
    if len(result.scans) > 1 and not result.quiet:
        yield paint.strong(f"== {_title(scan)}")
        yield ""
    for finding in scan.findings:
        key = (finding.rule, finding.location, finding.message, finding.identity)
        if not finding.ignored and key in told:
            yield from () if result.quiet else [*again(finding, paint), ""]
        elif not finding.ignored:
            told.add(key)
            yield from finding_lines(finding, scan.source, paint, everything=result.verbose)
            yield ""
    if result.quiet:
        return
    if result.verbose:
        yield from _background(scan, result)
    if result.verbose or any(placement.verdict != "loads" for placement in scan.placements):
        yield from [*table(scan.placements, paint, everything=result.verbose), ""]
    for line in (*unknown_reasons(scan.placements), *_skipped(scan, everything=result.verbose)):
        yield from folded(line)
    yield from (f"note: {printable(note)}" for note in scan.notes)
    yield _summary(scan, paint)


def _background(scan: Scan, result: ScanResult) -> Iterator[str]:
    """What was chosen and why."""
    yield from folded(f"context: {scan.context} ({scan.context_reason})")
    for filesystem in scan.stages:
        profile, stage = filesystem.profile, filesystem.stage
        name = f" ({stage.name})" if stage.name else ""
        dated = f", {profile.source} of {profile.as_of}" if profile.as_of else f", {profile.source}"
        libc = " ".join(part for part in (profile.libc.family, profile.libc.version) if part)
        why = f": {profile.why}" if profile.why else ""
        yield from folded(f"stage {stage.index}{name}: {stage.base or 'not known'}, libc {libc}{dated}{why}")
    yield f"knowledge of {result.knowledge_as_of}"
    yield ""


def _skipped(scan: Scan, *, everything: bool) -> Iterator[str]:
    shown = scan.skipped if everything else scan.skipped[:_MOST_SKIPPED]
    for skipped in shown:
        place = f" (line {skipped.span.start.line})" if skipped.span else ""
        yield f"skipped: {skipped.subject}{place}: {skipped.reason}"
    if len(scan.skipped) > len(shown):
        yield f"skipped: {len(scan.skipped) - len(shown)} more; --verbose shows all"


def _summary(scan: Scan, paint: Paint) -> str:
    counts = Counter("ignored" if finding.ignored else finding.severity for finding in scan.findings)
    parts = [_plural(counts[word], word) for word in ("error", "warning", "note") if counts[word]]
    parts += [f"{counts['ignored']} ignored"] if counts["ignored"] else []
    head = ", ".join(parts) or "no findings"
    worst = next((word for word in ("error", "warning", "note") if counts[word]), None)
    head = paint.word(worst, head) if worst else paint.good(head)
    skipped = f", {len(scan.skipped)} skipped" if scan.skipped else ""
    return f"{_title(scan)}: {head}; {_checked(scan)}{skipped}"


def _title(scan: Scan) -> str:
    build = f", {scan.build_name}" if scan.build_name else ""
    return printable(f"{scan.source.path} on {scan.platform}{build}")


def _checked(scan: Scan) -> str:
    """`3 binaries checked: 2 fail, 1 loads`."""
    verdicts = Counter(str(placement.verdict) for placement in scan.placements)
    told = (
        f"{verdicts[word]} {word if verdicts[word] == 1 else word.removesuffix('s')}"
        for word in ("fails", "unknown", "loads")
        if verdicts[word]
    )
    number = len(scan.placements)
    checked = f"{number} {'binary' if number == 1 else 'binaries'} checked"
    return f"{checked}: {', '.join(told)}" if number else checked


def _plural(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
