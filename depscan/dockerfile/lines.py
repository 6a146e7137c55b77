"""Physical lines to logical lines, with the way back to the file.

In: `SourceText`. Out: `LogicalLine`s one by one (continuations joined, comments and empty lines inside dropped), the
escape character, the comments, and the bodies of here-documents. e2b-dockerfile-utils joins lines too, but keeps no
columns and stops at the first error; so joining is done here, after BuildKit's parser.go, and a test holds the result
against that library and against BuildKit's own parser.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.dockerfile.instructions import Comment, Heredoc, Offsets, Problem, Word
from depscan.source import Span

if TYPE_CHECKING:
    from depscan.source import SourceText

# Go's unicode.IsSpace, which BuildKit trims by; Python's str.strip() would also take U+001C to U+001F.
SPACES = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"

MAX_LINE_BYTES = 65_535  # bufio.MaxScanTokenSize - 1: BuildKit refuses longer lines (parser.go, handleScannerError)
# Ours: they keep a hostile file within a few seconds. Here-documents and comments count as lines only.
MAX_LINES = 200_000
MAX_INSTRUCTIONS = 10_000
MAX_TEXT = 1 << 20  # code points of all instructions together

_DIRECTIVE = r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=(.*)"
_DIRECTIVES = {"syntax", "escape", "check"}


class LogicalLine(Struct, frozen=True):
    """A joined line (or the rest of one): its text and where each of its code points stands in the file."""

    text: str
    offsets: Offsets

    def after(self, start: int) -> LogicalLine:
        """The line from offset `start` on."""
        return LogicalLine(self.text[start:], self.offsets.after(start))

    def span(self, start: int = 0, end: int | None = None) -> Span:
        """The file span of [start, end); without `end`, of all up to the last code point that is not a space."""
        return self.offsets.span(start, len(self.text.rstrip(SPACES)) if end is None else end)

    def word(self, start: int, end: int) -> Word:
        """The word at [start, end), as written."""
        return Word(self.text[start:end], self.span(start, end))


class LineReader:
    """Reads a Dockerfile line by line; `escape`, `syntax`, `comments` and `problems` fill up on the way."""

    def __init__(self, source: SourceText) -> None:
        self.escape = "\\"
        self.syntax: str | None = None
        self.comments: list[Comment] = []
        self.problems: list[Problem] = []
        self._lines = source.text.split("\n")
        if not self._lines[-1]:
            self._lines.pop()
        self._next = 0
        self._instructions_left = MAX_INSTRUCTIONS
        self._text_left = MAX_TEXT
        self._directives: set[str] | None = set()
        self._limit_lines()

    def _limit_lines(self) -> None:
        if len(self._lines) > MAX_LINES:
            detail = f"the file has {len(self._lines)} lines; lines after the first {MAX_LINES} are not read"
            self.problems.append(Problem("syntax", detail, Span.at(MAX_LINES + 1, 1, MAX_LINES + 1, 1)))
            del self._lines[MAX_LINES:]

    def read_logical_line(self) -> LogicalLine | None:
        """The next logical line that is not empty, None at the end. Lines too long are reported and left out.

        A line may be blank all the same where a lone escape character goes on into nothing.
        """
        while self._next < len(self._lines):
            line = self._take().lstrip(SPACES)
            self._read_directive(line)
            if self._is_comment(line):
                continue
            text, goes_on = self._cut_continuation(line)
            if (text or goes_on) and (joined := self._join(text, goes_on)):
                return joined
        return None

    def _join(self, text: str, goes_on: bool) -> LogicalLine | None:
        """Join the lines that follow `text`, which stands on the line just taken; None when that is too much."""
        first = self._next
        indent = len(self._lines[first - 1]) - len(self._lines[first - 1].lstrip(SPACES))
        parts, pieces, length = [text], [(0, first, indent + 1)], len(text)
        while goes_on and self._next < len(self._lines):
            line = self._take()
            if self._is_comment(line) or not line.strip(SPACES):
                continue
            text, goes_on = self._cut_continuation(line)
            parts.append(text)
            pieces.append((length, self._next, 1))
            length += len(text)
        if self._has_long_line(first, self._next) or self._is_over_budget(first, length):
            return None
        return LogicalLine("".join(parts), Offsets(tuple(pieces)))

    def _has_long_line(self, first: int, last: int) -> bool:
        """Report the first of the lines [first, last] that BuildKit would not read."""
        for number in range(first, last + 1):
            line = self._lines[number - 1]
            size = len(line) if line.isascii() else len(line.encode("utf-8", "replace"))
            if size > MAX_LINE_BYTES:
                detail = f"the line has {size} bytes; BuildKit reads at most {MAX_LINE_BYTES}"
                self.problems.append(Problem("syntax", detail, Span.at(number, 1, number, len(line) + 1)))
                return True
        return False

    def _is_over_budget(self, first: int, length: int) -> bool:
        """Count an instruction; report it and stop reading where the file holds too many or too much."""
        self._instructions_left -= 1
        self._text_left -= length
        if self._instructions_left >= 0 and self._text_left >= 0:
            return False
        detail = f"nothing is read from here on: more than {MAX_INSTRUCTIONS} instructions or {MAX_TEXT} characters"
        self.problems.append(Problem("syntax", detail, Span.at(first, 1, first, len(self._lines[first - 1]) + 1)))
        self._next = len(self._lines)
        return True

    def read_heredoc(self, name: str, *, chomp: bool, expand: bool, span: Span) -> Heredoc | None:
        """The body up to the line `name`; None when no such line comes, the rest of the file is then taken."""
        start, length = self._next, 0
        parts: list[str] = []
        pieces: list[tuple[int, int, int]] = []
        while self._next < len(self._lines):
            line = self._lines[self._next]
            self._next += 1
            body = line.lstrip("\t") if chomp else line
            if body.rstrip("\r") == name:
                end = Span.at(start + 1, 1, self._next, len(line.rstrip("\r")) + 1)
                return Heredoc(name, "".join(parts), expand, span, Offsets(tuple(pieces)), end)
            parts.append(body + "\n")
            pieces.append((length, self._next, len(line) - len(body) + 1))
            length += len(body) + 1
        return None

    def _take(self) -> str:
        self._next += 1
        return self._lines[self._next - 1].rstrip("\r")

    def _is_comment(self, line: str) -> bool:
        """Whether the line just taken is a comment, which is then kept."""
        text = line.strip(SPACES)
        if not text.startswith("#"):
            return False
        column = self._lines[self._next - 1].index("#") + 1
        span = Span.at(self._next, column, self._next, column + len(text))
        self.comments.append(Comment(text[1:].strip(SPACES), span))
        return True

    def _cut_continuation(self, line: str) -> tuple[str, bool]:
        """The line without a trailing escape character, and whether the next line belongs to it.

        An escape character after another one does not continue the line (lineContinuationRegex of parser.go).
        """
        text = line.rstrip(" \t")
        if text == self.escape or (text.endswith(self.escape) and text[-2] != self.escape):
            return text[:-1], True
        return line, False

    def _read_directive(self, line: str) -> None:
        """Parser directives stand before everything else; the first other line ends them (directives.go)."""
        if self._directives is None:
            return
        match = re.match(_DIRECTIVE, line) if line.startswith("#") else None
        name, value = (match[1].lower(), match[2].strip(SPACES)) if match else ("", "")
        if name not in _DIRECTIVES or not value:
            self._directives = None
            return
        if name in self._directives:
            self._reject(line, f"only one {name} parser directive may be given")
        elif name == "escape" and value not in ("`", "\\"):
            self._reject(line, f"the escape character {value!r} is neither ` nor \\")
        elif name == "escape":
            self.escape = value
        elif name == "syntax":
            self.syntax = value
        self._directives.add(name)

    def _reject(self, line: str, detail: str) -> None:
        column = self._lines[self._next - 1].index("#") + 1
        self.problems.append(
            Problem("syntax", detail, Span.at(self._next, column, self._next, column + len(line.rstrip(SPACES))))
        )
