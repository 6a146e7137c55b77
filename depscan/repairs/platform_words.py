"""Words about the platform that hide the builder's own.

In: a `Case` about an ARG or a FROM. Out: `Offer`s that take the default, or the flag, away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.findings import Edit
from depscan.repairs.case import offer
from depscan.source import Position, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.repairs.case import Case, Offer


def drop_default(case: Case) -> Iterator[Offer]:
    """The ARG without the default that hides BuildKit's own value."""
    span = case.finding.location.span
    name, assigned, _ = _line(case)[span.start.column - 1 :].partition("=")
    if assigned and span.start.line == span.end.line:
        yield offer("edit", f"drop the default: ARG {name}", (Edit(case.finding.location, name),), safe=True)


def drop_platform(case: Case) -> Iterator[Offer]:
    """FROM without its flag."""
    span, line = case.finding.location.span, _line(case)
    if span.start.line == span.end.line and line[span.end.column - 1 : span.end.column] == " ":
        whole = Span(span.start, Position(span.end.line, span.end.column + 1))
        flag = line[span.start.column - 1 : span.end.column - 1]
        yield offer("base", f"drop {flag}", (Edit(case.place(whole), ""),))


def _line(case: Case) -> str:
    return case.source.text.split("\n")[case.finding.location.span.start.line - 1]
