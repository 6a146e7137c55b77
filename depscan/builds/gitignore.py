"""What Git ignores below a directory: .gitignore of each level and .git/info/exclude.

In: the directory where a walk begins and its repository. Out: `Ignores`, one more for each level that has a file of its
own. The patterns are read by pathspec, loaded only where there are some; the deepest file with an opinion on a path
decides (gitignore(5)).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from depscan.source import UnusableTextError, read_text

_MAX_BYTES = 1 << 20
_MAX_STARS = 16  # in one pattern: each may multiply the work of a match


class _Level(Struct, frozen=True):
    """The patterns of one file, which hold below `folder` (absolute)."""

    folder: str
    patterns: Any


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
            verdict = level.patterns.check_file(absolute.removeprefix(level.folder + "/")).include
            if verdict is not None:
                return bool(verdict)
        return False


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
        text = read_text(file, _MAX_BYTES, "list of patterns") if file.is_file() else ""
    except UnusableTextError:
        return None
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    lines = [line for line in lines if line.count("*") <= _MAX_STARS]
    if not lines:
        return None
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - 30 ms, where there are patterns

    return _Level(str(folder.absolute()), _compiled(GitIgnoreSpec, lines))


def _compiled(spec: Any, lines: list[str]) -> Any:
    try:
        return spec.from_lines(lines)
    except ValueError:
        good = []
        for line in lines:
            try:
                spec.from_lines([line])
            except ValueError:
                continue
            good.append(line)
        return spec.from_lines(good)
