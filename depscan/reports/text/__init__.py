"""The report for people: a frame per finding with its proof and its ways out, then what was looked at.

In: a `ScanResult` and whether to colour. Out: text of about 100 columns, in ASCII apart from what the Dockerfile
itself holds, so that every terminal and log shows it.
"""

from __future__ import annotations

from collections import Counter
from textwrap import wrap
from typing import TYPE_CHECKING

from depscan.escaping import printable
from depscan.reports.text.frame import WIDTH, Mark, frame, number_width
from depscan.reports.text.paint import Paint
from depscan.reports.text.table import table

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from depscan.findings import Finding, Related, Suggestion
    from depscan.results import Scan, ScanResult

_MOST_SKIPPED = 8
_MOST_ARTIFACTS = 5
_SUGGESTIONS = 4
_HELP = "help"


def render(result: ScanResult, *, color: bool = False) -> str:
    """The report."""
    paint = Paint(color)
    lines = [line for scan in result.scans for line in _scan(scan, result, paint)]
    return "\n".join(lines) + "\n" if lines else ""


def _scan(scan: Scan, result: ScanResult, paint: Paint) -> Iterator[str]:
    if len(result.scans) > 1 and not result.quiet:
        yield paint.strong(f"== {printable(scan.source.path)} on {scan.platform}")
        yield ""
    for finding in scan.findings:
        if not finding.ignored:
            yield from _finding(finding, scan, paint, everything=result.verbose)
            yield ""
    if result.quiet:
        return
    if result.verbose:
        yield from _background(scan)
    binaries = list(table(scan.placements, paint, everything=result.verbose))
    if binaries:
        yield from [*binaries, ""]
    yield from _skipped(scan, everything=result.verbose)
    yield from (f"note: {printable(note)}" for note in scan.notes)
    yield _summary(scan, result, paint)


def _finding(finding: Finding, scan: Scan, paint: Paint, *, everything: bool) -> Iterator[str]:
    head, *more = wrap(printable(f"{finding.severity}[{finding.rule}]: {finding.message}"), WIDTH - 2) or [""]
    mark = f"{finding.severity}[{finding.rule}]"
    yield (paint.word(finding.severity, mark) + paint.strong(head.removeprefix(mark))) if paint.on else head
    yield from (paint.strong(f"  {line}") for line in more)
    gutter = yield from _frames(finding, scan, paint)
    for label, text in _facts(finding):
        yield from _labelled(gutter, label, text, paint)
    shown = finding.suggestions if everything else finding.suggestions[:_SUGGESTIONS]
    for suggestion in shown:
        yield from _labelled(gutter, _HELP, _suggestion(suggestion), paint)
        yield from _edits(suggestion, scan, gutter, paint)
    more_help = _more_help(finding, len(shown))
    if more_help:
        yield from _labelled(gutter, _HELP, more_help, paint)


def _more_help(finding: Finding, shown: int) -> str | None:
    if not finding.suggestions:
        return f"no suggestion could be proved; `depscan explain {finding.rule}` tells more"
    rest = len(finding.suggestions) - shown
    return f"{rest} more suggestions; --verbose shows all" if rest else None


def _frames(finding: Finding, scan: Scan, paint: Paint) -> Generator[str, None, int]:
    """The arrow and the frame of the Dockerfile; related places in other files as lines. Returns the gutter's width."""
    here = [related for related in finding.related if related.location.path == finding.location.path]
    marks = [Mark(finding.location.span, _label(finding), finding.severity), *(_related_mark(other) for other in here)]
    gutter = number_width(marks)
    start = finding.location.span.start
    place = printable(f"{finding.location.path}:{start.line}:{start.column}")
    yield f"{paint.gutter(' ' * gutter + '-->')} {place}"
    if finding.location.path == scan.source.path:
        yield from frame(scan.source, marks, paint)
        yield paint.gutter(" " * gutter + " |")
    for other in finding.related:
        if other.location.path != finding.location.path:
            at = other.location.span.start
            yield f"{paint.gutter(' ' * gutter + ':::')} " + printable(
                f"{other.location.path}:{at.line}:{at.column}: {other.message}"
            )
    return gutter


def _related_mark(related: Related) -> Mark:
    return Mark(related.location.span, related.message)


def _label(finding: Finding) -> str:
    """What stands behind the carets: the binary that the instruction brings."""
    if len(finding.artifacts) > 1:
        return f"{finding.artifact} and {len(finding.artifacts) - 1} more"
    return finding.artifact or ""


def _facts(finding: Finding) -> Iterator[tuple[str, str]]:
    """Labels and texts of what proves the finding, in reading order."""
    yield from (("fact", line) for line in finding.evidence)
    if len(finding.artifacts) > 1:
        listed = ", ".join(finding.artifacts[:_MOST_ARTIFACTS])
        rest = len(finding.artifacts) - _MOST_ARTIFACTS
        yield "also", f"{listed}{f' and {rest} more' if rest > 0 else ''}"
    if finding.runtime_message:
        yield "at run time", finding.runtime_message
    yield "confidence", finding.confidence


def _labelled(gutter: int, label: str, text: str, paint: Paint) -> Iterator[str]:
    """`= label: text`; what does not fit, and further lines of the text, stand behind a bar."""
    room = WIDTH - gutter - len(label) - 5
    parts = [wrap(printable(line), room, break_on_hyphens=False) or [""] for line in text.split("\n")]
    first, *more = [line for part in parts for line in part]
    name = paint.good(label) if label == _HELP else label
    yield f"{paint.gutter(' ' * gutter + ' =')} {name}: {first}"
    yield from (f"{paint.gutter(' ' * gutter + ' |')} {' ' * len(label)}  {line}" for line in more)


def _suggestion(suggestion: Suggestion) -> str:
    details = [f"{_size(suggestion.size)} compressed"] if suggestion.size else []
    details.append("proved" if suggestion.proved else "not proved")
    return f"{suggestion.title} ({', '.join(details)})"


def _edits(suggestion: Suggestion, scan: Scan, gutter: int, paint: Paint) -> Iterator[str]:
    """The lines as they would read after the edits; edits of other files, and long insertions, by their first line."""
    for edit in suggestion.edits:
        span = edit.location.span
        before, after = "", ""
        if edit.location.path == scan.source.path and span.start.line == span.end.line:
            line = scan.source.line(span.start.line)
            before, after = line[: span.start.column - 1], line[span.end.column - 1 :]
        first, *more = f"{before}{edit.text}{after}".strip("\n").split("\n")
        text = printable(first)[:WIDTH] + (" ..." if more else "")
        yield f"{paint.gutter(f'{span.start.line:>{gutter}} +')} {paint.good(text)}"


def _size(size: int) -> str:
    """11 MB, in the registry's decimal megabytes."""
    return f"{size / 1e6:.0f} MB" if size >= 10e6 else f"{size / 1e6:.1f} MB"


def _background(scan: Scan) -> Iterator[str]:
    yield printable(f"context: {scan.context} ({scan.context_reason})")
    for filesystem in scan.stages:
        profile, stage = filesystem.profile, filesystem.stage
        name = f" ({stage.name})" if stage.name else ""
        dated = f", {profile.source} of {profile.as_of}" if profile.as_of else f", {profile.source}"
        libc = " ".join(part for part in (profile.libc.family, profile.libc.version) if part)
        why = f": {profile.why}" if profile.why else ""
        yield printable(f"stage {stage.index}{name}: {stage.base or 'not known'}, libc {libc}{dated}{why}")
    yield ""


def _skipped(scan: Scan, *, everything: bool) -> Iterator[str]:
    shown = scan.skipped if everything else scan.skipped[:_MOST_SKIPPED]
    for skipped in shown:
        place = f" (line {skipped.span.start.line})" if skipped.span else ""
        yield printable(f"skipped: {skipped.subject}{place}: {skipped.reason}")
    if len(scan.skipped) > len(shown):
        yield f"skipped: {len(scan.skipped) - len(shown)} more; --verbose shows all"


def _summary(scan: Scan, result: ScanResult, paint: Paint) -> str:
    counts = Counter("ignored" if finding.ignored else finding.severity for finding in scan.findings)
    verdicts = Counter(placement.verdict for placement in scan.placements)
    parts = [_plural(counts[word], word) for word in ("error", "warning", "note") if counts[word]]
    parts += [f"{counts['ignored']} ignored"] if counts["ignored"] else []
    told = [f"{verdicts[verdict]} {verdict}" for verdict in verdicts]
    binaries = f"{_plural(len(scan.placements), 'binary')} checked" + (f" ({', '.join(told)})" if told else "")
    head = ", ".join(parts) or "no findings"
    worst = next((word for word in ("error", "warning", "note") if counts[word]), None)
    head = paint.word(worst, head) if worst else paint.good(head)
    skipped = f", {len(scan.skipped)} skipped" if scan.skipped else ""
    where = f"{printable(scan.source.path)} on {scan.platform}"
    return f"{where}: {head}; {binaries}{skipped}; knowledge of {result.knowledge_as_of}"


def _plural(number: int, word: str) -> str:
    if number == 1:
        return f"1 {word}"
    return f"{number} {word.removesuffix('y')}ies" if word.endswith("y") else f"{number} {word}s"
