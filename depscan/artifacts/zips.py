"""A zip file to its members: jars, wars, wheels, eggs are such.

In: an open file. Out: `Item`s. The central directory is measured before the standard library reads it, since that keeps
an object for each entry; entries that lie over one another, or unpack to many times their size, are bombs. The names
of members lead nowhere: they are labels only.
"""

from __future__ import annotations

import lzma
import stat
import struct
import zlib
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, cast
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from depscan.artifacts.containers import FREE, MAX_RATIO, BadArchiveError, BoundError, Budget, Item, checked, stored

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DIRECTORY = 24 << 20  # bytes; a hundred thousand entries with names of 150 bytes
_END, _END_SIZE = b"PK\x05\x06", 22  # APPNOTE.TXT 4.3.16
_MAX_COMMENT = 65_535
_LOCATOR, _LOCATOR_SIZE = b"PK\x06\x07", 20  # 4.3.15
_END64_SIZE = 56  # 4.3.14
_LOCAL_SIZE = 30  # 4.3.7
_ENCRYPTED = 0x1
_UNIX = 3
_MAX_TARGET = 4096  # PATH_MAX
_MODES = {"file": 0o644, "directory": 0o755, "link": 0o777}
_ERRORS = (BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error, lzma.LZMAError)


def read_zip(file: BinaryIO, size: int, budget: Budget) -> Iterator[Item]:
    """What a zip holds; raises BadArchiveError and BoundError."""
    entries, directory = _measure(file, size)
    budget.count(entries)
    if directory > MAX_DIRECTORY:
        raise BoundError(f"its directory is larger than {MAX_DIRECTORY >> 20} MB")
    try:
        archive = ZipFile(file)
    except _ERRORS as error:
        raise BadArchiveError(f"a damaged zip: {error}") from None
    with archive:
        infos = archive.infolist()
        if len(infos) > entries:
            budget.count(len(infos) - entries)
        if sum(info.compress_size for info in infos) > size:
            raise BadArchiveError("its members lie over one another, as a bomb's do")
        for info in infos:
            yield _item(archive, info, file)


def _item(archive: ZipFile, info: ZipInfo, file: BinaryIO) -> Item:
    """An entry; one that was packed on Unix tells its mode (APPNOTE.TXT 4.4.15, and stat's bits in the high half)."""
    mode = info.external_attr >> 16 if info.create_system == _UNIX else 0
    kind = "directory" if info.is_dir() else "file"
    reader, target = partial(_open, archive, info, file), None
    if stat.S_ISLNK(mode) and info.file_size <= _MAX_TARGET:
        with reader() as stream:
            kind, target = "link", stream.read(_MAX_TARGET).decode("utf-8", "replace")
    return Item(info.filename, info.file_size, reader, kind, stat.S_IMODE(mode) or _MODES[kind], target)


def _measure(file: BinaryIO, size: int) -> tuple[int, int]:
    """How many entries the central directory says it has, and its bytes, without reading it."""
    start = max(0, size - _END_SIZE - _MAX_COMMENT)
    file.seek(start)
    tail = file.read(size - start)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise BadArchiveError("a damaged zip: it has no end of a central directory, as one that is cut off")
    entries, directory = struct.unpack_from("<HI", tail, at + 10)
    if entries == 0xFFFF or directory == 0xFFFFFFFF:
        return _measure64(file, start + at)
    return entries, directory


def _measure64(file: BinaryIO, end: int) -> tuple[int, int]:
    file.seek(max(0, end - _LOCATOR_SIZE))
    locator = file.read(_LOCATOR_SIZE)
    if not locator.startswith(_LOCATOR):
        return 0xFFFF, 0  # really as many
    file.seek(max(0, end - _LOCATOR_SIZE - _END64_SIZE))  # where zipfile looks for it
    record = file.read(_END64_SIZE)
    if len(record) < _END64_SIZE:
        raise BadArchiveError("a damaged zip: its end of a central directory is cut off")
    entries, directory = struct.unpack_from("<QQ", record, 32)
    return entries, directory


def _open(archive: ZipFile, info: ZipInfo, file: BinaryIO) -> BinaryIO:
    """A member from its beginning; what goes wrong later, while it is read, is told in the same way."""
    if info.flag_bits & _ENCRYPTED:
        raise BadArchiveError("it is encrypted")
    if info.file_size > FREE and info.file_size > MAX_RATIO * info.compress_size:
        raise BadArchiveError(f"it unpacks to more than {MAX_RATIO} times its size, as a bomb does")
    try:
        if info.compress_type == ZIP_STORED:
            return stored(file, _data_start(file, info), min(info.file_size, info.compress_size))
        return checked(cast("BinaryIO", archive.open(info)))
    except _ERRORS as error:
        raise BadArchiveError(f"it cannot be unpacked: {error}") from None


def _data_start(file: BinaryIO, info: ZipInfo) -> int:
    """Where a member's bytes begin: behind its local header, whose name and extra field have lengths of their own."""
    file.seek(info.header_offset)
    header = file.read(_LOCAL_SIZE)
    if len(header) < _LOCAL_SIZE or not header.startswith(b"PK\x03\x04"):
        raise BadZipFile("no local header where the directory says")
    name, extra = struct.unpack_from("<HH", header, 26)
    return info.header_offset + _LOCAL_SIZE + int(name) + int(extra)
