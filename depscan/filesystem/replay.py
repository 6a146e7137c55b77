"""The replay of a Dockerfile: what each stage contains after its last instruction.

In: `Dockerfile`, the build context, a profile for the image at the bottom of each stage, build arguments. Out: one
`StageFilesystem` for each stage that is built, in order. A stage that FROM names hands on its files, environment and
start command. What cannot be replayed (Windows, a base without a name) is `Skipped`, and everything in it is unknown.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.dockerfile.commands import (
    Copy,
    Environment,
    Run,
    ShellCommand,
    Start,
    WorkingDirectory,
    apply,
    interpret,
)
from depscan.dockerfile.expansion import Scope
from depscan.dockerfile.stages import find_stage, is_windows, stages_needed
from depscan.filesystem.copying import apply_copy
from depscan.filesystem.entries import DEFAULT_SHELL, Presence, StageFilesystem, StartCommand
from depscan.filesystem.mounts import Mounts
from depscan.filesystem.placing import MAX_PATH, make_directories
from depscan.filesystem.tree import Tree
from depscan.findings import Skipped
from depscan.packages import PROGRAMS as MANAGERS
from depscan.platforms import DEFAULT_PLATFORM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from depscan.dockerfile.commands import Command
    from depscan.dockerfile.instructions import Dockerfile, Instruction, Stage
    from depscan.filesystem.taking import ContextSource
    from depscan.images.profile import ImageProfile


class Replayed(Struct):
    """A stage under replay: its tree, variables and shell, and whether it set CMD itself."""

    tree: Tree
    scope: Scope
    shell: tuple[str, ...] | None = None
    command_set: bool = False


class Replay:
    """The stages of one Dockerfile, each replayed when it is first asked for, so that several targets share them.

    `profile_of` is asked for each stage that begins with an image. Problems and skipped rows stand in the stage where
    they arose; those of the ignore file in the first; what cannot be read of a context, where it was first met.
    """

    def __init__(
        self,
        dockerfile: Dockerfile,
        context: ContextSource,
        *,
        profile_of: Callable[[Stage], ImageProfile],
        build_arguments: Mapping[str, str | None],
    ) -> None:
        self.dockerfile = dockerfile
        self.context = context
        self.mounts = Mounts(context)
        self.profile_of = profile_of
        self.build_arguments = build_arguments
        self.states: dict[int, Replayed] = {}
        self.done: dict[int, StageFilesystem] = {}

    def stages(self, needed: frozenset[int]) -> tuple[StageFilesystem, ...]:
        """The stages with an index in `needed`, in order; parents of a needed stage must be in it."""
        for stage in self.dockerfile.stages:
            if stage.index in needed and stage.index not in self.done:
                self.done[stage.index] = _replay_stage(self, stage)
        return tuple(self.done[index] for index in sorted(needed))

    def take_over(self, known: Replay) -> None:
        """Take the stages that `known` replayed from the same words: those that a change of the text does not touch.

        What a cache mount holds depends on all that ran before: with one that holds something, each runs again.
        """
        if any(part.entries or part.expected or part.links for part in known.mounts.caches.values()):
            return
        pairs = zip(self.dockerfile.stages, known.dockerfile.stages, strict=False)
        same = {own.index for own, other in pairs if own is other or own == other}
        for index in sorted(same & known.done.keys()):
            if stages_needed(self.dockerfile, index) <= same & known.done.keys():
                self.done[index], self.states[index] = known.done[index], known.states[index]


def _replay_stage(replay: Replay, stage: Stage) -> StageFilesystem:
    state = _begin(replay, stage)
    replay.states[stage.index] = state
    if not replay.done:
        state.tree.skipped += replay.context.context.rules.skipped
    reason = _why_not(stage)
    if reason is not None:
        state.tree.skipped.append(Skipped(f"stage {stage.name or stage.index}", reason, stage.base_span))
        state.tree.mark(("/",), foreign_libc=True, reason="a stage that was not replayed", span=stage.base_span)
        return state.tree.freeze(stage)
    for instruction in stage.instructions:
        _apply(replay, stage, state, instruction)
    _name_started(state.tree)
    return state.tree.freeze(stage)


def _name_started(tree: Tree) -> None:
    """The start command tells the name of a program that a build command makes in its directory."""
    for start in (tree.entrypoint, tree.command):
        program = next(iter(start.words), "").split() if start is not None else []
        path = tree.absolute(program[0]) if program and "/" in program[0] else None
        entry = tree.find(path) if path is not None else None
        if entry is not None and entry.path not in tree.entries:
            tree.enter(entry)


def _begin(replay: Replay, stage: Stage) -> Replayed:
    """The state of a stage before its first instruction: its parent's, or that of an image."""
    parent = replay.done.get(stage.base_stage) if stage.base_stage is not None else None
    profile = parent.profile if parent is not None else replay.profile_of(stage)
    tree = Tree(profile, parent)
    before = replay.states[parent.stage.index] if parent is not None else None
    scope = Scope(
        before.scope.environment if before else tree.environment,
        base_known=profile.environment is not None or profile.reference == "scratch",
        global_arguments=stage.global_arguments,
        build_arguments=replay.build_arguments,
        escape=replay.dockerfile.escape,
        arguments=before.scope.arguments if before else None,
    )
    return Replayed(tree, scope, before.shell if before else None)


def _why_not(stage: Stage) -> str | None:
    """Why a stage is not replayed, with the remedy; None when it is."""
    if is_windows(stage):
        return "a Windows container: only Linux images are checked"
    if stage.unresolved:
        options = " ".join(f"--build-arg {name}=..." for name in stage.unresolved)
        return f"its base {stage.instruction.arguments[0].text} is not known: pass {options}"
    if stage.base is None:
        return "the base is not known"
    return None


def _apply(replay: Replay, stage: Stage, state: Replayed, instruction: Instruction) -> None:
    command = interpret(instruction, state.scope)
    apply(command, state.scope)
    if isinstance(command, Copy):
        origin = _find_origin(replay, stage, command.from_stage)
        apply_copy(command, state.tree, replay.context, stage=stage, origin=origin)
    elif isinstance(command, Run):
        _note_missing_shell(state, command, stage)
        from depscan.filesystem.run import apply_run  # noqa: PLC0415 - shell and programs: 4 ms, for RUN alone

        with replay.mounts.over(command, state.tree, stage, partial(_find_origin, replay, stage)):
            script = apply_run(command, state.tree, state.scope, state.shell, stage, context=replay.context.context)
        if any(part.name in MANAGERS or part.name == "apt-key" for part in script.commands):
            from depscan.filesystem.package_faults import find_package_faults  # noqa: PLC0415 - where packages come in

            state.tree.problems += find_package_faults(command, script, state.tree, stage, replay.dockerfile)
            if stage.platform.architecture != DEFAULT_PLATFORM.architecture:
                from depscan.filesystem.package_files import find_foreign_packages  # noqa: PLC0415 - few platforms

                state.tree.problems += find_foreign_packages(command, script, stage)
    else:
        _apply_setting(state, command)


def _note_missing_shell(state: Replayed, command: Run, stage: Stage) -> None:
    """Record a RUN in shell form before which the stage surely had no shell; a mount may bring one."""
    profile = state.tree.profile
    program = (state.shell or DEFAULT_SHELL)[0]
    mounted = any(mount.type not in {"cache", "secret", "ssh", "tmpfs"} for mount in command.mounts)
    if command.text is None or command.interpreter or mounted or program in profile.interpreters:
        return
    from depscan.images.absences import image_lacks_program  # noqa: PLC0415 - RUN where there is no shell is rare

    known = profile.interpreters_complete or profile.tree is not None
    if not known and not image_lacks_program(profile, program):
        return
    from depscan.filesystem.lookup import find_program, search_program  # noqa: PLC0415 - as above

    look = find_program if "/" in program else search_program
    if look(state.tree.freeze(stage), program).presence is Presence.MISSING:
        first = command.offsets.span(0, len(command.text.partition("\n")[0]))
        run = StartCommand("shell", (command.text,), first, "RUN", state.shell, (first,))
        state.tree.shell_less.append(run)


def _apply_setting(state: Replayed, command: Command) -> None:
    if isinstance(command, Environment):
        state.tree.environment = state.scope.environment
    elif isinstance(command, WorkingDirectory):
        _enter_directory(state.tree, command)
    elif isinstance(command, ShellCommand):
        state.shell = command.words
    elif isinstance(command, Start):
        start = StartCommand(
            str(command.form), command.words, command.span, command.kind.upper(), state.shell, command.spans
        )
        if command.kind == "healthcheck":
            state.tree.healthcheck = start if command.words else None
            return
        if command.kind == "cmd":
            state.tree.command, state.command_set = start, True
            return
        state.tree.entrypoint = start
        if not state.command_set:  # dispatchEntrypoint drops the CMD that the base gave
            state.tree.command = None


def _enter_directory(tree: Tree, command: WorkingDirectory) -> None:
    value = command.value
    path = tree.absolute(value.text) if value.text is not None else None
    if path is not None and len(path) > MAX_PATH:
        path = None
    if path is None:
        tree.skipped.append(
            Skipped(f"WORKDIR {value.raw[:200]}", "its value is not known; pass --build-arg", value.span)
        )
    else:
        tree.step()
        make_directories(tree, tree.canonical(path, follow_last=True), value.span)
    tree.workdir = path


def _find_origin(replay: Replay, stage: Stage, name: str | None) -> StageFilesystem | str | None:
    """What --from or from= names: a stage before this one, else an image's reference (None without a name).

    A stage that is not built yet is wrong text, which `dockerfile/` tells; it is then treated as an unknown image.
    """
    if name is None:
        return None
    index = find_stage(replay.dockerfile.stages, name)
    earlier = index is not None and index < stage.index
    return replay.done.get(index, name) if earlier and index is not None else name
