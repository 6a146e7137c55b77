"""What is known of a base image: the types of this room.

In: nothing (types only). Out: `ImageReference`, `ImageProfile`, `Libc`, `Library`. Three answers everywhere: a library
is provided when listed, missing when the list is complete, else unknown.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - the cache of profiles decodes by these hints

from msgspec import Struct, field

from depscan.artifacts.facts import ElfFacts  # noqa: TC001 - as above
from depscan.findings import Confidence


class ImageReference(Struct, frozen=True):
    """domain/path:tag@digest, normalised as docker does (docker.io, library/). `tag` is None beside a digest only."""

    domain: str
    path: str
    tag: str | None
    digest: str | None = None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.domain}/{self.path}{tag}{digest}"


class Libc(Struct, frozen=True):
    """The C library of an image: family glibc, musl, uclibc, none or unknown; version as upstream numbers it.

    `ceilings` maps a version namespace to the highest version defined by the image's libraries of it, for example
    {"GLIBC": "2.36", "GLIBCXX": "3.4.30", "CXXABI": "1.3.13", "GCC": "12.0.0"}. A namespace that is absent is unknown.
    `abi_tags` are the defined GLIBC_ABI_* names (without GLIBC_); these may grow in stable updates.
    """

    family: str
    version: str | None = None
    ceilings: Mapping[str, str] = field(default_factory=dict)
    abi_tags: frozenset[str] = frozenset()


class Library(Struct, frozen=True):
    """A shared library of an image; `path` is None where only the name is known (it is on the default search path).

    `versions` are its version definitions where measured.
    """

    soname: str
    path: str | None = None
    versions: tuple[str, ...] | None = None


class ImageFile(Struct, frozen=True):
    """A file of a real image: kind file, directory, link (`target` is its text) or other (a device, FIFO, socket)."""

    kind: str
    mode: int
    target: str | None = None


class ImageTree(Struct, frozen=True):
    """All files of a real image by absolute path, links not followed, and the facts of its ELF libraries and linkers.

    `texts` are the configuration files that linking reads, by path: ld.so.conf and what it includes, musl's path file.
    """

    files: Mapping[str, ImageFile]
    facts: Mapping[str, ElfFacts]
    texts: Mapping[str, str] = field(default_factory=dict)


class Package(Struct, frozen=True):
    """An installed package; `version` is the whole one as the distribution spells it, e.g. 1:3.0.7-28.el9."""

    name: str
    version: str
    architecture: str


class ImageProfile(Struct, frozen=True):
    """What a base image provides.

    `reference` is the normalised reference (scratch for scratch); `release` the release id, e.g. debian:12. `loaders`
    are the paths of dynamic linkers present, complete where `loaders_complete`. `links` are links between directories
    such as {"/lib64": "usr/lib64"}, complete where `links_complete`. `search_paths` are the default directories of the
    dynamic linker in order; `cache_paths` those which only ldconfig's cache knows (glibc). `interpreters` are the
    shells and script interpreters known to be present, by path. `environment` is None where the image configuration is
    not known, a value None where only the variable's name is; `workdir` is the configured one, None where not known.
    `source` is knowledge, oci-layout, archive, rootfs, registry, override, stage or unknown; `as_of` an ISO
    date; `why` the sentence that tells which row or rule matched. `size` is the compressed size in bytes,
    `unpacked_size` that of the unpacked layers.

    `moving` says that the publisher may point the tag at another release of the same family; `moved` is the day on
    which it last did, and the release before, where recorded. `secondary` is a second
    C library in the same image (glibc in /usr/glibc-compat on Alpine) with its own libc, loaders, libraries and paths.
    `entrypoint` and `cmd` are those of a real image's configuration, None where not known. `trouble` says why a source
    that was asked first (a layout, an archive, a registry) could not be read, where the knowledge answered instead.
    `layers` names what the knowledge joined to the release, each with its source (python: docker-library/python ...).
    `packages` are those that a real image's databases list, None where none was read; `packages_unread` names a
    database that is there and could not be read, with the reason.
    """

    reference: str
    libc: Libc
    release: str | None = None
    loaders: tuple[str, ...] = ()
    loaders_complete: bool = False
    libraries: Mapping[str, Library] = field(default_factory=dict)
    libraries_complete: bool = False
    links: Mapping[str, str] = field(default_factory=dict)
    links_complete: bool = False
    search_paths: tuple[str, ...] = ()
    cache_paths: tuple[str, ...] = ()
    interpreters: frozenset[str] = frozenset()
    interpreters_complete: bool = False
    package_manager: str | None = None
    environment: Mapping[str, str | None] | None = None
    workdir: str | None = None
    windows: bool = False
    source: str = "unknown"
    as_of: str | None = None
    why: str = ""
    confidence: Confidence = Confidence.CERTAIN
    size: int | None = None
    unpacked_size: int | None = None
    moving: bool = False
    moved: tuple[str, str] | None = None
    secondary: ImageProfile | None = None
    tree: ImageTree | None = None
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    trouble: str | None = None
    layers: tuple[str, ...] = ()
    packages: tuple[Package, ...] | None = None
    packages_unread: str | None = None

    @property
    def name(self) -> str:
        """The reference in docker's short spelling, for messages: debian:12 for docker.io/library/debian:12."""
        return self.reference.removeprefix("docker.io/").removeprefix("library/")
