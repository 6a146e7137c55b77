"""Why a file that the repository does not hold will be there where the image is built.

In: the build context's directory, a path in it that is not there. Out: a reason in words, or None. A project that tells
git to ignore a path has a step that makes it; what stands in a submodule is there once that is checked out
(gitmodules(5)).
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path

from depscan.filesystem.gitignore import is_ignored, repository_of
from depscan.source import UnusableTextError, read_text

_MAX_BYTES = 1 << 20
_SUBMODULE = re.compile(r"(?m)^\s*path\s*=\s*\"?([^\"\n]+?)\"?\s*$")


def why_awaited(context: Path, path: str) -> str | None:
    """Why `path` (relative to the context) may be taken to come, in words that follow "it"."""
    root = context.absolute()
    repository = repository_of(root)
    missing = Path(posixpath.normpath(root / path.lstrip("/")))
    if not os.path.exists(repository / ".git") or not missing.is_relative_to(root) or missing == root:
        return None
    submodule = _submodule(missing.relative_to(repository).as_posix(), repository)
    if submodule is not None:
        return f"stands in the git submodule {submodule}, which is not checked out"
    return "is made before the build, since git ignores it" if is_ignored(missing, repository) else None


def _submodule(path: str, repository: Path) -> str | None:
    """The submodule that a path stands in, where its directory is empty or missing."""
    file = repository / ".gitmodules"
    try:
        text = read_text(file, _MAX_BYTES, "list of submodules") if os.path.isfile(file) else ""
    except UnusableTextError:
        return None
    found = next((name for name in _SUBMODULE.findall(text) if f"{path}/".startswith(f"{name.rstrip('/')}/")), None)
    return found if found is not None and _is_empty(repository / found) else None


def _is_empty(directory: Path) -> bool:
    try:
        return next(directory.iterdir(), None) is None
    except OSError as error:
        return isinstance(error, FileNotFoundError)
