"""A tar stream, packed or not, and Debian's ar archives, to their members.

In: an open file. Out: `Item`s, each of which must be read before the next one is asked for. An apk of Alpine is several
gzip streams of tar, one behind the other; a deb is an ar archive whose data.tar.* holds the files.
"""

from __future__ import annotations

import io
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, cast

from depscan.artifacts.containers import (
    FREE,
    MAX_RATIO,
    BadArchiveError,
    BoundError,
    Budget,
    Item,
    NoArchiveError,
    NoReaderError,
    checked,
    stored,
)
from depscan.artifacts.magic import is_tar

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS = {b"1": "hard-link", b"2": "link", b"5": "directory"}  # ustar's typeflag
_BLOCK = 512
_AR_HEADER = 60  # ar(5): name, date, uid, gid, mode, size, and two bytes that end it
_AR_MARK = b"!<arch>\n"


class _Meter(io.RawIOBase):
    """Counts what comes out of a packed stream against what went in: where a decompression bomb ends."""

    def __init__(self, stream: BinaryIO, size: int, budget: Budget) -> None:
        self._stream, self._size, self._budget, self._count = stream, size, budget, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._count += len(data)
        self._budget.spend(len(data))
        if self._count > FREE and self._count > MAX_RATIO * self._size:
            raise BoundError(f"it unpacks to more than {MAX_RATIO} times its size, as a bomb does")
        return data


def metered(file: BinaryIO, size: int, budget: Budget) -> BinaryIO:
    """What a file holds once it is unpacked, by its first bytes; too much of it raises BoundError.

    Raises NoReaderError where the packing cannot be read here.
    """
    try:
        return cast("BinaryIO", _Meter(_unpacked(file), size, budget))
    except ImportError as error:  # zstd's package, or a module that this Python was built without
        raise NoReaderError(str(error)) from None


def read_tar(file: BinaryIO, size: int, budget: Budget) -> Iterator[Item]:
    """What a tar holds; nothing for a packed stream that holds no tar."""
    import tarfile  # noqa: PLC0415 - only where there is one

    stream = metered(file, size, budget)
    try:
        first = _first_block(stream)
        if not is_tar(first):
            return
        joined = cast("BinaryIO", _Joined(first, stream))
        with tarfile.open(fileobj=joined, mode="r|", ignore_zeros=True) as tar:
            while (info := tar.next()) is not None:
                tar.members.clear()  # type: ignore[attr-defined]  # tarfile would keep them all
                budget.count()
                kind = _KINDS.get(info.type)
                if kind is not None or info.isreg():
                    size = info.size if kind is None else 0
                    target = info.linkname if kind in {"link", "hard-link"} else None
                    yield Item(info.name, size, partial(_open, tar, info), kind or "file", info.mode & 0o7777, target)
    except (BoundError, BadArchiveError):
        raise
    except Exception as error:  # tarfile, zlib, lzma and zstd have errors of their own, which share no base
        raise BadArchiveError(f"it cannot be read to its end: {str(error)[:150] or type(error).__name__}") from None


def _first_block(stream: BinaryIO) -> bytes:
    try:
        return stream.read(_BLOCK)
    except BoundError:
        raise
    except Exception as error:  # as below
        raise NoArchiveError(f"it cannot be unpacked: {str(error)[:150] or type(error).__name__}") from None


def _open(tar: object, info: object) -> BinaryIO:
    return checked(cast("BinaryIO", tar.extractfile(info)))  # type: ignore[attr-defined]


class _Joined(io.RawIOBase):
    """The block that was looked at, and what follows it."""

    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        self._first, self._rest = first, rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._first:
            data, self._first = self._first[:size], self._first[size:]
            return data
        return self._rest.read(size)


def _unpacked(file: BinaryIO) -> BinaryIO:
    """The stream inside a packed file, by its first bytes; the file itself where it is not packed."""
    magic = file.read(6)
    file.seek(0)
    opened: object = file
    if magic.startswith(b"\x1f\x8b"):
        from gzip import GzipFile  # noqa: PLC0415 - as above

        opened = GzipFile(fileobj=file)
    elif magic.startswith(b"BZh"):
        from bz2 import BZ2File  # noqa: PLC0415 - as above

        opened = BZ2File(file)
    elif magic.startswith(b"\xfd7zXZ\x00"):
        from lzma import LZMAFile  # noqa: PLC0415 - as above

        opened = LZMAFile(file)  # noqa: SIM115 - the caller closes the file under it
    elif magic.startswith(b"\x28\xb5\x2f\xfd"):
        from depscan.artifacts.zstd import open_zstd  # noqa: PLC0415 - as above

        opened = open_zstd(file)
    return cast("BinaryIO", opened)


def read_ar(file: BinaryIO, size: int, budget: Budget) -> Iterator[Item]:
    """The files of a Debian package; nothing for other ar archives, which are static libraries."""
    at = len(_AR_MARK)
    while at + _AR_HEADER <= size:
        budget.count()
        file.seek(at)
        header = file.read(_AR_HEADER)
        name, length = header[:16].rstrip(b" /"), 0
        with suppress(ValueError):
            length = int(header[48:58])
        at += _AR_HEADER
        if at == len(_AR_MARK) + _AR_HEADER and name != b"debian-binary":
            return
        if length < 0 or at + length > size:
            raise BadArchiveError("a damaged package: it is cut off")
        if name.startswith(b"data.tar"):
            yield from read_tar(stored(file, at, length), length, budget)
        at += length + length % 2
