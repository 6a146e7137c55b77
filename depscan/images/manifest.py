"""From an OCI index or manifest to the one image that runs on a platform.

In: a `Descriptor` and a `BlobStore` (layout, archive, registry). Out: `Image`: its digest, configuration and layers,
not read yet. Documents are bounded in size and nesting, and their digests checked; docker's manifest list and manifest
2.2 have the same fields (OCI image specification 1.1, docker's image manifest V2 schema 2).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeVar

import msgspec
from msgspec import Struct, field

from depscan.images.contents import BadImageError
from depscan.images.layers import MAX_LAYERS, Layer, new_hash

if TYPE_CHECKING:
    from depscan.platforms import Platform

Kind = TypeVar("Kind", bound=Struct)

MAX_DOCUMENT = 4 << 20  # bytes, the distribution specification's least upper bound of a manifest
_MAX_NESTING = 3

INDEX_TYPES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)
MANIFEST_TYPES = frozenset(
    {"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"}
)
_LAYER_TYPES = frozenset(
    {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.diff.tar.zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    }
)


class PlatformObject(Struct, frozen=True):
    """The `platform` of a descriptor; buildkit's attestations are unknown/unknown."""

    os: str = ""
    architecture: str = ""
    variant: str | None = None

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


class Descriptor(Struct, frozen=True):
    """What a document says of another document or layer; `size` is in bytes."""

    digest: str
    size: int = 0
    media_type: str = field(default="", name="mediaType")
    platform: PlatformObject | None = None
    annotations: dict[str, str] | None = None


class _Document(Struct, frozen=True):
    media_type: str = field(default="", name="mediaType")
    manifests: tuple[Descriptor, ...] | None = None
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] | None = None


class RunConfiguration(Struct, frozen=True):
    """`config` of an image configuration; docker writes null for what is not set."""

    environment: tuple[str, ...] | None = field(default=None, name="Env")
    workdir: str | None = field(default=None, name="WorkingDir")
    entrypoint: tuple[str, ...] | None = field(default=None, name="Entrypoint")
    cmd: tuple[str, ...] | None = field(default=None, name="Cmd")


class RootFiles(Struct, frozen=True):
    """`rootfs` of an image configuration: the digests of the layers' tars."""

    diff_ids: tuple[str, ...] = ()


class Configuration(Struct, frozen=True):
    """An image configuration."""

    os: str = "linux"
    architecture: str = ""
    variant: str | None = None
    created: str | None = None
    config: RunConfiguration | None = None
    rootfs: RootFiles | None = None


class Image(Struct, frozen=True):
    """One image for one platform. `size` is that of its layers as stored, None where they are not compressed."""

    digest: str
    configuration: Configuration
    layers: tuple[Layer, ...]
    size: int | None = None


class BlobStore(Protocol):
    """Where blobs are: `open` raises BadImageError where there is none of this digest."""

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """The bytes that a descriptor names, unchecked."""
        ...


def find_image(store: BlobStore, descriptor: Descriptor, platform: Platform, nesting: int = 0) -> Image:
    """The image that `descriptor` stands for on `platform`; raises BadImageError with the reason."""
    document = decode(read_document(store, descriptor), _Document, "manifest")
    if document.manifests is not None:
        if nesting == _MAX_NESTING:
            raise BadImageError(f"indexes nested more than {_MAX_NESTING} deep")
        return find_image(store, choose(document.manifests, platform), platform, nesting + 1)
    if document.config is None or document.layers is None:
        kind = descriptor.media_type or document.media_type or "no media type"
        raise BadImageError(f"{descriptor.digest[:19]} is neither an index nor a manifest ({kind})")
    configuration = decode(read_document(store, document.config), Configuration, "configuration")
    check_platform(configuration, platform)
    return Image(
        digest=descriptor.digest,
        configuration=configuration,
        layers=_layers(store, document.layers, configuration),
        size=_packed_size(document.layers),
    )


def read_document(store: BlobStore, descriptor: Descriptor) -> bytes:
    """A manifest, index or configuration, its digest checked."""
    if descriptor.size > MAX_DOCUMENT:
        raise BadImageError(f"a manifest of {descriptor.size} bytes, more than {MAX_DOCUMENT >> 20} MB")
    digest = new_hash(descriptor.digest)
    with store.open(descriptor) as file:
        data = file.read(MAX_DOCUMENT + 1)
    if len(data) > MAX_DOCUMENT:
        raise BadImageError(f"a manifest of more than {MAX_DOCUMENT >> 20} MB")
    digest.update(data)
    if digest.hexdigest() != descriptor.digest.partition(":")[2]:
        raise BadImageError(f"its bytes are not those of {descriptor.digest}: damaged or replaced")
    return data


def decode(data: bytes, kind: type[Kind], name: str) -> Kind:
    """Decode a JSON document; raises BadImageError where it is no such thing."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadImageError(f"its {name} is no valid JSON of this kind: {error}") from None


def choose(descriptors: tuple[Descriptor, ...], platform: Platform) -> Descriptor:
    """The manifest of a platform in an index, as containerd picks it; one without platform stands for any."""
    rated = [(rate(descriptor.platform, platform), descriptor) for descriptor in descriptors]
    rating, best = max(rated, key=lambda pair: pair[0], default=(0, None))
    if best is not None and rating > 0:
        return best
    names = [str(item.platform) for item in descriptors if item.platform and item.platform.os != "unknown"]
    if not names:
        raise BadImageError("an index without manifests")
    raise BadImageError(f"it has no image for {platform}, only for {', '.join(dict.fromkeys(names[:12]))}")


def rate(offered: PlatformObject | None, wanted: Platform) -> int:
    """How well a manifest's platform fits, 0 not at all: arm runs lower variants too."""
    if offered is None:
        return 1
    if (offered.os, offered.architecture) != (wanted.os, wanted.architecture):
        return 0
    if wanted.architecture == "arm":
        level, offers = _arm_level(wanted.variant), _arm_level(offered.variant)
        return 100 - (level - offers) if offers <= level else 0
    plain = {None, "", "v8"} if wanted.architecture == "arm64" else {None, "", "v1"}
    if offered.variant == wanted.variant or {offered.variant, wanted.variant} <= plain:
        return 100
    return 50 if offered.variant in plain else 2


def _arm_level(variant: str | None) -> int:
    return int(variant[1]) if variant and variant[1:2].isdigit() else 7


def check_platform(configuration: Configuration, platform: Platform) -> None:
    """Raise BadImageError where the image runs on another platform; many configurations leave out the variant."""
    if configuration.os == "windows":
        raise BadImageError("an image of Windows: its programs are not ELF")
    variant = configuration.variant or platform.variant
    offered = PlatformObject(configuration.os, configuration.architecture, variant)
    if configuration.architecture and not rate(offered, platform):
        raise BadImageError(f"an image for {offered}, not for {platform}")


def _layers(store: BlobStore, descriptors: tuple[Descriptor, ...], configuration: Configuration) -> tuple[Layer, ...]:
    if len(descriptors) > MAX_LAYERS:
        raise BadImageError(f"it has more than {MAX_LAYERS} layers")
    for descriptor in descriptors:
        if descriptor.media_type not in _LAYER_TYPES:
            raise BadImageError(f"a layer of unknown media type {descriptor.media_type[:100]!r}")
        new_hash(descriptor.digest)
    diff_ids = configuration.rootfs.diff_ids if configuration.rootfs else ()
    known = diff_ids if len(diff_ids) == len(descriptors) else (None,) * len(descriptors)
    return tuple(
        Layer(descriptor.digest[:19], partial(store.open, descriptor), descriptor.digest, diff_id)
        for descriptor, diff_id in zip(descriptors, known, strict=True)
    )


def _packed_size(descriptors: tuple[Descriptor, ...]) -> int | None:
    packed = all(descriptor.media_type.endswith(("gzip", "zstd")) for descriptor in descriptors)
    return sum(descriptor.size for descriptor in descriptors) if packed and descriptors else None
