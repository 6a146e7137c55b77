"""OCI image layouts, as a directory or as a tar archive, to the image in them.

In: the path, the reference that is looked for, the platform. Out: `Image`. A layout with several images is asked for
the one whose annotation names the reference or its tag (OCI image layout 1.1; docker and containerd write the full name
as io.containerd.image.name). Nothing is unpacked: blobs are read where they lie.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, BinaryIO, cast

from msgspec import Struct

from depscan.images.contents import BadImageError
from depscan.images.layers import new_hash
from depscan.images.manifest import MAX_DOCUMENT, Descriptor, Image, decode, find_image, rate
from depscan.images.reference import familiar

if TYPE_CHECKING:
    from pathlib import Path

    from depscan.images.manifest import BlobStore
    from depscan.images.profile import ImageReference
    from depscan.images.tarfiles import TarFiles
    from depscan.platforms import Platform

MARK, _INDEX = "oci-layout", "index.json"
_NAMES = ("org.opencontainers.image.ref.name", "io.containerd.image.name")


class _Index(Struct, frozen=True):
    manifests: tuple[Descriptor, ...]


class FolderStore:
    """The blobs of a layout directory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """A blob's file."""
        new_hash(descriptor.digest)
        return open_regular(self._folder / "blobs" / descriptor.digest.replace(":", "/"), f"blob {descriptor.digest}")


class ArchiveStore:
    """The blobs of a layout in a tar archive."""

    def __init__(self, files: TarFiles) -> None:
        self._files = files

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """A blob's member."""
        new_hash(descriptor.digest)
        return self._files.open(f"blobs/{descriptor.digest.replace(':', '/')}")


def read_layout(folder: Path, reference: ImageReference, platform: Platform) -> Image:
    """The image of a layout directory; raises BadImageError with the reason."""
    with open_regular(folder / _INDEX, "its index.json") as file:
        data = file.read(MAX_DOCUMENT + 1)
    return _find(data, FolderStore(folder), reference, platform)


def read_layout_archive(files: TarFiles, reference: ImageReference, platform: Platform) -> Image:
    """The image of a layout in a tar archive; raises BadImageError with the reason."""
    with files.open(_INDEX) as file:
        data = file.read(MAX_DOCUMENT + 1)
    return _find(data, ArchiveStore(files), reference, platform)


def _find(data: bytes, store: BlobStore, reference: ImageReference, platform: Platform) -> Image:
    if len(data) > MAX_DOCUMENT:
        raise BadImageError(f"its index.json is larger than {MAX_DOCUMENT >> 20} MB")
    named = _named(decode(data, _Index, "index.json").manifests, reference)
    fitting = sorted(named, key=lambda item: rate(item.platform, platform), reverse=True)
    return find_image(store, fitting[0], platform)


def _named(descriptors: tuple[Descriptor, ...], reference: ImageReference) -> list[Descriptor]:
    """Those that carry the reference's name, else all, if these are one image (perhaps for several platforms)."""
    wanted = {str(reference), familiar(reference), reference.tag, reference.digest}
    found = [item for item in descriptors if item.digest == reference.digest or _names(item) & wanted]
    if found:
        return found
    names = {name for item in descriptors for name in _names(item)}
    if len(names) > 1:
        listed = ", ".join(sorted(names)[:8])
        raise BadImageError(f"it holds several images ({listed}), none named {familiar(reference)}")
    if not descriptors:
        raise BadImageError("its index.json lists no image")
    return list(descriptors)


def _names(descriptor: Descriptor) -> set[str]:
    return {name for key in _NAMES if (name := (descriptor.annotations or {}).get(key))}


def open_regular(path: Path, name: str) -> BinaryIO:
    """Open a regular file, no link and no device; raises BadImageError that calls it `name`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        reason = "is not there" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        raise BadImageError(f"{name} {reason}") from None
    file = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise BadImageError(f"{name} is no regular file")
    return cast("BinaryIO", file)
