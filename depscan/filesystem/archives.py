"""Local archives that instructions unpack: tar by ADD and RUN, zip and packages by RUN.

In: a file of the build context. Out: its members with normalised names, or None when it is no archive. Reading is
bounded in members, bytes and time, for one archive and for all of a Dockerfile; nothing is written anywhere. Names are
read by moby's rules (go-archive's Unpack): a leading `/` is dropped, a name that leaves the destination ends it.
"""

from __future__ import annotations

import atexit
import math
import os
import posixpath
import stat
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.containers import MAX_ARCHIVE, BadArchiveError, BoundError, Budget, open_items
from depscan.artifacts.contents import Allowance
from depscan.artifacts.magic import ARCHIVES, classify
from depscan.artifacts.magic import HEAD_SIZE as SNIFFED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from depscan.artifacts.containers import Item

TARS = frozenset({"tar", "gzip", "bzip2", "xz", "zstd"})  # what ADD extracts
MAX_ENTRIES = 100_000  # of all archives: each becomes a file of a stage, which costs a kilobyte of memory
HEAD_SIZE = 256  # enough for every magic number, and the kernel's BINPRM_BUF_SIZE for `#!` lines


class Member(Struct, frozen=True, gc=False):
    """A member of an archive: `path` as extracted, `name` as stored, kind file, directory or link.

    A hard link is a file whose `name` is that of the member it stands for. `head` are a file's first HEAD_SIZE bytes.
    """

    path: str
    name: str
    kind: str
    mode: int
    target: str | None = None
    head: bytes = b""


class Archive(Struct, frozen=True):
    """What an archive holds; `problem` says why the list of members ends early, None when it is whole."""

    members: tuple[Member, ...]
    problem: str | None = None


class Archives:
    """The archives of one Dockerfile: each is read once, and all together cost no more than an `Allowance`."""

    def __init__(self) -> None:
        self._allowance = Allowance(members=MAX_ENTRIES)
        self._read: dict[Path, Archive | None] = {}

    def read(self, path: Path, kinds: frozenset[str] = ARCHIVES) -> Archive | None:
        """The members of an archive of one of these kinds; None when it is none."""
        if _kind(path) not in kinds:
            return None
        if path not in self._read:
            self._read[path] = _read_archive(path, self._allowance)
        return self._read[path]


def _kind(path: Path) -> str | None:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        with open(path, "rb") as file:
            return classify(file.read(SNIFFED))
    except OSError:
        return None


def _read_archive(path: Path, allowance: Allowance) -> Archive | None:
    """All members in one pass; a stream that is no archive has none, and no bound that it meets."""
    members: list[Member] = []
    problem = None
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_ARCHIVE:
                return Archive((), f"the archive is larger than {MAX_ARCHIVE >> 20} MB")
            budget = Budget(allowance=allowance)
            budget.count(0)
            members.extend(_members(open_items(file, size, budget)))
    except (BoundError, ValueError) as error:
        problem = str(error)
    except BadArchiveError as error:
        problem = str(error)
        if not members and "install zstandard" not in problem:
            return None
    except OSError:
        return None
    return Archive(tuple(members), problem) if members or problem else None


def _members(items: Iterator[Item]) -> Iterator[Member]:
    stored: dict[str, Member] = {}
    for item in items:
        path = _extracted_path(item.name)
        if path is None:
            continue
        if item.kind == "file":
            with item.open() as stream:
                head = stream.read(HEAD_SIZE)
            stored[path] = Member(path, item.name, "file", item.mode, head=head)
            yield stored[path]
        elif item.kind == "hard-link":
            first = stored.get(_extracted_path(item.target or "") or "")
            if first is not None:
                yield Member(path, first.name, "file", first.mode, head=first.head)
        else:
            yield Member(path, item.name, item.kind, item.mode, item.target)


def _extracted_path(name: str) -> str | None:
    """Where a member lands below the destination; None for the destination itself."""
    path = posixpath.normpath(name.lstrip("/") or ".")
    if path == ".." or path.startswith("../"):
        raise ValueError(f"member {name!r} leaves the destination")
    return None if path == "." else path


def read_member(path: Path, name: str, size: int) -> bytes | None:
    """The first `size` bytes of the member stored as `name`; None when it cannot be read.

    Members asked for in the archive's order cost one pass together.
    """
    try:
        status = path.stat()
        return _open_cursor(path, status.st_mtime_ns, status.st_size).read(name, size)
    except Exception:  # each packing has errors of its own, which share no base
        return None


class _Cursor:
    """A place in an archive, from which the next member is sought; the end is followed by the beginning."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._items: Iterator[Item] | None = None

    def read(self, name: str, size: int) -> bytes | None:
        for _ in range(2):
            items = self._items = self._items or self._open()
            for item in items:
                if item.name == name and item.kind == "file":
                    with item.open() as stream:
                        return stream.read(size)
            self._items = None
        return None

    def _open(self) -> Iterator[Item]:
        budget = Budget(allowance=Allowance(seconds=math.inf), seconds=math.inf)  # it is open while others are read
        file = open(self._path, "rb")  # noqa: SIM115 - stays open
        return open_items(file, os.fstat(file.fileno()).st_size, budget)


@lru_cache(maxsize=1)
def _open_cursor(path: Path, _modified: int, _size: int) -> _Cursor:
    return _Cursor(path)


atexit.register(_open_cursor.cache_clear)  # a stream that is left open must end before the interpreter does
