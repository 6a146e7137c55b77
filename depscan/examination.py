"""One pass over one text: stages, files, placements, subjects, findings.

In: a parsed Dockerfile and a `Setting`. Out: `Examination`, before ignores and advice. The same pass serves a text as
it stands and each change of it that is tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.dockerfile.stages import leaf_stages, read_dockerfile, stages_needed, target_index
from depscan.engine import judge
from depscan.filesystem.replay import Replay
from depscan.findings import Skipped
from depscan.images.lookup import profile as image_profile
from depscan.images.lookup import unknown_image
from depscan.linking.inventory import place_all
from depscan.platforms import DEFAULT_PLATFORM
from depscan.subjects.collection import collect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depscan.artifacts.facts import ElfFacts
    from depscan.config import Config
    from depscan.dockerfile.instructions import Dockerfile, Problem, Stage
    from depscan.filesystem.entries import StageFilesystem
    from depscan.filesystem.taking import ContextSource
    from depscan.findings import Finding
    from depscan.images.profile import ImageProfile
    from depscan.linking.inventory import Inventory
    from depscan.linking.placement import Placement
    from depscan.platforms import Platform
    from depscan.rulebook import Rule
    from depscan.source import SourceText


class Setting(Struct, frozen=True):
    """What stays the same while one text and its changed versions are examined."""

    platform: Platform
    config: Config
    rules: tuple[Rule, ...]
    inventory: Inventory
    replay: Replay
    context_given: bool


class Examination(Struct, frozen=True):
    """One pass over one text: facts and findings, before ignores and suggestions."""

    dockerfile: Dockerfile
    target: Stage | None
    in_target: frozenset[int]
    run: frozenset[int]
    stages: tuple[StageFilesystem, ...]
    placements: tuple[Placement, ...]
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]


def is_platform_assumed(config: Config) -> bool:
    """Whether nobody names the platform: neither the user, nor what declares the build, nor Docker's variable."""
    return not config.platforms and config.default_platform is None


def parse(source: SourceText, problems: tuple[Problem, ...], platform: Platform, config: Config) -> Dockerfile:
    """The text under the settings of a build; `problems` are those of its bytes."""
    # Several platforms are built on one machine; the builder of a single one is taken to be of its kind.
    builder = DEFAULT_PLATFORM if len(config.platforms) > 1 else platform
    arguments = config.build_arguments
    dockerfile = read_dockerfile(source, platform=platform, build_arguments=arguments, build_platform=builder)
    if config.contexts:
        from depscan.dockerfile.named_contexts import apply_contexts  # noqa: PLC0415 - few builds have some

        dockerfile = apply_contexts(dockerfile, config.contexts)
    return replace(dockerfile, problems=(*problems, *dockerfile.problems))


def examine(
    path: str,
    dockerfile: Dockerfile,
    setting: Setting,
    assumed: Mapping[str, ElfFacts] | None = None,
    known: tuple[Placement, ...] = (),
) -> Examination:
    """Stages to findings, once. All stages that somebody may run are judged: the target, or without one every leaf.

    `path` is what reports call the Dockerfile; `assumed` are facts that a rebuilt binary (by source) would have;
    `known` are placements of an earlier pass.
    """
    config = setting.config
    target = target_index(dockerfile, config.target)
    run = frozenset(_stages_to_run(dockerfile, setting, target))
    needed = frozenset().union(*(stages_needed(dockerfile, index) for index in run))
    stages = setting.replay.stages(needed)
    placements = place_all(stages, setting.inventory, assumed or {}, config.host_provided, known)
    run_there = [
        item
        for item in placements
        if (stage := item.filesystem.stage).index in run and not _is_builders_own(stage, dockerfile, setting.platform)
    ]
    subjects = collect(
        dockerfile,
        stages,
        run_there,
        context_given=setting.context_given,
        cpu_floor=config.cpu_floor,
        target=target,
        several_platforms=len(config.platforms) > 1,
        platform_assumed=is_platform_assumed(config),
        run=run,
    )
    in_target = frozenset() if target is None else stages_needed(dockerfile, target)
    if len(in_target) < len(dockerfile.stages):
        from depscan.subjects.unbuilt import counting  # noqa: PLC0415 - most builds make all stages

        subjects = tuple(counting(subjects, dockerfile, in_target, named=config.target is not None))
    return Examination(
        dockerfile=dockerfile,
        target=None if target is None else dockerfile.stages[target],
        in_target=in_target,
        run=run,
        stages=stages,
        placements=placements,
        findings=judge(setting.rules, subjects, path=path, config=config),
        skipped=_skipped(stages, setting),
    )


def _stages_to_run(dockerfile: Dockerfile, setting: Setting, target: int | None) -> Iterator[int]:
    """The target; where the user names none, every leaf but the builder's own tools."""
    if target is not None:
        yield target
    if setting.config.target is None:
        leaves = (dockerfile.stages[index] for index in leaf_stages(dockerfile))
        yield from (stage.index for stage in leaves if not _is_builders_own(stage, dockerfile, setting.platform))


def _is_builders_own(stage: Stage, dockerfile: Dockerfile, platform: Platform) -> bool:
    """Whether a stage stands on $BUILDPLATFORM, and that is another one: what it holds for the target is no fault."""
    if stage.platform == platform:
        return False
    from depscan.subjects.platform_choice import builder_pin  # noqa: PLC0415 - only builds for other machines

    return builder_pin(stage, dockerfile) is not None


def open_replay(dockerfile: Dockerfile, context: ContextSource, config: Config) -> Replay:
    """What replays the stages of a Dockerfile, each on its image's profile."""
    arguments = config.build_arguments
    return Replay(dockerfile, context, profile_of=lambda stage: _profile(stage, config), build_arguments=arguments)


def _profile(stage: Stage, config: Config) -> ImageProfile:
    if stage.named_context is not None:
        return unknown_image(stage.base or "", f"the build puts {stage.named_context} in its place")
    return image_profile(stage.base or "", stage.platform, config.bases, online=config.online)


def _skipped(stages: tuple[StageFilesystem, ...], setting: Setting) -> tuple[Skipped, ...]:
    rows = [row for stage in stages for row in (*stage.skipped, *setting.inventory.skipped(stage))]
    unknown = [
        Skipped(base, (profile.trouble or profile.why).removeprefix(f"{base}: "), stage.stage.base_span)
        for stage in stages
        if (base := stage.stage.base) is not None and stage.stage.base_stage is None
        if (profile := stage.profile).trouble is not None or profile.libc.family == "unknown"
    ]
    return tuple(dict.fromkeys([*unknown, *rows]))
