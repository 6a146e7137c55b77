"""The functions of make that only look at words: `$(patsubst %.c,%,$(SOURCES))`.

In: a function's name and the text of its arguments, expanded. Out: what it gives, None where only running make could
tell. Grammar: the GNU make manual, chapter 8; what a `%` matches is in 4.12.1.
"""

from __future__ import annotations

import math
import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# How many arguments a function has at most: the last one keeps its commas.
_COUNTS = {
    **dict.fromkeys(("strip", "sort", "firstword", "lastword", "dir", "notdir", "basename", "suffix", "words"), 1),
    **dict.fromkeys(("addprefix", "addsuffix", "filter", "filter-out", "findstring", "word"), 2),
    **dict.fromkeys(("patsubst", "subst", "if"), 3),
}
_MAX_WORDS = 2_000
_MAX_COST = 1_000_000


def split_arguments(name: str, text: str) -> list[str]:
    """The arguments of a function as they are written: commas inside of brackets separate nothing."""
    most = _COUNTS.get(name, 1)
    parts: list[str] = []
    depth = start = 0
    for place, letter in enumerate(text):
        depth += (letter in "({") - (letter in ")}")
        if letter == "," and depth == 0 and len(parts) < most - 1:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def closing(text: str, start: int) -> int:
    """Behind the bracket that closes the one at `start`; the text's end where none does."""
    opening = text[start]
    closer, depth = {"(": ")", "{": "}"}[opening], 0
    for place in range(start, len(text)):
        depth += (text[place] == opening) - (text[place] == closer)
        if depth == 0:
            return place + 1
    return len(text)


def stem_of(pattern: str, word: str) -> str | None:
    """What the `%` of a pattern stands for in a word; None where the word does not match."""
    before, percent, after = pattern.partition("%")
    if not percent:
        return "" if word == pattern else None
    fits = word.startswith(before) and word.endswith(after) and len(word) >= len(before) + len(after)
    return word[len(before) : len(word) - len(after)] if fits else None


def substitute(pattern: str, replacement: str, text: str) -> str:
    """`$(patsubst pattern,replacement,text)`."""
    words = []
    for word in text.split()[:_MAX_WORDS]:
        stem = stem_of(pattern, word)
        words.append(word if stem is None else replacement.replace("%", stem, 1) if "%" in pattern else replacement)
    return " ".join(words)


def call(name: str, arguments: list[str]) -> str | None:
    """The value of a function; None for one that is not of this kind, or lacks arguments."""
    function = _FUNCTIONS.get(name)
    if function is None or len(arguments) < _COUNTS[name] - (name == "if") or cost(arguments) > _MAX_COST:
        return None
    return function(arguments)


def cost(arguments: list[str]) -> int:
    """How much work a function is at most, and how long what it gives: its two longest arguments multiplied."""
    longest = sorted(map(len, arguments))[-2:]
    return math.prod(max(1, length) for length in longest)


def _each(change: Callable[[str], str]) -> Callable[[list[str]], str]:
    return lambda given: " ".join(map(change, given[0].split()[:_MAX_WORDS]))


def _directory(word: str) -> str:
    return word[: word.rfind("/") + 1] or "./"


def _filter(given: list[str], *, keep: bool) -> str:
    patterns = given[0].split()[:100]
    words = given[1].split()[:_MAX_WORDS]
    return " ".join(word for word in words if any(stem_of(each, word) is not None for each in patterns) is keep)


def _word(given: list[str]) -> str:
    words, text = given[1].split(), given[0].strip()
    number = int(text) if text.isdecimal() and len(text) < 6 else 0
    return "".join(words[number - 1 : number]) if number else ""


_FUNCTIONS: dict[str, Callable[[list[str]], str]] = {
    "addprefix": lambda given: " ".join(given[0] + word for word in given[1].split()[:_MAX_WORDS]),
    "addsuffix": lambda given: " ".join(word + given[0] for word in given[1].split()[:_MAX_WORDS]),
    "basename": _each(lambda word: posixpath.splitext(word)[0]),
    "dir": _each(_directory),
    "filter": lambda given: _filter(given, keep=True),
    "filter-out": lambda given: _filter(given, keep=False),
    "findstring": lambda given: given[0] if given[0] in given[1] else "",
    "firstword": lambda given: "".join(given[0].split()[:1]),
    "if": lambda given: given[1] if given[0].strip() else "".join(given[2:3]),
    "lastword": lambda given: "".join(given[0].split()[-1:]),
    "notdir": _each(lambda word: word[word.rfind("/") + 1 :]),
    "patsubst": lambda given: substitute(given[0].strip(), given[1].strip(), given[2]),
    "sort": lambda given: " ".join(sorted(set(given[0].split()[:_MAX_WORDS]))),
    "strip": lambda given: " ".join(given[0].split()),
    "subst": lambda given: given[2].replace(given[0], given[1]) if given[0] else given[2],
    "suffix": _each(lambda word: posixpath.splitext(word)[1]),
    "word": _word,
    "words": lambda given: str(len(given[0].split())),
}
