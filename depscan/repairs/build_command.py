"""What a build command would have to say, as edits of the Dockerfile.

In: a `Case` about programs that are not built yet, of which the toolchain knows a `Mend`. Out: one `Offer`; none where
the word to replace does not stand there, or more than once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.findings import Edit
from depscan.repairs.case import offer
from depscan.source import Position, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.artifacts.prediction import Mend
    from depscan.dockerfile.instructions import Stage
    from depscan.repairs.case import Case, Offer
    from depscan.source import SourceText


def mend_build_command(case: Case) -> Iterator[Offer]:
    """The commands as they would have to be, where each of them can be mended."""
    made = {prediction.span: prediction for prediction in case.predictions}
    mends = [(each, each.product.mend) for each in made.values() if each.product.mend is not None]
    if not mends or len(mends) < len(made):
        return
    stages = {each.stage.index: each.stage for each in case.stages}
    edits: dict[Edit, None] = {}
    for each, mend in mends:
        mended = list(_mending_edits(case, each.span, mend))
        declared = _declaring_edits(case, each.span, mend, stages[each.stage]) if mended else ()
        edits |= dict.fromkeys((*declared, *mended))
    if edits:
        yield offer("build-flag", mends[0][1].title, tuple(edits))


def _mending_edits(case: Case, span: Span, mend: Mend) -> Iterator[Edit]:
    """The edits of the command at `span`."""
    for place, text in ((span.start, mend.before), (span.end, mend.after)):
        if text:
            yield Edit(case.place(Span(place, place)), text)
    found = list(_places(span, mend.replaced, case.source)) if mend.replaced else []
    if len(found) == 1:
        yield Edit(case.place(found[0]), mend.by)


def _declaring_edits(case: Case, span: Span, mend: Mend, stage: Stage) -> Iterator[Edit]:
    """The ARG that a mended command needs, in front of its instruction where the stage does not have it already."""
    before = [each for each in stage.instructions if each.span.start <= span.start]
    declared = any(
        each.keyword == "ARG" and re.search(rf"(?:^|\s){mend.declares}(?=\s|=|$)", each.text) for each in before
    )
    if mend.declares and before and not declared:
        here = before[-1].span.start
        yield Edit(case.place(Span(here, here)), f"ARG {mend.declares}\n")


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
