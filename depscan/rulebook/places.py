"""Where a key and its value stand in a TOML text, for errors that name line and column.

In: the text of a file that `tomllib` accepted. Out: `TomlText`, which finds the place of a top-level key, or of a key
in the n-th table of an array of tables, and of a code point within a string value. `tomllib` gives no places, and a
parser that keeps them would cost a dependency for the unhappy path alone.
"""

from __future__ import annotations

import re

from depscan.source import Position

_OPAQUE = re.compile(
    r"'''.*?'''"
    r'|"""(?:\\.|[^\\])*?"""'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*",
    re.DOTALL,
)
_HEADER = re.compile(r"^[ \t]*\[+[ \t]*([^\[\]\n=]+?)[ \t]*\]+[ \t]*$", re.MULTILINE)
_ESCAPE = re.compile(r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\.|.", re.DOTALL)
_FOLD = re.compile(r"\\[ \t]*\n\s*")


class TomlText:
    """A TOML text; places are 1-based lines and columns in code points."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")  # as tomllib does before it counts
        # Strings and comments hidden, line by line, so that what is left is keys and headers.
        self.skeleton = _OPAQUE.sub(lambda found: found[0][0] + " " * (len(found[0]) - 1), self.text)

    def position(self, offset: int) -> Position:
        """The place of a code point of the text."""
        return Position(self.text.count("\n", 0, offset) + 1, offset - self.text.rfind("\n", 0, offset))

    def key(self, key: str, table: str | None = None, index: int = 0) -> int:
        """Offset of `key` at top level, or in the `index`-th table called `table`; the table's own if not found."""
        start, _ = self._region(table, index)
        found = self._find(key, table, index)
        return found.start("key") if found else start

    def within(self, key: str, offset: int) -> int:
        """Offset of code point `offset` of the string that is the value of the top-level `key`."""
        found = self._find(key, None, 0)
        return _inside(self.text, found.end(), offset) if found else 0

    def _find(self, key: str, table: str | None, index: int) -> re.Match[str] | None:
        start, end = self._region(table, index)
        pattern = re.compile(rf"^[ \t]*(?P<key>{re.escape(key)})[ \t]*=[ \t]*", re.MULTILINE)
        return pattern.search(self.skeleton, start, end)

    def _region(self, table: str | None, index: int) -> tuple[int, int]:
        headers = list(_HEADER.finditer(self.skeleton))
        if table is None:
            return 0, headers[0].start() if headers else len(self.skeleton)
        wanted = [number for number, header in enumerate(headers) if header[1] == table]
        if index >= len(wanted):
            return 0, 0
        number = wanted[index]
        end = headers[number + 1].start() if number + 1 < len(headers) else len(self.skeleton)
        return headers[number].start(), end


def _inside(text: str, start: int, offset: int) -> int:
    """Walk over a string that opens at `start` to its code point `offset`, minding escapes."""
    quote = next((mark for mark in ('"""', "'''", '"', "'") if text.startswith(mark, start)), "")
    at = start + len(quote)
    if len(quote) == 3 and text.startswith("\n", at):
        at += 1
    if not quote.startswith('"'):
        return at + offset
    for _ in range(offset):
        at = _after_fold(text, at)
        escape = _ESCAPE.match(text, at)
        at = escape.end() if escape else at
    return _after_fold(text, at)


def _after_fold(text: str, at: int) -> int:
    """A backslash at a line's end joins lines and stands for nothing."""
    fold = _FOLD.match(text, at)
    return fold.end() if fold else at
