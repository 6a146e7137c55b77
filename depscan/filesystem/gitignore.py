"""What Git ignores below a directory: .gitignore of each level and .git/info/exclude.

In: the directory where a walk begins and its repository, or a path in a repository. Out: `Ignores`, one more for each
level that has a file of its own, or whether the path is ignored. The patterns are read by pathspec, loaded only where
there are some; the deepest file with an opinion on a path decides (gitignore(5)).
"""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import Any

from msgspec import Struct

from depscan.repository import find_repository
from depscan.source import UnusableTextError, read_text

_MAX_BYTES = 1 << 20
_MAX_STARS = 16  # in one pattern: each may multiply the work of a match


class _Level(Struct, frozen=True):
    """The patterns of one file, which hold below `folder` (absolute)."""

    folder: str
    patterns: Any

    def judge(self, path: str) -> bool | None:
        """Whether the last pattern that matches the path itself ignores it; None where there is none.

        A spec of pathspec would let a pattern for directories (`!*/`) yield to any other (`*`), which git does not.
        """
        for pattern in reversed(self.patterns.patterns):
            matches = pattern.regex.finditer(path) if pattern.include is not None else ()
            if any(not _is_above(match, path) for match in matches):
                return bool(pattern.include)
        return None


class Ignores(Struct, frozen=True):
    """The files in force in a directory, the outermost first."""

    levels: tuple[_Level, ...] = ()

    def enter(self, directory: str) -> Ignores:
        """With the `.gitignore` of a directory below."""
        level = _read(Path(directory), Path(directory) / ".gitignore")
        return Ignores((*self.levels, level)) if level else self

    def ignored(self, path: str, *, directory: bool) -> bool:
        """Whether Git ignores a path by itself; its parents were asked before."""
        if not self.levels:
            return False
        absolute = str(Path(path).absolute()) + ("/" if directory else "")
        for level in reversed(self.levels):
            verdict = level.judge(absolute.removeprefix(level.folder + "/"))
            if verdict is not None:
                return verdict
        return False


def repository_of(folder: Path) -> Path:
    """The repository that a folder is in; the folder itself where it is in none."""
    return find_repository(folder) or folder.absolute()


def is_ignored(path: Path, repository: Path) -> bool:
    """Whether Git ignores a path below a repository, which need not be there, or a directory above it."""
    parts = path.relative_to(repository).parts
    ignores = read_ignores(repository, repository)
    directory = repository
    for part in parts[:-1]:
        ignores = ignores.enter(str(directory))
        directory /= part
        if ignores.ignored(str(directory), directory=True):
            return True
    last = ignores.enter(str(directory))
    return last.ignored(str(path), directory=False) or last.ignored(str(path), directory=True)


def _is_above(match: re.Match[str], path: str) -> bool:
    """Whether a pattern matched a directory above the path, which was asked before."""
    mark = match.start("ps_d") if "ps_d" in match.re.groupindex else -1
    return 0 <= mark < len(path.rstrip("/"))


def read_ignores(folder: Path, repository: Path) -> Ignores:
    """What is in force in a folder by the files above it; its own comes with `enter`."""
    above = [each for each in reversed(folder.absolute().parents) if each.is_relative_to(repository)]
    levels = [
        _read(repository, repository / ".git" / "info" / "exclude"),
        *(_read(each, each / ".gitignore") for each in above),
    ]
    return Ignores(tuple(level for level in levels if level is not None))


def _read(folder: Path, file: Path) -> _Level | None:
    try:
        text = read_text(file, _MAX_BYTES, "list of patterns") if os.path.isfile(file) else ""
    except UnusableTextError:
        return None
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    lines = [line for line in lines if line.count("*") <= _MAX_STARS]
    if not lines:
        return None
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - 30 ms, where there are patterns

    return _Level(str(folder.absolute()), _compiled(GitIgnoreSpec, lines))


def _compiled(spec: Any, lines: list[str]) -> Any:
    """The patterns, without those that pathspec cannot read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of re, on brackets in brackets
        try:
            return spec.from_lines(lines)
        except (ValueError, re.error):
            return spec.from_lines([line for line in lines if _is_readable(spec, line)])


def _is_readable(spec: Any, line: str) -> bool:
    try:
        spec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True
