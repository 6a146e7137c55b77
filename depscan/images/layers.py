"""The layers of an image to the files they leave: tar archives, plain, gzip or zstd, applied in order.

In: `Layer`s, a folder for the bytes of libraries (each under a number: no name of the image becomes a name on disk).
Out: `Contents`. One pass over each layer, bounded in bytes, members and compression ratio, its digest checked; nothing
is executed. Each decompressor has errors of its own: whatever one raises says that the layer is damaged.
"""

from __future__ import annotations

import hashlib
import io
from functools import cache
from typing import TYPE_CHECKING, BinaryIO, cast

from msgspec import Struct

from depscan.images.contents import (
    HEAD_SIZE,
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
from depscan.images.filetree import FileTree, Node

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Callable, Sequence
    from pathlib import Path

MAX_LAYERS = 512  # twice what overlayfs can stack
MAX_UNPACKED = 16 << 30  # bytes of all layers together
MAX_RATIO = 250  # of unpacked to packed bytes, beyond _FREE_BYTES; deflate ends at 1032
_FREE_BYTES = 256 << 20
_MAX_EXTENSION = 1 << 20  # bytes of a pax header or long name
_CHUNK = 1 << 17
_DIGESTS = {"sha256": 64, "sha512": 128}


class Layer(Struct, frozen=True):
    """A layer: `name` for messages; `digest` of its bytes as stored, `diff_id` of its tar, None where nothing says."""

    name: str
    open: Callable[[], BinaryIO]
    digest: str | None = None
    diff_id: str | None = None


class Meter(io.RawIOBase):
    """Reads from `file`, counts and hashes; `limit` is asked after each read with the count so far."""

    def __init__(self, file: BinaryIO, digest: str | None, limit: Callable[[int], None] | None = None) -> None:
        self._file = file
        self._digest = digest
        self._hash = new_hash(digest) if digest else None
        self._limit = limit
        self.count = 0

    def readable(self) -> bool:
        """It is a source."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read on; raises what `limit` raises."""
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self.count += len(data)
        if self._hash is not None:
            self._hash.update(data)
        if self._limit is not None:
            self._limit(self.count)
        return len(data)

    def check(self) -> None:
        """Read the rest; raises BadImageError where the digest is not as stated."""
        while self.read(_CHUNK):
            pass
        if self._hash is not None and self._hash.hexdigest() != (self._digest or "").partition(":")[2]:
            raise BadImageError(f"its bytes are not those of {self._digest}: damaged or replaced")


def new_hash(digest: str) -> hashlib._Hash:
    """The hash that a digest names; raises BadImageError for one that is unknown or malformed."""
    algorithm, _, text = digest.partition(":")
    if _DIGESTS.get(algorithm) != len(text) or not set(text) <= set("0123456789abcdef"):
        raise BadImageError(f"{digest[:150]!r} is no sha256 or sha512 digest")
    return hashlib.new(algorithm)


def unpack(layers: Sequence[Layer], folder: Path) -> Contents:
    """Apply all layers; raises BadImageError with the layer's name and the reason."""
    if len(layers) > MAX_LAYERS:
        raise BadImageError(f"it has more than {MAX_LAYERS} layers")
    unpacking = _Unpacking(folder)
    for layer in layers:
        try:
            unpacking.apply(layer)
        except BadImageError as error:
            raise BadImageError(f"layer {layer.name}: {error}") from None
        except Exception as error:  # see the module's docstring
            reason = str(error).partition("\n")[0][:200] or type(error).__name__
            raise BadImageError(f"layer {layer.name} cannot be read: {reason}") from None
    return unpacking.tree.contents()


class _Unpacking:
    """The state of one image's unpacking: the tree, and what was used of each allowance."""

    def __init__(self, folder: Path) -> None:
        self.tree = FileTree()
        self._folder = folder
        self._unpacked = 0
        self._texts = 0
        self._kept = 0

    def apply(self, layer: Layer) -> None:
        self.tree.layer += 1
        with layer.open() as file:
            packed = Meter(file, layer.digest)
            whole = Meter(decompressed(packed), layer.diff_id, lambda count: self._bound(count, packed.count))
            with _open_tar(whole) as tar:
                while (member := tar.next()) is not None:
                    self._take(tar, member)
                    tar.members.clear()  # type: ignore[attr-defined]  # tarfile would keep them all
            whole.check()
            packed.check()
        self._unpacked += whole.count

    def _bound(self, count: int, packed: int) -> None:
        if self._unpacked + count > MAX_UNPACKED:
            raise BadImageError(f"the image unpacks to more than {MAX_UNPACKED >> 30} GB")
        if count > _FREE_BYTES and count > MAX_RATIO * packed:
            raise BadImageError(f"it unpacks to more than {MAX_RATIO} times its size, as a bomb does")

    def _take(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        name, mode = printable_path(member.name), member.mode & 0o7777
        if member.islnk():
            self.tree.link(name, printable_path(member.linkname))
        elif member.isdir():
            self.tree.put(name, Node("directory", mode))
        elif member.issym():
            self.tree.put(name, Node("link", mode, printable_path(member.linkname)))
        elif member.isreg():
            self.tree.put(name, Node("file", mode, content=self._content(tar, member, name)))
        else:  # a device or FIFO: known to be there, never opened
            self.tree.put(name, Node("other", mode))

    def _content(self, tar: tarfile.TarFile, member: tarfile.TarInfo, name: str) -> bytes | Path | str | None:
        file = tar.extractfile(member)
        if file is None or member.size == 0:
            return None
        if member.size <= MAX_TEXT and is_wanted(self.tree.canonical(name)):
            self._texts += member.size
            if self._texts > MAX_TEXTS:
                raise BadImageError(f"its package databases are larger than {MAX_TEXTS >> 20} MB")
            return file.read(MAX_TEXT)
        head = file.read(HEAD_SIZE)
        if member.size <= MAX_LIBRARY and (is_library(name, head) or is_database(self.tree.canonical(name))):
            return self._keep(head, file)
        return interpreter(head)

    def _keep(self, head: bytes, file: object) -> Path:
        from shutil import copyfileobj  # noqa: PLC0415 - only where an image is unpacked

        self._kept += 1
        path = self._folder / str(self._kept)
        with open(path, "xb") as kept:
            kept.write(head)
            copyfileobj(cast("BinaryIO", file), kept, _CHUNK)
        return path


def decompressed(packed: io.RawIOBase) -> BinaryIO:
    """The stream inside by its magic bytes, which count more than the media type; raises BadImageError."""
    buffered = io.BufferedReader(packed, _CHUNK)
    magic = buffered.peek(4)[:4]
    if magic.startswith(b"\x1f\x8b"):
        from gzip import GzipFile  # noqa: PLC0415 - only where an image is unpacked

        return cast("BinaryIO", GzipFile(fileobj=buffered))
    return _open_zstd(buffered) if magic == b"\x28\xb5\x2f\xfd" else cast("BinaryIO", buffered)


def _open_zstd(file: BinaryIO) -> BinaryIO:
    from depscan.artifacts.zstd import open_zstd  # noqa: PLC0415 - as above

    try:
        return open_zstd(file)
    except ImportError as error:
        raise BadImageError(str(error)) from None


def _open_tar(stream: io.RawIOBase) -> tarfile.TarFile:
    import tarfile  # noqa: PLC0415 - as above

    return tarfile.open(fileobj=cast("BinaryIO", stream), mode="r|", tarinfo=bounded_headers(), bufsize=_CHUNK)


@cache
def bounded_headers() -> type[tarfile.TarInfo]:
    """A TarInfo that refuses large pax headers and long names, which tarfile would take into memory."""
    import tarfile  # noqa: PLC0415 - as above

    class Bounded(tarfile.TarInfo):
        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Bounded:
            info = super().frombuf(buf, encoding, errors)
            if info.type in (b"x", b"g", b"X", b"L", b"K") and info.size > _MAX_EXTENSION:
                raise BadImageError("a pax header or long name of more than 1 MB")
            return info

    return Bounded
