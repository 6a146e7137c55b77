"""Local archives that instructions unpack: tar by ADD and RUN, zip and packages by RUN.

In: a file of the build context. Out: its members, or None when it is no archive, and the bytes of one. Reading is
bounded in members, bytes and time, for one archive and for all of a Dockerfile; nothing is unpacked to disk.
"""

from __future__ import annotations

import atexit
import math
import os
import stat
from functools import lru_cache
from typing import TYPE_CHECKING

from depscan.artifacts.contents import Allowance
from depscan.artifacts.listing import read_listing
from depscan.artifacts.magic import ARCHIVES, classify
from depscan.artifacts.magic import HEAD_SIZE as SNIFFED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from depscan.artifacts.containers import Item
    from depscan.artifacts.listing import Archive

TARS = frozenset({"tar", "gzip", "bzip2", "xz", "zstd"})  # what ADD extracts
MAX_ENTRIES = 100_000  # of all archives: each becomes a file of a stage, which costs a kilobyte of memory


class Archives:
    """The archives of one context: each is read once, and all together cost no more than an `Allowance`.

    `cache` allows what earlier runs kept.
    """

    def __init__(self, *, cache: bool = True) -> None:
        self._cache = cache
        self._allowance = Allowance(members=MAX_ENTRIES)
        self._read: dict[Path, Archive | None] = {}

    def read(self, path: Path, kinds: frozenset[str] = ARCHIVES) -> Archive | None:
        """The members of an archive of one of these kinds; None when it is none."""
        if _kind(path) not in kinds:
            return None
        if path not in self._read:
            self._read[path] = read_listing(path, self._allowance, cache=self._cache)
        return self._read[path]


def _kind(path: Path) -> str | None:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        with open(path, "rb") as file:
            return classify(file.read(SNIFFED))
    except OSError:
        return None


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
        from depscan.artifacts.containers import Budget, open_items  # noqa: PLC0415 - not where all members are known

        budget = Budget(allowance=Allowance(seconds=math.inf), seconds=math.inf)  # it is open while others are read
        file = open(self._path, "rb")  # noqa: SIM115 - stays open
        return open_items(file, os.fstat(file.fileno()).st_size, budget)


@lru_cache(maxsize=1)
def _open_cursor(path: Path, _modified: int, _size: int) -> _Cursor:
    return _Cursor(path)


atexit.register(_open_cursor.cache_clear)  # a stream that is left open must end before the interpreter does
