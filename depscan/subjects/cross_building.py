"""What a stage on the builder's platform compiles for: the target, or the machine that builds.

In: a stage and the paths that others copy from it. Out: a `Problem` for the first command that makes one of them for
the builder's machine. go reads GOARCH, cargo takes --target, C compilers make programs of their own machine; a wrapper
(xx, zig, cross), a script or make may do anything and is left alone, and so is all that a variable hides.
"""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.dockerfile.commands import Run, WorkingDirectory, apply, interpret
from depscan.dockerfile.expansion import Scope
from depscan.dockerfile.instructions import Problem
from depscan.findings import Confidence
from depscan.shell.parser import parse_script

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from depscan.dockerfile.instructions import Dockerfile, Instruction, Stage
    from depscan.filesystem.entries import StageFilesystem
    from depscan.shell.commands import SimpleCommand
    from depscan.source import Position, Span

_PLATFORMS = {
    "BUILDPLATFORM": "linux/amd64",
    "BUILDOS": "linux",
    "BUILDARCH": "amd64",
    "TARGETPLATFORM": "linux/arm64",
    "TARGETOS": "linux",
    "TARGETARCH": "arm64",
    "TARGETVARIANT": "",
}
_FOLLOWS = re.compile(
    r"\$\{?(TARGET|BUILD)(ARCH|PLATFORM)|\bxx-|\bzig|\bcross\b|goreleaser|uname|--target|-linux-(gnu|musl)|dpkg\s+--print"
)
_COMPILERS = frozenset({"gcc", "g++", "cc", "c++", "clang", "clang++"})
_NATIVE = re.compile(r"/target/(release|debug)/[\w-]+")
_ELSEWHERE = frozenset({"js", "wasip1", "windows", "darwin"})  # GOOS of what a Linux image does not run


class _Step(Struct, frozen=True):
    """A command of RUN with the variables in force and the place it starts at."""

    part: SimpleCommand
    run: Run
    variables: Mapping[str, str | None]
    arguments: Mapping[str, str | None]
    text: str

    @property
    def start(self) -> Position:
        """Where it begins, its assignments too."""
        return self.run.offsets.span(self.part.start, self.part.end).start

    @property
    def span(self) -> Span:
        """The program and its verb."""
        first, last = self.part.words[0], self.part.words[min(1, len(self.part.words) - 1)]
        return self.run.offsets.span(first.start, last.end)


def find_native_build(
    filesystem: StageFilesystem,
    dockerfile: Dockerfile,
    carried: Sequence[tuple[str, Span]],
    brought: Mapping[Position, Span],
    kind: str,
) -> Problem | None:
    """The first command of the stage that makes one of the `carried` paths for the machine that builds.

    `brought` has where the commands begin whose products are known to go to another stage.
    """
    instructions = _chain(filesystem.stage, dockerfile)
    text = "\n".join(_text(each) for each in instructions if each.keyword in ("RUN", "ENV"))
    for step in _steps(filesystem, instructions, text, dockerfile.escape):
        reason = None if step.part.conditional else _reason(step)
        taken = [span for path, span in carried if _makes(step, path)] if reason else []
        taken += [brought[step.start]] if step.start in brought else []
        if reason and taken:
            related = ((taken[0], "a stage of the target's platform takes it from here"),)
            return Problem(kind, reason, step.span, filesystem.stage.index, Confidence.LIKELY, related)
    return None


def _chain(stage: Stage, dockerfile: Dockerfile) -> tuple[Instruction, ...]:
    if stage.base_stage is None:
        return stage.instructions
    return (*_chain(dockerfile.stages[stage.base_stage], dockerfile), *stage.instructions)


def _text(instruction: Instruction) -> str:
    return "\n".join([instruction.text, *(heredoc.content for heredoc in instruction.heredocs)])


def _steps(filesystem: StageFilesystem, instructions: Sequence[Instruction], text: str, escape: str) -> Iterator[_Step]:
    profile, stage = filesystem.profile, filesystem.stage
    scope = Scope(
        profile.environment or {},
        base_known=True,
        global_arguments={**stage.global_arguments, **_PLATFORMS},
        build_arguments={},
        escape=escape,
    )
    directory = profile.workdir or "/"
    for instruction in instructions:
        command = interpret(instruction, scope)
        apply(command, scope)
        if isinstance(command, WorkingDirectory):
            directory = posixpath.normpath(posixpath.join(directory, command.value.text or "/?"))
        elif isinstance(command, Run) and command.text is not None and command.interpreter is None:
            variables = {**scope.arguments, **scope.environment}
            for part in parse_script(command.text, variables, directory).commands:
                yield _Step(part, command, variables, scope.arguments, text)


def _reason(step: _Step) -> str | None:
    """Why a command makes programs of the builder's machine; None where it does not, or may not."""
    part = step.part
    words = [word.text for word in part.words]
    if part.name == "go" and words[1:2] in (["build"], ["install"]):
        return _reason_of_go(step)
    if _FOLLOWS.search(step.text):
        return None
    if part.name == "cargo" and words[1:2] == ["build"] and "CARGO_BUILD_TARGET" not in _given(step):
        return "cargo build without --target compiles for the machine that builds, not for the target's"
    if part.name in _COMPILERS and "-o" in words and "-c" not in words:
        return f"{part.name} compiles for the machine that builds, not for the target's"
    return None


def _given(step: _Step) -> dict[str, str | None]:
    """The environment of the command."""
    return {**step.variables, **dict(step.part.assignments)}


def _reason_of_go(step: _Step) -> str | None:
    given = _given(step)
    arch = given.get("GOARCH", "")
    if given.get("GOOS", "") in _ELSEWHERE or "GOARCH" in step.arguments or re.search(r"\bxx-|go env -w", step.text):
        return None
    undeclared = "TARGETARCH" not in given and re.search(r"\bTARGETARCH=", step.text) is None
    if not arch and undeclared and re.search(r"GOARCH[= ]\"?\$\{?TARGETARCH\}?\"?(\s|$|;|&)", step.text):
        return "GOARCH is empty, since the stage has no ARG TARGETARCH: go compiles for the machine that builds"
    if arch and arch != _PLATFORMS["TARGETARCH"] and re.search(rf"\bGOARCH[= ]\"?{re.escape(arch)}\b", step.text):
        return f"GOARCH is {arch} for every target"
    if arch == "" and re.search(r"(^|[;&\n])\s*GOARCH=\S+\s*(;|&&|\n)", step.run.text or ""):
        return "GOARCH is set but not exported: go does not see it, and compiles for the machine that builds"
    if arch == "" and not _FOLLOWS.search(step.text) and "GOARCH" not in step.text:
        return "go compiles for the machine that builds: nothing sets GOARCH"
    return None


def _makes(step: _Step, path: str) -> bool:
    """Whether a path that is copied holds what the command makes."""
    part, directory = step.part, step.part.directory
    words = [word.text for word in part.words]
    if part.name == "cargo":
        return _NATIVE.search(path) is not None
    if part.name == "go" and words[1] == "install":
        places = step.variables.get("GOBIN") or "/go/bin"
        return posixpath.dirname(path) == places
    output = _output(words)
    if directory is None or "?" in directory or output is None:
        return False
    made = posixpath.normpath(posixpath.join(directory, output))
    if not output or output.endswith("/"):
        return posixpath.dirname(path) == made and "." not in posixpath.basename(path)
    return fnmatchcase(made, path) or made.startswith(path.rstrip("/") + "/")


def _output(words: Sequence[str | None]) -> str | None:
    """The value of -o: "" without one, None where it is not known."""
    for place, word in enumerate(words):
        if word is None:
            return None
        if word == "-o":
            return words[place + 1] if place + 1 < len(words) else None
        if word.startswith("-o="):
            return word[3:]
    return ""
