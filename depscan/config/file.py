"""The configuration file: which one counts, what it holds, and on which line.

In: a directory to start from, or a path. Out: `ConfigFile` with its table as TOML gives it, or None. The closest
depscan.toml, or pyproject.toml with [tool.depscan], counts, from the start upward to the root of the repository;
without a repository up to the working directory, so that no file of another user further up is ever read.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.errors import ConfigError
from depscan.repository import find_repository
from depscan.source import UnusableTextError, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAMES = ("depscan.toml", "pyproject.toml")
_MAX_BYTES = 1_000_000


class ConfigFile(Struct, frozen=True):
    """A file with its table; `shown` is its path as messages name it. Relative paths in it start at its folder."""

    path: Path
    shown: str
    text: str
    table: Mapping[str, object]

    def line(self, *keys: str | int) -> int:
        """The line of the innermost of `keys` that can be found; a number picks among tables of the same name."""
        start = re.search(r"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*depscan\b", self.text, re.MULTILINE)
        offset = start.start() if start and self.path.name == "pyproject.toml" else 0
        for position, key in enumerate(keys):
            if isinstance(key, int):
                continue
            following = keys[position + 1] if position + 1 < len(keys) else 0
            places = [found.end() for found in _key(key).finditer(self.text, offset)]
            if not places:
                break
            offset = places[following if isinstance(following, int) and following < len(places) else 0] - len(key)
        return self.text.count("\n", 0, offset) + 1


def find_config(start: Path) -> ConfigFile | None:
    """The closest configuration file from `start` upward; raises ConfigError when it cannot be read."""
    for directory in _upward(start.absolute()):
        for name in _NAMES:
            if os.path.isfile(directory / name):
                found = read_config(directory / name, optional=True)
                if found is not None:
                    return found
    return None


def read_config(path: Path, *, optional: bool = False) -> ConfigFile | None:
    """Read a configuration file; None for a pyproject.toml without [tool.depscan] if `optional`. Raises ConfigError."""
    shown = _shown(path)
    text = _text(path, shown)
    in_pyproject = path.name == "pyproject.toml"
    if in_pyproject and optional and "depscan" not in text:
        return None
    table: object = _table(text, shown)
    for name in ("tool", "depscan") if in_pyproject else ():
        table = table.get(name) if isinstance(table, dict) else None
    if table is None and not optional:
        raise ConfigError(f"{shown}:1: no [tool.depscan] here; add one, or name another file")
    if table is None:
        return None
    if not isinstance(table, dict):
        raise ConfigError(f"{shown}:1: tool.depscan is not a table; write [tool.depscan]")
    return ConfigFile(path, shown, text, table)


def _upward(start: Path) -> Iterator[Path]:
    """`start` and its parents, up to the repository's root, else to the working directory, else `start` alone."""
    chain = [start, *start.parents]
    here = Path.cwd()
    root = find_repository(start) or (here if here in chain else start)
    yield from chain[: chain.index(root) + 1]


def _shown(path: Path) -> str:
    """Relative to the working directory where that is shorter to read."""
    absolute = path.absolute()
    return str(absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else path)


def _text(path: Path, shown: str) -> str:
    try:
        return read_text(path, _MAX_BYTES, "configuration file")
    except UnusableTextError as error:
        place = shown if error.line is None else f"{shown}:{error.line}"
        raise ConfigError(f"{place}: {error.reason}") from None


def _table(text: str, shown: str) -> dict[str, object]:
    import tomllib  # noqa: PLC0415 - only a run with a configuration file pays for it

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason, _, place = str(error).partition(" (at ")
        numbers = re.search(r"line (\d+), column (\d+)", place)
        line = f"{numbers[1]}:{numbers[2]}" if numbers else str(text.count("\n") + 1)
        raise ConfigError(f"{shown}:{line}: not valid TOML: {reason}") from None


def _key(key: str) -> re.Pattern[str]:
    """Where `key` stands as a key: first or dotted on a line, in a header, or in an inline table."""
    return re.compile(rf"(?:^[ \t]*(?:\[+[^\]\n#]*)?|[{{,.][ \t]*)[\"']?{re.escape(key)}(?=[\"']?[ \t]*[\]=.])", re.M)
