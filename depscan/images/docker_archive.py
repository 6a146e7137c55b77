"""`docker save` archives to the image in them.

In: the archive, the reference, the platform. Out: `Image`. Since 25.0 docker writes an OCI layout beside its own
manifest.json: that one is read where it is; older archives, podman's and skopeo's have manifest.json alone, whose
layers are plain tars, held against the configuration's diff_ids (moby's image/spec/v1.2).
"""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

from depscan.images.contents import BadImageError
from depscan.images.layers import MAX_LAYERS, Layer
from depscan.images.layout import MARK, read_layout_archive
from depscan.images.manifest import MAX_DOCUMENT, Configuration, Image, check_platform, decode
from depscan.images.reference import familiar

if TYPE_CHECKING:
    from depscan.images.profile import ImageReference
    from depscan.images.tarfiles import TarFiles
    from depscan.platforms import Platform

_MANIFEST = "manifest.json"


class _Entry(Struct, frozen=True):
    config: str = field(name="Config")
    layers: tuple[str, ...] = field(name="Layers")
    tags: tuple[str, ...] | None = field(default=None, name="RepoTags")


def is_image(files: TarFiles) -> bool:
    """Whether an archive holds an image of either kind, not a bare root file system (`docker export`, a minirootfs)."""
    return _MANIFEST in files or (MARK in files and "index.json" in files)


def read_archive(files: TarFiles, reference: ImageReference, platform: Platform) -> Image:
    """The image of an archive of either kind; raises BadImageError with the reason."""
    if MARK in files and "index.json" in files:
        return read_layout_archive(files, reference, platform)
    try:
        entries = msgspec.json.decode(_read(files, _MANIFEST), type=tuple[_Entry, ...])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadImageError(f"its manifest.json is not docker's: {error}") from None
    return _image(files, _choose(entries, reference), platform)


def _choose(entries: tuple[_Entry, ...], reference: ImageReference) -> _Entry:
    if len(entries) == 1:
        return entries[0]
    wanted = {familiar(reference), str(reference)}
    found = [entry for entry in entries if wanted & set(entry.tags or ())]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(tag for entry in entries[:8] for tag in entry.tags or ())
    raise BadImageError(f"it holds {len(entries)} images ({listed}), none named {familiar(reference)}")


def _image(files: TarFiles, entry: _Entry, platform: Platform) -> Image:
    data = _read(files, entry.config)
    configuration = decode(data, Configuration, "configuration")
    check_platform(configuration, platform)
    diff_ids = configuration.rootfs.diff_ids if configuration.rootfs else ()
    if len(entry.layers) > MAX_LAYERS or len(diff_ids) != len(entry.layers):
        raise BadImageError(f"{len(entry.layers)} layers, but {len(diff_ids)} digests of layers")
    return Image(
        digest=f"sha256:{sha256(data).hexdigest()}",
        configuration=configuration,
        layers=tuple(
            Layer(name, partial(files.open, name), diff_id=diff_id)
            for name, diff_id in zip(entry.layers, diff_ids, strict=True)
        ),
    )


def _read(files: TarFiles, name: str) -> bytes:
    with files.open(name) as file:
        data = file.read(MAX_DOCUMENT + 1)
    if len(data) > MAX_DOCUMENT:
        raise BadImageError(f"{name} is larger than {MAX_DOCUMENT >> 20} MB")
    return data
