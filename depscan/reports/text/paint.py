"""How a text may look: its width, and ANSI colours by meaning, or none.

In: whether to colour, and the columns of the terminal. Out: `Paint`, whose methods wrap a text in a colour or fold it
to the width. Colours carry no meaning of their own: every word is there without them.
"""

from __future__ import annotations

from textwrap import wrap

from msgspec import Struct

from depscan.reports import WIDTH
from depscan.reports.escaping import printable

_CODES = {"error": "1;31", "warning": "1;33", "note": "1;36", "fails": "31", "unknown": "33", "loads": "32"}
_COMMANDS = ("::", "##")  # CI servers read commands from line starts, blanks before them or not


class Paint(Struct, frozen=True):
    """Wraps texts in colours when `on`; lines have `width` columns."""

    on: bool = False
    width: int = WIDTH

    def strong(self, text: str) -> str:
        """A headline."""
        return self._wrap("1", text)

    def gutter(self, text: str) -> str:
        """Line numbers, bars and arrows."""
        return self._wrap("1;34", text)

    def faint(self, text: str) -> str:
        """What one looks for and need not read: a rule's name."""
        return self._wrap("2", text)

    def word(self, word: str, text: str | None = None) -> str:
        """`text`, else `word`, in the colour of a severity or verdict."""
        return self._wrap(_CODES.get(word, "0"), word if text is None else text)

    def good(self, text: str) -> str:
        """What helps."""
        return self._wrap("32", text)

    def folded(self, text: str, head: str = "", hang: int = 2, most: int | None = None) -> list[str]:
        """`head` and a text of one line or several, made printable and folded; further lines begin at column `hang`.

        More than `most` lines are cut. No text from outside begins a line as a CI server's command does.
        """
        room = self.width
        parts = [printable(part) for part in text.split("\n")]
        lines = wrap(
            parts[0],
            room,
            initial_indent=head,
            subsequent_indent=" " * hang,
            break_on_hyphens=False,
            break_long_words=False,
        ) or [head]
        for part in parts[1:]:
            lines += wrap(
                part,
                room,
                initial_indent=" " * hang,
                subsequent_indent=" " * hang,
                break_on_hyphens=False,
                break_long_words=False,
            )
        if most is not None and len(lines) > most:
            lines = [*lines[: most - 1], lines[most - 1][: room - 3].rstrip() + "..."]
        return [_harmless(line) for line in lines]

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on else text


def _harmless(line: str) -> str:
    words = line.lstrip()
    return line.replace(words, f"| {words}", 1) if words.startswith(_COMMANDS) else line
