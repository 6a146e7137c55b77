"""Variables of compose files: `$NAME`, `${NAME:-default}` and its kin, and the `.env` file that gives their values.

In: a text and the variables. Out: the text with values, or `UNKNOWN`: docker compose puts an empty text where a name
has no value and warns, which is never what the author meant, so that what rests on it is not known here. The grammar is
https://docs.docker.com/reference/compose-file/interpolation/.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from depscan.builds.build import UNKNOWN
from depscan.source import UnusableTextError, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_VALUE = 131_072
_MAX_NESTED = 16
_MAX_DOTENV = 1 << 20
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*[=:]\s*(.*?)\s*")
_OPERATOR = re.compile(r":?[-+?]")


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """The text with the values of its variables; UNKNOWN when one has none and no substitute."""
    value = _Expansion(text, variables).run()
    return UNKNOWN if value is None or len(value) > MAX_VALUE else value


class _Expansion:
    """One text, read from left to right."""

    def __init__(self, text: str, variables: Mapping[str, str], depth: int = 0) -> None:
        self._text = text
        self._variables = variables
        self._depth = depth

    def run(self) -> str | None:
        done: list[str] = []
        position = 0
        while (dollar := self._text.find("$", position)) >= 0:
            done.append(self._text[position:dollar])
            value, position = self._one(dollar + 1)
            if value is None:
                return None
            done.append(value)
        return "".join(done) + self._text[position:]

    def _one(self, start: int) -> tuple[str | None, int]:
        """What stands for the text after a dollar, and where that text ends."""
        if self._text.startswith("$", start):
            return "$", start + 1
        braced = self._text.startswith("{", start)
        name = _NAME.match(self._text, start + braced)
        if name is None:
            return None, start
        if not braced:
            return self._variables.get(name[0]), name.end()
        end = _closing(self._text, start + 1)
        return self._braced(name[0], self._text[name.end() : end]), end + 1

    def _braced(self, name: str, rest: str) -> str | None:
        value = self._variables.get(name)
        operator = _OPERATOR.match(rest)
        if operator is None:
            return value if not rest else None
        word = rest[operator.end() :]
        given = value is not None and (value != "" or not operator[0].startswith(":"))
        if operator[0].endswith("+"):
            return self._nested(word) if given else ""
        if operator[0].endswith("-") and not given:
            return self._nested(word)
        return value if given else None

    def _nested(self, word: str) -> str | None:
        if self._depth >= _MAX_NESTED:
            return None
        return _Expansion(word, self._variables, self._depth + 1).run()


def _closing(text: str, start: int) -> int:
    """The place of the brace that closes `${`, braces inside counted; the end of the text without one."""
    open_ = 1
    for position in range(start, len(text)):
        if text[position] == "}":
            open_ -= 1
            if open_ == 0:
                return position
        elif text[position] == "{" and text[position - 1] == "$":
            open_ += 1
    return len(text)


def read_dotenv(path: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of a `.env` file, those of the environment over them; without a readable file these alone."""
    found: dict[str, str] = {}
    try:
        text = read_text(path, _MAX_DOTENV, "file of variables") if os.path.isfile(path) else ""
    except UnusableTextError:
        text = ""
    for line in text.split("\n"):
        match = _LINE.fullmatch(line)
        if match is None or line.lstrip().startswith("#"):
            continue
        value = _dotenv_value(match[2], {**found, **environment} if "$" in match[2] else {})
        if value == UNKNOWN:
            found.pop(match[1], None)
        else:
            found[match[1]] = value
    return {**found, **environment}


def _dotenv_value(raw: str, variables: Mapping[str, str]) -> str:
    """A value without its quotes or the comment behind it; in single quotes it is literal."""
    quote = raw[:1]
    if quote in ("'", '"') and (end := raw.find(quote, 1)) > 0:
        inside = raw[1:end]
        return inside if quote == "'" else interpolate(inside, variables)
    return interpolate(re.split(r"\s#", raw, maxsplit=1)[0].rstrip(), variables)
