"""An unpacked root directory to its files: the reader of `--base REFERENCE=DIRECTORY`.

In: the directory. Out: `Contents`. Links are noted and never followed, other file systems mounted in it (proc, sys) are
not entered, devices and FIFOs are not opened; a directory or file that may not be read counts as empty.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from depscan.images.contents import (
    HEAD_SIZE,
    MAX_DEPTH,
    MAX_FILES,
    MAX_LIBRARY,
    MAX_TEXT,
    MAX_TEXTS,
    BadImageError,
    Contents,
    interpreter,
    is_database,
    is_library,
    is_wanted,
    printable_path,
)
from depscan.images.profile import ImageFile

if TYPE_CHECKING:
    from collections.abc import Iterator

_SMALLEST_ELF = 52  # bytes of a 32-bit ELF header


def read_root(root: Path) -> Contents:
    """The files of a root directory; raises BadImageError where it cannot be read or is beyond all bounds."""
    contents = Contents({}, {}, {}, {}, {})
    for path, entry, status in _walk(root):
        contents.files[path] = _file(entry, status)  # type: ignore[index]
        if len(contents.files) > MAX_FILES:
            raise BadImageError(f"it has more than {MAX_FILES} files")
        if stat.S_ISREG(status.st_mode):
            _take(contents, path, entry.path, status.st_size)
    return contents


def _walk(root: Path) -> Iterator[tuple[str, os.DirEntry[str], os.stat_result]]:
    """All entries with their paths in the image, parents first; without those that went meanwhile."""
    try:
        device = os.stat(root).st_dev  # noqa: PTH116 - as os.scandir's
        waiting = [("", os.fspath(root), 0)]
        list(os.scandir(root))
    except OSError as error:
        raise BadImageError(f"cannot be read: {error.strerror}") from None
    while waiting:
        prefix, folder, depth = waiting.pop()
        for entry in _entries(folder):
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            path = printable_path(f"{prefix}/{entry.name}")
            yield path, entry, status
            if stat.S_ISDIR(status.st_mode) and status.st_dev == device:
                if depth == MAX_DEPTH:
                    raise BadImageError(f"a directory more than {MAX_DEPTH} directories deep")
                waiting.append((path, entry.path, depth + 1))


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _file(entry: os.DirEntry[str], status: os.stat_result) -> ImageFile:
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        try:
            return ImageFile("link", mode, printable_path(os.readlink(entry.path)))  # noqa: PTH115 - as os.scandir's
        except OSError:
            return ImageFile("other", mode)
    if stat.S_ISDIR(status.st_mode):
        return ImageFile("directory", mode)
    return ImageFile("file" if stat.S_ISREG(status.st_mode) else "other", mode)


def _take(contents: Contents, path: str, place: str, size: int) -> None:
    """Keep what counts of a regular file."""
    wanted = is_wanted(path) and size <= MAX_TEXT
    if not wanted and size < _SMALLEST_ELF:
        return
    head = _read(place, MAX_TEXT if wanted else HEAD_SIZE)
    if wanted:
        contents.texts[path] = head  # type: ignore[index]
        if sum(map(len, contents.texts.values())) > MAX_TEXTS:
            raise BadImageError(f"its package databases are larger than {MAX_TEXTS >> 20} MB")
    elif is_database(path):
        contents.databases[path] = Path(place)  # type: ignore[index]
    elif size <= MAX_LIBRARY and is_library(path, head):
        contents.libraries[path] = Path(place)  # type: ignore[index]
    elif program := interpreter(head):
        contents.programs[path] = program  # type: ignore[index]


def _read(place: str, size: int) -> bytes:
    """The first bytes of a regular file; a link that took its place meanwhile is not followed."""
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        return os.read(descriptor, size)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
