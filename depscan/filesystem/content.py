"""The bytes of a file entry, for a look at its magic number.

In: a `FileEntry` with a known content. Out: its first bytes, or None when they cannot be had. Nothing is executed, a
named pipe does not block, and a link that took the file's place meanwhile is not followed.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from depscan.artifacts.prediction import Prediction
from depscan.filesystem.entries import HostFile, InlineFile

if TYPE_CHECKING:
    from pathlib import Path

    from depscan.filesystem.entries import ArchiveMember, FileEntry

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)


def read_head(entry: FileEntry, size: int) -> bytes | None:
    """At most the first `size` bytes of a file; None for another kind, unknown content or an unreadable file."""
    content = entry.content
    if entry.kind != "file" or content is None or isinstance(content, Prediction):
        return None
    if isinstance(content, InlineFile):
        return content.data[:size]
    if isinstance(content, HostFile):
        return _read_host(content.path, size)
    return _read_member(content, size)


def find_fault(path: Path) -> str | None:
    """Why a file of the build context cannot be read; None where it can."""
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"
    try:
        os.read(descriptor, 1)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    finally:
        os.close(descriptor)
    return None


def _read_host(path: Path, size: int) -> bytes | None:
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError):
        return None
    try:
        return os.read(descriptor, size) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _read_member(content: ArchiveMember, size: int) -> bytes | None:
    from depscan.artifacts.listing import HEAD_SIZE  # noqa: PLC0415 - few have an archive

    if content.head is not None and (size <= len(content.head) or len(content.head) < HEAD_SIZE):
        return content.head[:size]
    from depscan.filesystem.archives import read_member  # noqa: PLC0415 - mostly the head is enough

    return read_member(content.archive, content.name, size)
