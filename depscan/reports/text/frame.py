"""Frames: lines of a file with their numbers, and carets under the places that matter.

In: a `SourceText` and `Mark`s in it. Out: lines of about `WIDTH` columns. Tabs are expanded and wide characters counted
as two columns, so that carets stand under what they mean. A line too long is cut around the place, so that one of a
megabyte costs no more than any other.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.reports.escaping import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.reports.text.paint import Paint
    from depscan.source import SourceText, Span

WIDTH = 100
_WINDOW = 84  # code points of a source line that are shown
_LEAD = 24  # of these, before the place when a long line is cut
_TAB = 4


class Mark(Struct, frozen=True):
    """A place to underline: with ^ when it is the primary one, else with -; `label` stands behind the underline."""

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
    """The lines of the frame; a stretch of lines without a mark is shown as dots."""
    ordered = sorted(marks, key=lambda mark: mark.span.start)
    gutter = number_width(marks)
    bar = paint.gutter(" " * gutter + " |")
    yield bar
    last = (0, 0)
    for mark in ordered:
        number = mark.span.start.line
        if last[0] and number > last[0] + 1:
            yield paint.gutter("...")
        window = _window(source.line(number), mark.span.start.column)
        if (number, window.first) != last:
            yield f"{paint.gutter(f'{number:>{gutter}} |')} {window.text}".rstrip()
        yield f"{bar} {_underline(source, mark, window, paint)}"
        last = (number, window.first)


def folded(text: str) -> list[str]:
    """A line from outside the frames, made printable and folded at `WIDTH` columns."""
    return wrap(printable(text), WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def number_width(marks: Sequence[Mark]) -> int:
    """Columns that the line numbers of a frame take."""
    return max(len(str(mark.span.start.line)) for mark in marks)


def _window(line: str, column: int) -> Window:
    """Cut a line around a 1-based column."""
    fits = len(line) <= _WINDOW or column <= _WINDOW - _LEAD
    first = 0 if fits else column - 1 - _LEAD
    shown = "..." if first else ""
    width, stops = len(shown), []
    for character in line[first : first + _WINDOW]:
        stops.append(width)
        piece = " " * (_TAB - width % _TAB) if character == "\t" else printable(character)
        shown += piece
        width += _columns(piece)
    tail = "..." if len(line) > first + _WINDOW else ""
    return Window(first, shown + tail, (*stops, width))


def _columns(text: str) -> int:
    """Columns on a terminal (UAX #11: wide and fullwidth take two, combining marks none)."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415 - rarely needed

    return sum(0 if combining(character) else 1 + (east_asian_width(character) in "WF") for character in text)


def _underline(source: SourceText, mark: Mark, window: Window, paint: Paint) -> str:
    span = mark.span
    end_column = span.end.column if span.end.line == span.start.line else len(source.line(span.start.line)) + 1
    start = window.column(span.start.column)
    length = max(1, window.column(end_column) - start)
    line = ("^" if mark.severity else "-") * length
    label = _shorten(printable(mark.label), WIDTH - start - length - 8)
    text = f"{line} {label}" if label else line
    return " " * start + (paint.word(mark.severity, text) if mark.severity else paint.gutter(text))


def _shorten(text: str, room: int) -> str:
    room = max(room, 24)
    return text if len(text) <= room else text[: room - 3].rstrip() + "..."
