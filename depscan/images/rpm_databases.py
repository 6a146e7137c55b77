"""rpm's three databases to the headers in them.

In: the bytes of rpmdb.sqlite, of ndb's Packages.db, or of Berkeley DB's Packages (el8 and older). Out: the headers.
Each is read from bytes in memory, never opened in place, and bounded in rows. There is no kept reader of them on PyPI,
and the two formats that Python lacks take a page: Berkeley DB's hash pages are those of its db_page.h, ndb's slots and
blobs those of rpm's lib/backend/ndb/rpmpkg.c.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_BLOB = 64 << 20
_MAX_STEPS = 5_000_000  # of SQLite's virtual machine, in which a view could loop for ever
_STEPS = 10_000

_HASH_MAGIC = 0x061561  # at byte 12 of the first page
_HASH_UNSORTED, _OVERFLOW, _HASH = 2, 7, 13  # types of pages
_ON_PAGE, _OFF_PAGE = 1, 3  # where a value stands: here, or on pages of its own
_PAGE_HEADER = 26
_NDB_SLOT, _NDB_BLOCK, _NDB_PAGE = 16, 16, 4096


class UnreadDatabaseError(Exception):
    """A database that is damaged or of a kind that is not known; the message is one clause for the report."""


def read_blobs(data: bytes) -> Iterator[bytes]:
    """All headers of a database of either kind; raises UnreadDatabaseError."""
    if data.startswith(b"SQLite format 3\0"):
        return _read_sqlite(data)
    if data.startswith(b"RpmP"):
        return _read_ndb(data)
    order = next((order for order in "<>" if data[12:16] == struct.pack(f"{order}I", _HASH_MAGIC)), None)
    if order is None:
        raise UnreadDatabaseError("neither SQLite, ndb nor a hash of Berkeley DB")
    return _read_berkeley(data, order)


def _read_sqlite(data: bytes) -> Iterator[bytes]:
    """Read what rpm keeps in WAL mode, in which no database in memory can be: bytes 18 and 19 of the header say so."""
    import sqlite3  # noqa: PLC0415 - only where an image has one

    steps = 0

    def is_too_long() -> bool:
        nonlocal steps
        steps += _STEPS
        return steps > _MAX_STEPS

    connection = sqlite3.connect(":memory:")
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(len(data), _MAX_BLOB))
        connection.deserialize(data[:18] + b"\1\1" + data[20:])
        connection.set_progress_handler(is_too_long, _STEPS)
        for (blob,) in connection.execute("SELECT blob FROM Packages"):
            if not isinstance(blob, bytes):
                raise UnreadDatabaseError("damaged: a row that is no header")
            yield blob
    except (sqlite3.Error, ValueError) as error:
        raise UnreadDatabaseError(f"damaged: {error}") from None
    finally:
        connection.close()


def _read_ndb(data: bytes) -> Iterator[bytes]:
    """Pages of slots; each names the package's number, and its blob's place and length in blocks of 16 bytes."""
    try:
        (pages,) = struct.unpack_from("<I", data, 12)
        for at in range(2 * _NDB_SLOT, pages * _NDB_PAGE, _NDB_SLOT):
            magic, number, block, _ = struct.unpack_from("<4sIII", data, at)
            if magic != b"Slot":
                raise UnreadDatabaseError("damaged: a slot without its mark")
            if block:  # 0 in a free slot
                start = block * _NDB_BLOCK
                mark, owner, _, size = struct.unpack_from("<4sIII", data, start)
                if mark != b"BlbS" or owner != number or start + 16 + size > len(data):
                    raise UnreadDatabaseError("damaged: a blob is not where its slot says")
                yield data[start + 16 : start + 16 + size]
    except struct.error:
        raise UnreadDatabaseError("damaged: cut off") from None


def _read_berkeley(data: bytes, order: str) -> Iterator[bytes]:
    """Each hash page lists keys and values in turn; a value longer than a quarter of a page stands on other pages."""
    try:
        page_size, _, last = struct.unpack_from(f"{order}I8sI", data, 20)
        if page_size < 512 or page_size & (page_size - 1):
            raise UnreadDatabaseError(f"damaged: pages of {page_size} bytes")
        for start in range(page_size, (last + 1) * page_size, page_size):
            if data[start + 25] in (_HASH_UNSORTED, _HASH):
                yield from _page_values(data, order, start, page_size)
    except (struct.error, IndexError):
        raise UnreadDatabaseError("damaged: cut off") from None


def _page_values(data: bytes, order: str, start: int, page_size: int) -> Iterator[bytes]:
    (count,) = struct.unpack_from(f"{order}H", data, start + 20)
    if _PAGE_HEADER + 2 * count > page_size:
        raise UnreadDatabaseError("damaged: more entries than fit a page")
    offsets = struct.unpack_from(f"{order}{count}H", data, start + _PAGE_HEADER)
    for end, offset in zip(offsets[::2], offsets[1::2], strict=False):  # a page is filled from its end
        if data[start + offset] == _OFF_PAGE:
            page, size = struct.unpack_from(f"{order}II", data, start + offset + 4)
            yield _overflow(data, order, page, size, page_size)
        elif data[start + offset] == _ON_PAGE:
            yield data[start + offset + 1 : start + end]


def _overflow(data: bytes, order: str, page: int, size: int, page_size: int) -> bytes:
    """A value of `size` bytes on a chain of pages, of which each names the next and how many bytes it holds."""
    parts: list[bytes] = []
    left = size if size <= _MAX_BLOB else 0
    while page and left > 0:
        start = page * page_size
        (following,) = struct.unpack_from(f"{order}I", data, start + 16)
        (held,) = struct.unpack_from(f"{order}H", data, start + 22)
        if data[start + 25] != _OVERFLOW or not 0 < held <= page_size - _PAGE_HEADER:
            break
        parts.append(data[start + _PAGE_HEADER : start + _PAGE_HEADER + held])
        left, page = left - held, following
    if left:
        raise UnreadDatabaseError("damaged: a value is not where its page says")
    return b"".join(parts)
