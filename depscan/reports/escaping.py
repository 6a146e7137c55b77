"""Text from outside as it may be printed: no name in a scanned project steers a terminal or breaks a format.

In: names, lines and messages, which hold whatever a file name or a Dockerfile held. Out: the same with control
characters, bidirectional overrides and lone surrogates written as escapes. Every report passes its
strings through here.
"""

from __future__ import annotations

import re

# C0, DEL and C1; Unicode's bidirectional controls (UAX #9) and line separators; surrogates, which no encoding takes;
# and the two noncharacters that XML 1.0 forbids.
_UNSAFE = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def printable(text: str) -> str:
    r"""`text` on one line, with what cannot be shown written as \n, \x1b or \u202e."""
    return text if text.isprintable() else re.sub(_UNSAFE, _escape, text)


def printable_lines(text: str) -> str:
    """The same for a text of several lines, which stay lines."""
    return "\n".join(printable(line) for line in text.split("\n"))


def printable_json(document: str) -> str:
    r"""A serialised JSON document with the same characters as \uXXXX: no reader sees a difference, no terminal obeys.

    The serialiser has escaped the control characters inside strings before, so that line ends here are layout.
    """
    return re.sub(_UNSAFE, lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", document)


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
