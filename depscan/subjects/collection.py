"""Placements and stages to subjects: what the rules are asked about.

In: the stages of a Dockerfile, the placements in those that are run, the problems of its text. Out: `Subject`s.
Needs and versions become subjects only where the real linker would get to them: after a dynamic linker was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.facts import MEMBER, Origin
from depscan.filesystem.entries import Presence
from depscan.findings import AT_RUN, Confidence, Severity
from depscan.linking.placement import Verdict
from depscan.linking.starts import is_plain
from depscan.subjects import InstructionView, Subject
from depscan.subjects.base_choice import base_view
from depscan.subjects.builds import build_view
from depscan.subjects.missing_symbols import highest_unmet, symbol_view
from depscan.subjects.platform_choice import KINDS as PLATFORM_KINDS
from depscan.subjects.problems import find_problems
from depscan.subjects.purpose import gravest, is_argument, is_carrier, is_started
from depscan.subjects.purposes import Purposes
from depscan.subjects.second_libc import second_libc
from depscan.subjects.views import artifact_view, image_view, need_view, platform_view, stage_view, version_view
from depscan.subjects.wording import (
    describe_artifact,
    describe_image,
    describe_search,
    doubt_platform,
    label_artifact,
    label_base,
    label_made,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from depscan.artifacts.facts import Artifact
    from depscan.dockerfile.instructions import Dockerfile, Instruction, Problem, Stage
    from depscan.filesystem.entries import StageFilesystem
    from depscan.linking.placement import Failure, Need, Placement, VersionCheck
    from depscan.platforms import Platform
    from depscan.source import Span
    from depscan.subjects import ArtifactView, BuildView

_HOST_MODULES = "host-modules"  # in the way, but not proved to break anything
_AWAITED = "source-awaited"  # something is known that brings it before the image is built
_NOT_THERE = frozenset({"source-missing", "source-outside-context", _AWAITED})  # an ignored source is there


def collect(
    dockerfile: Dockerfile,
    stages: Iterable[StageFilesystem],
    placements: Iterable[Placement],
    *,
    context_given: bool = False,
    cpu_floor: str | None = None,
    target: int | None = None,
    several_platforms: bool = False,
    platform_assumed: bool = False,
    run: frozenset[int] = frozenset(),
) -> tuple[Subject, ...]:
    """All subjects of a Dockerfile; `placements` are those of the stages that are run.

    `context_given`: the user named the build context; one that was guessed weakens what is missing in it. `cpu_floor`
    is the configured level of the oldest CPU, e.g. x86-64-v2. `target` is the stage that the image is; a mistake that
    only a build for another platform meets is no error unless `several_platforms` are configured.
    `platform_assumed`: nobody named the platform. `run` are the stages that somebody may start.
    """
    stages, placements = tuple(stages), tuple(placements)
    context = Confidence.CERTAIN if context_given else _confidence_of_guess(stages)
    assumed = frozenset(_of_assumed_platform(dockerfile)) if platform_assumed else frozenset()
    collector = _Collector(dockerfile, context, cpu_floor, placements, assumed)
    told = find_problems(dockerfile, stages, placements, target=target, cpu_floor=cpu_floor)
    return (
        *(collector.problem(problem, latent=not several_platforms) for problem in told.problems),
        *(collector.problem(problem, latent=False) for problem in told.proven),
        *(collector.stage(stage, stages) for stage in stages),
        *(subject for placement in told.placements for subject in collector.placed(placement)),
        *(subject for stage in stages for subject in collector.started(stage, placements, run=run)),
    )


def _of_assumed_platform(dockerfile: Dockerfile) -> Iterator[int]:
    """The stages on images for which no FROM names a platform."""
    for stage in dockerfile.stages:
        if not image_stage(stage, dockerfile.stages).names_platform:
            yield stage.index


def image_stage(stage: Stage, stages: Sequence[Stage]) -> Stage:
    """The stage whose FROM names the image that a stage stands on."""
    while stage.base_stage is not None:
        stage = stages[stage.base_stage]
    return stage


def _gravest_of(problem: Problem, *, latent: bool) -> Severity:
    """The highest severity that a finding on wrong text may have; `latent` as for `problem`."""
    if problem.kind == _AWAITED:
        return Severity.NOTE
    latent = (problem.kind in PLATFORM_KINDS and latent) or problem.kind == _HOST_MODULES
    return Severity.WARNING if latent or problem.confidence is Confidence.POSSIBLE else Severity.ERROR


class _Shared(Struct, frozen=True):
    """What all subjects of a placement have alike, worked out once: a library may lack a dozen others.

    `cap` is the highest confidence of a finding on it; `base` is where its image is named; `first` and `last` are what
    the evidence begins and ends with.
    """

    build: BuildView
    platform_doubt: str | None
    cap: Confidence
    instruction_span: Span
    places: tuple[tuple[Span, str], ...]
    base: Span
    first: tuple[str, ...]
    last: tuple[str, ...]
    label: str


class _Collector:
    """Knows the Dockerfile, to widen a word's span to its instruction's and to find a stage's FROM line."""

    def __init__(
        self,
        dockerfile: Dockerfile,
        context: Confidence,
        cpu_floor: str | None,
        placements: Sequence[Placement],
        assumed: frozenset[int],
    ) -> None:
        self._context = context
        self._purposes = Purposes(placements, self._word_at)
        loading = [each for each in placements if each.verdict is Verdict.LOADS and each.artifact.kind != MEMBER]
        self._executing = _executing([*loading, *(each for each in placements if each.link.follows is not None)])
        self._assumed = assumed
        self._likelier = _likelier_platforms([each for each in placements if each.filesystem.stage.index in assumed])
        self._cpu_floor = cpu_floor
        self._common: dict[int, dict[str, object]] = {}
        self._shared: dict[int, _Shared] = {}
        self._views: dict[tuple[int, Confidence], ArtifactView] = {}
        self._stages = dockerfile.stages
        everything = [item for stage in dockerfile.stages for item in (stage.instruction, *stage.instructions)]
        self._instructions: list[Instruction] = everything

    def placed(self, placement: Placement) -> Iterator[Subject]:
        if placement.foreign and placement.filesystem.stage.index in self._likelier:
            return  # the stage's own subject tells of the platform
        if placement.link.follows is not None:
            return  # the program that the script executes has a subject of its own
        culprit = placement.culprit
        root = f"{culprit.cause} {culprit.detail}" if culprit is not None else "loads"
        if placement.artifact.kind == MEMBER:
            from depscan.subjects.members import as_member  # noqa: PLC0415 - few images have archives

            yield as_member(placement, self._subject(placement, MEMBER, {}, root=MEMBER))
            return
        yield self._subject(placement, "artifact", {}, root=root)
        if placement.artifact.script is not None and not is_argument(placement.entry, placement.filesystem):
            from depscan.subjects.starts import script_view  # noqa: PLC0415 - few images have a script

            yield self._subject(placement, "script", {"script": script_view(placement.artifact.script)}, root=root)
        if placement.verdict is not Verdict.FAILS:
            return
        for need in placement.link.needs:
            if need.presence is Presence.MISSING:
                yield self._need(placement, need)
        for check in highest_unmet(placement.link.versions):
            yield self._version(placement, check)
        view = symbol_view(placement.link)
        if view is not None:
            names = {"symbol": view}
            yield self._subject(placement, "symbol", names, root="symbols", failure=_failure(placement, view.name))

    def started(
        self, filesystem: StageFilesystem, placements: Sequence[Placement], *, run: frozenset[int]
    ) -> Iterator[Subject]:
        """What the start commands of a stage that is run, and its RUN instructions, start."""
        if not filesystem.shell_less and (filesystem.stage.index not in run or is_plain(filesystem, placements)):
            return
        from depscan.subjects.starts import find_starts, subject_of  # noqa: PLC0415 - where there is more to tell

        base = self._image_stage(filesystem.stage).base_span
        for found in find_starts(filesystem, placements, run=filesystem.stage.index in run):
            instruction = self._instruction_at(found.span)
            yield subject_of(found, filesystem, self._of_stage(filesystem), instruction, base)

    def _need(self, placement: Placement, need: Need) -> Subject:
        view = need_view(need)
        looked = describe_search(need)
        failure = _failure(placement, need.soname)
        return self._subject(
            placement,
            "need",
            {"need": view},
            root="needs",
            failure=failure,
            more=(looked,) if looked else (),
        )

    def _version(self, placement: Placement, check: VersionCheck) -> Subject:
        view = version_view(check)
        failure = _failure(placement, f"{check.name} ({check.library})")
        return self._subject(
            placement, "version", {"version": view}, root=f"versions of {check.library}", failure=failure
        )

    def _subject(
        self,
        placement: Placement,
        kind: str,
        names: Mapping[str, object],
        *,
        root: str,
        failure: Failure | None = None,
        more: tuple[str, ...] = (),
    ) -> Subject:
        filesystem, entry = placement.filesystem, placement.entry
        failure = failure or placement.culprit
        shared = self._shared_by(placement)
        proof = failure.confidence if failure is not None else placement.confidence
        confidence = Confidence.weakest(proof, shared.cap)
        moment, text = _said(placement, failure)
        return Subject(
            kind=kind,
            names={
                "artifact": self._artifact_view(placement, confidence),
                "build": shared.build,
                **self._of_stage(filesystem),
                **names,
            },
            span=entry.span,
            instruction_span=shared.instruction_span,
            root=root,
            related=(*shared.places, (shared.base, label_base(placement, kind, shared.platform_doubt))),
            confidence=confidence,
            stage=filesystem.stage.index,
            artifact=placement.path,
            source=entry.source,
            evidence=(*shared.first, *more, *shared.last),
            runtime_message=text,
            gravest=gravest(placement, confidence),
            label=shared.label,
            moment=moment,
        )

    def _shared_by(self, placement: Placement) -> _Shared:
        if id(placement) not in self._shared:  # placements are kept as long as the collector
            self._shared[id(placement)] = self._work_out(placement)
        return self._shared[id(placement)]

    def _work_out(self, placement: Placement) -> _Shared:
        filesystem, artifact = placement.filesystem, placement.artifact
        build = build_view(placement)
        doubt = Confidence.POSSIBLE if build.newer and placement.verdict is not Verdict.FAILS else Confidence.CERTAIN
        platform_doubt = doubt_platform(placement, assumed=filesystem.stage.index in self._assumed)
        by_platform = Confidence.LIKELY if platform_doubt else Confidence.CERTAIN
        return _Shared(
            build=build,
            platform_doubt=platform_doubt,
            cap=Confidence.weakest(artifact.confidence, self._purposes.of(placement), doubt, by_platform),
            instruction_span=self._instruction_at(placement.entry.span),
            places=(*_made_at(artifact), *self._executed_by(placement)),
            base=self._image_stage(filesystem.stage).base_span,
            first=(describe_artifact(artifact), describe_image(filesystem.profile), *placement.link.notes),
            last=(*artifact.evidence, *filter(None, (build.chain, platform_doubt))),
            label=label_artifact(placement),
        )

    def _artifact_view(self, placement: Placement, confidence: Confidence) -> ArtifactView:
        key = id(placement), confidence
        if key not in self._views:
            self._views[key] = artifact_view(placement, self._cpu_floor, confidence)
        return self._views[key]

    def _executed_by(self, placement: Placement) -> tuple[tuple[Span, str], ...]:
        """The RUN that starts a program, or the started script that executes it."""
        start = placement.filesystem.entrypoint
        if start is not None and start.keyword == "RUN":
            return ((start.span, f"RUN starts {placement.path}"),)
        script = self._executing.get((placement.filesystem.stage.index, placement.path))
        return ((script.entry.span, f"{script.path} executes it"),) if script is not None else ()

    def _of_stage(self, filesystem: StageFilesystem) -> dict[str, object]:
        """The views that all binaries of a stage share: made once, since one of them looks at every file."""
        index = filesystem.stage.index
        if index not in self._common:
            self._common[index] = {
                "image": image_view(filesystem.profile),
                "stage": stage_view(filesystem),
                "platform": platform_view(filesystem.stage.platform, self._likelier.get(index)),
            }
        return self._common[index]

    def stage(self, filesystem: StageFilesystem, stages: Sequence[StageFilesystem]) -> Subject:
        """A stage's subject; it stands at FROM, or where a second libc comes in."""
        hack = second_libc(filesystem)
        span = hack[1] if hack else filesystem.stage.base_span
        return Subject(
            kind="stage",
            names={
                **self._of_stage(filesystem),
                "base": base_view(filesystem, stages),
            },
            span=span,
            instruction_span=self._instruction_at(span),
            root="stage",
            confidence=filesystem.profile.confidence if hack else Confidence.CERTAIN,
            stage=filesystem.stage.index,
            evidence=(describe_image(filesystem.profile),) if hack else (),
            gravest=Severity.NOTE if is_carrier(filesystem) else Severity.ERROR,
        )

    def problem(self, problem: Problem, *, latent: bool) -> Subject:
        """The subject of wrong text; what only a build for another platform meets may be `latent` in this one."""
        context = self._context if problem.kind in _NOT_THERE else Confidence.CERTAIN
        keyword = next((item.keyword for item in self._instructions if _within(problem.span, item.span)), "")
        return Subject(
            kind="instruction",
            names={"instruction": InstructionView(keyword, problem.kind, problem.detail)},
            span=problem.span,
            instruction_span=self._instruction_at(problem.span),
            root=f"{problem.kind} {problem.word or self._word_at(problem.span)}",
            related=problem.related,
            confidence=Confidence.weakest(context, problem.confidence),
            stage=problem.stage,
            runtime_message=problem.runtime[1] if problem.runtime else None,
            moment=problem.runtime[0] if problem.runtime else AT_RUN,
            gravest=_gravest_of(problem, latent=latent),
        )

    def _instruction_at(self, span: Span) -> Span:
        return next((item.span for item in self._instructions if _within(span, item.span)), span)

    def _word_at(self, span: Span) -> str:
        """The word of an instruction at a place, so that a fingerprint holds neither lines nor host paths."""
        words = (word for item in self._instructions for word in item.arguments)
        return next((word.text for word in words if word.span == span), "")

    def _image_stage(self, stage: Stage) -> Stage:
        return image_stage(stage, self._stages)


def _likelier_platforms(placements: Sequence[Placement]) -> Mapping[int, Platform]:
    """By stage, what its programs are for where that is not what was assumed."""
    if not any(placement.foreign for placement in placements):
        return {}
    from depscan.subjects.assumed_platform import likelier_platforms  # noqa: PLC0415 - few images have such programs

    return likelier_platforms(placements)


def _executing(placements: Iterable[Placement]) -> Mapping[tuple[int, str], Placement]:
    """The started scripts by stage and by the path of a program that they execute."""
    scripts = [each for each in placements if each.artifact.script is not None]
    if not scripts:
        return {}
    from depscan.linking.scripts import executed_programs  # noqa: PLC0415 - few images have a script

    return {
        (script.filesystem.stage.index, path): script
        for script in scripts
        if is_started(script.entry, script.filesystem)
        for path in executed_programs(script)
    }


def _confidence_of_guess(stages: Iterable[StageFilesystem]) -> Confidence:
    """A guessed context in which nothing that the Dockerfile names was found is probably not the real one."""
    found = any(entry.origin is Origin.CONTEXT for stage in stages for entry in stage.entries.values())
    return Confidence.LIKELY if found else Confidence.POSSIBLE


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _failure(placement: Placement, detail: str) -> Failure | None:
    return next((failure for failure in placement.link.failures if failure.detail == detail), None)


def _made_at(artifact: Artifact) -> tuple[tuple[Span, str], ...]:
    """The command that makes what is not built yet."""
    made = artifact.prediction
    return ((made.span, label_made(made)),) if made is not None else ()


def _said(placement: Placement, failure: Failure | None) -> tuple[str, str | None]:
    """When it is read that something fails, and what."""
    if failure is None and placement.artifact.prediction is None:
        return AT_RUN, None
    from depscan.subjects.runtime_words import said  # noqa: PLC0415 - a run where all loads needs none of it

    return said(placement, failure)
