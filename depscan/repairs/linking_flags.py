"""Other flags of the linker, for a program that is there already: facts that the rebuilt one would have.

In: a `Case` about programs that were read. Out: `Offer`s without edits: the command that links stands elsewhere. A
static program is offered only where the file tells a language that makes one, and nothing in it says that it cannot
be: a runtime with the program attached (`bundles`), or modules that are loaded while it runs.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

import msgspec

from depscan.artifacts.facts import Linkage, Origin
from depscan.artifacts.symbols import base_name, unpack
from depscan.filesystem.entries import HostFile, Presence
from depscan.findings import Suggestion
from depscan.images.override import CORE_LIBRARIES
from depscan.linking.closure import is_musls_own
from depscan.linking.placement import Cause
from depscan.platforms import MACHINES
from depscan.repairs.bundles import find_bundle
from depscan.repairs.case import Change, Offer
from depscan.subjects import CXX_RUNTIME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from depscan.artifacts.facts import ElfFacts
    from depscan.linking.placement import Placement
    from depscan.repairs.case import Case

_LANGUAGES = frozenset({"go", "rust", "c"})
_OWN = frozenset((*CORE_LIBRARIES, *CXX_RUNTIME))
_LOADING = frozenset({"dlopen", "dlmopen"})


def link_statically(case: Case) -> Iterator[Offer]:
    """A static program needs nothing of the image."""
    fitting = [each for each in case.placements if _can_be_static(each)]
    covered = {each.path for each in fitting}
    if fitting and any(covered.issuperset(finding.artifacts) for finding in case.findings):
        yield _rebuilt(_static_title(fitting[0]), fitting, _static)


def link_cxx_runtime(case: Case) -> Iterator[Offer]:
    """The C++ runtime in the program: for a missing library it is the lightest change."""
    if _are_programs(case) and case.placements[0].cause is Cause.LIBRARY_MISSING:
        title = "link the C++ runtime in: -static-libstdc++ -static-libgcc"
        yield _rebuilt(title, case.placements, _without_cxx_runtime)


def name_search_path(case: Case) -> Iterator[Offer]:
    """The directory in which the missing library stands."""
    directory = _unsearched_directory(case.placements[0]) if _are_programs(case) else None
    if directory is not None:
        title = f"let it look there: link with -Wl,-rpath,{directory}"
        yield _rebuilt(title, case.placements, _searching(directory))


def _rebuilt(
    title: str, placements: list[Placement] | tuple[Placement, ...], rebuild: Callable[[Placement], ElfFacts]
) -> Offer:
    assumed = {placement.artifact.source: rebuild(placement) for placement in placements}
    return Offer(Suggestion("build-flag", title), Change(assumed=assumed))


def _are_programs(case: Case) -> bool:
    """Whether all are programs that somebody built before: what is built here is mended by its command."""
    placements = case.placements
    return bool(placements) and not case.predictions and all(_is_program(placement) for placement in placements)


def _is_program(placement: Placement) -> bool:
    return placement.artifact.facts.linkage not in (None, Linkage.SHARED_OBJECT)


def _can_be_static(placement: Placement) -> bool:
    artifact, content = placement.artifact, placement.entry.content
    if artifact.prediction is not None or not _is_program(placement):
        return False
    if artifact.origin is not Origin.CONTEXT or artifact.facts.language not in _LANGUAGES:
        return False
    if isinstance(content, HostFile) and find_bundle(content.path) is not None:
        return False
    if not all(_has_archive(soname) for soname in artifact.facts.needed):
        return False
    blob = artifact.facts.symbols
    symbols = unpack(blob) if blob else None
    return symbols is None or _LOADING.isdisjoint(base_name(name) for name in symbols.undefined)


def _has_archive(soname: str) -> bool:
    """Whether an archive of it comes with the compiler, which asks for no other library.

    That of another library asks for what the library needs in turn, of which the program does not tell.
    """
    return soname in _OWN or is_musls_own(soname) or soname.startswith("ld-linux")


def _unsearched_directory(placement: Placement) -> str | None:
    """Where in the stage the first missing library stands, if it does."""
    missing = (need for need in placement.link.needs if need.presence is Presence.MISSING)
    found = next((need.not_searched for need in missing if need.not_searched), None)
    return posixpath.dirname(found) if found else None


def _searching(directory: str) -> Callable[[Placement], ElfFacts]:
    def rebuilt(placement: Placement) -> ElfFacts:
        facts = placement.artifact.facts
        return msgspec.structs.replace(facts, runpath=(*facts.runpath, directory), rpath=())

    return rebuilt


def _without_cxx_runtime(placement: Placement) -> ElfFacts:
    facts = placement.artifact.facts
    return msgspec.structs.replace(
        facts,
        needed=tuple(soname for soname in facts.needed if soname not in CXX_RUNTIME),
        version_needs={soname: needs for soname, needs in facts.version_needs.items() if soname not in CXX_RUNTIME},
    )


def _static(placement: Placement) -> ElfFacts:
    facts = placement.artifact.facts
    machine = MACHINES.get(placement.platform.architecture, facts.machine)
    return msgspec.structs.replace(
        facts,
        machine=machine if placement.cause is Cause.WRONG_ARCHITECTURE else facts.machine,
        linkage=Linkage.STATIC,
        interpreter=None,
        needed=(),
        rpath=(),
        runpath=(),
        version_needs={},
    )


def _static_title(placement: Placement) -> str:
    facts, platform = placement.artifact.facts, placement.platform
    target = ""
    if placement.cause is Cause.WRONG_ARCHITECTURE:
        if facts.linkage is not Linkage.DYNAMIC:
            return f"build it for {platform}"
        target = f" for {platform}"
    if facts.language == "go":
        return f"build it statically{target}: CGO_ENABLED=0 go build"
    if facts.language == "rust":
        return f"build it statically{target}: cargo build --target {_rust_target(placement)}"
    return f"link it statically{target}: -static, best by musl-gcc"


def _rust_target(placement: Placement) -> str:
    machine = MACHINES.get(placement.platform.architecture, "<arch>")
    return "armv7-unknown-linux-musleabihf" if machine == "arm" else f"{machine}-unknown-linux-musl"
