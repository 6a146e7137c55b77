"""Placements, what they lack, profiles and stages as rules see them.

In: a `Placement`, a `Need`, a `VersionCheck`, an `ImageProfile`, a `StageFilesystem`, a `Platform`. Out: their views.
They repeat facts in a rule author's words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.artifacts.facts import Linkage
from depscan.filesystem.entries import Presence
from depscan.linking.loaders import interpreter_family
from depscan.platforms import MACHINES
from depscan.subjects import (
    CXX_RUNTIME,
    ArtifactView,
    ImageView,
    LibcView,
    NeedView,
    PlatformView,
    StageView,
    VersionView,
)
from depscan.subjects.purpose import is_started
from depscan.subjects.second_libc import second_libc
from depscan.subjects.wording import fate

if TYPE_CHECKING:
    from depscan.filesystem.entries import StageFilesystem
    from depscan.findings import Confidence
    from depscan.images.profile import ImageProfile
    from depscan.linking.placement import Need, Placement, VersionCheck
    from depscan.platforms import Platform

_GLIBC = "GLIBC_"
_ARCHITECTURES = {machine: architecture for architecture, machine in MACHINES.items()}
_STATUS = {Presence.PROVIDED: "met", Presence.MISSING: "unmet", Presence.UNKNOWN: "unknown"}


def artifact_view(placement: Placement, cpu_floor: str | None, confidence: Confidence) -> ArtifactView:
    """A program or library at its place; `cpu_floor` is the oldest CPU's level, `confidence` how sure its fate is."""
    facts = placement.artifact.facts
    culprit = placement.culprit
    above = cpu_floor is not None and facts.isa_level is not None and facts.isa_level > cpu_floor
    return ArtifactView(
        path=placement.path,
        source=placement.artifact.source,
        origin=placement.artifact.origin.value,
        machine=facts.machine,
        linkage=facts.linkage.value if facts.linkage else None,
        executable=facts.linkage is not Linkage.SHARED_OBJECT,
        started=is_started(placement.entry, placement.filesystem),
        libc=facts.libc,
        language=facts.language,
        interpreter=facts.interpreter,
        interpreter_libc=interpreter_family(facts.interpreter) if facts.interpreter else None,
        verdict=placement.verdict.value,
        cause=culprit.cause.value if culprit is not None else None,
        detail=culprit.detail if culprit is not None else None,
        cpu_level=facts.isa_level,
        cpu_floor=cpu_floor if above else None,  # x86-64 < x86-64-v2 < x86-64-v3 < x86-64-v4 as texts too
        compat=placement.link.compat,
        loads_nss=facts.loads_nss,
        architecture=_ARCHITECTURES.get(facts.machine, facts.machine),
        who=placement.path,
        fate=fate(facts.linkage, confidence) if placement.artifact.script is None else fate(None, confidence),
    )


def need_view(need: Need) -> NeedView:
    """A library that a placement asks for."""
    return NeedView(
        soname=need.soname,
        requested_by=need.requested_by,
        status=need.presence.value,
        other_major=need.other_major,
        cxx_runtime=need.soname in CXX_RUNTIME,
        not_searched=need.not_searched,
        unfit=need.unfit,
        flaw=need.flaw,
        names=need.soname,
    )


def version_view(check: VersionCheck) -> VersionView:
    """A version that a placement asks of a library; glibc's in plain words."""
    wanted, given = f"{check.name} of {check.library}", check.ceiling
    if check.name.startswith(_GLIBC) and check.name[len(_GLIBC) :][:1].isdigit():
        wanted, given = f"glibc {check.name.removeprefix(_GLIBC)}", (check.ceiling or "").removeprefix(_GLIBC)
    return VersionView(
        name=check.name,
        namespace=check.namespace,
        library=check.library,
        requested_by=check.requested_by,
        status=_STATUS[check.presence],
        ceiling=check.ceiling,
        weak=check.weak,
        wanted=wanted,
        given=given or "an older one",
    )


def image_view(profile: ImageProfile) -> ImageView:
    """The image at the bottom of a stage."""
    return ImageView(
        reference=profile.name,
        release=profile.release,
        libc=LibcView(profile.libc.family, profile.libc.version),
        libraries_complete=profile.libraries_complete,
        package_manager=profile.package_manager,
        source=profile.source,
        as_of=profile.as_of,
    )


def stage_view(filesystem: StageFilesystem) -> StageView:
    """A stage, and how it brings a second C library."""
    stage, hack = filesystem.stage, second_libc(filesystem)
    return StageView(
        index=stage.index,
        name=stage.name,
        base=stage.base,
        base_status=_base_status(filesystem),
        unresolved=", ".join(stage.unresolved),
        second_libc=hack[0] if hack else None,
    )


def _base_status(filesystem: StageFilesystem) -> str:
    if filesystem.stage.unresolved:
        return "unresolved"
    if filesystem.profile.windows:
        return "windows"
    return "unknown" if filesystem.profile.libc.family == "unknown" else "known"


def platform_view(platform: Platform, likelier: Platform | None) -> PlatformView:
    """The platform of a stage, and the one that its programs are for where nobody named it."""
    machine = MACHINES.get(platform.architecture, platform.architecture)
    return PlatformView(str(platform), machine, str(likelier) if likelier else None)
