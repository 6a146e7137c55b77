"""ANSI colours by meaning, or none.

In: whether to colour. Out: `Paint`, whose methods wrap a text. Colours carry no meaning of their own: every word is
there without them.
"""

from __future__ import annotations

from msgspec import Struct

_CODES = {"error": "1;31", "warning": "1;33", "note": "1;36", "fails": "31", "unknown": "33", "loads": "32"}


class Paint(Struct, frozen=True):
    """Wraps texts in colours when `on`."""

    on: bool

    def strong(self, text: str) -> str:
        """A headline."""
        return self._wrap("1", text)

    def gutter(self, text: str) -> str:
        """Line numbers, bars and arrows."""
        return self._wrap("1;34", text)

    def word(self, word: str, text: str | None = None) -> str:
        """`text`, else `word`, in the colour of a severity or verdict."""
        return self._wrap(_CODES.get(word, "0"), word if text is None else text)

    def good(self, text: str) -> str:
        """What helps."""
        return self._wrap("32", text)

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on else text
