"""Places in text: what every fact about a Dockerfile carries with it.

In: nothing. Out: `Position` and `Span`, 1-based lines and columns counted in code points, the end exclusive;
`SourceText`, a file's text with its lines, for frames. Columns count code points since SARIF and LSP can convert
from them, and the user's editor shows them.
"""

from __future__ import annotations

from msgspec import Struct


class Position(Struct, frozen=True, order=True):
    """A place between two code points: 1-based line and column."""

    line: int
    column: int


class Span(Struct, frozen=True, order=True):
    """A stretch of text; `end` is exclusive."""

    start: Position
    end: Position

    @classmethod
    def at(cls, line: int, column: int, end_line: int, end_column: int) -> Span:
        """Build a span from four numbers, in the order the reports print them."""
        return cls(Position(line, column), Position(end_line, end_column))


class SourceText(Struct, frozen=True):
    """A text file as read: `path` as the user wrote it, `text` without its byte order mark, its lines."""

    path: str
    text: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, path: str, text: str) -> SourceText:
        """Build from a text; `lines` are without their line ends (LF or CRLF)."""
        text = text.removeprefix("\ufeff")
        return cls(path, text, tuple(line.removesuffix("\r") for line in text.split("\n")))

    def line(self, number: int) -> str:
        """Line `number` (1-based); empty beyond the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""
