"""One file of a real image, by its path: `depscan why` of a program that the base image brings.

In: the reference of the base, the spec by which the user named it (`--base`), a path without links, the image's links.
Out: the file on this machine, for as long as the caller reads it. Profiles keep the facts of libraries only, so that
the image is opened once more; its layers are read from the last down to the one with the file.
"""

from __future__ import annotations

import os
import posixpath
import shutil
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from depscan.filesystem.entries import resolve_links
from depscan.images.contents import MAX_LIBRARY, BadImageError, printable_path
from depscan.images.daemon import CLIENTS, save_image
from depscan.images.docker_archive import is_image, read_archive
from depscan.images.layers import MAX_UNPACKED, Layer, Meter, bounded_headers, decompressed
from depscan.images.layout import MARK, read_layout
from depscan.images.sources import scratch
from depscan.images.tarfiles import TarFiles

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Iterator, Mapping, Sequence

    from depscan.images.profile import ImageReference
    from depscan.platforms import Platform

_MAX_HARD_LINKS = 8


@contextmanager
def open_image_file(
    reference: ImageReference, spec: str, platform: Platform, path: str, links: Mapping[str, str]
) -> Iterator[Path]:
    """The file at `path` of the image that `spec` names; raises BadImageError where it cannot be had."""
    place = Path(spec)
    if os.path.isdir(place) and not os.path.exists(place / MARK):
        yield _below(place, path)
        return
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        target = folder / "file"
        _extract(_layers(reference, spec, platform, folder, stack), path, links, target)
        yield target


def _below(root: Path, path: str) -> Path:
    """The file in an unpacked root; no link may lead out of it."""
    whole = os.path.realpath(root) + path
    if os.path.realpath(whole) != whole or not os.path.isfile(whole):
        raise BadImageError(f"{path} is not the regular file that it was")
    return Path(whole)


def _layers(
    reference: ImageReference, spec: str, platform: Platform, folder: Path, stack: ExitStack
) -> Sequence[Layer]:
    client, _, name = spec.partition(":")
    if client not in CLIENTS and os.path.isdir(spec):
        return read_layout(Path(spec), reference, platform).layers
    archive = save_image(client, name, folder) if client in CLIENTS and name else Path(spec)
    files = TarFiles(archive, folder)
    stack.callback(files.close)
    if is_image(files):
        return read_archive(files, reference, platform).layers
    return (Layer(archive.name, files.whole),)


def _extract(layers: Sequence[Layer], path: str, links: Mapping[str, str], target: Path) -> None:
    """Write the bytes at `path` to `target`: of the last layer that has it, through hard links."""
    wanted, above = path, len(layers)
    for _ in range(_MAX_HARD_LINKS):
        for number in reversed(range(above)):
            linked = _take(layers[number], wanted, links, target)
            if linked == wanted:
                return
            if linked is not None:
                wanted, above = linked, number + 1
                break
        else:
            break
    raise BadImageError(f"{path} is in none of its layers")


def _take(layer: Layer, wanted: str, links: Mapping[str, str], target: Path) -> str | None:
    """Write the member `wanted` and give its name, another's name where it is a hard link to that; None without it."""
    found = None
    try:
        with layer.open() as file, _open_tar(file) as tar:
            while (member := tar.next()) is not None:
                tar.members.clear()  # type: ignore[attr-defined]  # tarfile would keep them all
                if _name(member.name, links) == wanted:
                    found = _name(member.linkname, links) if member.islnk() else wanted
                    if found == wanted:
                        _write(tar, member, target)
    except BadImageError:
        raise
    except Exception as error:  # each decompressor has errors of its own
        raise BadImageError(f"layer {layer.name} cannot be read: {str(error)[:200] or type(error).__name__}") from None
    return found


def _open_tar(file: BinaryIO) -> tarfile.TarFile:
    import tarfile  # noqa: PLC0415 - only where an image is opened

    whole = cast("BinaryIO", Meter(decompressed(Meter(file, None)), None, _bound))
    return tarfile.open(fileobj=whole, mode="r|", tarinfo=bounded_headers())


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    source = tar.extractfile(member) if member.isreg() else None
    if source is None or member.size > MAX_LIBRARY:
        raise BadImageError(f"{member.name[:150]} is no regular file of up to {MAX_LIBRARY >> 20} MB")
    with target.open("wb") as copy:
        shutil.copyfileobj(source, copy)


def _name(text: str, links: Mapping[str, str]) -> str | None:
    """A member's path in the image: bin/ls is /usr/bin/ls where /bin is a link."""
    folder, name = posixpath.split("/" + printable_path(text).strip("/"))
    resolved = resolve_links(folder, links)
    return None if resolved is None else posixpath.join(resolved, name)


def _bound(count: int) -> None:
    if count > MAX_UNPACKED:
        raise BadImageError(f"a layer unpacks to more than {MAX_UNPACKED >> 30} GB")
