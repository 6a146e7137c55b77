"""Search order of the dynamic linkers: which directories, in which order, by which law.

In: who needs a library (the chain of loading objects), the `Loader`, the `Root`. Out: `Place`s in order. glibc: RPATH
of the object and of its loaders where the object has no RUNPATH, LD_LIBRARY_PATH, RUNPATH of the object itself,
ld.so.cache, the trusted directories (ld.so(8), glibc elf/dl-load.c). musl: LD_LIBRARY_PATH, RPATH or RUNPATH along the
chain, then the path file or its default (musl ldso/dynlink.c).
"""

from __future__ import annotations

import posixpath
import re
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.linking.configured import cached_directories, musl_path
from depscan.linking.versions import numeric

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.artifacts.facts import ElfFacts
    from depscan.linking.loaders import Loader
    from depscan.linking.root import Root

# Directories compiled into a dynamic linker differ by distribution; these are all that Debian's and Red Hat's use.
_TRIPLETS = {
    "x86_64": "x86_64-linux-gnu",
    "aarch64": "aarch64-linux-gnu",
    "i386": "i386-linux-gnu",
    "arm": "arm-linux-gnueabihf",
    "ppc64le": "powerpc64le-linux-gnu",
    "s390x": "s390x-linux-gnu",
    "riscv64": "riscv64-linux-gnu",
}


_MUSL_SEPARATORS, _GLIBC_SEPARATORS = ":\n", ":;"
_OTHER_TOKEN = re.compile(r"\$(?!ORIGIN|\{ORIGIN\})")
_CACHE = "/etc/ld.so.cache"
_HWCAPS_SINCE, _LEGACY_UNTIL = (2, 33), (2, 37)
# Legacy names within each other, as glibc before 2.37 asks for them (elf/dl-hwcaps.c, sysdeps/x86/cpu-features.c):
# x86_64 and tls on every CPU; haswell takes the place of a second x86_64 on Intel's.
_LEGACY = ("tls/haswell/x86_64", "tls/haswell", "tls/x86_64", "tls", "haswell/x86_64", "haswell", "x86_64")
_HWCAPS = ("x86-64-v4", "x86-64-v3", "x86-64-v2")  # of glibc's sysdeps/x86_64/dl-hwcaps_subdirs.c, the best first

_NEWER = tuple(f"glibc-hwcaps/{level}" for level in _HWCAPS)
_CAPABILITIES = frozenset(("tls", "haswell", "x86_64", *_HWCAPS))


class Loaded(Struct, frozen=True):
    """An object in the process: its path, its facts (None for the image's own libraries), who loaded it."""

    path: str
    name: str
    facts: ElfFacts | None
    loader: Loaded | None = None

    def chain(self) -> Iterator[Loaded]:
        """The object, the one that loaded it, and so on to the program."""
        here: Loaded | None = self
        while here is not None:
            yield here
            here = here.loader


class Place(Struct, frozen=True):
    """A directory to look in. `law` names why; `certain` is false where it may or may not be searched.

    `default` is true for the directories where the image's own libraries are, `any_cpu` false for those that only newer
    CPUs have searched.
    """

    directory: str
    law: str
    certain: bool = True
    default: bool = False
    any_cpu: bool = True


MAX_LOADERS = 64  # of one object, whose RPATH counts; a bound against hostile chains, real ones are shorter than ten
_TOO_DEEP = Place("/", f"RPATH of more than {MAX_LOADERS} loaders", certain=False)


def run_paths(requester: Loaded, loader: Loader) -> tuple[object, ...]:
    """All that tells the search of one requester from that of another; the same for most files of one directory."""
    alone = loader.family == "glibc" and requester.facts is not None and requester.facts.runpath
    chain = [requester] if alone else list(islice(requester.chain(), MAX_LOADERS + 1))
    paths = tuple(
        (posixpath.dirname(loaded.path), loaded.facts.rpath, loaded.facts.runpath, loaded.facts.machine)
        for loaded in chain
        if loaded.facts is not None and (loaded.facts.rpath or loaded.facts.runpath)
    )
    facts = requester.facts
    own = (bool(facts.runpath), facts.no_default_libraries) if facts is not None else None
    return paths, own, len(chain) > MAX_LOADERS


def places(requester: Loaded, loader: Loader, root: Root) -> tuple[Place, ...]:
    """The directories in which `requester`'s needed libraries are looked for, in order."""
    key = ("places", loader, run_paths(requester, loader))
    return root.once(key, lambda: _places(requester, loader, root))


def _places(requester: Loaded, loader: Loader, root: Root) -> tuple[Place, ...]:
    if loader.family == "musl":
        found = [
            *_environment(root, loader, _MUSL_SEPARATORS),
            *_musl_paths(requester, root),
            *_musl_default(root, loader),
        ]
    else:
        found = [
            *_rpath(requester, root),
            *_environment(root, loader, _GLIBC_SEPARATORS),
            *_runpath(requester, root),
            *_glibc_default(requester, root, loader),
        ]
        found = [below for place in found for below in (*_hwcaps(place, root, loader), place)]
    return tuple(dict.fromkeys(found))


def _rpath(requester: Loaded, root: Root) -> Iterator[Place]:
    if requester.facts is None or requester.facts.runpath:
        return
    for depth, loaded in enumerate(requester.chain()):
        if depth == MAX_LOADERS:
            yield _TOO_DEEP
            return
        facts = loaded.facts
        if facts is not None and not facts.runpath:  # an object's RPATH is ignored beside its RUNPATH
            yield from _expand(facts.rpath, loaded, root, "RPATH")


def _runpath(requester: Loaded, root: Root) -> Iterator[Place]:
    if requester.facts is not None:
        yield from _expand(requester.facts.runpath, requester, root, "RUNPATH")


def _musl_paths(requester: Loaded, root: Root) -> Iterator[Place]:
    """Both alike; one with another `$` than $ORIGIN is ignored as a whole (fixup_rpath), an empty entry is passed over.

    Each object on the way to the program counts.
    """
    for depth, loaded in enumerate(requester.chain()):
        if depth == MAX_LOADERS:
            yield _TOO_DEEP
            return
        if loaded.facts is not None:
            law = "RUNPATH" if loaded.facts.runpath else "RPATH"
            paths = loaded.facts.runpath or loaded.facts.rpath
            if not any(_OTHER_TOKEN.search(path) for path in paths):
                yield from _expand(tuple(path for path in paths if path), loaded, root, law)


def _environment(root: Root, loader: Loader, separators: str) -> Iterator[Place]:
    environment = root.filesystem.environment
    law, value = "--library-path", loader.library_path
    if value is None:
        law, value = "LD_LIBRARY_PATH", environment.get("LD_LIBRARY_PATH", "")
    if value is None:
        yield Place("/", "LD_LIBRARY_PATH (its value is not known)", certain=False)
        return
    for part in re.split(f"[{separators}]", value) if value else ():
        if part or separators == _GLIBC_SEPARATORS:  # musl passes over an empty entry (path_open)
            yield from _absolute(part, root, law)


def _musl_default(root: Root, loader: Loader) -> Iterator[Place]:
    law, directories = musl_path(root, loader)
    if directories is None:
        yield Place("/", law, certain=False, default=True)
        return
    for directory in directories:
        yield Place(directory, law, default=True)


def _glibc_default(requester: Loaded, root: Root, loader: Loader) -> Iterator[Place]:
    """The cache, then the trusted directories, which DF_1_NODEFLIB of the requester forbids."""
    for directory, certain in cached_directories(root, loader) if _reads_cache(loader) else ():
        yield Place(directory, "ld.so.cache", certain)
    if requester.facts is None or not requester.facts.no_default_libraries:
        for directory in trusted_directories(root, loader):
            yield Place(directory, "default path", default=True)


def _reads_cache(loader: Loader) -> bool:
    """Whether ld.so.cache counts: a dynamic linker from elsewhere may have a cache of its own (Nix, Guix)."""
    return loader.cache and (loader.built_in is None or loader.built_in.cache == _CACHE)


def _hwcaps(place: Place, root: Root, loader: Loader) -> Iterator[Place]:
    """Builds for newer CPUs below each directory: glibc-hwcaps from glibc 2.33 on, other names before 2.37.

    x86-64-v2 is what all servers have.
    """
    version, folders = loader.version, root.folders_named(_CAPABILITIES)
    if not folders or not place.certain:
        return
    if version is None:  # of a copied linker that does not tell
        below = (posixpath.join(place.directory, name) for name in (*_LEGACY, *_NEWER))
        yield from (Place(each, place.law, any_cpu=False) for each in below if root.resolve(each) in folders)
        return
    known = numeric(version)
    for name in _LEGACY if known < _LEGACY_UNTIL else ():
        directory = posixpath.join(place.directory, name)
        if root.resolve(directory) in folders:
            yield Place(directory, f"{place.law}, {name}", any_cpu="haswell" not in name)
    for level in _HWCAPS if known >= _HWCAPS_SINCE else ():
        directory = posixpath.join(place.directory, "glibc-hwcaps", level)
        if root.resolve(directory) in folders:
            yield Place(directory, f"{place.law}, glibc-hwcaps", any_cpu=level == _HWCAPS[-1])


def trusted_directories(root: Root, loader: Loader) -> tuple[str, ...]:
    """The directories compiled into glibc's dynamic linker; all usual ones where they are not known."""
    if loader.directories:
        return loader.directories
    triplet = _TRIPLETS.get(_machine(root, loader), "")
    multiarch = (f"/lib/{triplet}", f"/usr/lib/{triplet}") if triplet else ()
    return (*multiarch, "/lib64", "/usr/lib64", "/lib", "/usr/lib")


def _machine(root: Root, loader: Loader) -> str:
    artifact = root.artifacts.get(loader.path)
    if artifact is not None:
        return artifact.facts.machine
    from depscan.platforms import MACHINES  # noqa: PLC0415 - one table

    return MACHINES.get(root.filesystem.stage.platform.architecture, "")


def _expand(paths: tuple[str, ...], loaded: Loaded, root: Root, law: str) -> Iterator[Place]:
    """$ORIGIN is the directory of the object that names it; $LIB is built into the dynamic linker."""
    machine = loaded.facts.machine if loaded.facts else ""
    for path in paths:
        text = path.replace("${ORIGIN}", "$ORIGIN").replace("$ORIGIN", posixpath.dirname(loaded.path) or "/")
        text = text.replace("${LIB}", "$LIB").replace("${PLATFORM}", "$PLATFORM").replace("$PLATFORM", machine)
        if "$LIB" not in text:
            yield from _absolute(text, root, law)
            continue
        for lib in _lib(machine, root):
            yield from _absolute(text.replace("$LIB", lib), root, law)


def _lib(machine: str, root: Root) -> tuple[str, ...]:
    """What $LIB stands for: the first of the usual names that the trusted directories show, all where none does."""
    names = (f"lib/{_TRIPLETS.get(machine, '')}", "lib64", "lib")
    return next(((name,) for name in names if f"/usr/{name}" in root.profile.search_paths), names)


def _absolute(directory: str, root: Root, law: str) -> Iterator[Place]:
    """An empty or relative entry means the working directory of the process."""
    if directory.startswith("/"):
        yield Place(_tidy(directory, root), law)
        return
    workdir = root.filesystem.workdir
    if workdir is None:
        yield Place("/", f"{law} (relative to an unknown working directory)", certain=False)
        return
    yield Place(_tidy(posixpath.join(workdir, directory), root), f"{law} (working directory)")


def _tidy(directory: str, root: Root) -> str:
    """The kernel goes up from the real directory: only a path without `..` may be shortened by its text alone."""
    if "/.." in directory:
        return root.filesystem.resolve(directory) or "/"
    return posixpath.normpath("/" + directory.lstrip("/"))
