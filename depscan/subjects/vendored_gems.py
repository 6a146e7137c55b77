"""vendor/bundle of the build context that COPY brings into the image.

In: the stages with their files, and the placements of their binaries. Out: `Problem`s, one for each COPY whose gems are
for another Ruby than the image's, or have an extension that cannot load here. Bundler looks below
vendor/bundle/ruby/ABI only where BUNDLE_PATH or BUNDLE_DEPLOYMENT says so: the official images set BUNDLE_APP_CONFIG,
so that no .bundle/config of the project counts. What a later command installs there is not told.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.artifacts.facts import Origin
from depscan.artifacts.magic import HEAD_SIZE, classify
from depscan.dockerfile.instructions import Problem
from depscan.filesystem.content import read_head
from depscan.findings import Confidence
from depscan.linking.placement import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from depscan.filesystem.entries import FileEntry, StageFilesystem
    from depscan.linking.placement import Placement
    from depscan.source import Span

HOST_GEMS = "host-gems"

_GEMS = re.compile(r"(?P<folder>(.*/)?vendor/bundle)/ruby/(?P<abi>\d+\.\d+)\.0/(?P<inside>.+)")
_EXTENSION = re.compile(r"(extensions|gems/[^/]+/lib)/.*\.(so|bundle)")
_IMAGE = re.compile(r"docker\.io/library/ruby:(\d+\.\d+).*")
_OFF = frozenset({"", "0", "false", "no", "off"})


def find_vendored_gems(stages: Sequence[StageFilesystem], placements: Iterable[Placement]) -> Iterator[Problem]:
    """The problems of the stages that no other stage stands on."""
    parents = {each.stage.base_stage for each in stages}
    failing = {(each.filesystem.stage.index, each.path): each for each in placements if each.verdict is Verdict.FAILS}
    for filesystem in stages:
        if filesystem.stage.index not in parents:
            here = {path: each for (index, path), each in failing.items() if index == filesystem.stage.index}
            yield from _find_in(filesystem, here)


def _find_in(filesystem: StageFilesystem, failing: Mapping[str, Placement]) -> Iterator[Problem]:
    by_word: dict[tuple[Span, str], list[tuple[FileEntry, re.Match[str]]]] = {}
    for path, entry in filesystem.entries.items():
        found = _GEMS.fullmatch(path) if entry.origin is Origin.CONTEXT else None
        if found is not None:
            by_word.setdefault((entry.span, found["folder"]), []).append((entry, found))
    for (span, folder), entries in by_word.items():
        change = filesystem.change_at(folder)
        if _is_used(folder, filesystem) and (change is None or change.sequence < entries[0][0].sequence):
            flaw = _other_ruby(entries, filesystem) or _unfit(entries, failing)
            if flaw is not None:
                detail = f"{folder} of the build context comes into the image, and {flaw}"
                yield Problem(HOST_GEMS, detail, span, filesystem.stage.index, Confidence.LIKELY, word=folder)


def _is_used(folder: str, filesystem: StageFilesystem) -> bool:
    variables = filesystem.environment
    given = variables.get("BUNDLE_PATH")
    if given:
        return posixpath.normpath(posixpath.join(filesystem.workdir or "/", given)) == folder
    deployed = (variables.get("BUNDLE_DEPLOYMENT") or "").lower() not in _OFF
    return deployed and folder == posixpath.join(filesystem.workdir or "/", "vendor/bundle")


def _other_ruby(entries: Iterable[tuple[FileEntry, re.Match[str]]], filesystem: StageFilesystem) -> str | None:
    """For which Ruby the gems are, where the image is known to have another alone."""
    image = _IMAGE.fullmatch(filesystem.profile.reference)
    versions = sorted({found["abi"] for _, found in entries})
    if image is None or image[1] in versions:
        return None
    return f"its gems are for Ruby {' and '.join(versions)}: {filesystem.profile.name} finds none of them"


def _unfit(entries: Iterable[tuple[FileEntry, re.Match[str]]], failing: Mapping[str, Placement]) -> str | None:
    """The first extension that cannot load, and why."""
    for entry, found in entries:
        if not _EXTENSION.fullmatch(found["inside"]):
            continue
        placement = failing.get(entry.path)
        if placement is not None and placement.culprit is not None:
            return f"{entry.source} in it does not load: {placement.culprit.runtime_message}"
        if classify(read_head(entry, HEAD_SIZE) or b"") == "mach-o":
            return f"{entry.source} in it is a file for macOS"
    return None
