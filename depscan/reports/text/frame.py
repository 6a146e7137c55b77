"""Frames: lines of a file with their numbers, and carets under the places that matter, each with what it tells.

In: a `SourceText` and `Mark`s in it. Out: lines of the width that `Paint` has. Tabs are expanded and wide characters
counted as two columns, so that carets stand under what they mean. A line too long is cut around the place, so that one
of a megabyte costs no more than any other. Of a place over several lines the first is shown.
"""

from __future__ import annotations

import re
from textwrap import wrap
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.reports.escaping import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.reports.text.paint import Paint
    from depscan.source import SourceText, Span

_LEAD = 24  # code points before the place when a long line is cut
_TAB = 4
_BESIDE = 40  # columns that a label needs beside its carets, else it stands below them
_MOST_LINES = 3  # of a label


class Mark(Struct, frozen=True):
    """A place to underline; `label` stands beside the carets. The primary one has a `severity`."""

    span: Span
    label: str
    severity: str | None = None


class Window(Struct, frozen=True):
    """The part of a line that is shown: `stops[i]` is the column where its code point i starts, the last its width."""

    first: int
    text: str
    stops: tuple[int, ...]

    def column(self, column: int) -> int:
        """The 0-based column on the screen of a 1-based column of the file."""
        return self.stops[max(0, min(column - 1 - self.first, len(self.stops) - 1))]


def frame(source: SourceText, marks: Sequence[Mark], paint: Paint) -> Iterator[str]:
    """The lines of the frame, in the order of the file."""
    gutter = max(len(str(mark.span.start.line)) for mark in marks)
    bar = paint.gutter(f"  {' ' * gutter} |")
    room = max(paint.width - gutter - 5, 20)
    last = (0, 0)
    for mark in sorted(marks, key=lambda mark: mark.span.start):
        number = mark.span.start.line
        window = _window(source.line(number), mark.span.start.column, room)
        if (number, window.first) != last:
            yield f"{paint.gutter(f'  {number:>{gutter}} |')} {window.text}".rstrip()
        for line in _underline(source, mark, window, room):
            pad = len(line) - len(line.lstrip())
            text = line.lstrip()
            painted = paint.word(mark.severity, text) if mark.severity else paint.gutter(text)
            yield f"{bar} {' ' * pad}{painted}"
        last = (number, window.first)


def _window(line: str, column: int, room: int) -> Window:
    """Cut a line around a 1-based column, to `room` columns where its characters have one each."""
    most = room - 6
    fits = len(line) <= most or column <= most - _LEAD
    first = 0 if fits else column - 1 - _LEAD
    shown = "..." if first else ""
    width, stops = len(shown), []
    for character in line[first : first + most]:
        stops.append(width)
        piece = " " * (_TAB - width % _TAB) if character == "\t" else printable(character)
        shown += piece
        width += _columns(piece)
    tail = "..." if len(line) > first + most else ""
    return Window(first, shown + tail, (*stops, width))


def _columns(text: str) -> int:
    """Columns on a terminal (UAX #11: wide and fullwidth take two, combining marks none)."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415 - rarely needed

    return sum(0 if combining(character) else 1 + (east_asian_width(character) in "WF") for character in text)


def _underline(source: SourceText, mark: Mark, window: Window, room: int) -> Iterator[str]:
    """Carets and the label, folded beside them where there is room, else below; a long place gives it some."""
    span, line = mark.span, source.line(mark.span.start.line)
    end = span.end.column if span.end.line == span.start.line else len(line) + 1
    start = window.column(span.start.column)
    length = max(1, window.column(end) - start)
    label = printable(mark.label)
    if not mark.severity and start + length + 1 + len(label) > room:
        first = re.match(r"\S+", line[span.start.column - 1 : end - 1])
        length = max(1, window.column(span.start.column + len(first[0])) - start) if first else length
    carets = " " * start + "^" * length
    beside = room - len(carets) - 1
    if len(label) <= beside:
        yield f"{carets} {label}".rstrip()
        return
    indent = len(carets) + 1 if beside >= _BESIDE else min(start, room // 4)
    pieces = wrap(label, room - indent, break_on_hyphens=False, break_long_words=False)
    if len(pieces) > _MOST_LINES:
        pieces[_MOST_LINES - 1] = pieces[_MOST_LINES - 1][: room - indent - 3].rstrip() + "..."
    lines = [" " * indent + piece for piece in pieces[:_MOST_LINES]]
    if beside >= _BESIDE:
        lines[0] = f"{carets} {pieces[0]}"
    else:
        yield carets
    yield from lines
