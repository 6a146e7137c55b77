"""The closure of needed libraries, loaded breadth first as both dynamic linkers do.

In: the program or library, its `Loader`, the `Root`. Out: `Closure`: every object that would be in the process and
every `Need` with the places where it was looked for. The image's own libraries are leaves: what they need, the image
has.
"""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from depscan.artifacts.symbols import bare_names
from depscan.filesystem.content import read_head
from depscan.filesystem.entries import Presence
from depscan.findings import Confidence
from depscan.linking.configured import in_cache
from depscan.linking.fitness import MUSL_REFUSED, NO_ELF, SHORT, find_misfit
from depscan.linking.loaders import interpreter_family
from depscan.linking.placement import Need, SearchStep
from depscan.linking.search import Loaded, Place, places, run_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depscan.artifacts.facts import ElfFacts
    from depscan.linking.loaders import Loader
    from depscan.linking.root import Root, Sighting

_MAGIC = b"\x7fELF"
_HEADER_SIZE = 64
UNREAD = "its content is not known"  # of a library that is there
# Bounds against hostile chains; real programs stay far below: objects of a process, files looked for.
MAX_OBJECTS, MAX_STEPS = 4096, 32_000

# musl answers these by itself, without touching the disk (musl ldso/dynlink.c, load_library).
_MUSL_OWN = tuple(f"lib{name}" for name in ("c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet."))

# NVIDIA's container runtime mounts the driver's libraries into the container at start.
_NVIDIA = ("libcuda.", "libnvidia-", "libnvcuvid.", "libGLX_nvidia.", "libEGL_nvidia.", "libnvoptix.")


def is_musls_own(soname: str) -> bool:
    """Whether musl's dynamic linker answers a name by itself, whatever file there is."""
    return soname.startswith(_MUSL_OWN)


class Closure(Struct, frozen=True):
    """All objects by the names they answer to, and all needs in load order; `truncated` at MAX_OBJECTS or MAX_STEPS."""

    objects: dict[str, Loaded]
    needs: tuple[Need, ...]
    truncated: bool


class _Found(Struct, frozen=True):
    """`unfit` is a file of that name that the program cannot load, for its `flaw`; `final` where it ends the search."""

    presence: Presence
    path: str | None = None
    facts: ElfFacts | None = None
    reason: str | None = None
    confidence: Confidence = Confidence.CERTAIN
    unfit: str | None = None
    flaw: str | None = None
    final: bool = False


def load_closure(
    program: Loaded,
    loader: Loader,
    root: Root,
    host_provided: tuple[str, ...],
    present: Mapping[str, Loaded] | None = None,
) -> Closure:
    """Load what LD_PRELOAD names and `program` needs, and what these need, breadth first; each name once.

    `present` objects are in the process already, with what they need.
    """
    objects: dict[str, Loaded] = dict(present or {})
    needs: list[Need] = []
    queue = [program, *_preloaded(program, loader, root)]
    for loaded in queue[1:]:
        objects.update((name, loaded) for name in _names(loaded, loader))
    if program.facts is not None and program.facts.soname:
        objects[program.facts.soname] = program
    steps = 0
    for requester in queue:
        for soname in dict.fromkeys(requester.facts.needed if requester.facts else ()):
            if soname in objects:
                continue
            if len(objects) >= MAX_OBJECTS or steps >= MAX_STEPS:
                return Closure(objects, tuple(needs), truncated=True)
            need, found = _satisfy(soname, requester, loader, root, host_provided)
            needs.append(need)
            steps += len(need.trace)
            loaded = Loaded(found.path or found.unfit or soname, soname, found.facts, requester)
            for name in _names(loaded, loader):
                objects.setdefault(name, loaded)
            if found.facts is not None:
                queue.append(loaded)
    return Closure(objects, tuple(needs), truncated=False)


def _names(loaded: Loaded, loader: Loader) -> Iterator[str]:
    """The names that an object answers to: the one it was asked for by, for glibc its soname too.

    musl compares names without a slash only (ldso/dynlink.c, load_library, shortname).
    """
    yield loaded.name
    if loader.family == "glibc" and loaded.facts is not None and loaded.facts.soname:
        yield loaded.facts.soname


def _preloaded(program: Loaded, loader: Loader, root: Root) -> Iterator[Loaded]:
    """The objects of LD_PRELOAD; one that is not there is ignored, with a warning by glibc (elf/rtld.c, do_preload)."""
    preload = f"{root.filesystem.environment.get('LD_PRELOAD') or ''}:{loader.preload}"
    for name in re.split(r"[\s:]+", preload):
        _, found = _satisfy(name, program, loader, root, ()) if name else (None, None)
        if found is not None and found.presence is not Presence.MISSING:
            yield Loaded(found.path or name, name, found.facts, program)


def _satisfy(
    soname: str, requester: Loaded, loader: Loader, root: Root, host_provided: tuple[str, ...]
) -> tuple[Need, _Found]:
    """Look for a library; requesters that look in the same places, for the same kind of file, share the answer."""
    facts = requester.facts
    kind = (facts.machine, facts.bits, facts.float_abi) if facts is not None else None
    key = ("need", soname, loader, host_provided, kind, run_paths(requester, loader))
    need, found = root.once(key, lambda: _look_for(soname, requester, loader, root, host_provided))
    if need.requested_by != requester.path:
        need = msgspec.structs.replace(need, requested_by=requester.path)
    return need, found


def _look_for(
    soname: str, requester: Loaded, loader: Loader, root: Root, host_provided: tuple[str, ...]
) -> tuple[Need, _Found]:
    trace: list[SearchStep] = []
    found = _without_search(soname, loader, root, host_provided) or _search(soname, requester, loader, root, trace)
    need = Need(
        soname=soname,
        requested_by=requester.path,
        presence=found.presence,
        provider=found.path,
        other_major=_other_major(soname, loader, root) if found.presence is Presence.MISSING else None,
        not_searched=root.elsewhere(soname) if found.presence is Presence.MISSING else None,
        trace=tuple(trace),
        reason=found.reason,
        confidence=found.confidence,
        unfit=found.unfit,
        flaw=found.flaw,
    )
    return need, found


def _without_search(soname: str, loader: Loader, root: Root, host_provided: tuple[str, ...]) -> _Found | None:
    if loader.family == "musl" and (is_musls_own(soname) or soname == posixpath.basename(loader.path)):
        return _Found(Presence.PROVIDED, loader.path, reason="musl answers this name itself")
    if loader.family == "glibc" and interpreter_family(soname) == "glibc":
        facts = root.file(loader.path, profile=loader.profile).facts  # a glibc object checks its versions too
        if soname in (posixpath.basename(loader.path), facts.soname if facts else None):
            return _Found(Presence.PROVIDED, loader.path, facts, reason="the dynamic linker itself")
    nvidia = soname.startswith(_NVIDIA) and ".so." in soname
    if nvidia or any(fnmatchcase(soname, pattern) for pattern in host_provided):
        return _Found(Presence.PROVIDED, reason="the host mounts it at run time")
    return None


def _search(soname: str, requester: Loaded, loader: Loader, root: Root, trace: list[SearchStep]) -> _Found:
    if "/" in soname:
        places_to_look: tuple[Place, ...] = (Place(posixpath.dirname(soname), "a path, opened as it is"),)
    else:
        places_to_look = places(requester, loader, root)
    unknown = unfit = flaw = None
    sure = loader.confidence
    for place in places_to_look:
        found = _look(place, posixpath.basename(soname), requester, loader, root)
        trace.append(SearchStep(posixpath.join(place.directory, posixpath.basename(soname)), place.law, found.presence))
        if found.presence is Presence.PROVIDED or (found.final and unknown is None):
            return found
        unfit, flaw = unfit or found.unfit, flaw or found.flaw
        sure = Confidence.weakest(sure, found.confidence)
        if found.presence is Presence.UNKNOWN:
            unknown = unknown or found.reason
    if unknown is not None:
        return _Found(Presence.UNKNOWN, reason=unknown)
    return _Found(Presence.MISSING, confidence=sure, unfit=unfit, flaw=flaw)


def _look(place: Place, soname: str, requester: Loaded, loader: Loader, root: Root) -> _Found:
    """Look in one directory: the stage's own file there, else what the image brings."""
    if not place.certain:
        return _Found(Presence.UNKNOWN, reason=place.law)
    foreign = interpreter_family(soname) not in ("other", root.profile.libc.family)
    path = posixpath.join(place.directory, soname)
    seen = root.file(path, foreign=foreign, profile=loader.profile)
    if seen.presence is Presence.MISSING and loader.family == "glibc" and (place.default or place.law == "ld.so.cache"):
        seen = root.linked_by_ldconfig(place.directory, soname) or seen
    if seen.entry is not None or seen.facts is not None:
        found = _fitting(path, seen, place, requester, root, musl=loader.family == "musl")
        if loader.family == "musl" and found.facts is not None and _is_libc(path, found.facts, root):
            return _Found(Presence.PROVIDED, loader.path, reason="musl answers for a second C library itself")
        if found.presence is Presence.PROVIDED and not place.any_cpu:
            return _Found(Presence.UNKNOWN, reason=f"{path} is for newer CPUs only")
        guessed = not loader.directories and place.default  # which ones a copied linker searches is not certain
        return msgspec.structs.replace(found, confidence=Confidence.LIKELY) if guessed else found
    if seen.presence is Presence.PROVIDED:
        return _Found(Presence.PROVIDED, seen.path)
    if place.default and (not loader.copied or place.directory in loader.profile.search_paths):
        library = root.installed(soname, loader.profile)
        if library is not None:
            return _Found(Presence.PROVIDED, library.path or soname, confidence=loader.confidence)
    return _Found(seen.presence, reason=seen.reason, confidence=seen.confidence)


def _is_libc(path: str, facts: ElfFacts, root: Root) -> bool:
    """Whether musl takes a file for a C library, of which it loads no second one (ldso/dynlink.c, load_library)."""
    symbols = root.symbols(path, facts)
    return symbols is not None and bare_names(symbols.exports) >= {"__libc_start_main", "stdin"}


def _fitting(path: str, seen: Sighting, place: Place, requester: Loaded, root: Root, *, musl: bool) -> _Found:
    """A file of that name is there. The image's own were in its cache; of a copied one only a later ldconfig knows.

    A file that is not ELF ends the search of both dynamic linkers.
    """
    if place.law == "ld.so.cache" and seen.entry is not None:
        cached = in_cache(root, seen.entry.sequence)
        if cached is None:
            return _Found(Presence.UNKNOWN, reason="a later RUN may have run ldconfig")
        if not cached:
            return _Found(Presence.MISSING)
    if seen.facts is None:
        head = read_head(seen.entry, _HEADER_SIZE) if seen.entry is not None else None
        if head is not None and not head.startswith(_MAGIC):
            words = NO_ELF if len(head) == _HEADER_SIZE else SHORT
            return _Found(Presence.MISSING, unfit=path, flaw=MUSL_REFUSED if musl else words, final=True)
        return _Found(Presence.PROVIDED, path, reason=UNREAD)
    found, wanted = seen.facts, requester.facts
    misfit = find_misfit(found, wanted, family="musl" if musl else "glibc") if wanted is not None else None
    if misfit is None:
        return _Found(Presence.PROVIDED, path, found)
    unfit = path if misfit.words else None
    facts = found if misfit.mapped else None
    return _Found(Presence.MISSING, facts=facts, unfit=unfit, flaw=misfit.words, final=misfit.final)


def _other_major(soname: str, loader: Loader, root: Root) -> str | None:
    """The same library under another number, e.g. libssl.so.3 for libssl.so.1.1."""
    stem, dot, _ = soname.partition(".so")
    if not dot:
        return None
    return max((name for name in root.of_stem(stem, loader.profile) if name != soname), default=None)
