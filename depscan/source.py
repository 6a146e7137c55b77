"""Places in text: what every fact about a Dockerfile carries with it.

In: nothing. Out: `Position` and `Span`, 1-based lines and columns counted in code points, the end exclusive;
`SourceText`, a file's text with its lines, for frames. Columns count code points since SARIF and LSP can convert
from them, and the user's editor shows them.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path


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


class UnusableTextError(Exception):
    """A text file that cannot be used: `reason` with the remedy, and the line it is about, None for the whole file."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line


def read_text(path: Path, limit: int, kind: str) -> str:
    """The text of a UTF-8 file of at most `limit` bytes, line ends as LF; raises UnusableTextError.

    `kind` is what the file is meant to be, for the reason. Only a regular file is read: a FIFO would block for ever.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnusableTextError(f"not a regular file, and so no {kind}")
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise UnusableTextError(f"cannot be read ({error.strerror}); check its permissions") from None
    if len(data) > limit:
        raise UnusableTextError(f"larger than {limit} bytes, and so no {kind}")
    try:
        return data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UnusableTextError("not UTF-8; save the file as UTF-8", data.count(b"\n", 0, error.start) + 1) from None
