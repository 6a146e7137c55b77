"""The report for people: what goes wrong, errors first, then how much was looked at.

In: a `ScanResult`, the width of the terminal and whether it shows colour. Out: text, in ASCII apart from a middle dot
and what the Dockerfile itself holds. A finding of several builds or platforms is told once. What was chosen, every file
and all that is not known are for --verbose, except what may not be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.findings import Severity
from depscan.reports import WIDTH
from depscan.reports.escaping import printable
from depscan.reports.text.ending import denied_lines, ending, notes_line
from depscan.reports.text.finding import finding_lines
from depscan.reports.text.paint import Paint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.results import Scan, ScanResult


def render(result: ScanResult, *, color: bool = False, width: int = WIDTH) -> str:
    """The report."""
    lines = list(_lines(result, Paint(color, width)))
    return "\n".join(lines) + "\n" if lines else ""


def _lines(result: ScanResult, paint: Paint) -> Iterator[str]:
    told = result.distinct
    rules = {rule.id: rule for rule in result.rules}
    shown = sorted((each for each in told if not each.finding.ignored), key=lambda each: each.finding.severity.rank)
    in_full = result.verbose or result.fail_on is Severity.NOTE
    notes = [] if in_full else [each for each in shown if each.finding.severity is Severity.NOTE]
    for each in shown[: len(shown) - len(notes)]:
        yield from finding_lines(each, rules.get(each.finding.rule), paint, everything=result.verbose)
        yield ""
    if result.verbose and not result.quiet:
        for scan in result.scans:
            yield from _background(scan, result, paint)
    if not result.quiet:
        if not result.verbose:
            yield from denied_lines(result.denied, paint)
        yield from dict.fromkeys(f"note: {printable(note)}" for scan in result.scans for note in scan.notes)
        yield from ending(result, told, paint)
    yield from notes_line(notes, paint)


def _background(scan: Scan, result: ScanResult, paint: Paint) -> Iterator[str]:
    """What was chosen and why, every file, and what is not known."""
    build = f", {scan.build_name}" if scan.build_name else ""
    yield from paint.folded(f"{scan.source.path} on {scan.platform}{build}")
    yield from paint.folded(f"context: {scan.context} ({scan.context_reason})")
    for filesystem in scan.stages:
        profile, stage = filesystem.profile, filesystem.stage
        name = f" ({stage.name})" if stage.name else ""
        dated = f", {profile.source} of {profile.as_of}" if profile.as_of else f", {profile.source}"
        libc = " ".join(part for part in (profile.libc.family, profile.libc.version) if part)
        why = f": {profile.why}" if profile.why else ""
        yield from paint.folded(f"stage {stage.index}{name}: {stage.base or 'not known'}, libc {libc}{dated}{why}")
    yield f"knowledge of {result.knowledge_as_of}"
    from depscan.reports.text.table import table  # noqa: PLC0415 - only --verbose prints one

    yield from table(scan, paint)
    for skipped in scan.skipped:
        place = f" (line {skipped.span.start.line})" if skipped.span else ""
        yield from paint.folded(f"skipped: {skipped.subject}{place}: {skipped.reason}")
    yield ""
