"""An rpm package to its files: a lead, two headers, and a packed cpio archive behind them.

In: an open file. Out: `Item`s, each of which must be read before the next one is asked for. The headers are measured
and passed over: what the package holds stands in the cpio archive too (rpm's docs/manual/format.md; cpio(5), "newc").
"""

from __future__ import annotations

import io
import stat
import struct
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, cast

from depscan.artifacts.containers import BadArchiveError, BoundError, Budget, Item, stored
from depscan.artifacts.tars import metered

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEAD = 96
_HEADER, _HEADER_MARK = 16, b"\x8e\xad\xe8\x01"
_ENTRY, _ENTRY_MARKS = 110, (b"070701", b"070702")
_LAST = "TRAILER!!!"
_MAX_NAME = 4096
_CHUNK = 1 << 20
_KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link"}


def read_rpm(file: BinaryIO, size: int, budget: Budget) -> Iterator[Item]:
    """What an rpm package holds; raises BadArchiveError and BoundError."""
    start = _payload(file, size)
    stream = metered(stored(file, start, size - start), size - start, budget)
    try:
        yield from _read_cpio(stream, budget)
    except (BoundError, BadArchiveError):
        raise
    except Exception as error:  # zlib, lzma and zstd have errors of their own, which share no base
        raise BadArchiveError(f"it cannot be read to its end: {str(error)[:150] or type(error).__name__}") from None


def _payload(file: BinaryIO, size: int) -> int:
    """Where the packed archive begins; the first of the headers, the signature, is filled up to eight bytes."""
    at = _LEAD
    for fill in (8, 1):
        file.seek(at)
        header = file.read(_HEADER)
        if len(header) < _HEADER or not header.startswith(_HEADER_MARK):
            raise BadArchiveError("a damaged rpm package: no header where one belongs")
        entries, data = struct.unpack_from(">II", header, 8)
        at += _HEADER + 16 * entries + data
        at += -at % fill
        if at > size:
            raise BadArchiveError("a damaged rpm package: it is cut off")
    return at


def _read_cpio(stream: BinaryIO, budget: Budget) -> Iterator[Item]:
    at = 0
    while True:
        head = _exactly(stream, _ENTRY)
        if not head.startswith(_ENTRY_MARKS):
            raise BadArchiveError("its payload is no cpio archive of the kind that is read")
        fields = [int(head[place : place + 8], 16) for place in range(6, _ENTRY, 8)]
        mode, size, length = fields[1], fields[6], fields[11]
        if length > _MAX_NAME:
            raise BadArchiveError("a damaged rpm package: a name that is longer than a path can be")
        name = _exactly(stream, length).rstrip(b"\0").decode("utf-8", "replace")
        at += _ENTRY + length
        at += len(_exactly(stream, -at % 4))
        if name == _LAST:
            return
        budget.count()
        kind, target, left = _KINDS.get(stat.S_IFMT(mode)), None, size
        if kind == "link":
            target, left = _exactly(stream, min(size, _MAX_NAME)).decode("utf-8", "replace"), max(0, size - _MAX_NAME)
        body = _Body(stream, left)
        if kind is not None:
            yield Item(name, size, partial(cast, "BinaryIO", body), kind, stat.S_IMODE(mode), target)
        while body.read(_CHUNK):
            pass
        at += size
        at += len(_exactly(stream, -at % 4))


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = stream.read(size - len(data))
        if not more:
            raise BadArchiveError("a damaged rpm package: it is cut off")
        data += more
    return data


class _Body(io.RawIOBase):
    """The bytes of one entry; what is not read of them is passed over by the one who made it."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._left = stream, size

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        """Stay open: the rest is still to be passed over."""

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._stream.read(wanted) if wanted else b""
        if wanted and not data:
            raise BadArchiveError("a damaged rpm package: it is cut off")
        self._left -= len(data)
        return data
