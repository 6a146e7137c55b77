"""Edits of a Dockerfile that may mend what a stage starts: scripts, start commands, permission bits.

In: a finding, its stage as replayed, the placements of all stages. Out: `Repair`s, the likeliest first. An edit is only
made where what it names is there; whether it mends anything is for `suggest` to prove.
"""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from depscan.dockerfile.broken_arrays import read_broken_array
from depscan.filesystem.entries import Presence
from depscan.filesystem.lookup import search_program
from depscan.findings import Edit, Location
from depscan.linking.placement import Cause
from depscan.linking.start_texts import is_plain_text
from depscan.packages import install_command
from depscan.packages.providers import who_provides
from depscan.source import Position, Span
from depscan.subjects.starts import JAR, TEXT, find_starts, same_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.dockerfile.instructions import Instruction
    from depscan.filesystem.entries import StageFilesystem
    from depscan.findings import Finding
    from depscan.linking.placement import Placement
    from depscan.source import SourceText
    from depscan.subjects.starts import Found

_DIRECTORIES = ("/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin")


class Repair(Struct, frozen=True):
    """An edit with its title; `kind` as of a Suggestion."""

    kind: str
    title: str
    edit: Edit


def repair_program(finding: Finding, placement: Placement, stages: Sequence[StageFilesystem]) -> Iterator[Repair]:
    """Edits for a program without execute bit, or a script whose interpreter does not start it."""
    script = placement.artifact.script
    if placement.cause is Cause.NOT_EXECUTABLE:
        yield from _permit(finding, placement, stages)
    elif placement.cause is Cause.SCRIPT_INTERPRETER_MISSING and script is not None:
        if script.returns:
            yield from _strip_returns(finding, placement, stages)
        else:
            yield from _install(finding, script.wanted or "", placement.filesystem)


def repair_platform(finding: Finding, source: SourceText) -> Iterator[Repair]:
    """The ARG without the default that hides BuildKit's own value; the last FROM without its flag."""
    span = finding.location.span
    if finding.stage is None or span.start.line != span.end.line:
        return
    line = source.text.split("\n")[span.start.line - 1]
    if finding.rule == "targetarch-shadowed":
        name = line[span.start.column - 1 :].partition("=")[0]
        yield Repair("build-flag", f"drop the default: ARG {name}", Edit(finding.location, name))
    elif finding.rule == "final-stage-on-buildplatform" and line[span.end.column - 1 : span.end.column] == " ":
        whole = Span(span.start, Position(span.end.line, span.end.column + 1))
        flag = line[span.start.column - 1 : span.end.column - 1]
        yield Repair("base", f"drop {flag}", Edit(Location(finding.location.path, whole), ""))


def repair_start(finding: Finding, filesystem: StageFilesystem, placements: Sequence[Placement]) -> Iterator[Repair]:
    """Edits of the start command that a finding stands at."""
    place = finding.location.span
    for found in find_starts(filesystem, placements, run=True):
        if found.span == place:
            text = _reworded(found, filesystem)
            if text is not None:
                yield _reword(finding, found.view.keyword, text)
    for instruction in filesystem.stage.instructions:
        if instruction.arguments and instruction.arguments[-1].span == place:
            words = read_broken_array(instruction)
            if words is not None:
                yield _reword(finding, instruction.keyword, _array(words))


def _reword(finding: Finding, keyword: str, text: str) -> Repair:
    title = f"write {keyword} {text}" if text.startswith("[") else f"write {text} in {keyword}"
    return Repair("build-flag", title, Edit(finding.location, text))


def _reworded(found: Found, filesystem: StageFilesystem) -> str | None:
    """What to write in place of the word, or of the shell text, that the finding is about."""
    view = found.view
    if view.form == "shell":
        words = _plain_words(found, filesystem) if view.shell and view.status == "missing" else None
        return _array(words) if words is not None else None
    if view.content in (TEXT, JAR):
        before = ["sh"] if view.content == TEXT else ["java", "-jar"]
        return _joined([*before, view.program]) if _is_there(before[0], filesystem) else None
    if view.status != "missing":
        return None
    words = view.program.split()
    if len(words) > 1 and _is_there(words[0], filesystem):
        return _joined(words)
    elsewhere = same_name(view.program, filesystem)
    return _joined(elsewhere) if len(elsewhere) == 1 else None


def _plain_words(found: Found, filesystem: StageFilesystem) -> list[str] | None:
    """The words of a start command in shell form, where they need no shell."""
    start = filesystem.entrypoint if found.view.keyword == "ENTRYPOINT" else filesystem.command
    if start is None or start.span != found.span or not start.words or not is_plain_text(start.words[0]):
        return None
    words = shlex.split(start.words[0])
    return words if words and _is_there(words[0], filesystem) else None


def _joined(words: Sequence[str]) -> str:
    return ", ".join(msgspec.json.encode(word).decode() for word in words)


def _array(words: Sequence[str]) -> str:
    return f"[{_joined(words)}]"


def _is_there(program: str, filesystem: StageFilesystem) -> bool:
    if "/" not in program:
        return search_program(filesystem, program).presence is Presence.PROVIDED
    return filesystem.entry(posixpath.join(filesystem.workdir or "/", program)) is not None


def _permit(finding: Finding, placement: Placement, stages: Sequence[StageFilesystem]) -> Iterator[Repair]:
    """The bit is set by the instruction that copies the file, or before the container's start."""
    copy = _instruction(finding, stages)
    if copy is not None and copy.keyword in {"COPY", "ADD"}:
        flag = copy.flag("chmod")
        end = copy.keyword_span.end
        span, text = (flag.span, "--chmod=755") if flag is not None else (Span(end, end), " --chmod=755")
        yield Repair("build-flag", f"{copy.keyword} --chmod=755", Edit(Location(finding.location.path, span), text))
    instructions = placement.filesystem.stage.instructions
    start = next((each for each in instructions if each.keyword in {"ENTRYPOINT", "CMD"}), None)
    if start is not None and all(each.keyword != "USER" for each in instructions):
        line = Position(start.span.start.line, 1)
        command = f"RUN chmod +x {shlex.quote(placement.path)}"
        edit = Edit(Location(finding.location.path, Span(line, line)), f"{command}\n")
        yield Repair("build-flag", f"set the bit in the image: {command}", edit)


def _strip_returns(finding: Finding, placement: Placement, stages: Sequence[StageFilesystem]) -> Iterator[Repair]:
    copy = _instruction(finding, stages)
    if copy is None:
        return
    line = Position(copy.span.end.line + 1, 1)
    path = shlex.quote(placement.path)
    permit = "" if placement.entry.mode & 0o111 else f" && chmod +x {path}"
    command = rf"RUN sed -i 's/\r$//' {path}{permit}"
    edit = Edit(Location(finding.location.path, Span(line, line)), f"{command}\n")
    yield Repair("build-flag", f"take the carriage returns away: {command}", edit)


def _install(finding: Finding, interpreter: str, filesystem: StageFilesystem) -> Iterator[Repair]:
    """The packages of the stage's own distribution that have the interpreter, the one of its name first."""
    profile, name = filesystem.profile, posixpath.basename(interpreter)
    manager = profile.package_manager
    if manager is None:
        return
    paths = [f"{directory}/{name}" for directory in _DIRECTORIES]
    having = {package for path in paths for package in who_provides(manager, profile.release, path)}
    line = Position(filesystem.stage.instruction.span.end.line + 1, 1)
    for package in sorted({*having, name}, key=lambda package: (package != name, package)):
        command = install_command(manager, (package,))
        if command is not None:
            edit = Edit(Location(finding.location.path, Span(line, line)), f"RUN {command}\n")
            yield Repair("package", f"install the package: RUN {command}", edit)


def _instruction(finding: Finding, stages: Sequence[StageFilesystem]) -> Instruction | None:
    """The instruction that the finding stands in."""
    place = finding.location.span.start
    instructions = (each for stage in stages for each in stage.stage.instructions)
    return next((each for each in instructions if each.span.start <= place <= each.span.end), None)
