"""A real root file system to an exact `ImageProfile`.

In: `Contents`, the platform. Out: a profile whose libraries, dynamic linkers, links and interpreters are complete and
whose version ceilings come from the version definitions of the libraries themselves. What the libc is, is told by
evidence: the dynamic linker that most programs name, the banner in libc.so.6, musl's version string.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.images.architectures import architecture_of
from depscan.images.ceilings import defined_ceilings
from depscan.images.dynamic_linkers import family_of_linker, find_linkers, glibc_version, read_bytes
from depscan.images.installed import find_installed
from depscan.images.ldcache import configured_directories, read_cache
from depscan.images.profile import ImageProfile, ImageTree, Libc, Library
from depscan.images.release import find_package_manager, find_release
from depscan.images.rootview import RootView
from depscan.platforms import MACHINES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from depscan.artifacts.facts import ElfFacts
    from depscan.images.contents import Contents
    from depscan.images.dynamic_linkers import Linker
    from depscan.platforms import Platform

_SHELLS = re.compile(
    r"(?:r?ba|da|a|z|k|c|tc|fi)?sh|busybox|toybox|env|[mng]?awk|sed|perl[\d.]*|python[\d.]*|pypy3?|ruby[\d.]*"
    r"|node(?:js)?|deno|bun|php[\d.]*|lua[\d.]*|tclsh[\d.]*|wish|Rscript|java|pwsh|guile|make|dotnet"
)
_CONFIGURING = re.compile(r"/etc/ld\.so\.conf|/etc/ld\.so\.conf\.d/.*|/etc/ld-musl-.*")


def make_profile(reference: str, contents: Contents, platform: Platform, *, cache: bool) -> ImageProfile:
    """The profile of a root file system. `cache` allows the facts cache (for files that stay where they are)."""
    view = RootView(contents, _read_facts(contents, cache=cache))
    linkers = find_linkers(view)
    family = _family(linkers, contents, platform)
    first = _part(reference, view, family, linkers, platform)
    others = sorted({linker.family for linker in _native(linkers, platform)} - {family})
    interpreters = frozenset(_interpreters(view))
    installed = find_installed(contents)
    return replace(
        first,
        release=find_release(contents),
        loaders_complete=True,
        links={
            path: file.target or ""
            for path, file in view.files.items()
            if file.kind == "link" and view.is_directory(path)
        },
        links_complete=True,
        interpreters=interpreters,
        interpreters_complete=True,
        package_manager=find_package_manager(contents),
        why=", ".join(part for part in (first.why, installed.libc) if part),
        packages=installed.packages,
        packages_unread=installed.unread,
        secondary=_part(reference, view, others[0], linkers, platform) if others else None,
        tree=ImageTree(
            files=contents.files,
            facts=view.facts,
            texts={
                path: text.decode("utf-8", "replace")
                for path, text in contents.texts.items()
                if _CONFIGURING.fullmatch(path)
            },
        ),
    )


def _read_facts(contents: Contents, *, cache: bool) -> dict[str, ElfFacts]:
    """The facts of all libraries that have some; many are parsed by workers, which a hostile file may crash."""
    from depscan.artifacts.reading import read_facts  # noqa: PLC0415 - only where an image is read

    places = list(dict.fromkeys(contents.libraries.values()))
    found = read_facts(places, cache=cache, symbols=True)
    pairs = ((path, found[place]) for path, place in contents.libraries.items())
    return {path: facts for path, facts in pairs if not isinstance(facts, str)}


def _native(linkers: Iterable[Linker], platform: Platform) -> list[Linker]:
    machine = MACHINES.get(platform.architecture)
    return [linker for linker in linkers if linker.facts.machine == machine]


def _family(linkers: list[Linker], contents: Contents, platform: Platform) -> str:
    """The libc family that most programs ask for, of those whose dynamic linker is there; none without any."""
    present = {linker.family for linker in _native(linkers, platform)}
    asked = Counter(family for path in contents.programs.values() if (family := family_of_linker(path)) in present)
    if asked:
        return asked.most_common(1)[0][0]
    return next((family for family in ("glibc", "musl", "uclibc") if family in present), "none")


def _part(reference: str, view: RootView, family: str, linkers: list[Linker], platform: Platform) -> ImageProfile:
    """What one C library of the image provides; `why` names its build."""
    own = [linker for linker in linkers if linker.family == family]
    native = _native(own, platform)
    profile = ImageProfile(reference=reference, libc=Libc(family), libraries_complete=True)
    if not native:
        return profile
    linker = native[0]
    cache_paths = configured_directories(view.texts) if linker.cache == "/etc/ld.so.cache" else ()
    libraries = dict(_libraries(view, linker))
    libc, why = _libc(view, linker, libraries)
    return replace(
        profile,
        libc=libc,
        loaders=_loader_paths(view, own, platform),
        libraries=libraries,
        search_paths=linker.directories,
        cache_paths=tuple(path for path in cache_paths if path not in linker.directories),
        why=why,
    )


def _loader_paths(view: RootView, linkers: list[Linker], platform: Platform) -> tuple[str, ...]:
    """All paths of dynamic linkers, the platform's own PT_INTERP first; the one through a linked directory too."""
    architecture = architecture_of(platform)
    standard = (architecture.glibc, architecture.musl) if architecture else ()
    real = {linker.path for linker in linkers}
    first = [path for path in standard if view.resolve(path) in real]
    return tuple(dict.fromkeys([*first, *(name for linker in linkers for name in linker.names)]))


def _libraries(view: RootView, linker: Linker) -> Iterator[tuple[str, Library]]:
    """What the dynamic linker finds by name without a path: the first of each name counts."""
    seen: set[str] = set()
    for name, path in (*_cached(view, linker), *_in_directories(view, linker)):
        resolved = view.resolve(path)
        facts = view.facts.get(resolved or "")
        known = resolved in view.libraries
        if name in seen or not known or (facts is not None and facts.machine != linker.facts.machine):
            continue
        seen.add(name)
        yield name, Library(name, _real_place(view, path), facts.version_definitions if facts is not None else None)


def _cached(view: RootView, linker: Linker) -> Iterator[tuple[str, str]]:
    data = view.texts.get(linker.cache or "")
    for name, paths in read_cache(data).items() if data else ():
        yield from ((name, path) for path in paths)


def _in_directories(view: RootView, linker: Linker) -> Iterator[tuple[str, str]]:
    for directory in linker.directories:
        yield from ((name, f"{directory}/{name}") for name in view.names(directory) if ".so" in name)


def _real_place(view: RootView, path: str) -> str:
    """The path with its directories' links followed, but not its own."""
    folder, name = posixpath.split(path)
    return f"{view.resolve(folder) or ''}/{name}"


def _libc(view: RootView, linker: Linker, libraries: Mapping[str, Library]) -> tuple[Libc, str]:
    """Version, ceilings and tags, and the words that name the build."""
    if linker.family != "glibc":
        return Libc(linker.family, linker.version, defined_ceilings(libraries.values())), ""
    place = libraries.get("libc.so.6")
    resolved = view.resolve(place.path or "") if place else None
    version = glibc_version(read_bytes(view.libraries[resolved])) if resolved and resolved in view.libraries else None
    tags = {name.removeprefix("GLIBC_") for name in (place.versions if place else None) or () if "_ABI_" in name}
    libc = Libc("glibc", version[0] if version else None, defined_ceilings(libraries.values()), frozenset(tags))
    return libc, version[1] if version else ""


def _interpreters(view: RootView) -> Iterator[str]:
    """Paths of shells and script interpreters, those through linked directories such as /bin too."""
    for directory in ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/busybox"):
        for name in view.names(directory):
            path = f"{directory}/{name}"
            resolved = view.resolve(path) if _SHELLS.fullmatch(name) else None
            if resolved and view.files[resolved].kind == "file":
                yield path
