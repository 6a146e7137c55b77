"""How sure it is that a program in the image is meant to be run there.

In: an entry and its stage. Out: a `Confidence` that caps a finding's, never a verdict's. `COPY . .` also carries
test data and tools for other machines; a program that the instruction names, that stands on PATH or that the stage
starts is meant to run.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from depscan.findings import Confidence

if TYPE_CHECKING:
    from depscan.filesystem.entries import FileEntry, StageFilesystem

_ASIDE = frozenset({"test", "tests", "testdata", "fixtures", "__tests__", "spec", "examples", "prebuilds"})


def purpose(entry: FileEntry, filesystem: StageFilesystem) -> Confidence:
    """Certain for what is named, started or on PATH; possible for test data and the like; else likely."""
    if entry.named or _is_started(entry.path, filesystem) or _on_path(entry.path, filesystem):
        return Confidence.CERTAIN
    parts = posixpath.dirname(entry.source).lower().split("/")
    return Confidence.POSSIBLE if _ASIDE.intersection(parts) else Confidence.LIKELY


def _is_started(path: str, filesystem: StageFilesystem) -> bool:
    for start in (filesystem.entrypoint, filesystem.command):
        first = start.words[0].split() if start is not None and start.words else []
        if first and _resolve(first[0], filesystem) == path:
            return True
    return False


def _resolve(program: str, filesystem: StageFilesystem) -> str | None:
    if "/" not in program:
        return None  # looked up on PATH, which `_on_path` answers
    return filesystem.resolve(posixpath.join(filesystem.workdir or "/", program))


def _on_path(path: str, filesystem: StageFilesystem) -> bool:
    directories = (filesystem.environment.get("PATH") or "").split(":")
    return posixpath.dirname(path) in {filesystem.resolve(directory) for directory in directories if directory}
