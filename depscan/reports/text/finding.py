"""One finding for people: what is wrong, where, why that is certain, what would be seen at run time, what helps.

In: a `Finding` and the Dockerfile. Out: its lines. What wraps stands behind a bar, so that no text from outside ever
begins a line: CI servers read commands from line starts.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from depscan.findings import Severity
from depscan.reports.escaping import printable
from depscan.reports.text.frame import WIDTH, Mark, frame, number_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.findings import Edit, Finding, Related, Suggestion
    from depscan.reports.text.paint import Paint
    from depscan.source import SourceText

_MOST_ARTIFACTS = 5
_MOST_SUGGESTIONS = 6
_MOST_EDITED = 3
_HELP = "help"


def finding_lines(finding: Finding, source: SourceText, paint: Paint, *, everything: bool) -> Iterator[str]:
    """The lines of one finding; a note about no binary is told in two, unless `everything` is to be shown."""
    if finding.severity is Severity.NOTE and not finding.artifact and not everything:
        yield from _headline(finding, paint)
        yield f"{paint.gutter(' -->')} {_start(finding)}"
        return
    marks = _marks(finding)
    gutter = number_width(marks)
    yield from _headline(finding, paint)
    yield from _places(finding, marks, source, paint)
    for label, text in _facts(finding):
        yield from _labelled(gutter, label, text, paint)
    shown = finding.suggestions if everything else finding.suggestions[:_MOST_SUGGESTIONS]
    for suggestion in shown:
        yield from _labelled(gutter, _HELP, _title(suggestion), paint)
        for edit in suggestion.edits:
            yield from _edited(edit, source, gutter, paint)
    more = _more_help(finding, len(shown))
    if more:
        yield from _labelled(gutter, _HELP, more, paint)


def again(finding: Finding, paint: Paint) -> Iterator[str]:
    """The line of a finding that an earlier scan told in full."""
    yield f"{paint.word(finding.severity, f'{finding.severity}[{finding.rule}]')} here too: {_start(finding)}"


def _start(finding: Finding) -> str:
    start = finding.location.span.start
    return printable(f"{finding.location.path}:{start.line}:{start.column}")


def _headline(finding: Finding, paint: Paint) -> Iterator[str]:
    mark = f"{finding.severity}[{finding.rule}]"
    first, *more = wrap(printable(f"{mark}: {finding.message}"), WIDTH - 2, break_on_hyphens=False)
    yield paint.word(finding.severity, mark) + paint.strong(first.removeprefix(mark))
    yield from (paint.strong(f"  {line}") for line in more)


def _marks(finding: Finding) -> list[Mark]:
    """The places in the finding's own file, the primary one first."""
    label = finding.artifact or ""
    if len(finding.artifacts) > 1:
        label += f" and {len(finding.artifacts) - 1} more"
    here = [related for related in finding.related if related.location.path == finding.location.path]
    others = [Mark(related.location.span, related.message) for related in here]
    return [Mark(finding.location.span, label, finding.severity), *others]


def _places(finding: Finding, marks: list[Mark], source: SourceText, paint: Paint) -> Iterator[str]:
    """The arrow and the frame; places in other files as lines."""
    indent = " " * number_width(marks)
    yield f"{paint.gutter(f'{indent}-->')} {_start(finding)}"
    if finding.location.path == source.path:
        yield from frame(source, marks, paint)
        yield paint.gutter(f"{indent} |")
    for other in finding.related:
        if other.location.path != finding.location.path:
            yield f"{paint.gutter(f'{indent}:::')} {printable(_place(other))}"


def _place(related: Related) -> str:
    start = related.location.span.start
    return f"{related.location.path}:{start.line}:{start.column}: {related.message}"


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


def _title(suggestion: Suggestion) -> str:
    details = [f"{_size(suggestion.size)} compressed"] if suggestion.size else []
    details.append("proved" if suggestion.proved else "not proved")
    return f"{suggestion.title} ({', '.join(details)})"


def _size(size: int) -> str:
    """11 MB, in the registry's decimal megabytes."""
    return f"{size / 1e6:.0f} MB" if size >= 10e6 else f"{size / 1e6:.1f} MB"


def _edited(edit: Edit, source: SourceText, gutter: int, paint: Paint) -> Iterator[str]:
    """The lines as they read after the edit; of an edit in another file the new text alone."""
    span = edit.location.span
    before, after = "", ""
    if edit.location.path == source.path:
        before = source.line(span.start.line)[: span.start.column - 1]
        after = "" if edit.text.endswith("\n") else source.line(span.end.line)[span.end.column - 1 :]
    lines = f"{before}{edit.text}{after}".rstrip("\n").split("\n")
    for number, line in enumerate(lines[:_MOST_EDITED], span.start.line):
        text = printable(line)
        room = WIDTH - gutter - 3
        text = text if len(text) <= room else f"{text[: room - 3]}..."
        yield f"{paint.gutter(f'{number:>{gutter}} +')} {paint.good(text)}"
    if len(lines) > _MOST_EDITED:
        yield f"{paint.gutter(' ' * gutter + ' +')} {len(lines) - _MOST_EDITED} more lines"


def _more_help(finding: Finding, shown: int) -> str | None:
    page = f"`depscan explain {finding.rule}` tells more"
    if not finding.suggestions:
        return f"no suggestion could be proved; {page}" if finding.artifact else page
    rest = len(finding.suggestions) - shown
    return f"{rest} more; --verbose shows all" if rest else None
