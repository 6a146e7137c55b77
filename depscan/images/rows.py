"""The packaged knowledge as typed rows, read only as far as a lookup needs.

In: depscan/knowledge/ (written by scripts/refresh_knowledge.py, and hand-kept JSON). Out: `Release`, `Layout`, an
image's tags, the rules that read names. The .jsonl files hold one row a line, so that a lookup decodes only its own
lines; importlib.resources would cost more at start-up than the reading.

Annotations are evaluated at once, without the __future__ import: msgspec reads them, and from text that takes longer.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct, field

from depscan.findings import Confidence

KNOWLEDGE = Path(__file__).parent.parent / "knowledge"


class Release(Struct, frozen=True):
    """A distribution's release, or an image that is a root of its own.

    `root` names the release whose libc and libraries this row shares, `second` the release of a second C library.
    `libraries` are without the dynamic linker, whose name depends on the architecture; `measured` the architectures.
    """

    id: str
    libc: str
    layout: str
    source: str
    as_of: str
    version: str | None = None
    ceilings: dict[str, str] = field(default_factory=dict)
    abi_tags: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    complete: bool = False
    openssl: str | None = None
    rolling: bool = False
    root: str | None = None
    second: str | None = None
    package: str | None = None
    note: str | None = None
    commit: str | None = None
    measured: tuple[str, ...] = ()


class Layout(Struct, frozen=True):
    """Where a distribution keeps things; paths may hold {triplet}, {libdir} and {lib64} (see `Architecture`)."""

    source: str
    package_manager: str | None = None
    search_paths: tuple[str, ...] = ()
    cache_paths: tuple[str, ...] = ()
    links: dict[str, str] = field(default_factory=dict)
    links_complete: bool = False
    interpreters: frozenset[str] = frozenset()
    interpreters_complete: bool = False
    environment: dict[str, str] | None = None


class Sources(Struct, frozen=True):
    """When the knowledge was made, and what each source name stands for."""

    as_of: str
    tags_as_of: str
    sources: dict[str, str]


@cache
def read_rows(name: str) -> bytes:
    """A file of the knowledge, with a line end before its first line."""
    return b"\n" + (KNOWLEDGE / name).read_bytes()


def find_line(name: str, needle: bytes) -> bytes | None:
    """The first line of a file that has `needle`."""
    data = read_rows(name)
    at = data.find(needle)
    if at < 0:
        return None
    start = data.rfind(b"\n", 0, at + 1) + 1  # the needle may begin with the line's own start
    return data[start : data.find(b"\n", start)]


@cache
def find_release(name: str) -> Release | None:
    """The release with this id, or None."""
    line = find_line("releases.jsonl", b'"id":' + msgspec.json.encode(name) + b",")
    return msgspec.json.decode(line, type=Release) if line else None


def all_releases() -> Iterator[Release]:
    """Every release, in the order of the ids."""
    return iter(msgspec.json.Decoder(Release).decode_lines(read_rows("releases.jsonl")))


class TagRow(Struct, frozen=True):
    """The release a tag stands on, and whether its publisher still moves the tag."""

    release: str
    moving: bool


@cache
def find_tags(image: str) -> dict[str, TagRow]:
    """The tags of an image (name without registry and library/); {} if unknown."""
    data, prefix = read_rows("images.jsonl"), b"\n[" + msgspec.json.encode(image) + b","
    start = data.find(prefix)
    if start < 0:
        return {}
    last = data.rfind(prefix)
    rows = msgspec.json.Decoder(tuple[str, str, str, str]).decode_lines(data[start : data.find(b"\n", last + 1)])
    found: dict[str, TagRow] = {}
    for _, release, settled, moving in rows:
        found |= dict.fromkeys(settled.split(), TagRow(release, moving=False))
        found |= dict.fromkeys(moving.split(), TagRow(release, moving=True))
    return found


@cache
def find_layout(name: str) -> Layout:
    """The layout with this name."""
    return msgspec.json.decode((KNOWLEDGE / "layouts.json").read_bytes(), type=dict[str, Layout])[name]


class Sizes(Struct, frozen=True):
    """How large an image is for linux/amd64, in bytes: its compressed layers, and these unpacked; each with its day."""

    packed: tuple[int, str] | None = None
    unpacked: tuple[int, str] | None = None


@cache
def find_sizes() -> dict[str, Sizes]:
    """The sizes of base images by the short spelling of a reference."""
    return msgspec.json.decode(read_rows("sizes.json"), type=dict[str, Sizes])


@cache
def find_sources() -> Sources:
    """The sources and the date of the knowledge."""
    return msgspec.json.decode(read_rows("sources.json"), type=Sources)


@cache
def find_variants(image: str, version: str) -> tuple[str, ...]:
    """The tags of a version of a language image that name their release; () where there is no such row."""
    needle = b"\n[" + msgspec.json.encode(image) + b"," + msgspec.json.encode(version) + b","
    line = find_line("variants.jsonl", needle)
    return tuple(msgspec.json.decode(line, type=tuple[str, str, str])[2].split()) if line else ()


class Configuration(Struct, frozen=True):
    """ENV and WORKDIR of an image's own Dockerfile, and the layers that its tags stand for.

    A value None varies with the version of the image. `layers` are regular expressions for tags with the name of a
    layer, the first that matches counts.
    """

    source: str = ""
    environment: dict[str, str | None] | None = None
    workdir: str | None = None
    layers: tuple[tuple[str, str], ...] = ()


def find_configuration(image: str) -> Configuration:
    """The configuration of an image by name without registry and library/; all None where not known."""
    return _configurations().get(image) or Configuration()


@cache
def _configurations() -> dict[str, Configuration]:
    return msgspec.json.decode((KNOWLEDGE / "configurations.json").read_bytes(), type=dict[str, Configuration])


class Host(Struct, frozen=True, array_like=True):
    """A registry prefix, what stands for it in an image's name, whether its images are docker-library's own."""

    prefix: str
    image: str
    official: bool = False
    architecture: str | None = None


class PathRule(Struct, frozen=True, array_like=True):
    """Images whose every tag stands on `release`, or is of `family` where that is empty.

    `rest` is a regular expression for what follows `prefix` in the image's name.
    """

    prefix: str
    rest: str
    release: str
    confidence: Confidence
    family: str | None = None


class VendorRule(Struct, frozen=True, array_like=True):
    """A tag (regular expression) of images with a prefix that stands for a release, or another tag ("@latest").

    The release may name groups of the tag by their number after a backslash; where it is empty, `family` is known.
    """

    prefix: str
    tag: str
    release: str
    source: str
    family: str | None = None


class DerivedRule(Struct, frozen=True, array_like=True):
    """A tag (regular expression) of an image that is another image with a program more, which needs no library.

    `base` is that image's reference, which may name groups of the tag by their number after a backslash. `kept` says
    that the tag names a version of its own, with which it stays on what `base` was then.
    """

    image: str
    tag: str
    base: str
    source: str
    kept: bool = False


class TagRule(Struct, frozen=True, array_like=True):
    """A part of a tag that names a release; `word` must be in the tag, `part` is a regular expression."""

    word: str
    part: str
    release: str


class Naming(Struct, frozen=True):
    """knowledge/naming.json. `windows`, `untold` and `plain` are prefixes of image names.

    The Alpine images of `plain` owners are known to have musl alone. `ambiguous` are codenames that mean something else
    beside an image of another name: kinetic and lunar are releases of ROS too, groovy is a language.
    """

    hosts: tuple[Host, ...]
    paths: tuple[PathRule, ...]
    tags: tuple[TagRule, ...]
    vendors: tuple[VendorRule, ...]
    derived: tuple[DerivedRule, ...]
    windows: tuple[str, ...]
    untold: tuple[str, ...]
    plain: tuple[str, ...]
    ambiguous: frozenset[str]


@cache
def find_naming() -> Naming:
    """The naming rules."""
    return msgspec.json.decode((KNOWLEDGE / "naming.json").read_bytes(), type=Naming)
