"""Stages that run on the builder's platform although their product must run on the target's.

In: the stages with their files, and the one that is run. Out: `Problem`s: the image itself pinned to $BUILDPLATFORM, or
a stage pinned to it whose compiler makes programs for the builder's machine and hands them to a stage of the target.
Found from text alone; the values of ENV, ARG and RUN are those of a build on amd64 for arm64, in which a fixed
architecture and one that follows the target differ.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.dockerfile.instructions import Problem
from depscan.dockerfile.stages import find_stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.dockerfile.instructions import Dockerfile, Stage
    from depscan.filesystem.entries import StageFilesystem, StartCommand
    from depscan.source import Span

FINAL_STAGE_PINNED = "final-stage-pinned"
CROSS_BUILD = "cross-build"
KINDS = frozenset({"platform-shadowed", FINAL_STAGE_PINNED, CROSS_BUILD})
"""Problems that only a build for another platform than the builder's meets."""

_TOOL = (
    r"(.*[-_.])?(lint\w*|tests?|testing|checks?|dev\w*|docs?|tools?|toolchain|ci|debug|generate\w*|gen|proto\w*|vendor\w*|fmt|"
    r"format|validate\w*|e2e|coverage|bench\w*|scan\w*|artifacts?|output|export\w*|binar\w+|release|build\w*|cross|sdk|base)"
    r"([-_.].*)?"
)
_BUILD_TOOLS = frozenset({"cargo", "go", "make", "gradle", "mvn", "golangci-lint", "cmake", "task", "just"})


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
    while stage.base_stage is not None:
        stage = dockerfile.stages[stage.base_stage]
    flag = stage.instruction.flag("platform")
    return flag.span if flag is not None and re.search(r"\$\{?BUILDPLATFORM\b", flag.value or "") else None


def _final_stage(filesystem: StageFilesystem, dockerfile: Dockerfile) -> Iterator[Problem]:
    """A stage without a start command carries files, and one that is called a tool runs where it is built."""
    stage, span = filesystem.stage, builder_pin(filesystem.stage, dockerfile)
    started = filesystem.entrypoint or filesystem.command
    if started is None or span is None or re.fullmatch(_TOOL, stage.name or "") or _starts_a_tool(started):
        return
    detail = (
        f"the image that is run stands on {filesystem.profile.name} of the builder's platform, whatever the target is"
    )
    yield Problem(FINAL_STAGE_PINNED, detail, span, stage.index, related=((started.span, "what it starts"),))


def _starts_a_tool(started: StartCommand) -> bool:
    """A compiler, a build tool or a shell to work in is run where the image was built."""
    words = " ".join(started.words).split()
    return bool(words) and (words[0] in _BUILD_TOOLS or (len(words) == 1 and words[0].endswith("sh")))


def _ineffective(
    filesystem: StageFilesystem, dockerfile: Dockerfile, pinned: set[int], filesystems: Sequence[StageFilesystem]
) -> Iterator[Problem]:
    """The first command of a stage that makes a native program which a stage of the target takes."""
    carried = [
        copied
        for other in filesystems
        if other.stage.index not in pinned and _runs_on_target(other, dockerfile)
        for copied in _copied(other.stage, filesystem.stage.index, dockerfile)
    ]
    if carried:
        from depscan.subjects.cross_building import find_native_build  # noqa: PLC0415 - reads RUN once more

        problem = find_native_build(filesystem, dockerfile, carried, CROSS_BUILD)
        if problem is not None:
            yield problem


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
