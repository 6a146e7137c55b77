"""Other images in place of one that does not fit: for the stage that fails, or for the one that builds.

In: a `Case`. Out: `Offer`s of another word behind FROM, the nearest image first. An image that is known by its digest
is not replaced unsaid, and a third party's is named as such.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from depscan.findings import Edit
from depscan.images.candidates import builder_candidates, candidates, carries, image_name
from depscan.images.knowledge import lookup
from depscan.images.naming import ROOTS
from depscan.images.reference import parse_reference
from depscan.packages import install_command
from depscan.packages.providers import who_provides
from depscan.repairs.case import offer
from depscan.repairs.keeping import lacks_certificates
from depscan.repairs.loading import loading_interpreter
from depscan.source import Position, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.dockerfile.instructions import Stage
    from depscan.filesystem.entries import StageFilesystem
    from depscan.repairs.case import Case, Offer

_MAX_TRIED = 6
_SHELL_LESS = "distroless/"


def offer_bases(case: Case) -> Iterator[Offer]:
    """Other bases in place of the image at the bottom of the stage; only those with the interpreter that loads it."""
    interpreter = loading_interpreter(case.placements)
    for reference in candidates(case.filesystem.profile):
        if interpreter is None or carries(reference, interpreter, case.filesystem.stage.platform):
            swap = _swap(case, case.filesystem, reference)
            yield _with_packages(case, reference, swap) or swap


def base_variant(case: Case) -> Iterator[Offer]:
    """Other images for the stage; of a language's image, whose program is needed, other releases alone."""
    own = image_name(case.filesystem.profile.reference)
    alike = [each for each in candidates(case.filesystem.profile) if own in ROOTS or image_name(each) == own]
    yield from (_swap(case, case.filesystem, reference) for reference in alike[:_MAX_TRIED])


def base_of_stage(case: Case) -> Iterator[Offer]:
    """The image of another stage, which has what this one lacks."""
    here = case.filesystem.profile.name
    others = dict.fromkeys(each.profile.name for each in case.stages if each.profile.name not in (here, "scratch"))
    yield from (_swap(case, case.filesystem, reference) for reference in list(others)[:_MAX_TRIED])


def builder_on_base(case: Case) -> Iterator[Offer]:
    """The stage's own image for an earlier stage, which builds for it."""
    here = case.filesystem
    if here.profile.package_manager is None:
        return
    earlier = [each for each in case.stages if each.stage.index < here.stage.index and each.stage.base_stage is None]
    yield from (_swap(case, each, here.profile.name, builds=True) for each in earlier[:_MAX_TRIED])


def offer_builders(case: Case) -> Iterator[Offer]:
    """Other images for the one stage that builds all of it, of the C library and no newer than that of the runtime."""
    builders = {made.stage for made in case.predictions} - {case.filesystem.stage.index}
    stages = [each for each in case.stages if each.stage.index in builders]
    if len(stages) == 1:
        for reference in builder_candidates(stages[0].profile, case.filesystem.profile):
            yield _swap(case, stages[0], reference, builds=True)


def _swap(case: Case, filesystem: StageFilesystem, reference: str, *, builds: bool = False) -> Offer:
    bottom: Stage = case.bottom(filesystem.stage)
    edit = Edit(case.place(bottom.base_span), reference)
    title = f"build it on FROM {reference}" if builds else f"use FROM {reference}"
    kind = "builder-base" if builds else "base"
    return offer(kind, title, (edit,), base=reference, remark=_remark(filesystem, bottom, reference))


def _with_packages(case: Case, reference: str, swap: Offer) -> Offer | None:
    """The image together with the packages that bring what it lacks of the programs' own needs; None without any.

    Where the image in use has packages for the same C library, they are installed there.
    """
    own = case.filesystem.profile
    profile = lookup(parse_reference(reference), case.filesystem.stage.platform)
    if profile is None or not profile.libraries_complete or profile.package_manager is None:
        return None
    if own.package_manager is not None and own.libc.family == profile.libc.family:
        return None
    beside = {posixpath.basename(path) for path in case.filesystem.entries}
    needed = dict.fromkeys(soname for each in case.placements for soname in each.artifact.facts.needed)
    lacking = [soname for soname in needed if soname not in profile.libraries and soname not in beside]
    found = [who_provides(profile.package_manager, profile.release, soname) for soname in lacking]
    if not lacking or not all(found) or case.filesystem.managers:
        return None
    packages = tuple(sorted({names[0] for names in found}))
    command = install_command(profile.package_manager, packages)
    line = Position(case.filesystem.stage.instruction.span.end.line + 1, 1)
    edits = (*swap.change.edits, Edit(case.place(Span(line, line)), f"RUN {command}\n"))
    title = f"{swap.suggestion.title} with RUN {command}"
    return offer("base", title, edits, base=reference, remark=swap.suggestion.remark)


def _remark(filesystem: StageFilesystem, bottom: Stage, reference: str) -> str | None:
    parts = []
    if reference.startswith("frolvlad/"):
        parts.append("a third party's image")
    if _SHELL_LESS in reference and filesystem.profile.interpreters:
        parts.append("no shell")
    if lacks_certificates(filesystem, reference):
        parts.append("no CA certificates")
    if "@sha256:" in (bottom.base or ""):
        parts.append("a tag in place of your digest")
    return ", ".join(parts) or None
