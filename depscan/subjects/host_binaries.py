"""Programs and libraries of macOS or Windows that COPY brings into an image that runs something.

In: the stages with their files, and the placements of their binaries. Out: `Problem`s, one for each word of a COPY.
Only what the builder's own machine leaves behind is told: extension modules, addons, libraries, programs. Variants for
several systems beside each other are meant, data of tests and downloads for others are too; node_modules and what is
started have rules of their own. A file that a later command may have made anew is not told.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.artifacts.facts import Origin
from depscan.artifacts.magic import HEAD_SIZE, classify
from depscan.dockerfile.instructions import Problem
from depscan.filesystem.content import read_head
from depscan.filesystem.entries import HostFile
from depscan.findings import Confidence
from depscan.subjects.purpose import is_aside, is_started

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from depscan.filesystem.entries import FileEntry, StageFilesystem
    from depscan.linking.placement import Placement
    from depscan.source import Span

HOST_BINARIES = "host-binaries"

# A .dll or .exe is no sign: .NET's assemblies are such on every system, and pip brings launchers for Windows.
_CANDIDATE = re.compile(r"[^.]+|.*\.(so|dylib|node|bin|bundle)")
_MODULE = re.compile(r".*\.(cpython-\d+\w*-darwin\.so|node|bundle)|.*\.abi3\.so")
_GEMS = "vendor/bundle/ruby/"  # which has a rule of its own
_SYSTEMS = {"mach-o": "macOS", "pe": "Windows"}
_CHOSEN = re.compile(
    r"(^|[/_.-])(darwin|mac|macos|osx|win|windows|win32|win64|mingw\w*|prebuilds|runtimes)([/_.-]|\d|$)"
)


def find_host_binaries(stages: Sequence[StageFilesystem], placements: Iterable[Placement]) -> Iterator[Problem]:
    """The problems of the stages that no other stage stands on, and that start a program."""
    parents = {each.stage.base_stage for each in stages}
    read = {(each.filesystem.stage.index, each.path) for each in placements}
    for filesystem in stages:
        starts = filesystem.entrypoint or filesystem.command
        if filesystem.stage.index not in parents and starts is not None and not filesystem.profile.windows:
            yield from _find_in(filesystem, read)


def _find_in(filesystem: StageFilesystem, read: set[tuple[int, str]]) -> Iterator[Problem]:
    by_word: dict[Span, list[tuple[FileEntry, str]]] = {}
    for path, entry in filesystem.entries.items():
        if _may_count(entry) and (filesystem.stage.index, path) not in read and not is_started(entry, filesystem):
            kind = classify(read_head(entry, HEAD_SIZE) or b"")
            change = filesystem.change_at(path)
            if kind in _SYSTEMS and (change is None or change.sequence < entry.sequence):
                by_word.setdefault(entry.span, []).append((entry, _SYSTEMS[kind]))
    for span, found in by_word.items():
        yield _problem(span, found, filesystem.stage.index)


def _may_count(entry: FileEntry) -> bool:
    if entry.origin is not Origin.CONTEXT or not isinstance(entry.content, HostFile):
        return False
    directory, name = posixpath.split(entry.source)
    if _CANDIDATE.fullmatch(name) is None or "/node_modules/" in entry.path or _GEMS in entry.path or is_aside(entry):
        return False
    return not _CHOSEN.search(directory.lower()) and (bool(_MODULE.fullmatch(name)) or not _CHOSEN.search(name.lower()))


def _problem(span: Span, found: list[tuple[FileEntry, str]], stage: int) -> Problem:
    """The surest of the files speaks: an extension module has no other use, a program may be a tool of the host."""
    entry, system = min(found, key=lambda each: (not _is_meant(each[0]), each[0].path))
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    detail = f"{entry.source} is a file for {system}{more}, and the image runs Linux"
    confidence = Confidence.LIKELY if _is_meant(entry) else Confidence.POSSIBLE
    return Problem(HOST_BINARIES, detail, span, stage, confidence, word=entry.path)


def _is_meant(entry: FileEntry) -> bool:
    return entry.named or _MODULE.fullmatch(entry.path) is not None
