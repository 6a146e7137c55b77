r"""Wildcards of COPY sources: Go's filepath.Match, one path component at a time.

In: a pattern's component such as `lib*.so.[0-9]`. Out: a compiled expression, or None where Go finds the pattern
malformed (which then matches nothing). `*` and `?` do not cross `/`, `[^...]` negates, `\` escapes the next character;
there is no `**` (https://pkg.go.dev/path/filepath#Match; fsutil resolves wildcards with it).
"""

from __future__ import annotations

import re
from functools import lru_cache


def has_wildcards(text: str) -> bool:
    """Whether an unescaped `*`, `?` or `[` stands in `text`."""
    position = 0
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text[position] in "*?[":
            return True
        position += 1
    return False


@lru_cache(maxsize=1024)
def compile_component(pattern: str) -> re.Pattern[str] | None:
    """The expression that fully matches the names which `pattern` matches; None when the pattern is malformed.

    Each text between two stars is tried at its first place only (an atomic group), so that the work stays linear in
    the name's length for every pattern.
    """
    chunks: list[str] = [""]
    position = 0
    while position < len(pattern):
        if pattern[position] == "*":
            chunks.append("")
            position += 1
            continue
        expression, position = _one_character(pattern, position)
        if expression is None:
            return None
        chunks[-1] += expression
    first, *middle = chunks
    if not middle:
        return re.compile(first + r"\Z", re.DOTALL)
    *middle, last = middle
    return re.compile(first + "".join(f"(?>.*?{chunk})" for chunk in middle) + f".*{last}" + r"\Z", re.DOTALL)


def _one_character(pattern: str, position: int) -> tuple[str | None, int]:
    character = pattern[position]
    if character == "?":
        return ".", position + 1
    if character == "[":
        return _character_class(pattern, position + 1)
    if character == "\\":
        escaped = pattern[position + 1 : position + 2]
        return (re.escape(escaped) if escaped else None), position + 2
    return re.escape(character), position + 1


def _character_class(pattern: str, position: int) -> tuple[str | None, int]:
    negated = pattern[position : position + 1] == "^"
    position += negated
    ranges: list[str] = []
    while pattern[position : position + 1] != "]" or not ranges:
        low, position = _class_member(pattern, position)
        high = low
        if low is not None and pattern[position : position + 1] == "-":
            high, position = _class_member(pattern, position + 1)
        if low is None or high is None:
            return None, position
        # Go accepts an empty range such as z-a; it matches nothing.
        ranges.append(f"{re.escape(low)}-{re.escape(high)}" if low <= high else "")
    inside = "".join(ranges)
    if not inside:
        return ("." if negated else r"(?!)"), position + 1
    return f"[{'^' if negated else ''}{inside}]", position + 1


def _class_member(pattern: str, position: int) -> tuple[str | None, int]:
    character = pattern[position : position + 1]
    if character == "\\":
        position += 1
        character = pattern[position : position + 1]
    elif character in {"-", "]"}:
        return None, position
    # A class must still be closed after this member.
    return (character if character and position + 1 < len(pattern) else None), position + 1
