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

_SHALLOW = 1  # app/tool and app/bin/tool of `COPY app .` are likely programs, app/vendor/x/tool may be anything
_ASIDE = frozenset({"test", "tests", "testdata", "fixtures", "__tests__", "spec", "examples", "prebuilds"})


def purpose(entry: FileEntry, filesystem: StageFilesystem, word: str) -> Confidence:
    """Certain for what is named, started or on PATH; possible for test data and what lies deep; else likely.

    `word` is the source as the instruction names it, e.g. `.` of `COPY . /app`.
    """
    if entry.named or _is_started(entry.path, filesystem) or _on_path(entry.path, filesystem):
        return Confidence.CERTAIN
    parts = posixpath.dirname(entry.source).lower().split("/")
    aside = _ASIDE.intersection(parts) or _depth(entry.source, word) > _SHALLOW
    return Confidence.POSSIBLE if aside else Confidence.LIKELY


def _depth(source: str, word: str) -> int:
    """How many directories lie between the source as named and the file."""
    named = [part for part in word.split("/") if part not in ("", ".")]
    return len([part for part in source.split("/") if part]) - len(named) - 1


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
