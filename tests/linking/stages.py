"""Hand-made stages for the laws of linking: one call gives a `Root` with the files, environment and image of a case."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from depscan.artifacts.facts import Artifact, ElfFacts, Linkage, Origin, VersionNeed
from depscan.artifacts.symbols import Symbols, pack
from depscan.dockerfile.instructions import Form, Instruction, Offsets, Stage
from depscan.filesystem.entries import FileEntry, InlineFile, StageFilesystem, UnknownChange
from depscan.images.profile import ImageProfile, Libc, Library
from depscan.linking.linker import place
from depscan.linking.root import Root
from depscan.platforms import Platform
from depscan.source import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.linking.placement import Placement

AMD64 = Platform("linux", "amd64")
HERE = Span.at(2, 1, 2, 10)
LOADER = "/lib64/ld-linux-x86-64.so.2"
MULTIARCH = ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib", "/usr/lib")


def glibc_image(version: str = "2.36", *, libraries: tuple[str, ...] = (), complete: bool = True) -> ImageProfile:
    names = ("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "ld-linux-x86-64.so.2", *libraries)
    return ImageProfile(
        reference="docker.io/library/debian:12",
        libc=Libc("glibc", version, {"GLIBC": version, "GLIBCXX": "3.4.30"}, frozenset({"ABI_DT_RELR"})),
        loaders=(LOADER,),
        loaders_complete=True,
        libraries={name: Library(name) for name in names},
        libraries_complete=complete,
        search_paths=MULTIARCH,
        cache_paths=("/usr/local/lib",),
        package_manager="apt",
        source="knowledge",
    )


def musl_image(*, complete: bool = True) -> ImageProfile:
    return ImageProfile(
        reference="docker.io/library/alpine:3.20",
        libc=Libc("musl", "1.2.5"),
        loaders=("/lib/ld-musl-x86_64.so.1",),
        loaders_complete=True,
        libraries={"libc.musl-x86_64.so.1": Library("libc.musl-x86_64.so.1", "/lib/libc.musl-x86_64.so.1")},
        libraries_complete=complete,
        search_paths=("/lib", "/usr/local/lib", "/usr/lib"),
        package_manager="apk",
        source="knowledge",
    )


def scratch_image() -> ImageProfile:
    return ImageProfile(
        reference="scratch", libc=Libc("none"), loaders_complete=True, libraries_complete=True, links_complete=True
    )


def unknown_image() -> ImageProfile:
    return ImageProfile(reference="registry.example/app:1", libc=Libc("unknown"), why="nothing is known of it")


def program(**changes: Any) -> ElfFacts:
    facts = {
        "type": "DYN",
        "machine": "x86_64",
        "bits": 64,
        "little_endian": True,
        "linkage": Linkage.DYNAMIC,
        "interpreter": LOADER,
        "needed": ("libc.so.6",),
        "libc": "glibc",
    }
    return ElfFacts(**{**facts, **changes})


def library(soname: str, **changes: Any) -> ElfFacts:
    return program(**{"soname": soname, "linkage": Linkage.SHARED_OBJECT, "interpreter": None, **changes})


def needs_version(name: str, library_name: str = "libc.so.6", *, weak: bool = False) -> dict[str, Any]:
    return {"version_needs": {library_name: (VersionNeed(name, weak),)}}


def stage(platform: Platform = AMD64) -> Stage:
    instruction = Instruction("FROM", (), (), (), Form.SHELL, "", Offsets(((0, 1, 1),)), HERE, HERE)
    return Stage(0, None, "image", HERE, None, (), platform, None, instruction, (), {})


def root(
    files: Mapping[str, ElfFacts | bytes | None],
    image: ImageProfile,
    *,
    links: Mapping[str, str] | None = None,
    changes: tuple[UnknownChange, ...] = (),
    environment: Mapping[str, str | None] | None = None,
    platform: Platform = AMD64,
    mode: int = 0o755,
    **more: Any,
) -> Root:
    entries = {
        path: FileEntry(path, "file", mode, Origin.CONTEXT, path.lstrip("/"), HERE, 1, _content(facts), named=True)
        for path, facts in files.items()
    }
    for path, target in (links or {}).items():
        entries[path] = FileEntry(path, "link", 0o777, Origin.CONTEXT, path, HERE, 1, target=target)
    filesystem = StageFilesystem(
        stage=stage(platform),
        profile=image,
        entries=entries,
        links={**image.links, **(links or {})},
        changes=changes,
        environment=environment or {},
        **more,
    )
    artifacts = {
        path: Artifact("elf", facts, posixpath.basename(path), Origin.CONTEXT)
        for path, facts in files.items()
        if isinstance(facts, ElfFacts)
    }
    return Root(filesystem, artifacts)


def _content(facts: ElfFacts | bytes | None) -> InlineFile | None:
    return InlineFile(facts) if isinstance(facts, bytes) else None


def change(*roots: str, foreign_libc: bool = False, sequence: int = 2) -> UnknownChange:
    return UnknownChange(roots, foreign_libc, "RUN something", HERE, sequence)


def link(where: Root, path: str = "/app", platform: Platform = AMD64, **more: Any) -> Placement:
    return place(where.artifacts[path], where.filesystem.entries[path], where, platform, **more)


def outcome(placement: Placement) -> tuple[str, str | None, str | None]:
    """Verdict, cause, detail."""
    cause = placement.cause.value if placement.cause else None
    return placement.verdict.value, cause, placement.detail


def symbols(*functions: str, data: tuple[str, ...] = (), exports: tuple[str, ...] = ()) -> dict[str, Any]:
    """Facts with these dynamic symbols."""
    return {"symbols": pack(Symbols(functions, data, frozenset(exports)))}
