"""Names that would steer a terminal, break a line or have no encoding, and what a report may hold of them."""

from __future__ import annotations

import re

ODD = (
    "a b",
    "quote\"'`$(x)",
    "line\nend\r\x0b\x0c\x85\u2028",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202egnp.exe\u2066",
    "\udcff\udc80 not UTF-8",
    "nul\x00\x7f\x9b31m",
)

_UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff]")


def assert_harmless(text: str) -> None:
    """Nothing in it but printable characters and line ends, and it can be written."""
    assert _UNSAFE.search(text) is None
    assert text.encode()
