"""What helps: the suggestions of a finding, one line each where the change itself says it all.

In: `Suggestion`s and the scan. Out: lines: `fix` before the first, `or` before the others; what it costs; how the
changed lines read. And a rule page's own first remedy, for a finding without a suggestion.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.reports.escaping import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.findings import Edit, Suggestion
    from depscan.reports.text.paint import Paint
    from depscan.results import Scan
    from depscan.rulebook import Rule
    from depscan.source import SourceText

_HANG = 7  # columns before a remedy: `  fix  `
_MOST_ALIGNED = 50
_MOST_LINES = 3


def remedy_lines(suggestions: Sequence[Suggestion], scan: Scan, paint: Paint, *, everything: bool) -> Iterator[str]:
    """The lines of some suggestions."""
    texts = [_texts(each, scan) for each in suggestions]
    costs = [_cost(each) for each in suggestions]
    aligned = (len(first) for (first, *_), cost in zip(texts, costs, strict=True) if cost)
    width = min(max(aligned, default=0), _MOST_ALIGNED)
    for number, ((first, *edits), cost) in enumerate(zip(texts, costs, strict=True)):
        word = "or " if number else "fix"
        line = f"{first:<{width}}   {cost}" if cost and len(first) + len(cost) + 3 + _HANG <= paint.width else first
        told = line if cost in line else f"{first} ({cost})"
        most = None if everything else _MOST_LINES
        head, *more = paint.folded(told, f"  {word}  ", _HANG, most) if told != line else [f"  {word}  {line}"]
        if len(head) > paint.width:
            head, *more = paint.folded(told, f"  {word}  ", _HANG, most)
        yield f"  {paint.good(word)}{head[len(word) + 2 :]}"
        yield from more
        for edit in edits:
            yield from paint.folded(edit, " " * _HANG, _HANG + 2, 1)


def _texts(suggestion: Suggestion, scan: Scan) -> list[str]:
    """The title, and how each changed place reads then; without the title where it only says the same."""
    edits = [_edited(edit, scan.source) for edit in suggestion.edits]
    title = printable(suggestion.title)
    if len(suggestion.edits) != 1 or " ".join(suggestion.edits[0].text.split()) not in " ".join(title.split()):
        return [title, *edits]
    alone = suggestion.kind == "base" and len(scan.stages) < 2
    return [edits[0].partition(": ")[2] if alone else edits[0]]


def _cost(suggestion: Suggestion) -> str:
    """`28 MB, no shell`."""
    parts = [size(suggestion.size)] if suggestion.size else []
    told = suggestion.remark or ""
    return printable(", ".join([*(part for part in parts if part not in told), *([told] if told else [])]))


def size(number: int) -> str:
    """11 MB, in the registry's decimal megabytes."""
    return f"{number / 1e6:.0f} MB" if number >= 10e6 else f"{number / 1e6:.1f} MB"


def _edited(edit: Edit, source: SourceText) -> str:
    """`line 7: ` and the line as it reads after the edit; of an edit in another file the new text alone."""
    span, text = edit.location.span, edit.text
    if edit.location.path != source.path:
        return f"{printable(edit.location.path)}: {_one_line(text)}"
    if span.start == span.end and text.endswith("\n"):
        place = f"after line {span.start.line - 1}" if span.start.line > 1 else "first"
        return f"add {place}: {_one_line(text)}"
    before = source.line(span.start.line)[: span.start.column - 1]
    after = "" if text.endswith("\n") else source.line(span.end.line)[span.end.column - 1 :]
    return f"line {span.start.line}: {_one_line(f'{before}{text}{after}')}"


def _one_line(text: str) -> str:
    return " ".join(printable(line).strip() for line in text.strip("\n").split("\n"))


def first_remedy(rule: Rule) -> str | None:
    """The first remedy of a rule's page, in one paragraph and without Markdown's marks."""
    first = re.split(r"\n\s*\n|\n2\. ", rule.fix.strip(), maxsplit=1)[0]
    text = " ".join(first.removeprefix("1. ").replace("`", "").split())
    return text[:300] or None
