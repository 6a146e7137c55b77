"""Execute bits where the file system keeps none: git's index has them.

In: the context's directory. Out: what git says of the files below it, or None where the file system is to be believed.
git notes in its configuration that a file system has no execute bits (`core.fileMode`, git-config(1)); on Windows there
are none, and docker makes every file executable there, but what is built from the repository elsewhere gets git's.
Index versions 2 and 3 are read (gitformat-index(5)); nothing of git is executed.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAX_INDEX = 64 << 20
_HEADER, _FIXED = 12, 62  # bytes; of the latter 20 are the object's name
_NO_MODES = re.compile(r"^\s*filemode\s*=\s*(?:false|no|off|0)\s*$", re.IGNORECASE | re.MULTILINE)


def read_git_modes(directory: Path) -> Mapping[str, int] | None:
    """Permission bits by path relative to `directory`; None where the file system has its own, or without index."""
    root = next((each for each in (directory, *directory.parents) if os.path.isdir(each / ".git")), None)
    if root is None or not (os.name == "nt" or _says_no_modes(root)):
        return None
    try:
        with (root / ".git" / "index").open("rb") as file:
            data = file.read(MAX_INDEX + 1)
    except OSError:
        return None
    prefix = directory.relative_to(root).as_posix() + "/" if directory != root else ""
    return {name.removeprefix(prefix): mode for name, mode in _entries(data) if name.startswith(prefix)}


def _says_no_modes(root: Path) -> bool:
    try:
        return _NO_MODES.search((root / ".git" / "config").read_text("utf-8", "replace")) is not None
    except OSError:
        return False


def _entries(data: bytes) -> Iterator[tuple[str, int]]:
    """Path and permission bits of each regular file in an index; nothing for other versions or a broken one."""
    if data[:4] != b"DIRC" or int.from_bytes(data[4:8]) not in (2, 3) or len(data) > MAX_INDEX:
        return
    place = _HEADER
    for _ in range(int.from_bytes(data[8:12])):
        mode, flags = int.from_bytes(data[place + 24 : place + 28]), int.from_bytes(data[place + 60 : place + 62])
        start = place + _FIXED + (2 if flags & 0x4000 else 0)
        end = data.find(b"\0", start)
        if end < 0:
            return
        if mode >> 12 == 0o10:
            yield data[start:end].decode("utf-8", "surrogateescape"), mode & 0o777
        place += (end - place) // 8 * 8 + 8
