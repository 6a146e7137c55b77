"""The whole pipeline, top to bottom.

    text -> instructions -> stages -> files -> artifacts -> placements -> subjects -> findings -> suggestions

In: paths and a `Config`. Out: `ScanResult`. What is not known on the way becomes `Skipped` and reaches the report.
One pass is `_examine`; suggestions run the same pass again on a changed text, so that they are proved and not
believed.
"""

from __future__ import annotations

import os
import sys
from datetime import date
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.config import Config
from depscan.dockerfile.stages import leaf_stages, read_dockerfile, stages_needed, target_index
from depscan.dockerfile.text import open_source
from depscan.engine import judge
from depscan.errors import UsageError
from depscan.filesystem.context import BuildContext, choose_context
from depscan.filesystem.ignore import own_ignore_file, read_ignore_rules
from depscan.filesystem.replay import Replay
from depscan.filesystem.taking import ContextSource
from depscan.findings import Severity, Skipped
from depscan.ignores import apply_ignores
from depscan.images.knowledge import knowledge_as_of
from depscan.images.lookup import profile as image_profile
from depscan.images.lookup import unknown_image
from depscan.linking.inventory import Inventory, place_all, place_some
from depscan.platforms import DEFAULT_PLATFORM, platform_of_name
from depscan.repository import shown_path
from depscan.results import Scan, ScanResult, say_where, unfollowed
from depscan.rulebook import load_rules
from depscan.source import SourceText
from depscan.subjects.collection import collect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from depscan.artifacts.facts import ElfFacts
    from depscan.builds.build import Build
    from depscan.dockerfile.instructions import Dockerfile, Problem, Stage
    from depscan.filesystem.entries import StageFilesystem
    from depscan.findings import Finding
    from depscan.images.profile import ImageProfile
    from depscan.linking.placement import Placement
    from depscan.platforms import Platform
    from depscan.repairs.case import Change, Outcome

STANDARD_INPUT = "-"
_BY_OPTION = "--context"  # how the reason of a context starts that the user named
ADVISING = frozenset({"text", "json", "sarif", "github", "junit"})  # formats that show suggestions
DECLARING = frozenset({".yaml", ".yml", ".hcl", ".json"})  # suffixes of files that may declare builds


class _Callable(ModuleType):
    """Lets `depscan.scan(...)` be called although the package has a module of that name."""

    def __call__(self, paths: Sequence[str | Path], config: Config | None = None) -> ScanResult:
        return scan(paths, config)


sys.modules[__name__].__class__ = _Callable


class _Text(Struct, frozen=True):
    """A Dockerfile's text, what was wrong with its bytes, its path (None for standard input), what declares it."""

    source: SourceText
    problems: tuple[Problem, ...]
    path: Path | None
    build: Build | None = None


class _Run:
    """What all scans of a run share: rules, binaries that were read, contexts that were listed, stages replayed."""

    def __init__(self, config: Config, tell: Callable[[str], None]) -> None:
        self.tell = tell
        self.rules = load_rules(config.rules, cache=config.cache)
        self.inventory = Inventory(jobs=config.jobs, cache=config.cache)
        self.context = cache(partial(_open_context, cache=config.cache))
        self.parsed: dict[object, Dockerfile] = {}
        self.replays: dict[object, Replay] = {}


class _Setting(Struct, frozen=True):
    """What stays the same while one text and its changed versions are examined."""

    platform: Platform
    config: Config
    run: _Run
    replay: Replay
    context_given: bool


class _Examination(Struct, frozen=True):
    """One pass over one text: facts and findings, before ignores and suggestions."""

    dockerfile: Dockerfile
    target: Stage | None
    in_target: frozenset[int]
    stages: tuple[StageFilesystem, ...]
    placements: tuple[Placement, ...]
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]


def scan(
    paths: Sequence[str | Path], config: Config | None = None, *, tell: Callable[[str], None] | None = None
) -> ScanResult:
    """Check Dockerfiles, each on every platform of the configuration; "-" is standard input. Raises DepscanError.

    A directory, compose or bake file stands for the builds that it declares, each with its own settings.
    Without `config` the defaults hold; files and the environment are read by `depscan.config.load_config`. `tell` is
    called with what the run is at.
    """
    config = config or Config()
    run = _Run(config, tell or (lambda _: None))
    scans = [each for path in paths for each in _scan_path(path, config, run)]
    return ScanResult(tuple(scans), run.rules, knowledge_as_of(), config.fail_on, config.verbose, config.quiet)


def _scan_path(path: str | Path, config: Config, run: _Run) -> list[Scan]:
    if str(path) == STANDARD_INPUT or not (Path(path).suffix in DECLARING or os.path.isdir(path)):
        return _scan_platforms(_read(path), config, run)
    from depscan.builds.discovery import find_builds  # noqa: PLC0415 - a single Dockerfile needs none of it

    builds, unusable = find_builds(Path(path), os.environ)
    scans: list[Scan] = []
    wrong: list[tuple[Build, UsageError]] = []
    for build in builds:
        try:
            text, settings = _open_build(build, config, run)
        except UsageError as error:
            wrong.append((build, error))
        else:
            scans += _scan_platforms(text, settings, run)
    if wrong and not scans:
        raise wrong[0][1]
    scans += [
        unfollowed(build.source or shown_path(build.dockerfile or Path()), _unbuilt(build, error))
        for build, error in wrong
    ]
    return [*scans, *(unfollowed(each.source, each.skipped) for each in unusable)]


def _open_build(build: Build, config: Config, run: _Run) -> tuple[_Text, Config]:
    """A build's text and settings; raises UsageError where it cannot be read or has no such target."""
    from depscan.builds.configuration import configure  # noqa: PLC0415 - as above

    text = _Text(build.inline, (), None) if build.inline else _read(build.dockerfile or "")
    text, settings = replace(text, build=build), configure(config, build)
    for platform in _platforms(text, settings):
        target_index(_parse(text, platform, settings, run.parsed), settings.target)
    return text, settings


def _unbuilt(build: Build, error: UsageError) -> Skipped:
    return Skipped(build.name or "", str(error), build.span)


def _scan_platforms(text: _Text, config: Config, run: _Run) -> list[Scan]:
    return [_scan_text(text, platform, config, run) for platform in _platforms(text, config)]


def _platforms(text: _Text, config: Config) -> tuple[Platform, ...]:
    """Those that are asked for or declared; else, among a repository's builds, the one that its file is called for."""
    named = platform_of_name(text.path.name) if text.build is not None and text.path is not None else None
    return config.platforms or (named or config.default_platform or DEFAULT_PLATFORM,)


def _is_assumed(config: Config) -> bool:
    """Whether nobody names the platform: neither the user, nor what declares the build, nor Docker's variable."""
    return not config.platforms and config.default_platform is None


def _read(path: str | Path) -> _Text:
    if str(path) == STANDARD_INPUT:
        return _Text(*open_source(None), None)
    return _Text(*open_source(Path(path)), Path(path))


def _scan_text(text: _Text, platform: Platform, config: Config, run: _Run) -> Scan:
    run.tell(f"checking {text.source.path} for {platform}")
    dockerfile = _parse(text, platform, config, run.parsed)
    root, reason = _choose_context(text, dockerfile, config)
    given = config.context is not None and reason == _BY_OPTION
    context = run.context(root, text.path if text.path and os.path.exists(own_ignore_file(text.path)) else None)
    key = id(dockerfile), id(context)  # both are kept for the run
    replay = run.replays.setdefault(key, _replay(dockerfile, context, config))
    setting = _Setting(platform, config, run, replay, given)
    examination = _examine(text, dockerfile, setting)
    findings, unadvised = _advise(_apply_ignores(text, examination, setting), text, examination, setting)
    return Scan(
        source=text.source,
        context=shown_path(root),
        context_reason=reason,
        target=(examination.target.name or str(examination.target.index)) if examination.target else None,
        platform=platform,
        platform_assumed=_is_assumed(config),
        stages=examination.stages,
        in_target=examination.in_target,
        placements=examination.placements,
        findings=tuple(say_where(each, text.build, platform) for each in findings),
        skipped=(*examination.skipped, *unadvised),
        notes=() if examination.stages else ("no stage with a final file system: nothing to check",),
        build=text.build,
    )


def _open_context(root: Path, dockerfile: Path | None, *, cache: bool) -> ContextSource:
    """A context; `dockerfile` only where it has an ignore file of its own, so that others share what was listed."""
    return ContextSource(BuildContext(root, read_ignore_rules(root, dockerfile), cache=cache))


def _parse(text: _Text, platform: Platform, config: Config, known: dict[object, Dockerfile]) -> Dockerfile:
    """The text under the settings of a build; `known` are those that were read so far."""
    # Several platforms are built on one machine; the builder of a single one is taken to be of its kind.
    builder = DEFAULT_PLATFORM if len(config.platforms) > 1 else platform
    arguments = config.build_arguments
    key = (text.source.path, text.source.text, platform, builder, _sorted(arguments), _sorted(config.contexts))
    if key in known:
        return known[key]
    dockerfile = read_dockerfile(text.source, platform=platform, build_arguments=arguments, build_platform=builder)
    if config.contexts:
        from depscan.dockerfile.named_contexts import apply_contexts  # noqa: PLC0415 - few builds have some

        dockerfile = apply_contexts(dockerfile, config.contexts)
    known[key] = replace(dockerfile, problems=(*text.problems, *dockerfile.problems))
    return known[key]


def _sorted(values: Mapping[str, str | None]) -> tuple[tuple[str, str | None], ...]:
    return tuple(sorted(values.items()))


def _choose_context(text: _Text, dockerfile: Dockerfile, config: Config) -> tuple[Path, str]:
    if config.context is not None:
        if not os.path.isdir(config.context):
            raise UsageError(f"{config.context}: not a directory; --context takes the build context's directory")
        declared = text.build is not None and config.context is text.build.context
        return config.context, f"declared in {text.build.source}" if text.build and declared else _BY_OPTION
    if text.path is None:
        return Path(), "the current directory, since the Dockerfile came from standard input"
    return choose_context(text.path, dockerfile)


def _examine(
    text: _Text,
    dockerfile: Dockerfile,
    setting: _Setting,
    assumed: Mapping[str, ElfFacts] | None = None,
    known: tuple[Placement, ...] = (),
) -> _Examination:
    """Stages to findings, once. All stages that somebody may run are judged: the target, or without one every leaf.

    `assumed` are facts that a rebuilt binary (by source) would have; `known` are placements of an earlier pass.
    """
    config = setting.config
    target = target_index(dockerfile, config.target)
    run = frozenset(_stages_to_run(dockerfile, setting, target))
    needed = frozenset().union(*(stages_needed(dockerfile, index) for index in run))
    stages = setting.replay.stages(needed)
    placements = place_all(stages, setting.run.inventory, assumed or {}, config.host_provided, known)
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
        platform_assumed=_is_assumed(config),
        run=run,
    )
    in_target = frozenset() if target is None else stages_needed(dockerfile, target)
    if len(in_target) < len(dockerfile.stages):
        from depscan.subjects.unbuilt import counting  # noqa: PLC0415 - most builds make all stages

        subjects = tuple(counting(subjects, dockerfile, in_target, named=config.target is not None))
    return _Examination(
        dockerfile=dockerfile,
        target=None if target is None else dockerfile.stages[target],
        in_target=in_target,
        stages=stages,
        placements=placements,
        findings=judge(setting.run.rules, subjects, path=text.source.path, config=config),
        skipped=_skipped(stages, setting),
    )


def _stages_to_run(dockerfile: Dockerfile, setting: _Setting, target: int | None) -> Iterator[int]:
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


def _replay(dockerfile: Dockerfile, context: ContextSource, config: Config) -> Replay:
    arguments = config.build_arguments
    return Replay(dockerfile, context, profile_of=lambda stage: _profile(stage, config), build_arguments=arguments)


def _profile(stage: Stage, config: Config) -> ImageProfile:
    if stage.named_context is not None:
        return unknown_image(stage.base or "", f"the build puts {stage.named_context} in its place")
    return image_profile(stage.base or "", stage.platform, config.bases, online=config.online)


def _skipped(stages: tuple[StageFilesystem, ...], setting: _Setting) -> tuple[Skipped, ...]:
    rows = [row for stage in stages for row in (*stage.skipped, *setting.run.inventory.skipped(stage))]
    unknown = [
        Skipped(base, (profile.trouble or profile.why).removeprefix(f"{base}: "), stage.stage.base_span)
        for stage in stages
        if (base := stage.stage.base) is not None and stage.stage.base_stage is None
        if (profile := stage.profile).trouble is not None or profile.libc.family == "unknown"
    ]
    return tuple(dict.fromkeys([*unknown, *rows]))


def _apply_ignores(text: _Text, examination: _Examination, setting: _Setting) -> tuple[Finding, ...]:
    dockerfile = examination.dockerfile
    instructions = [item for stage in dockerfile.stages for item in (stage.instruction, *stage.instructions)]
    return apply_ignores(
        examination.findings,
        dockerfile.comments,
        [instruction.span for instruction in instructions],
        rules=setting.run.rules,
        path=text.source.path,
        config=setting.config,
        today=date.today(),
    )


def _advise(
    findings: tuple[Finding, ...], text: _Text, examination: _Examination, setting: _Setting
) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
    """The findings with suggestions, where a format shows some, and what could not be advised."""
    shown = any(name in ADVISING for name, _ in setting.config.formats)
    if not shown or all(finding.ignored or finding.severity is Severity.NOTE for finding in findings):
        return findings, ()
    setting.run.tell(f"looking for what helps in {text.source.path}")
    from depscan.repairs.advice import advise  # noqa: PLC0415 - most runs suggest nothing

    laboratory = _Laboratory(text, examination, setting)
    advised = advise(
        findings,
        laboratory.before,
        laboratory,
        source=text.source,
        rules=setting.run.rules,
        everything=setting.config.verbose,
    )
    return advised.findings, advised.skipped


class _Laboratory:
    """Examines a text with changes; stages that a change does not touch are neither replayed nor linked again."""

    def __init__(self, text: _Text, examination: _Examination, setting: _Setting) -> None:
        self._text, self._known, self._setting = text, examination, setting
        self._prepared: tuple[Change, _Text, Dockerfile, _Setting] | None = None
        self.before = _outcome(text, examination, setting)

    def glance(self, change: Change, stage: int, paths: frozenset[str]) -> list[Placement]:
        _, dockerfile, setting = self._prepare(change)
        stages = setting.replay.stages(stages_needed(dockerfile, stage)) if stage < len(dockerfile.stages) else ()
        inventory, provided = setting.run.inventory, setting.config.host_provided
        return place_some(stages[-1], paths, inventory, change.assumed, provided) if stages else []

    def examine(self, change: Change) -> Outcome:
        text, dockerfile, setting = self._prepare(change)
        examination = _examine(text, dockerfile, setting, change.assumed, self._known.placements)
        return _outcome(text, examination, setting)

    def _prepare(self, change: Change) -> tuple[_Text, Dockerfile, _Setting]:
        """The changed text, parsed, with a replay of its own; kept for the next question about the same change."""
        if not change.edits:
            return self._text, self._known.dockerfile, self._setting
        if self._prepared is None or self._prepared[0] is not change:
            from depscan.repairs.applying import apply_edits  # noqa: PLC0415 - as above

            setting = self._setting
            text = replace(
                self._text, source=SourceText.of(self._text.source.path, apply_edits(self._text.source, change.edits))
            )
            dockerfile = _parse(text, setting.platform, setting.config, {})
            context = setting.replay.context.without(change.ignored) if change.ignored else setting.replay.context
            replay = _replay(dockerfile, context, setting.config)
            if not change.ignored:
                replay.take_over(setting.replay)
            self._prepared = change, text, dockerfile, replace(setting, replay=replay)
        return self._prepared[1:]


def _outcome(text: _Text, examination: _Examination, setting: _Setting) -> Outcome:
    from depscan.repairs.case import Outcome  # noqa: PLC0415 - as above

    context = setting.replay.context.context
    own = own_ignore_file(text.path) if text.path is not None else None
    beside = own if own is not None and own.name == context.rules.name else context.root / context.rules.name
    facts = examination.stages, examination.placements, examination.findings
    return Outcome(*facts, shown_path(beside), context.rules.end)
