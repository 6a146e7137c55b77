"""Changes after which the same rules find nothing.

In: a finding, what was found before, and `recheck`, which runs the whole examination on a changed input. Out:
proved `Suggestion`s in the order build flag, package, base, builder's base. This module has no opinion: a change is
offered only when every program of the finding loads after it and no new finding appears, so that advice can never
contradict the findings.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

from depscan.artifacts.facts import Linkage
from depscan.filesystem.entries import Presence
from depscan.findings import Edit, Location, Severity, Suggestion
from depscan.images.candidates import builder_candidates, candidates
from depscan.images.naming import ROOTS
from depscan.linking.placement import Cause, Verdict
from depscan.packages import install_command
from depscan.packages.providers import who_provides
from depscan.platforms import MACHINES
from depscan.source import Position, Span
from depscan.subjects import CXX_RUNTIME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from depscan.artifacts.facts import ElfFacts
    from depscan.artifacts.prediction import Mend, Prediction
    from depscan.dockerfile.instructions import Stage
    from depscan.filesystem.entries import StageFilesystem
    from depscan.findings import Finding
    from depscan.linking.placement import Placement
    from depscan.source import SourceText

MAX_TRIED = 24
MAX_TRIED_FOR_TEXT = 6
MAX_BASES = 5
# Findings on text that another distribution, or the image of another stage, mends for sure.
_OF_THE_RELEASE = frozenset({"wheel-or-site-packages-on-musl", "package-manager-mismatch"})
_OF_THE_BASE = _OF_THE_RELEASE | {"venv-interpreter-missing"}
# Toolchains whose products are loaded or started by a program that the image has.
_LANGUAGES = frozenset("npm yarn pnpm bun pip uv poetry pdm pipenv gem bundle".split())  # noqa: SIM905
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
    """The proved suggestions for a finding on artifacts, or on text that another base may mend; else none."""
    placements = tuple(
        placement
        for placement in before.placements
        if placement.filesystem.stage.index == finding.stage and placement.path in finding.artifacts
    )
    if not placements:
        return tuple(_for_text(finding, before, recheck))
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


def _for_text(finding: Finding, before: Outcome, recheck: Callable[[Change], Trial]) -> Iterator[Suggestion]:
    """Other releases of the stage's image, and the images of the other stages, with which the finding is gone."""
    stages = {each.stage.index: each for each in before.stages}
    here = stages.get(finding.stage if finding.stage is not None else -1)
    if finding.rule not in _OF_THE_BASE or here is None:
        return
    path = finding.location.path
    bases = [_candidate_base(reference, here, before, path) for reference in _near(finding, here, stages)]
    builders = [_candidate_builder(here.profile.name, each, before, path) for each in _builders(here, stages)]
    known = {old.identity for old in before.findings} - {finding.identity}
    for found in (bases, builders):
        for candidate in found[:MAX_TRIED_FOR_TEXT]:
            trial = recheck(candidate.change)
            if trial.alarms <= known and not trial.misfits:
                yield _with_size(candidate.suggestion, trial.sizes.get(here.stage.index))
                break


def _near(finding: Finding, here: StageFilesystem, stages: Mapping[int, StageFilesystem]) -> tuple[str, ...]:
    """The stage's image on other distributions, where these matter, then the images that the other stages stand on."""
    alike = _alike(here) if finding.rule in _OF_THE_RELEASE else []
    others = [each.profile.name for each in stages.values() if each.profile.name != here.profile.name]
    return tuple(dict.fromkeys((*alike, *(name for name in others if name != "scratch"))))


def _alike(here: StageFilesystem) -> list[str]:
    """Candidates for a stage's base: of a language's image, whose program is needed, other releases alone."""
    own = _image_name(here.profile.reference)
    return [each for each in candidates(here.profile) if own in ROOTS or _image_name(each) == own]


def _builders(here: StageFilesystem, stages: Mapping[int, StageFilesystem]) -> list[StageFilesystem]:
    """The stages that could stand on the image of `here`, which must be one to build in."""
    if here.profile.package_manager is None:
        return []
    return [each for each in stages.values() if each.stage.index < here.stage.index and each.stage.base_stage is None]


def _adds_nothing(suggestion: Suggestion, proved: list[Suggestion], own: str) -> bool:
    """Whether an image of the same name is proved already; of the failing image's own releases two may stand."""
    if suggestion.base is None:
        return False
    name = _image_name(suggestion.base)
    alike = [kept for kept in proved if kept.kind == suggestion.kind and kept.base is not None]
    same = sum(_image_name(kept.base or "") == name for kept in alike)
    return same >= (2 if name == _image_name(own) else 1)


def _image_name(reference: str) -> str:
    """Debian of docker.io/library/debian:12-slim; all distroless images are one name."""
    name = reference.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return "distroless" if "distroless/" in reference else name


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
        alarms=frozenset(new.identity for new in after.findings if new.severity is not Severity.NOTE),
        misfits=frozenset(filesystem.stage.index for filesystem in after.stages if _misfits(filesystem)),
        sizes={filesystem.stage.index: filesystem.profile.size for filesystem in after.stages},
    )


def _mends(trial: Trial, finding: Finding, before: Outcome, placements: tuple[Placement, ...]) -> bool:
    """Every program of the finding loads, and nothing that was quiet before speaks now.

    Packages of another C library may lie at other paths: then each that is new must load in place of those.
    """
    stage = finding.stage or 0
    verdicts = {trial.verdicts.get((stage, path)) for path in finding.artifacts}
    if None in verdicts and {each.product.tool for each in _predictions(placements)} <= _LANGUAGES:
        old = {(item.filesystem.stage.index, item.path) for item in before.placements}
        verdicts |= {verdict for place, verdict in trial.verdicts.items() if place[0] == stage and place not in old}
        verdicts.discard(None)
    if verdicts != {Verdict.LOADS}:
        return False
    touched = {stage, *(made.stage for made in _predictions(placements))}
    return not touched & trial.misfits and trial.alarms <= {old.identity for old in before.findings}


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
    yield from _rebuilds(placements, path, source) if _predictions(placements) else _build_flags(placements)
    yield from _packages(placements, filesystem, path)
    yield from _bases(placements, before, path)
    yield from _builder_bases(placements, before, path)


def _rebuilds(placements: tuple[Placement, ...], path: str, source: SourceText) -> Iterator[_Candidate]:
    """What the build commands would have to say, where each of them can be mended."""
    made = {prediction.span: prediction.product.mend for prediction in _predictions(placements)}
    mends = [(span, mend) for span, mend in made.items() if mend is not None]
    if len(mends) < len(made):
        return
    changes = [change for span, mend in mends for change in _changes(span, mend, source)]
    edits = tuple(Edit(Location(path, span), text) for span, text in changes)
    if edits:
        yield _Candidate(Suggestion("build-flag", mends[0][1].title, proved=True, edits=edits), Change(edits=edits))


def _changes(span: Span, mend: Mend, source: SourceText) -> Iterator[tuple[Span, str]]:
    """The places of a command that a mend changes, with what is to stand there."""
    for place, text in ((span.start, mend.before), (span.end, mend.after)):
        if text:
            yield Span(place, place), text
    word = re.compile(rf"(?<![\w.-]){re.escape(mend.replaced)}(?![\w.-])")
    found = []
    for number in range(span.start.line, span.end.line + 1) if mend.replaced else ():
        line = source.text.split("\n")[number - 1]
        first = span.start.column if number == span.start.line else 1
        last = span.end.column if number == span.end.line else len(line) + 1
        found += [(number, each.start() + 1) for each in word.finditer(line, first - 1, last - 1)]
    if len(found) == 1:
        ((line_number, column),) = found
        end = column + len(mend.replaced)
        yield Span(Position(line_number, column), Position(line_number, end)), mend.by


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


def _bases(placements: tuple[Placement, ...], before: Outcome, path: str) -> Iterator[_Candidate]:
    """Other bases, nearest first, in place of the image at the bottom of the stage.

    What a program of the image loads or starts (node_modules, site-packages) needs that program.
    """
    filesystem = placements[0].filesystem
    made = {prediction.product.tool for prediction in _predictions(placements)}
    libraries = all(each.artifact.facts.linkage is Linkage.SHARED_OBJECT for each in placements)
    for reference in _alike(filesystem) if libraries or made & _LANGUAGES else candidates(filesystem.profile):
        yield _candidate_base(reference, filesystem, before, path)


def _candidate_base(reference: str, filesystem: StageFilesystem, before: Outcome, path: str) -> _Candidate:
    origin = _image_stage(filesystem.stage, before)
    edit = Edit(Location(path, origin.base_span), reference)
    suggestion = Suggestion("base", f"use FROM {reference}", proved=True, base=reference, edits=(edit,))
    return _Candidate(suggestion, Change(edits=(edit,)))


def _builder_bases(placements: tuple[Placement, ...], before: Outcome, path: str) -> Iterator[_Candidate]:
    """Other images for the one stage that builds all of it, of the C library and no newer than that of the runtime."""
    builders = {made.stage for made in _predictions(placements)} - {placements[0].filesystem.stage.index}
    stages = [each for each in before.stages if each.stage.index in builders]
    if len(stages) != 1:
        return
    for reference in builder_candidates(stages[0].profile, placements[0].filesystem.profile):
        yield _candidate_builder(reference, stages[0], before, path)


def _candidate_builder(reference: str, builder: StageFilesystem, before: Outcome, path: str) -> _Candidate:
    edit = Edit(Location(path, _image_stage(builder.stage, before).base_span), reference)
    title = f"build it on FROM {reference}"
    suggestion = Suggestion("builder-base", title, proved=True, base=reference, edits=(edit,))
    return _Candidate(suggestion, Change(edits=(edit,)))


def _image_stage(stage: Stage, before: Outcome) -> Stage:
    by_index = {filesystem.stage.index: filesystem.stage for filesystem in before.stages}
    while stage.base_stage is not None and stage.base_stage in by_index:
        stage = by_index[stage.base_stage]
    return stage
