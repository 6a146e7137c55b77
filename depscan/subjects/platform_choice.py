"""Stages that run on the builder's platform although their product must run on the target's.

In: the stages with their files, and the one that is run. Out: `Problem`s: the image itself pinned to $BUILDPLATFORM, or
a stage pinned to it whose compiler makes programs for the builder's machine and hands them to a stage of the target.
Found from text alone; the values of ENV, ARG and RUN are those of a build on amd64 for arm64, in which a fixed
architecture and one that follows the target differ.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.prediction import Prediction
from depscan.dockerfile.instructions import Problem
from depscan.dockerfile.stages import find_stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.dockerfile.instructions import Dockerfile, Stage
    from depscan.filesystem.entries import StageFilesystem, StartCommand
    from depscan.linking.placement import Placement
    from depscan.source import Position, Span

FINAL_STAGE_PINNED = "final-stage-pinned"
CROSS_BUILD = "cross-build"
KINDS = frozenset({"platform-shadowed", FINAL_STAGE_PINNED, CROSS_BUILD})
"""Problems that only a build for another platform than the builder's meets."""

# Stages that are run where they are built, and those that may be: the latter start what they were not given.
_TOOL = (
    r"(.*[-_.])?(\w*lint\w*|tests?|testing|checks?|dev\w*|docs?|tools?|toolchain|ci|debug|generate\w*|gen|proto\w*|vendor\w*|fmt|"
    r"format|validate\w*|e2e|coverage|bench\w*|scan\w*)([-_.].*)?"
)
_STEP = r"(.*[-_.])?(artifacts?|output|export\w*|binar\w+|release|build\w*|cross|sdk|base)([-_.].*)?"
_PROGRAMS = r"(/usr(/local)?)?/s?bin"
_BUILD_TOOLS = frozenset({"cargo", "go", "make", "gradle", "mvn", "golangci-lint", "cmake", "task", "just"})


class Told(Struct, frozen=True):
    """What is left to tell: `proven` are the problems that a program of this build bears out."""

    problems: tuple[Problem, ...]
    proven: tuple[Problem, ...]
    placements: tuple[Placement, ...]


class _Given(Struct, frozen=True):
    """A file that COPY or ADD brings: its name, the directory it goes to, whether another stage has made it."""

    name: str
    directory: str
    built: bool


def find_platform_problems(
    dockerfile: Dockerfile, filesystems: Sequence[StageFilesystem], target: int | None
) -> Iterator[Problem]:
    """Those of the stages that are built; `target` is the one that is run."""
    pinned = {stage.index for stage in dockerfile.stages if builder_pin(stage, dockerfile) is not None}
    for filesystem in filesystems if pinned else ():
        stage = filesystem.stage
        if stage.index == target and stage.index in pinned:
            yield from _final_stage(filesystem, dockerfile)
        elif stage.index in pinned:
            yield from _ineffective(filesystem, dockerfile, pinned, filesystems)


def builder_pin(stage: Stage, dockerfile: Dockerfile) -> Span | None:
    """The `--platform=$BUILDPLATFORM` that a stage has, or the one at the bottom of the stages it stands on."""
    *_, bottom = _standing(stage, dockerfile)
    flag = bottom.instruction.flag("platform")
    return flag.span if flag is not None and re.search(r"\$\{?BUILDPLATFORM\b", flag.value or "") else None


def _final_stage(filesystem: StageFilesystem, dockerfile: Dockerfile) -> Iterator[Problem]:
    """A stage that is called a tool runs where it is built; one that starts nothing of its own may only carry files."""
    stage, span = filesystem.stage, builder_pin(filesystem.stage, dockerfile)
    started, name = filesystem.entrypoint or filesystem.command, stage.name or ""
    if span is None or re.fullmatch(_TOOL, name) or (started is not None and _starts_a_tool(started)):
        return
    if started is not None:
        program = posixpath.basename(next(iter(" ".join(started.words).split()), ""))
        brought = {each.name for standing in _standing(stage, dockerfile) for each in _given(standing, dockerfile)}
        runs = program in brought or not re.fullmatch(_STEP, name)
    else:
        carries = filesystem.profile.reference == "scratch" or re.fullmatch(_STEP, name)
        programs = (each for each in _given(stage, dockerfile) if re.fullmatch(_PROGRAMS, each.directory))
        runs = not carries and any(each.built for each in programs)
    if not runs:
        return
    related = ((started.span, "what it starts"),) if started is not None else ()
    yield Problem(FINAL_STAGE_PINNED, _detail(filesystem, dockerfile), span, stage.index, related=related)


def _standing(stage: Stage, dockerfile: Dockerfile) -> Iterator[Stage]:
    """A stage and those it stands on."""
    yield stage
    while stage.base_stage is not None:
        stage = dockerfile.stages[stage.base_stage]
        yield stage


def _given(stage: Stage, dockerfile: Dockerfile) -> Iterator[_Given]:
    """What COPY and ADD bring into a stage."""
    for instruction in stage.instructions:
        if instruction.keyword not in ("COPY", "ADD") or len(instruction.arguments) < 2:
            continue
        flag = instruction.flag("from")
        built = flag is not None and find_stage(dockerfile.stages, flag.value or "") is not None
        *sources, destination = (word.text.strip("\"'") for word in instruction.arguments)
        into = destination.endswith("/") or len(sources) > 1
        directory = destination.rstrip("/") if into else posixpath.dirname(destination)
        names = {posixpath.basename(each) for each in (sources if into else (*sources, destination))}
        yield from (_Given(name, directory, built) for name in sorted(names))


def _detail(filesystem: StageFilesystem, dockerfile: Dockerfile) -> str:
    """What is wrong. A default before the first FROM holds for every builder, unless --build-arg says otherwise."""
    above = dockerfile.source.text.split("\n")[: dockerfile.stages[0].instruction.span.start.line - 1]
    fixed = any(re.match(r"\s*ARG\s(.*\s)?BUILDPLATFORM=", line, re.IGNORECASE) for line in above)
    value = filesystem.stage.global_arguments.get("BUILDPLATFORM")
    whose = f"{value}, which ARG BUILDPLATFORM gives as the builder's" if fixed and value else "the builder's platform"
    return f"the image that is run stands on {filesystem.profile.name} of {whose}, whatever the target is"


def _starts_a_tool(started: StartCommand) -> bool:
    """A compiler, a build tool or a shell to work in is run where the image was built."""
    words = " ".join(started.words).split()
    return bool(words) and (words[0] in _BUILD_TOOLS or (len(words) == 1 and words[0].endswith("sh")))


def _ineffective(
    filesystem: StageFilesystem, dockerfile: Dockerfile, pinned: set[int], filesystems: Sequence[StageFilesystem]
) -> Iterator[Problem]:
    """The first command of a stage that makes a native program which a stage of the target takes."""
    index = filesystem.stage.index
    takers = [each for each in filesystems if each.stage.index not in pinned and _runs_on_target(each, dockerfile)]
    carried = [copied for taker in takers for copied in _copied(taker.stage, index, dockerfile)]
    brought = {start: span for taker in takers for start, span in _brought(taker, index)}
    if carried or brought:
        from depscan.subjects.cross_building import find_native_build  # noqa: PLC0415 - reads RUN once more

        problem = find_native_build(filesystem, dockerfile, carried, brought, CROSS_BUILD)
        if problem is not None:
            yield problem


def _brought(taker: StageFilesystem, origin: int) -> Iterator[tuple[Position, Span]]:
    """Where the commands of a stage begin whose products another holds, and the word that brought each there.

    A product is followed through mv, directories and stages that only carry.
    """
    for entry in taker.entries.values():
        if isinstance(entry.content, Prediction) and entry.content.stage == origin:
            yield entry.content.span.start, entry.span


def _runs_on_target(filesystem: StageFilesystem, dockerfile: Dockerfile) -> bool:
    """Whether a stage has the target's platform and does more than carry files."""
    stage = filesystem.stage
    if filesystem.profile.reference == "scratch" and not (filesystem.entrypoint or filesystem.command):
        return False
    while stage.base_stage is not None:
        stage = dockerfile.stages[stage.base_stage]
    return stage.platform_flag is None or "TARGETPLATFORM" in stage.platform_flag


def _copied(stage: Stage, origin: int, dockerfile: Dockerfile) -> Iterator[tuple[str, Span]]:
    """The paths that a stage copies from another, absolute, where no variable stands in them."""
    for instruction in stage.instructions:
        flag = instruction.flag("from") if instruction.keyword == "COPY" else None
        if flag is None or find_stage(dockerfile.stages, flag.value or "") != origin:
            continue
        for word in instruction.arguments[:-1]:
            if "$" not in word.text:
                yield "/" + word.text.strip("\"'").removeprefix("./").strip("/"), word.span
