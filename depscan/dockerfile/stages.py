"""Instructions to stages, and how stages use each other.

In: `SourceText`, the target platform, build arguments. Out: `Dockerfile`; then which stage `--target` means, which
stages it needs, and which stages no other uses. Names are looked up as BuildKit does: FROM sees the stages before it,
COPY --from all of them by name without regard to case, or by index.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.dockerfile.bases import platform_arguments, read_base
from depscan.dockerfile.commands import apply, interpret
from depscan.dockerfile.expansion import Scope
from depscan.dockerfile.grammar import find_faults, is_template
from depscan.dockerfile.instructions import Dockerfile, Problem, Stage
from depscan.dockerfile.lines import MAX_INSTRUCTIONS
from depscan.dockerfile.parser import MAX_PROBLEMS, parse_instructions
from depscan.dockerfile.platform_defaults import find_shadowed
from depscan.dockerfile.words import split_mount
from depscan.errors import UsageError
from depscan.platforms import platform_of_image
from depscan.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from depscan.dockerfile.bases import Base
    from depscan.dockerfile.instructions import Instruction
    from depscan.platforms import Platform
    from depscan.source import SourceText

_INDEX = r"(?a)[+-]?\d{1,6}\Z"


class StageUse(Struct, frozen=True):
    """A stage, an index or an image that COPY --from (`numbered`) or RUN --mount=from names."""

    reference: str
    numbered: bool
    span: Span


def read_dockerfile(
    source: SourceText,
    *,
    platform: Platform,
    build_arguments: Mapping[str, str | None],
    build_platform: Platform | None = None,
) -> Dockerfile:
    """Read stages, comments and problems of a Dockerfile for one target platform.

    `build_arguments` are those of --build-arg (None: from the environment). `build_platform` is the builder's own;
    without it, the target's, as in BuildKit.
    """
    instructions, comments, escape, found = parse_instructions(source)
    problems = list(found)
    first = next((i for i, instruction in enumerate(instructions) if instruction.keyword == "FROM"), len(instructions))
    if first == len(instructions):
        found = _without_template_noise(problems)[:1] or (_explain_no_stage(source, instructions),)
        return Dockerfile(source, escape, (), comments, found)
    head, groups = instructions[:first], _group(instructions[first:])
    problems.extend(_find_early_instructions(head))
    known = platform_arguments(platform, build_platform or platform, _stage_name(groups[-1][0]) or "default")
    scope = _read_global_scope(head, known, build_arguments, escape)
    stages = _read_stages(groups, scope, platform, problems)
    problems.extend(_find_unknown_stages(stages))
    problems = _without_overridden(problems, groups)
    problems.extend(find_shadowed(head, stages, build_arguments, escape))
    problems.sort(key=lambda problem: problem.span)
    return Dockerfile(source, escape, stages, comments, _without_template_noise(problems)[:MAX_PROBLEMS])


def _without_template_noise(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The text of a template is wrong all over, by one cause: only the first sign of it is told."""
    sign = next((problem for problem in problems if problem.kind == "template"), None)
    if sign is None:
        return tuple(problems)
    return (sign, *(problem for problem in problems if problem.kind not in ("template", "syntax")))


def _without_overridden(problems: Sequence[Problem], groups: Sequence[Sequence[Instruction]]) -> list[Problem]:
    """What is wrong with a start command is not told where a later one of its stage takes its place."""
    spans = [
        instruction.span
        for group in groups
        for place, instruction in enumerate(group)
        if instruction.keyword in ("CMD", "ENTRYPOINT", "HEALTHCHECK")
        and any(later.keyword == instruction.keyword for later in group[place + 1 :])
    ]
    overridden = [each for each in problems if any(span.start <= each.span.start < span.end for span in spans)]
    return [each for each in problems if each.kind != "malformed-exec-form" or each not in overridden]


def _find_early_instructions(head: Sequence[Instruction]) -> Iterator[Problem]:
    for instruction in head:
        if instruction.keyword != "ARG":
            detail = f"{instruction.keyword} stands before the first FROM; only ARG may"
            yield Problem("syntax", detail, instruction.keyword_span)


def _read_global_scope(
    head: Sequence[Instruction],
    known: Mapping[str, str],
    build_arguments: Mapping[str, str | None],
    escape: str,
) -> Scope:
    """The scope of FROM: `known` platform arguments, then the ARGs before the first FROM (buildMetaArgs)."""
    scope = Scope({}, base_known=True, global_arguments=known, build_arguments=build_arguments, escape=escape)
    for name in known:
        scope.declare_argument(name)
    for instruction in head:
        if instruction.keyword == "ARG":
            apply(interpret(instruction, scope), scope)
    return scope


def _explain_no_stage(source: SourceText, instructions: Sequence[Instruction]) -> Problem:
    if instructions:
        detail, span = "the file has no FROM, so there is nothing to build", instructions[0].keyword_span
    elif source.text.strip():
        detail, span = "the file holds comments only, no FROM", Span.at(1, 1, 1, len(source.line(1)) + 1)
    else:
        detail, span = "the file is empty", Span.at(1, 1, 1, 1)
    return Problem("no-stage", detail, span)


def _group(instructions: Sequence[Instruction]) -> list[list[Instruction]]:
    groups: list[list[Instruction]] = []
    for instruction in instructions:
        if instruction.keyword == "FROM":
            groups.append([])
        groups[-1].append(instruction)
    return groups


def _stage_name(instruction: Instruction) -> str | None:
    """The name after AS, in lower case as BuildKit keeps it."""
    words = instruction.arguments
    return words[2].text.lower() if len(words) == 3 and words[1].text.lower() == "as" else None


def _read_stages(
    groups: Sequence[Sequence[Instruction]],
    scope: Scope,
    platform: Platform,
    problems: list[Problem],
) -> tuple[Stage, ...]:
    stages: list[Stage] = []
    names: dict[str, Stage] = {}
    triggered: dict[int, tuple[Instruction, ...]] = {}
    room = MAX_INSTRUCTIONS
    known = {name: value for name, value in scope.arguments.items() if value is not None}
    for index, (instruction, *body) in enumerate(groups):
        base = read_base(instruction, scope, platform, readable=not is_template(instruction.text))
        parent = names.get(base.reference or "")
        triggers = _triggers(parent, scope.escape, index, triggered, problems) if parent else ()
        fault = base.fault
        if len(triggers) > room:
            triggers, fault = (), "ONBUILD would run too many instructions here; they are left out"
        room -= len(triggers)
        stage = _build_stage(instruction, base, index=index, parent=parent, body=(*triggers, *body), known=known)
        if fault:
            problems.append(Problem("syntax", fault, stage.base_span, index))
        stages.append(stage)
        if stage.name:
            names[stage.name] = stage
    return tuple(stages)


def _build_stage(
    instruction: Instruction,
    base: Base,
    *,
    index: int,
    parent: Stage | None,
    body: tuple[Instruction, ...],
    known: dict[str, str],
) -> Stage:
    own = platform_of_image(base.reference or "", base.platform)
    return Stage(
        index=index,
        name=_stage_name(instruction),
        base=base.reference,
        base_span=instruction.arguments[0].span if instruction.arguments else instruction.keyword_span,
        base_stage=parent.index if parent else None,
        unresolved=base.unresolved,
        # A stage on a stage has the platform of that one, whatever its own flag says (dispatchState.init).
        platform=parent.platform if parent else own.platform,
        platform_teller=parent.platform_teller if parent else own.teller,
        platform_flag=base.platform_flag,
        instruction=instruction,
        instructions=body,
        global_arguments=known,
    )


def _triggers(
    parent: Stage, escape: str, child: int, known: dict[int, tuple[Instruction, ...]], problems: list[Problem]
) -> tuple[Instruction, ...]:
    """What ONBUILD of the parent runs in its children; their own children get nothing of it.

    It is first read where it runs, so what is wrong with it is told of the first child; `known` are those read before.
    """
    if parent.index not in known:
        held = [instruction.trigger for instruction in parent.instructions if instruction.trigger is not None]
        faults = [find_faults(trigger, escape, official=False) for trigger in held]
        problems += [Problem(*fault, child) for found in faults for fault in found]
        known[parent.index] = tuple(trigger for trigger, found in zip(held, faults, strict=True) if not found)
    return known[parent.index]


def find_uses(stage: Stage) -> Iterator[StageUse]:
    """What COPY --from and RUN --mount=from of a stage name, in order: stages, indexes or images."""
    for instruction in stage.instructions:
        for flag in instruction.flags:
            if flag.name == "from" and flag.value:
                yield StageUse(flag.value, numbered=True, span=flag.span)
            elif flag.name == "mount" and (origin := split_mount(flag.value or "").get("from")):
                yield StageUse(origin, numbered=False, span=flag.span)


def find_stage(stages: Sequence[Stage], reference: str, *, numbered: bool = True) -> int | None:
    """The index of the stage that `reference` names (the last of that name) or counts; None for an image."""
    if numbered and re.match(_INDEX, reference):
        return int(reference) if 0 <= int(reference) < len(stages) else None
    name = reference.lower()
    return next((stage.index for stage in reversed(stages) if stage.name == name), None)


def _find_unknown_stages(stages: Sequence[Stage]) -> Iterator[Problem]:
    for stage in stages:
        for use in find_uses(stage):
            index = find_stage(stages, use.reference, numbered=use.numbered)
            if index is None and use.numbered and re.match(_INDEX, use.reference):
                detail = f"there is no stage {use.reference}; stages count from 0 to {len(stages) - 1}"
                yield Problem("unknown-stage", detail, use.span, stage.index)
            elif index == stage.index:
                yield Problem("unknown-stage", f"stage {use.reference} copies from itself", use.span, stage.index)
            elif index is not None and index > stage.index:
                detail = f"stage {use.reference} begins only on line {stages[index].instruction.span.start.line}"
                yield Problem("unknown-stage", detail, use.span, stage.index)


def is_windows(stage: Stage) -> bool:
    """Whether the stage is a Windows container, by its platform, its base's name or the escape character."""
    return stage.platform.os == "windows"


def target_index(dockerfile: Dockerfile, target: str | None) -> int | None:
    """The stage that `--target` means, by name or index; the last one without target, None when there is none.

    Raises UsageError, which lists the stages.
    """
    stages = dockerfile.stages
    if not stages:
        return None
    if target is None:
        return len(stages) - 1
    index = find_stage(stages, target)
    if index is None:
        known = ", ".join(stage.name or str(stage.index) for stage in stages)
        raise UsageError(f"--target {target}: {dockerfile.source.path} has no such stage; its stages are {known}")
    return index


def _used_stages(stages: Sequence[Stage], stage: Stage) -> set[int]:
    """The earlier stages that a stage names."""
    found = {find_stage(stages, use.reference, numbered=use.numbered) for use in find_uses(stage)}
    return {index for index in (stage.base_stage, *found) if index is not None and index < stage.index}


def stages_needed(dockerfile: Dockerfile, index: int) -> frozenset[int]:
    """The stages that are built for stage `index`, itself included."""
    needed: set[int] = set()
    pending = [index]
    while pending:
        current = pending.pop()
        if current not in needed:
            needed.add(current)
            pending.extend(_used_stages(dockerfile.stages, dockerfile.stages[current]))
    return frozenset(needed)


def leaf_stages(dockerfile: Dockerfile) -> tuple[int, ...]:
    """The stages that no other stage uses."""
    used: set[int] = set()
    for stage in dockerfile.stages:
        used |= _used_stages(dockerfile.stages, stage)
    return tuple(stage.index for stage in dockerfile.stages if stage.index not in used)
