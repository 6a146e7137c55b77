"""The files that a command is to look at.

In: paths as the user wrote them. Out: paths that exist, or one line that says what to do. What a directory, compose or
bake file stands for is found by the scan, which `-` is left to as well; no path is the working directory's Dockerfile.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from depscan.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STANDARD_INPUT = "-"
_A_FILE = "no command is near"
_NAMES = ("Dockerfile", "Containerfile", "dockerfile")


def find_inputs(paths: Sequence[str], commands: Iterable[str] = ()) -> list[str]:
    """Each path once; raises UsageError for one that is not there, or is rather one of the `commands` mistyped."""
    found = dict.fromkeys(paths or [_default()])
    for path in found:
        if path != STANDARD_INPUT:
            _refuse_mistyped(path, commands)
            check_file(path, "depscan docker/Dockerfile, or . for every build below the working directory")
    return list(found)


def _refuse_mistyped(path: str, commands: Iterable[str]) -> None:
    if not path.isalpha() or os.path.lexists(path):
        return
    meant = did_you_mean(path, commands, _A_FILE)
    if meant != _A_FILE:
        raise UsageError(f"no such file or command {path!r}; {meant}")


def find_dockerfiles(paths: Sequence[str]) -> list[str]:
    """Each path once, directories replaced by the Dockerfile directly in them; raises UsageError."""
    return list(dict.fromkeys(_dockerfile(path) for path in paths or [_default()]))


def common_folder(paths: Sequence[str]) -> Path:
    """The folder that holds all `paths`, where the search for a configuration file starts."""
    folders = [str(_folder(Path(path))) if path != STANDARD_INPUT else str(Path.cwd()) for path in paths]
    return Path(os.path.commonpath(folders)) if folders else Path.cwd()


def _folder(path: Path) -> Path:
    return path.absolute() if os.path.isdir(path) else path.absolute().parent


def check_file(path: str, example: str) -> Path:
    """The path if a file or directory is there; raises UsageError that shows an `example` of what to type.

    Pipes and devices are refused: one may never end, or never begin.
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - Path.exists raises for some errors and hides others
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{path}: no such file; pass its path, e.g. {example}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"{path}: cannot be read ({reason}); check the path and its permissions") from None
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise UsageError(
            f"{path}: not a regular file; pass one, e.g. {example}, or the text of a Dockerfile to depscan -"
        )
    return Path(path)


def _default() -> str:
    return next((name for name in _NAMES if os.path.exists(name)), _NAMES[0])


def _dockerfile(path: str) -> str:
    if path == STANDARD_INPUT:
        return path
    if not os.path.isdir(check_file(path, "depscan docker/Dockerfile")):
        return path
    for name in _NAMES:
        if os.path.isfile(os.path.join(path, name)):
            return str(Path(path) / name)
    raise UsageError(f"{path}: no Dockerfile or Containerfile in this directory; pass the path of one")
