"""What a build command would have to say, as edits of the Dockerfile.

In: a command's place, the `Mend` that its toolchain has for it, the text. Out: `Edit`s; none where the word to replace
does not stand there, or more than once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.findings import Edit, Location
from depscan.source import Position, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.artifacts.prediction import Mend
    from depscan.dockerfile.instructions import Stage
    from depscan.source import SourceText


def mending_edits(span: Span, mend: Mend, source: SourceText, path: str) -> Iterator[Edit]:
    """The edits of the command at `span`."""
    for place, text in ((span.start, mend.before), (span.end, mend.after)):
        if text:
            yield Edit(Location(path, Span(place, place)), text)
    found = list(_places(span, mend.replaced, source)) if mend.replaced else []
    if len(found) == 1:
        yield Edit(Location(path, found[0]), mend.by)


def declaring_edits(span: Span, mend: Mend, stage: Stage, path: str) -> Iterator[Edit]:
    """The ARG that a mended command needs, in front of its instruction where the stage does not have it already."""
    before = [each for each in stage.instructions if each.span.start <= span.start]
    declared = any(
        each.keyword == "ARG" and re.search(rf"(?:^|\s){mend.declares}(?=\s|=|$)", each.text) for each in before
    )
    if mend.declares and before and not declared:
        here = before[-1].span.start
        yield Edit(Location(path, Span(here, here)), f"ARG {mend.declares}\n")


def _places(span: Span, word: str, source: SourceText) -> Iterator[Span]:
    """Where a word stands in the text of a command."""
    pattern = re.compile(rf"(?<![\w.-]){re.escape(word)}(?![\w.-])")
    lines = source.text.split("\n")
    for number in range(span.start.line, span.end.line + 1):
        line = lines[number - 1]
        first = span.start.column if number == span.start.line else 1
        last = span.end.column if number == span.end.line else len(line) + 1
        for each in pattern.finditer(line, first - 1, last - 1):
            yield Span(Position(number, each.start() + 1), Position(number, each.end() + 1))
