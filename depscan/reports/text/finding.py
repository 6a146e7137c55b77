"""One finding for people: what happens, where, what would be read at that moment, what helps.

In: a finding as it is told, and the Dockerfile. Out: its lines, about 15. What a label in the frame says stands nowhere
else; what proves the finding beyond that is for --verbose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.findings import Confidence
from depscan.reports.escaping import printable
from depscan.reports.text.frame import Mark, frame
from depscan.reports.text.remedies import first_remedy, remedy_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.findings import Finding, Related
    from depscan.reports.text.paint import Paint
    from depscan.results import Told
    from depscan.rulebook import Rule

_GAP = 3  # columns between a headline and the rule's name
_MOST_SUGGESTIONS = 3
_NO_BREAK = "\N{NO-BREAK SPACE}"  # a long path stays beside the first word


def finding_lines(told: Told, rule: Rule | None, paint: Paint, *, everything: bool) -> Iterator[str]:
    """The lines of one finding."""
    finding, source = told.finding, told.scan.source
    yield from _headline(told, paint)
    if finding.location.path == source.path:
        yield from frame(source, _marks(finding), paint)
    for other in finding.related:
        if other.location.path != finding.location.path:
            yield from paint.folded(_place(other), "  ", 4)
    if finding.runtime_message:
        yield from paint.folded(f"{finding.moment}: {finding.runtime_message}", "  ", 4, most=None if everything else 4)
    if everything:
        yield from _proof(finding, paint)
    yield from _help(told, rule, paint, everything=everything)


def _headline(told: Told, paint: Paint) -> Iterator[str]:
    """What happens, and where; the rule's name at the right of the first line that has room for it."""
    finding, room = told.finding, paint.width
    where = [f"{printable(finding.location.path)}:{finding.location.span.start.line}"]
    where += [*_stage(told), *([told.where] if told.where else [])]
    lines = paint.folded(f"{finding.severity}:{_NO_BREAK}{finding.message}", hang=2)
    lines[0] = lines[0].replace(_NO_BREAK, " ", 1)
    last, place = len(lines) - 1, len(lines)
    lines += paint.folded(", ".join(where), "  ", 4)
    fitting = (number for number in (last, place) if len(lines[number]) + _GAP + len(finding.rule) <= room)
    named = next(fitting, None)
    if named is None:
        lines.insert(place, "")
        named = place
    pad = " " * max(room - len(lines[named]) - len(finding.rule), 0)
    for number, line in enumerate(lines):
        text = line if number > last else paint.strong(line)
        if number == 0:
            text = paint.word(finding.severity) + paint.strong(line.removeprefix(finding.severity))
        yield text + (pad + paint.faint(finding.rule) if number == named else "")


def _stage(told: Told) -> list[str]:
    """The stage, where there are several: by its name, else counted from one."""
    index = told.finding.stage
    if index is None or (index == 0 and len(told.scan.stages) < 2):
        return []
    name = next((each.stage.name for each in told.scan.stages if each.stage.index == index), None)
    return [f"stage {name or index + 1}"]


def _marks(finding: Finding) -> list[Mark]:
    """The places in the finding's own file; of the others those that tell something, and each text once.

    What is told of the primary place itself, by what it does, says more than its own label.
    """
    here = [each for each in finding.related if each.location.path == finding.location.path and each.message]
    own = [each.message for each in here if each.location.span == finding.location.span]
    label = finding.label if finding.label is not None else finding.artifact or ""
    marks = [Mark(finding.location.span, "; ".join(own) or label, finding.severity)]
    for related in here:
        known = {mark.label for mark in marks}
        if related.location.span != finding.location.span and related.message not in known:
            marks.append(Mark(related.location.span, related.message))
    return marks


def _place(other: Related) -> str:
    return f"{other.location.path}:{other.location.span.start.line}: {other.message}"


def _proof(finding: Finding, paint: Paint) -> Iterator[str]:
    """What proves the finding, and all that it tells of."""
    for fact in finding.evidence:
        yield from paint.folded(f"fact: {fact}", "  ", 4)
    if len(finding.artifacts) > 1:
        yield from paint.folded(", ".join(finding.artifacts), "  files: ", 4)


def _help(told: Told, rule: Rule | None, paint: Paint, *, everything: bool) -> Iterator[str]:
    finding = told.finding
    shown = finding.suggestions if everything else finding.suggestions[:_MOST_SUGGESTIONS]
    lines = list(remedy_lines(shown, told.scan, paint, everything=everything))
    first = first_remedy(rule) if rule is not None and not finding.suggestions else None
    if first is not None:
        lines = paint.folded(first, "  try  ", 7, most=None if everything else 3)
    yield from ["", *lines] if lines else []
    rest = len(finding.suggestions) - len(shown)
    sure = [] if finding.confidence is Confidence.CERTAIN else [str(finding.confidence)]
    more = f"more: depscan explain {finding.rule}" + (f", {rest} more with --verbose" if rest else "")
    yield f"  {' · '.join([*sure, more])}"
