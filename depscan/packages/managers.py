"""Which package managers, and programs beside them, a base image surely lacks.

In: an image profile and a program's name. Out: `Lack`, or None where the program is there or nothing is known. Of a
real image its own files answer, else the packaged rows (knowledge/managers.json), each with its source. The rows name
what is not there and never conclude it from what is: an image may have two.
"""

from __future__ import annotations

import posixpath
import re
from functools import cache
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from depscan.findings import Confidence
from depscan.images.rows import read_rows

if TYPE_CHECKING:
    from depscan.images.profile import ImageProfile

BESIDE = frozenset({"apt-key"})  # programs that come with a manager, and went in some release
DIRECTORIES = frozenset({"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"})


class Lack(Struct, frozen=True):
    """A program that is not in an image; `has` is the manager to use instead, None where there is none.

    `instead` says what to do where no other manager is the answer.
    """

    has: str | None
    confidence: Confidence
    source: str
    instead: str = ""


class _Row(Struct, frozen=True):
    """Releases and image names (regular expressions, the latter empty for all) and the programs they lack."""

    release: str
    image: str
    lacks: str
    has: str
    source: str
    instead: str = ""


def find_lack(profile: ImageProfile, program: str) -> Lack | None:
    """Whether `program`, a package manager, is surely not in the image."""
    if profile.tree is not None:
        return None if _stands_in(profile, program) else Lack(profile.package_manager, Confidence.CERTAIN, "the image")
    if profile.release is None:
        return None
    rows = [row for row in _rows() if _is_of(row, profile.release, profile.name)]
    lacking = [row for row in rows if program in row.lacks.split()]
    if not lacking:
        return None
    instead = lacking[-1].instead
    has = None if instead else next((row.has for row in reversed(rows) if not row.instead), None)
    return Lack(has or None, profile.confidence, lacking[-1].source, instead)


def _stands_in(profile: ImageProfile, program: str) -> bool:
    files = profile.tree.files if profile.tree is not None else {}
    return any(posixpath.join(directory, program) in files for directory in DIRECTORIES)


def _is_of(row: _Row, release: str, image: str) -> bool:
    return re.fullmatch(row.release, release) is not None and (
        not row.image or re.fullmatch(row.image, image) is not None
    )


@cache
def _rows() -> tuple[_Row, ...]:
    return msgspec.json.decode(read_rows("managers.json"), type=tuple[_Row, ...])
