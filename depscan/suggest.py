"""Changes after which the same rules find nothing.

In: a finding, what was found before, and `recheck`, which runs the whole examination on a changed input. Out:
proved `Suggestion`s in the order build flag, package, base, builder's base. This module has no opinion: a change is
offered only when every program of the finding loads after it and no new finding appears, so that advice can never
contradict the findings.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

from depscan.artifacts.facts import Linkage
from depscan.base_swaps import INTERPRETERS, WITH_SWAPS, loading_interpreter, swap_bases
from depscan.filesystem.entries import Presence
from depscan.findings import Edit, Location, Severity, Suggestion
from depscan.images.candidates import builder_candidates, candidates, carries, image_name
from depscan.linking.placement import Cause, Verdict
from depscan.packages import install_command
from depscan.packages.providers import who_provides
from depscan.platforms import MACHINES
from depscan.source import Position, Span
from depscan.subjects import CXX_RUNTIME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from depscan.artifacts.facts import ElfFacts
    from depscan.artifacts.prediction import Prediction
    from depscan.dockerfile.instructions import Stage
    from depscan.filesystem.entries import StageFilesystem
    from depscan.findings import Finding
    from depscan.linking.placement import Placement
    from depscan.repairs import Repair
    from depscan.source import SourceText

MAX_TRIED = 24
_STARTS = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK"})
MAX_BASES = 5
_OF_ANOTHER_DAY = "builder-tag-moves"  # what a tag will be one day is nothing against a change that mends today
_MANAGER_FAMILIES = {"yum": "dnf", "microdnf": "dnf", "tdnf": "dnf"}


class Change(Struct, frozen=True):
    """A changed input: edits of the Dockerfile, or facts that a rebuilt binary (by source) would have."""

    edits: tuple[Edit, ...] = ()
    assumed: Mapping[str, ElfFacts] = field(default_factory=dict)


class Outcome(Struct, frozen=True):
    """What an examination found."""

    stages: tuple[StageFilesystem, ...]
    placements: tuple[Placement, ...]
    findings: tuple[Finding, ...]


class Trial(Struct, frozen=True):
    """What an examination of a changed input says of the change: little, so that many can be kept.

    `verdicts` are by stage and path, `alarms` the identities of findings that are more than notes, `misfits` the stages
    whose RUN lines use a package manager that their base does not have, `sizes` those of the images by stage.
    """

    verdicts: Mapping[tuple[int, str], Verdict]
    alarms: frozenset[str]
    misfits: frozenset[int]
    sizes: Mapping[int, int | None]


class _Candidate(Struct, frozen=True):
    suggestion: Suggestion
    change: Change


def suggest(
    finding: Finding, before: Outcome, recheck: Callable[[Change], Trial], source: SourceText
) -> tuple[Suggestion, ...]:
    """The proved suggestions for a finding on artifacts, start commands or what a base lacks; else none."""
    placements = tuple(
        placement
        for placement in before.placements
        if placement.filesystem.stage.index == finding.stage and placement.path in finding.artifacts
    )
    if not placements or _keyword(finding, before) in _STARTS:
        started = _text_repairs(finding, before, source)
        swaps = _prove_swaps(finding, before, recheck) if not placements else ()
        return (
            *(each.suggestion for each in started if _silences(recheck(each.change), finding, before)),
            *swaps,
        )
    proved: list[Suggestion] = []
    tried = 0
    for candidate in _candidates(finding, placements, before, source):
        if tried >= MAX_TRIED or sum(kept.kind == "base" for kept in proved) >= MAX_BASES:
            break
        if _adds_nothing(candidate.suggestion, proved, placements[0].filesystem.profile.reference):
            continue
        tried += 1
        trial = recheck(candidate.change)
        if _mends(trial, finding, before, placements):
            proved.append(_with_size(candidate.suggestion, trial.sizes.get(finding.stage or 0)))
    return tuple(proved)


def _prove_swaps(finding: Finding, before: Outcome, recheck: Callable[[Change], Trial]) -> Iterator[Suggestion]:
    """The first of each kind of swap after which nothing is found and every manager is there."""
    if finding.rule not in WITH_SWAPS:
        return
    for swaps in swap_bases(finding, before.stages):
        for suggestion in swaps:
            trial = recheck(Change(edits=suggestion.edits))
            if not trial.misfits and _silences(trial, finding, before):
                yield _with_size(suggestion, trial.sizes.get(finding.stage or 0))
                break


def _adds_nothing(suggestion: Suggestion, proved: list[Suggestion], own: str) -> bool:
    """Whether an image of the same name is proved already; of the failing image's own releases two may stand."""
    if suggestion.base is None:
        return False
    name = image_name(suggestion.base)
    alike = [kept.base for kept in proved if kept.kind == suggestion.kind and kept.base is not None]
    same = sum(image_name(base) == name for base in alike)
    return same >= (2 if name == image_name(own) else 1)


def apply_edits(source: SourceText, edits: tuple[Edit, ...]) -> str:
    """The text after the edits, which must not overlap."""
    lines = source.text.split("\n")
    for edit in sorted(edits, key=lambda edit: edit.location.span.start, reverse=True):
        start, end = edit.location.span.start, edit.location.span.end
        lines += [""] * (end.line - len(lines))
        before, after = lines[start.line - 1][: start.column - 1], lines[end.line - 1][end.column - 1 :]
        lines[start.line - 1 : end.line] = (before + edit.text + after).split("\n")
    return "\n".join(lines)


def try_out(after: Outcome) -> Trial:
    """What the outcome of a changed input says of the change."""
    return Trial(
        verdicts={(item.filesystem.stage.index, item.path): item.verdict for item in after.placements},
        alarms=frozenset(
            new.identity for new in after.findings if new.severity is not Severity.NOTE and new.rule != _OF_ANOTHER_DAY
        ),
        misfits=frozenset(filesystem.stage.index for filesystem in after.stages if _misfits(filesystem)),
        sizes={filesystem.stage.index: filesystem.profile.size for filesystem in after.stages},
    )


def _mends(trial: Trial, finding: Finding, before: Outcome, placements: tuple[Placement, ...]) -> bool:
    """Every program of the finding loads, it is gone, and nothing that was quiet before speaks now.

    One that only may fail loads before the change, too. Packages for another C library may lie at other paths: then
    each that is new must load in place of those. What RUN starts may change all that comes after it: then it is enough
    that it starts.
    """
    start = placements[0].filesystem.entrypoint
    if start is not None and start.keyword == "RUN":
        return _silences(trial, finding, before)
    stage = finding.stage or 0
    verdicts = {trial.verdicts.get((stage, path)) for path in finding.artifacts}
    made = {each.product.tool for each in _predictions(placements)}
    if None in verdicts and made and made <= INTERPRETERS.keys():
        old = {(item.filesystem.stage.index, item.path) for item in before.placements}
        verdicts |= {verdict for place, verdict in trial.verdicts.items() if place[0] == stage and place not in old}
        verdicts.discard(None)
    if verdicts != {Verdict.LOADS}:
        return False
    touched = {stage, *(made.stage for made in _predictions(placements))}
    return not touched & trial.misfits and _silences(trial, finding, before)


def _silences(trial: Trial, finding: Finding, before: Outcome) -> bool:
    """The finding is gone, and nothing that was quiet before speaks now."""
    return finding.identity not in trial.alarms and trial.alarms <= {old.identity for old in before.findings}


def _keyword(finding: Finding, before: Outcome) -> str | None:
    """Of the instruction that a finding stands in."""
    place = finding.location.span.start
    instructions = (each for filesystem in before.stages for each in filesystem.stage.instructions)
    return next((each.keyword for each in instructions if each.span.start <= place <= each.span.end), None)


def _text_repairs(finding: Finding, before: Outcome, source: SourceText) -> list[_Candidate]:
    from depscan.repairs import repair_platform, repair_start  # noqa: PLC0415 - most findings are on artifacts

    filesystem = next((each for each in before.stages if each.stage.index == finding.stage), None)
    if filesystem is None:
        return []
    repairs = (*repair_platform(finding, source), *repair_start(finding, filesystem, before.placements))
    return _as_candidates(repairs)


def _as_candidates(repairs: Iterable[Repair]) -> list[_Candidate]:
    return [
        _Candidate(Suggestion(each.kind, each.title, proved=True, edits=(each.edit,)), Change(edits=(each.edit,)))
        for each in repairs
    ]


def _predictions(placements: tuple[Placement, ...]) -> list[Prediction]:
    return [placement.artifact.prediction for placement in placements if placement.artifact.prediction is not None]


def _with_size(suggestion: Suggestion, size: int | None) -> Suggestion:
    return suggestion if suggestion.kind != "base" else msgspec.structs.replace(suggestion, size=size)


def _misfits(filesystem: StageFilesystem) -> bool:
    """Whether the stage's RUN lines use a package manager that its base does not have."""
    own = filesystem.profile.package_manager
    family = _MANAGER_FAMILIES.get(own or "", own)
    return any(_MANAGER_FAMILIES.get(manager, manager) != family for manager in filesystem.managers)


def _candidates(
    finding: Finding, placements: tuple[Placement, ...], before: Outcome, source: SourceText
) -> Iterator[_Candidate]:
    path = finding.location.path
    filesystem = placements[0].filesystem
    if placements[0].cause is Cause.NOT_EXECUTABLE or placements[0].artifact.script is not None:
        yield from _repairs(finding, placements[0], before)
        return
    yield from _rebuilds(placements, before, path, source) if _predictions(placements) else _build_flags(placements)
    yield from _packages(placements, filesystem, path)
    yield from _bases(filesystem, before, path, loading_interpreter(placements))
    yield from _builder_bases(placements, before, path)


def _repairs(finding: Finding, placement: Placement, before: Outcome) -> Iterator[_Candidate]:
    from depscan.repairs import repair_program  # noqa: PLC0415 - for scripts and permission bits alone

    yield from _as_candidates(repair_program(finding, placement, before.stages))
    if placement.cause is not Cause.NOT_EXECUTABLE:
        yield from _bases(placement.filesystem, before, finding.location.path)


def _rebuilds(
    placements: tuple[Placement, ...], before: Outcome, path: str, source: SourceText
) -> Iterator[_Candidate]:
    """What the build commands would have to say, where each of them can be mended."""
    made = {prediction.span: prediction for prediction in _predictions(placements)}
    mends = [(each, each.product.mend) for each in made.values() if each.product.mend is not None]
    if len(mends) < len(made):
        return
    from depscan.mending import declaring_edits, mending_edits  # noqa: PLC0415 - where a command can be mended

    stages = {each.stage.index: each.stage for each in before.stages}
    edits: dict[Edit, None] = {}
    for each, mend in mends:
        mended = list(mending_edits(each.span, mend, source, path))
        declared = declaring_edits(each.span, mend, stages[each.stage], path) if mended else ()
        edits |= dict.fromkeys((*declared, *mended))
    if edits:
        changed = tuple(edits)
        yield _Candidate(Suggestion("build-flag", mends[0][1].title, proved=True, edits=changed), Change(edits=changed))


def _build_flags(placements: tuple[Placement, ...]) -> Iterator[_Candidate]:
    """A static program needs nothing of the image. For a missing library only the C++ runtime is linked in lightly."""
    if any(placement.artifact.facts.linkage is Linkage.SHARED_OBJECT for placement in placements):
        return
    directory = _unsearched_directory(placements[0])
    if directory is not None:
        title, rebuilt = f"let it look there: link with -Wl,-rpath,{directory}", _searching(directory)
    elif placements[0].cause is Cause.LIBRARY_MISSING:
        title, rebuilt = "link the C++ runtime in: -static-libstdc++ -static-libgcc", _without_cxx_runtime
    else:
        title, rebuilt = _static_title(placements[0]), _static
    assumed = {placement.artifact.source: rebuilt(placement) for placement in placements}
    yield _Candidate(Suggestion("build-flag", title, proved=True), Change(assumed=assumed))


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
    return f"build it statically{target}: link with -static, best by musl-gcc"


def _rust_target(placement: Placement) -> str:
    machine = MACHINES.get(placement.platform.architecture, "<arch>")
    return "armv7-unknown-linux-musleabihf" if machine == "arm" else f"{machine}-unknown-linux-musl"


def _packages(placements: tuple[Placement, ...], filesystem: StageFilesystem, path: str) -> Iterator[_Candidate]:
    """The packages of the stage's own distribution that bring every missing library."""
    profile = filesystem.profile
    missing = sorted(
        {need.soname for placement in placements for need in placement.link.needs if need.presence is Presence.MISSING}
    )
    if not missing or profile.package_manager is None:
        return
    names: list[str] = []
    for soname in missing:
        found = who_provides(profile.package_manager, profile.release, soname)
        if not found:
            return
        names.append(found[0])
    command = install_command(profile.package_manager, tuple(dict.fromkeys(names)))
    if command is None:
        return
    line = filesystem.stage.instruction.span.end.line + 1
    here = Span(Position(line, 1), Position(line, 1))
    edit = Edit(Location(path, here), f"RUN {command}\n")
    suggestion = Suggestion("package", f"install the package: RUN {command}", proved=True, edits=(edit,))
    yield _Candidate(suggestion, Change(edits=(edit,)))


def _bases(
    filesystem: StageFilesystem, before: Outcome, path: str, interpreter: str | None = None
) -> Iterator[_Candidate]:
    """Other bases, nearest first, in place of the image at the bottom of the stage; only those with `interpreter`."""
    origin = _image_stage(filesystem.stage, before)
    for reference in candidates(filesystem.profile):
        if interpreter is not None and not carries(reference, interpreter, filesystem.stage.platform):
            continue
        edit = Edit(Location(path, origin.base_span), reference)
        title = f"use FROM {reference}"
        suggestion = Suggestion("base", title, proved=True, base=reference, edits=(edit,))
        yield _Candidate(suggestion, Change(edits=(edit,)))


def _builder_bases(placements: tuple[Placement, ...], before: Outcome, path: str) -> Iterator[_Candidate]:
    """Other images for the one stage that builds all of it, of the C library and no newer than that of the runtime."""
    builders = {made.stage for made in _predictions(placements)} - {placements[0].filesystem.stage.index}
    stages = [each for each in before.stages if each.stage.index in builders]
    if len(stages) != 1:
        return
    origin = _image_stage(stages[0].stage, before)
    for reference in builder_candidates(stages[0].profile, placements[0].filesystem.profile):
        edit = Edit(Location(path, origin.base_span), reference)
        title = f"build it on FROM {reference}"
        suggestion = Suggestion("builder-base", title, proved=True, base=reference, edits=(edit,))
        yield _Candidate(suggestion, Change(edits=(edit,)))


def _image_stage(stage: Stage, before: Outcome) -> Stage:
    by_index = {filesystem.stage.index: filesystem.stage for filesystem in before.stages}
    while stage.base_stage is not None and stage.base_stage in by_index:
        stage = by_index[stage.base_stage]
    return stage
