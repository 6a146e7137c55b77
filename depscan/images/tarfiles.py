"""The files inside a tar archive, opened by name where they lie.

In: the archive of `docker save`, or an OCI layout as a tar; compressed ones are unpacked into a temporary file first.
Out: `TarFiles`. Bounded in members and bytes; links among the members are followed by name (docker save of old links
equal layers), never on disk.
"""

from __future__ import annotations

import io
import posixpath
import tempfile
from typing import TYPE_CHECKING, BinaryIO, cast

from depscan.images.contents import BadImageError
from depscan.images.layers import MAX_RATIO, MAX_UNPACKED, Meter, bounded_headers, decompressed
from depscan.images.layout import open_regular

if TYPE_CHECKING:
    import tarfile
    from pathlib import Path

_MAX_MEMBERS = 300_000
_MAX_LINKS = 8
_CHUNK = 1 << 20
_FREE_BYTES = 256 << 20


class TarFiles:
    """The members of one archive by normalised name; close it after use."""

    def __init__(self, path: Path, folder: Path) -> None:
        """Index the archive at `path`; raises BadImageError. `folder` takes the temporary file."""
        self._file = _plain(open_regular(path, path.name), folder)
        self._size = self._file.seek(0, io.SEEK_END)
        self._places: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        try:
            self._index()
        except BadImageError:
            raise
        except Exception as error:  # tarfile has many errors of its own for damaged archives
            raise BadImageError(f"no whole tar archive: {str(error)[:200] or type(error).__name__}") from None

    def __contains__(self, name: str) -> bool:
        return name in self._places or name in self._links

    def open(self, name: str) -> BinaryIO:
        """A member's bytes; raises BadImageError where there is none of this name."""
        for _ in range(_MAX_LINKS):
            if name not in self._links:
                break
            name = self._links[name]
        if name not in self._places:
            raise BadImageError(f"{name[:150]} is not in the archive")
        return cast("BinaryIO", io.BufferedReader(_Part(self._file, *self._places[name])))

    def whole(self) -> BinaryIO:
        """The archive itself, uncompressed: where it is a root file system and no image."""
        return cast("BinaryIO", io.BufferedReader(_Part(self._file, 0, self._size)))

    def close(self) -> None:
        """Close the archive, and remove the temporary file."""
        self._file.close()

    def _index(self) -> None:
        import tarfile  # noqa: PLC0415 - only where an archive is read

        self._file.seek(0)
        with tarfile.open(fileobj=self._file, mode="r:", tarinfo=bounded_headers()) as tar:
            while (member := tar.next()) is not None:
                self._note(member)
                tar.members.clear()  # type: ignore[attr-defined]  # tarfile would keep them all
                if len(self._places) + len(self._links) > _MAX_MEMBERS:
                    raise BadImageError(f"an archive of more than {_MAX_MEMBERS} members")

    def _note(self, member: tarfile.TarInfo) -> None:
        name = posixpath.normpath("/" + member.name).lstrip("/")
        if member.isreg() and not member.issparse():
            if member.offset_data + member.size > self._size:
                raise BadImageError(f"a truncated archive: {name[:150]} is cut off")
            self._places[name] = (member.offset_data, member.size)
        elif member.issym():
            target = posixpath.join("/", posixpath.dirname(name), member.linkname)
            self._links[name] = posixpath.normpath(target).lstrip("/")
        elif member.islnk():
            self._links[name] = posixpath.normpath("/" + member.linkname).lstrip("/")


class _Part(io.RawIOBase):
    """Bytes of a file from `start` on; each read seeks, so that several may be open."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file = file
        self._at = start
        self._end = start + size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._file.seek(self._at)
        data = self._file.read(min(len(buffer), self._end - self._at))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _plain(file: BinaryIO, folder: Path) -> BinaryIO:
    """The archive itself, or where it is compressed a temporary file with what is in it."""
    magic = file.read(4)
    file.seek(0)
    if not magic.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
        return file
    with file:
        packed = Meter(file, None)
        unpacked = cast("BinaryIO", tempfile.TemporaryFile(dir=folder))  # noqa: SIM115 - stays open
        try:
            _copy(packed, unpacked)
        except BaseException:
            unpacked.close()
            raise
    return unpacked


def _copy(packed: Meter, unpacked: BinaryIO) -> None:
    source = decompressed(packed)
    try:
        while data := source.read(_CHUNK):
            unpacked.write(data)
            size = unpacked.tell()
            if size > MAX_UNPACKED or (size > _FREE_BYTES and size > MAX_RATIO * packed.count):
                raise BadImageError("the archive unpacks to too many bytes, as a bomb does")
    except (OSError, EOFError, ValueError) as error:
        raise BadImageError(f"a damaged archive: {error}") from None
