"""Permission bits as `--chmod` writes them.

In: `755`, `u+x`, `go=u,a-w`. Out: a function from the bits before to the bits after, or None for text that BuildKit
refuses. Symbolic modes are those of chmod(1) with umask 0 (BuildKit parses them with fsutil's `ParseWithUmask(_, 0)`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

ModeChange = Callable[[int, bool], int]
"""From (bits before, is a directory) to the bits after."""

_OCTAL = r"[0-7]{1,5}\Z"
_CLAUSE = r"([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)\Z"
_ACTION = r"([-+=])([ugo]\b|[rwxXst]*)"
_SHIFT = {"u": 6, "g": 3, "o": 0}


@lru_cache(maxsize=64)
def parse_mode(text: str) -> ModeChange | None:
    """The change that `text` asks for; None when it is neither octal up to 7777 nor symbolic."""
    if re.match(_OCTAL, text):
        value = int(text, 8)
        return (lambda _mode, _directory: value) if value <= 0o7777 else None
    clauses = [re.match(_CLAUSE, clause) for clause in text.split(",")]
    if not all(clauses):
        return None
    steps = [(found[1] or "a", re.findall(_ACTION, found[2])) for found in clauses if found]

    def change(mode: int, directory: bool) -> int:
        for who, actions in steps:
            for operator, permissions in actions:
                mode = _apply(mode, who, operator, permissions, directory=directory)
        return mode

    return change


def _apply(mode: int, who: str, operator: str, permissions: str, *, directory: bool) -> int:
    classes = "ugo" if "a" in who else who
    bits, whole = 0, 0
    for name in classes:
        bits |= _bits(mode, name, permissions, directory=directory) << _SHIFT[name]
        whole |= 0o7 << _SHIFT[name]
    special = _special_bits(classes, permissions)
    if operator == "+":
        return mode | bits | special
    if operator == "-":
        return mode & ~(bits | special)
    return mode & ~whole | bits | special


def _bits(mode: int, _name: str, permissions: str, *, directory: bool) -> int:
    if permissions in _SHIFT:
        return mode >> _SHIFT[permissions] & 0o7
    executable = "x" in permissions or ("X" in permissions and (directory or mode & 0o111))
    return 4 * ("r" in permissions) | 2 * ("w" in permissions) | int(bool(executable))


def _special_bits(classes: str, permissions: str) -> int:
    bits = 0
    if "s" in permissions:
        bits |= 0o4000 * ("u" in classes) | 0o2000 * ("g" in classes)
    if "t" in permissions:
        bits |= 0o1000
    return bits
