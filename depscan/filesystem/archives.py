"""Local tar archives, which ADD extracts.

In: a file of the build context. Out: its members with normalised names, or None when it is no archive. Reading is
bounded in members and in bytes after decompression; nothing is written anywhere. The rules are moby's (go-archive's
Unpack): a leading `/` is dropped, a name that leaves the destination ends the build.
"""

from __future__ import annotations

import io
import posixpath
import stat
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO, cast

from msgspec import Struct

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAX_MEMBERS = 100_000
MAX_ARCHIVE_SIZE = 512 << 20
MAX_UNPACKED_SIZE = 1 << 30
HEAD_SIZE = 256  # enough for every magic number, and the kernel's BINPRM_BUF_SIZE for `#!` lines

_TAR_MAGIC_OFFSET = 257


class Member(Struct, frozen=True):
    """A member of an archive: `path` as extracted, `name` as stored, kind file, directory or link.

    A hard link is a file whose `name` is that of the member it stands for.
    """

    path: str
    name: str
    kind: str
    mode: int
    target: str | None = None


class Archive(Struct, frozen=True):
    """What a tar archive holds: its members, the first HEAD_SIZE bytes of each file by stored name.

    `problem` says why the list ends early, None when it is whole.
    """

    members: tuple[Member, ...]
    heads: dict[str, bytes]
    problem: str | None = None


class _Limited(io.RawIOBase):
    """Reads from `file` and fails beyond a number of bytes: what a decompression bomb meets."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._left = limit

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ValueError(f"it unpacks to more than {MAX_UNPACKED_SIZE} bytes")
        return data


def read_archive(path: Path) -> Archive | None:
    """The members of a tar archive (plain, gzip, bzip2, xz, zstd where Python can); None when it is none."""
    try:
        status = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return _read_archive(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _read_archive(path: Path, _modified: int, size: int) -> Archive | None:
    try:
        with open(path, "rb") as file:
            stream = _decompressed(file)
            if stream is None:
                return None
            if size > MAX_ARCHIVE_SIZE:
                return Archive((), {}, f"the archive is larger than {MAX_ARCHIVE_SIZE} bytes")
            return _read_members(stream)
    except ImportError:
        return Archive((), {}, "this Python cannot read zstd; install zstandard")
    except OSError:
        return None


def read_member(path: Path, name: str, size: int) -> bytes | None:
    """The first `size` bytes of the member stored as `name`; None when it cannot be read.

    Members asked for in the archive's order cost one pass together.
    """
    try:
        status = path.stat()
        return _open_cursor(path, status.st_mtime_ns, status.st_size).read(name, size)
    except Exception:  # as in `_read_members`: each decompressor has errors of its own
        return None


class _Cursor:
    """A place in an archive's stream, from which the next member is sought; the end is followed by the beginning."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tar: tarfile.TarFile | None = None

    def read(self, name: str, size: int) -> bytes | None:
        for _ in range(2):
            tar = self._tar = self._tar or _open_tar(_decompressed(open(self._path, "rb")))  # noqa: SIM115 - stays open
            while (member := tar.next()) is not None:
                if member.name == name and member.isreg():
                    data = tar.extractfile(member)
                    return data.read(size) if data else None
            self._tar = None
        return None


@lru_cache(maxsize=1)
def _open_cursor(path: Path, _modified: int, _size: int) -> _Cursor:
    return _Cursor(path)


def _decompressed(file: BinaryIO) -> BinaryIO | None:
    """The tar stream inside `file` by its magic bytes, limited; None when it cannot be one."""
    head = file.read(_TAR_MAGIC_OFFSET + 5)
    file.seek(0)
    opener = next((opener for magic, opener in _OPENERS.items() if head.startswith(magic)), None)
    if opener is None and head[_TAR_MAGIC_OFFSET:] != b"ustar":
        return None
    opened = opener(file) if opener else file
    return cast("BinaryIO", _Limited(cast("BinaryIO", opened), MAX_UNPACKED_SIZE))


def _open_gzip(file: BinaryIO) -> object:
    from gzip import GzipFile  # noqa: PLC0415 - as above

    return GzipFile(fileobj=file)


def _open_bzip2(file: BinaryIO) -> object:
    from bz2 import BZ2File  # noqa: PLC0415 - as above

    return BZ2File(file)


def _open_xz(file: BinaryIO) -> object:
    from lzma import LZMAFile  # noqa: PLC0415 - as above

    return LZMAFile(file)


def _open_zstd(file: BinaryIO) -> object:
    from depscan.artifacts.zstd import open_zstd  # noqa: PLC0415 - as above

    return open_zstd(file)


_OPENERS: dict[bytes, Callable[[BinaryIO], object]] = {
    b"\x1f\x8b": _open_gzip,
    b"BZh": _open_bzip2,
    b"\xfd7zXZ\x00": _open_xz,
    b"\x28\xb5\x2f\xfd": _open_zstd,
}


def _open_tar(stream: BinaryIO | None) -> tarfile.TarFile:
    import tarfile  # noqa: PLC0415 - as above

    return tarfile.open(fileobj=stream, mode="r|")  # the caller closes it


def _read_members(stream: BinaryIO) -> Archive | None:
    """Read all members in one pass; a stream whose first header is no tar header is no archive."""
    members: list[Member] = []
    heads: dict[str, bytes] = {}
    problem = None
    try:
        with _open_tar(stream) as tar:
            for member in _members(tar, heads):
                if len(members) == MAX_MEMBERS:
                    raise ValueError(f"it has more than {MAX_MEMBERS} members")
                members.append(member)
    except ValueError as error:  # ours: a limit, or a name that leaves the destination
        problem = str(error)
    except Exception as error:  # tarfile, lzma, zlib and zstd raise errors of their own, which share no base
        if not members:
            return None
        problem = f"it cannot be read to its end: {error}"
    return Archive(tuple(members), heads, problem)


def _members(tar: tarfile.TarFile, heads: dict[str, bytes]) -> Iterator[Member]:
    """The members in order; fills `heads` on the way, since a stream is read once."""
    stored: dict[str, Member] = {}
    for info in tar:
        path = _extracted_path(info.name)
        mode = stat.S_IMODE(info.mode)
        if path is None:
            continue
        if info.isdir():
            yield Member(path, info.name, "directory", mode)
        elif info.issym():
            yield Member(path, info.name, "link", 0o777, target=info.linkname)
        elif info.isreg():
            data = tar.extractfile(info)
            heads[info.name] = data.read(HEAD_SIZE) if data else b""
            stored[path] = Member(path, info.name, "file", mode)
            yield stored[path]
        elif info.islnk():
            first = stored.get(_extracted_path(info.linkname) or "")
            if first is not None:
                yield Member(path, first.name, "file", first.mode)


def _extracted_path(name: str) -> str | None:
    """Where a member lands below the destination; None for the destination itself."""
    path = posixpath.normpath(name.lstrip("/") or ".")
    if path == ".." or path.startswith("../"):
        raise ValueError(f"member {name!r} leaves the destination")
    return None if path == "." else path
