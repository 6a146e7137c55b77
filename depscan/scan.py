"""The whole pipeline, top to bottom.

    text -> instructions -> stages -> files -> artifacts -> placements -> subjects -> findings -> suggestions

In: paths and a `Config`. Out: `ScanResult`. What is not known on the way becomes `Skipped` and reaches the report.
One pass is `examination.examine`; advice runs the same pass again on a changed text, so that it is proved and not
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
from depscan.dockerfile.stages import stages_needed, target_index
from depscan.dockerfile.text import open_source
from depscan.errors import UsageError
from depscan.examination import Examination, Setting, examine, is_platform_assumed, open_replay, parse
from depscan.filesystem.context import BuildContext, choose_context
from depscan.filesystem.ignore import own_ignore_file, read_ignore_rules
from depscan.filesystem.taking import ContextSource
from depscan.findings import Severity, Skipped
from depscan.ignores import apply_ignores
from depscan.images.knowledge import knowledge_as_of
from depscan.linking.inventory import Inventory, place_some
from depscan.platforms import DEFAULT_PLATFORM, platform_of_name
from depscan.repository import shown_path
from depscan.results import Scan, ScanResult, say_where, unfollowed
from depscan.rulebook import load_rules
from depscan.source import SourceText

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from depscan.builds.build import Build
    from depscan.dockerfile.instructions import Dockerfile, Problem
    from depscan.filesystem.replay import Replay
    from depscan.findings import Finding
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
        target_index(_parse_once(text, platform, settings, run), settings.target)
    return text, settings


def _unbuilt(build: Build, error: UsageError) -> Skipped:
    return Skipped(build.name or "", str(error), build.span)


def _scan_platforms(text: _Text, config: Config, run: _Run) -> list[Scan]:
    return [_scan_text(text, platform, config, run) for platform in _platforms(text, config)]


def _platforms(text: _Text, config: Config) -> tuple[Platform, ...]:
    """Those that are asked for or declared; else, among a repository's builds, the one that its file is called for."""
    named = platform_of_name(text.path.name) if text.build is not None and text.path is not None else None
    return config.platforms or (named or config.default_platform or DEFAULT_PLATFORM,)


def _read(path: str | Path) -> _Text:
    if str(path) == STANDARD_INPUT:
        return _Text(*open_source(None), None)
    return _Text(*open_source(Path(path)), Path(path))


def _scan_text(text: _Text, platform: Platform, config: Config, run: _Run) -> Scan:
    run.tell(f"checking {text.source.path} for {platform}")
    dockerfile = _parse_once(text, platform, config, run)
    root, reason = _choose_context(text, dockerfile, config)
    given = config.context is not None and reason == _BY_OPTION
    context = run.context(root, text.path if text.path and os.path.exists(own_ignore_file(text.path)) else None)
    key = id(dockerfile), id(context)  # both are kept for the run
    replay = run.replays.setdefault(key, open_replay(dockerfile, context, config))
    setting = Setting(platform, config, run.rules, run.inventory, replay, given)
    examination = examine(text.source.path, dockerfile, setting)
    findings, unadvised = _advise(_apply_ignores(text, examination, setting), text, examination, setting, run.tell)
    return Scan(
        source=text.source,
        context=shown_path(root),
        context_reason=reason,
        target=(examination.target.name or str(examination.target.index)) if examination.target else None,
        platform=platform,
        platform_assumed=is_platform_assumed(config),
        stages=examination.stages,
        in_target=examination.in_target,
        run=examination.run,
        placements=examination.placements,
        findings=tuple(say_where(each, text.build, platform) for each in findings),
        skipped=(*examination.skipped, *unadvised),
        notes=() if examination.stages else ("no stage with a final file system: nothing to check",),
        build=text.build,
    )


def _open_context(root: Path, dockerfile: Path | None, *, cache: bool) -> ContextSource:
    """A context; `dockerfile` only where it has an ignore file of its own, so that others share what was listed."""
    return ContextSource(BuildContext(root, read_ignore_rules(root, dockerfile), cache=cache))


def _parse_once(text: _Text, platform: Platform, config: Config, run: _Run) -> Dockerfile:
    """The text under the settings of a build, which several builds may share."""
    several = len(config.platforms) > 1
    arguments, contexts = _sorted(config.build_arguments), _sorted(config.contexts)
    key = (text.source.path, text.source.text, platform, several, arguments, contexts)
    if key not in run.parsed:
        run.parsed[key] = parse(text.source, text.problems, platform, config)
    return run.parsed[key]


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


def _apply_ignores(text: _Text, examination: Examination, setting: Setting) -> tuple[Finding, ...]:
    dockerfile = examination.dockerfile
    instructions = [item for stage in dockerfile.stages for item in (stage.instruction, *stage.instructions)]
    return apply_ignores(
        examination.findings,
        dockerfile.comments,
        [instruction.span for instruction in instructions],
        rules=setting.rules,
        path=text.source.path,
        config=setting.config,
        today=date.today(),
    )


def _advise(
    findings: tuple[Finding, ...], text: _Text, examination: Examination, setting: Setting, tell: Callable[[str], None]
) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
    """The findings with suggestions, where a format shows some, and what could not be advised."""
    shown = any(name in ADVISING for name, _ in setting.config.formats)
    if not shown or all(finding.ignored or finding.severity is Severity.NOTE for finding in findings):
        return findings, ()
    tell(f"looking for what helps in {text.source.path}")
    from depscan.repairs.advice import advise  # noqa: PLC0415 - most runs suggest nothing

    laboratory = _Laboratory(text, examination, setting)
    advised = advise(
        findings,
        laboratory.before,
        laboratory,
        source=text.source,
        rules=setting.rules,
        everything=setting.config.verbose,
    )
    return advised.findings, advised.skipped


class _Laboratory:
    """Examines a text with changes; stages that a change does not touch are neither replayed nor linked again."""

    def __init__(self, text: _Text, examination: Examination, setting: Setting) -> None:
        self._text, self._known, self._setting = text, examination, setting
        self._prepared: tuple[Change, _Text, Dockerfile, Setting] | None = None
        self.before = _outcome(text, examination, setting)

    def glance(self, change: Change, stage: int, paths: frozenset[str]) -> list[Placement]:
        _, dockerfile, setting = self._prepare(change)
        stages = setting.replay.stages(stages_needed(dockerfile, stage)) if stage < len(dockerfile.stages) else ()
        inventory, provided = setting.inventory, setting.config.host_provided
        return place_some(stages[-1], paths, inventory, change.assumed, provided) if stages else []

    def examine(self, change: Change) -> Outcome:
        text, dockerfile, setting = self._prepare(change)
        examination = examine(text.source.path, dockerfile, setting, change.assumed, self._known.placements)
        return _outcome(text, examination, setting)

    def _prepare(self, change: Change) -> tuple[_Text, Dockerfile, Setting]:
        """The changed text, parsed, with a replay of its own; kept for the next question about the same change."""
        if not change.edits:
            return self._text, self._known.dockerfile, self._setting
        if self._prepared is None or self._prepared[0] is not change:
            from depscan.repairs.applying import apply_edits  # noqa: PLC0415 - as above

            setting = self._setting
            text = replace(
                self._text, source=SourceText.of(self._text.source.path, apply_edits(self._text.source, change.edits))
            )
            dockerfile = parse(text.source, text.problems, setting.platform, setting.config)
            context = setting.replay.context.without(change.ignored) if change.ignored else setting.replay.context
            replay = open_replay(dockerfile, context, setting.config)
            if not change.ignored:
                replay.take_over(setting.replay)
            self._prepared = change, text, dockerfile, replace(setting, replay=replay)
        return self._prepared[1:]


def _outcome(text: _Text, examination: Examination, setting: Setting) -> Outcome:
    from depscan.repairs.case import Outcome  # noqa: PLC0415 - as above

    context = setting.replay.context.context
    own = own_ignore_file(text.path) if text.path is not None else None
    beside = own if own is not None and own.name == context.rules.name else context.root / context.rules.name
    facts = examination.stages, examination.placements, examination.findings
    return Outcome(*facts, shown_path(beside), context.rules.end)
