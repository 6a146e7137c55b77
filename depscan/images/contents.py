"""What is taken out of a real image, and what bounds it.

In: the head of a file, its path. Out: whether its bytes are kept (a library, a configuration file) or one fact of it (a
program's PT_INTERP); `Contents`, which all readers of images hand to `profiling`. An image that cannot be read is a
`BadImageError`, whose message is the reason that the report prints.
"""

from __future__ import annotations

import posixpath
import re
import struct
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from depscan.images.profile import ImageFile

HEAD_SIZE = 4096  # holds the program headers of every linker's output
MAX_FILES = 1_000_000
MAX_DEPTH = 255  # directories inside each other
MAX_PATH = 4096  # characters; Linux's PATH_MAX
MAX_PATHS = 256 << 20  # characters of all paths
MAX_TEXT = 16 << 20  # bytes of a configuration file or package database
MAX_TEXTS = 128 << 20  # bytes of all of them
MAX_LIBRARY = 512 << 20  # bytes; as artifacts.header's
MAX_DATABASE = 256 << 20  # bytes of one database of rpm, which is read into memory

_DATABASE = re.compile(
    r"(?:/var/lib|/usr/lib/sysimage|/usr/share)/rpm/(?:rpmdb\.sqlite(?:-wal)?|Packages\.db|Packages)"
)
_WANTED = re.compile(
    r"/etc/os-release|/usr/lib/os-release|/etc/ld\.so\.conf|/etc/ld\.so\.conf\.d/[^/]+\.conf|/etc/ld-musl-[^/]+\.path"
    r"|(?:/usr/[^/]+)?/etc/ld\.so\.cache|/var/lib/dpkg/status|/var/lib/dpkg/status\.d/[^/]+|(?:/usr)?/lib/apk/db/installed"
)
_ET_DYN, _ET_EXEC, _PT_INTERP = 3, 2, 3


class BadImageError(Exception):
    """An image that cannot be read; the message is one clause for the report."""


class Contents(Struct, frozen=True):
    """A root file system: `files` by absolute path, links not followed.

    `libraries` are the files of this machine that hold the bytes of its ELF shared objects, `programs` the PT_INTERP of
    its dynamic programs, `texts` the configuration files and package databases, `databases` the files with
    those of rpm, which are large and change in many layers; all by path in the image.
    """

    files: Mapping[str, ImageFile]
    libraries: Mapping[str, Path]
    programs: Mapping[str, str]
    texts: Mapping[str, bytes]
    databases: Mapping[str, Path] = {}


def is_database(path: str) -> bool:
    """Whether a file is a database of rpm, or what was not yet merged into one."""
    return _DATABASE.fullmatch(path) is not None


def is_wanted(path: str) -> bool:
    """Whether the content of a file counts: what names the release, configures linking or lists packages."""
    return _WANTED.fullmatch(path) is not None


def is_library(path: str, head: bytes) -> bool:
    """Whether a file is an ELF shared object or dynamic linker, by its first HEAD_SIZE bytes."""
    kind = _kind(head)
    return kind == _ET_DYN and (".so" in posixpath.basename(path) or interpreter(head) is None)


def interpreter(head: bytes) -> str | None:
    """PT_INTERP of a program, where its text lies in the head; None for everything else."""
    if _kind(head) not in (_ET_DYN, _ET_EXEC) or len(head) < 64:
        return None
    wide, order = head[4] == 2, "<" if head[5] == 1 else ">"
    offset, entry_size, count = _program_headers(head, wide, order)
    for start in range(offset, min(offset + entry_size * count, len(head) - 55), max(entry_size, 32)):
        if struct.unpack_from(order + "I", head, start)[0] == _PT_INTERP:
            place = struct.unpack_from(order + "Q", head, start + 8) if wide else _narrow(head, start, order)
            return head[place[0] : place[0] + 256].split(b"\0")[0].decode("utf-8", "replace") or None
    return None


def _kind(head: bytes) -> int | None:
    if head[:4] != b"\x7fELF" or len(head) < 18 or head[4] not in (1, 2) or head[5] not in (1, 2):
        return None
    return int.from_bytes(head[16:18], "little" if head[5] == 1 else "big")


def _program_headers(head: bytes, wide: bool, order: str) -> tuple[int, int, int]:
    """Offset, size of an entry, number of entries (gABI chapter 4)."""
    (offset,) = struct.unpack_from(order + ("Q" if wide else "I"), head, 32 if wide else 28)
    entry_size, count = struct.unpack_from(order + "HH", head, 54 if wide else 42)
    return offset, entry_size, count


def _narrow(head: bytes, start: int, order: str) -> tuple[int, ...]:
    return struct.unpack_from(order + "I", head, start + 4)


def printable_path(path: str) -> str:
    """A path whose bytes are no UTF-8, with replacement characters in their place."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return path
