"""ld.so.conf and ld.so.cache of a real image.

In: their bytes. Out: the directories that ldconfig reads, and the libraries that the cache lists. glibc's dynamic
linker reads the cache only; the layout is that of glibc's elf/cache.c and sysdeps/generic/dl-cache.h
(glibc-ld.so.cache1.1, the only one written by default since 2.32 and contained in the older file before).
"""

from __future__ import annotations

import posixpath
import re
import struct
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MAGIC = b"glibc-ld.so.cache1.1"
_HEADER, _ENTRY = 48, 24
_MAX_ENTRIES = 200_000
_MAX_NAME = 4096
_MAX_INCLUDES = 8


def read_cache(data: bytes) -> dict[str, list[str]]:
    """Paths of libraries by name, in the cache's order (the best first); {} where it is no cache."""
    start = data.find(_MAGIC)
    if start < 0 or len(data) < start + _HEADER:
        return {}
    order = ">" if data[start + 28] & 3 == 3 else "<"  # flags: 2 little endian, 3 big endian, 0 not said
    (count,) = struct.unpack_from(order + "I", data, start + 20)
    found: dict[str, list[str]] = {}
    for number in range(min(count, _MAX_ENTRIES)):
        at = start + _HEADER + number * _ENTRY
        if at + _ENTRY > len(data):
            break
        _, key, value = struct.unpack_from(order + "iII", data, at)
        found.setdefault(_text(data, start + key), []).append(_text(data, start + value))
    return found


def _text(data: bytes, at: int) -> str:
    return data[at : at + _MAX_NAME].split(b"\0", 1)[0].decode("utf-8", "replace")


def configured_directories(texts: Mapping[str, bytes]) -> tuple[str, ...]:
    """The directories of ld.so.conf, with those of the files that it includes, in order."""
    return tuple(dict.fromkeys(_directories("/etc/ld.so.conf", texts, _MAX_INCLUDES)))


def _directories(path: str, texts: Mapping[str, bytes], depth: int) -> Iterator[str]:
    for line in texts.get(path, b"").decode("utf-8", "replace").splitlines():
        word, _, rest = line.partition("#")[0].strip().partition(" ")
        if word == "include" and depth:
            pattern = posixpath.join("/etc", rest.strip())
            for name in sorted(name for name in texts if name != path and fnmatchcase(name, pattern)):
                yield from _directories(name, texts, depth - 1)
        else:
            yield from (
                posixpath.normpath(part) for part in re.split(r"[\s:,]+", line.partition("#")[0]) if part[:1] == "/"
            )
