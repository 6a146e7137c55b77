"""Extension modules of the build context that are for another Python than the image's.

In: the stages with their files. Out: `Problem`s, one for each COPY. A file x.cpython-311-x86_64-linux-gnu.so is not
even looked at by Python 3.12 (PEP 3149); told is what lies where the image's own Python looks: its site-packages, and
what PYTHONPATH names. A module that is there for the right Python as well, or for any, is no problem.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.artifacts.facts import Origin
from depscan.dockerfile.instructions import Problem
from depscan.findings import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.filesystem.entries import FileEntry, StageFilesystem
    from depscan.source import Span

OTHER_PYTHON = "module-of-other-python"

_MODULE = re.compile(r"(?P<stem>.*/[^/.]+)\.cpython-3(?P<minor>\d+)-[\w-]+\.so")
_IMAGE = re.compile(r"docker\.io/library/python:3\.(\d+).*")


def find_foreign_modules(stages: Sequence[StageFilesystem]) -> Iterator[Problem]:
    """The problems of the stages that no other stage stands on."""
    parents = {each.stage.base_stage for each in stages}
    for filesystem in stages:
        image = _IMAGE.fullmatch(filesystem.profile.reference)
        if image is not None and filesystem.stage.index not in parents:
            yield from _find_in(filesystem, image[1])


def _find_in(filesystem: StageFilesystem, minor: str) -> Iterator[Problem]:
    folders = _searched(filesystem, minor)
    own = {
        found["stem"] for path in filesystem.entries if (found := _MODULE.fullmatch(path)) and found["minor"] == minor
    }
    by_word: dict[Span, list[tuple[FileEntry, str]]] = {}
    for path, entry in filesystem.entries.items():
        found = _MODULE.fullmatch(path) if entry.origin is Origin.CONTEXT else None
        if found is None or found["minor"] == minor or found["stem"] in own or not path.startswith(folders):
            continue
        change = filesystem.change_at(path)
        any_python = any(f"{found['stem']}{end}" in filesystem.entries for end in (".abi3.so", ".so", ".py"))
        if not any_python and (change is None or change.sequence < entry.sequence):
            by_word.setdefault(entry.span, []).append((entry, found["minor"]))
    for span, found_here in by_word.items():
        entry, other = found_here[0]
        more = f" (and {len(found_here) - 1} more)" if len(found_here) > 1 else ""
        detail = f"{entry.source} is for Python 3.{other}{more}: that of {filesystem.profile.name} does not look at it"
        yield Problem(OTHER_PYTHON, detail, span, filesystem.stage.index, Confidence.LIKELY, word=entry.path)


def _searched(filesystem: StageFilesystem, minor: str) -> tuple[str, ...]:
    """The directories in which the image's Python looks for modules, with a slash at their ends."""
    given = (filesystem.environment.get("PYTHONPATH") or "").split(":")
    named = [posixpath.normpath(posixpath.join(filesystem.workdir or "/", each)) for each in given if each]
    own = f"/usr/local/lib/python3.{minor}/site-packages"
    return tuple(f"{each.rstrip('/')}/" for each in (own, *named) if each != "/")
