"""Scripts on paper: would the kernel start this one there?

In: the `Artifact` of a script with its entry, the stage, the verdicts on the stage's ELF programs. Out: `Placement`, as
of a program. The order is that of the real thing: the interpreter of the `#!` line (kernel), the program that env looks
for along PATH, what these are themselves; the script's own permission bits last, since what else is wrong stays wrong
after a chmod.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.filesystem.entries import Presence
from depscan.filesystem.lookup import Sighted, changed_later, find_program, may_run, search_program
from depscan.findings import Confidence
from depscan.linking import messages
from depscan.linking.handing_over import handed_over
from depscan.linking.placement import Cause, Failure, LinkResult, Placement, Verdict, conclude
from depscan.linking.starts import executed_names, started_programs
from depscan.shell.invocation import SHELLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depscan.artifacts.facts import Artifact
    from depscan.artifacts.script import Script
    from depscan.filesystem.entries import FileEntry, StageFilesystem

MAX_INTERPRETERS = 5  # exec_binprm of fs/exec.c: "This allows 4 levels of binfmt rewrites before failing hard"
# Interpreters that stop at an option that ends with a carriage return; perl takes it for a blank.
_STRICT = frozenset({"sh", "bash", "dash", "ash", "ksh", "zsh", "python", "python2", "python3", "node"})


def place_scripts(
    filesystem: StageFilesystem, scripts: Mapping[str, Artifact], programs: Mapping[str, Placement]
) -> Iterator[Placement]:
    """Placements of the scripts that a stage starts, and of those that would fail where somebody started them by name.

    `programs` are the placements of the stage's ELF files by path.
    """
    started = {_where(name, filesystem) for name in started_programs(filesystem)} if scripts else set()
    directories = _path_directories(filesystem) if scripts else frozenset()
    for path, artifact in scripts.items():
        entry = filesystem.entries[path]
        runs = bool(entry.mode & 0o111) or changed_later(entry, filesystem)
        if path in started or (runs and (entry.named or posixpath.dirname(path) in directories)):
            placement = _place(artifact, entry, filesystem, scripts, programs)
            if path in started or placement.verdict is Verdict.FAILS:
                yield placement


def _where(name: str, filesystem: StageFilesystem) -> str | None:
    if "/" not in name:
        return search_program(filesystem, name).path
    return filesystem.resolve(posixpath.join(filesystem.workdir or "/", name))


def _path_directories(filesystem: StageFilesystem) -> frozenset[str | None]:
    path = filesystem.environment.get("PATH") or ""
    return frozenset(filesystem.resolve(directory) for directory in path.split(":") if directory)


def _place(
    artifact: Artifact,
    entry: FileEntry,
    filesystem: StageFilesystem,
    scripts: Mapping[str, Artifact],
    programs: Mapping[str, Placement],
) -> Placement:
    assert artifact.script is not None  # the caller's artifacts are scripts
    link, confidence = _Start(entry, filesystem, scripts, programs).link(artifact.script)
    return conclude(artifact, entry, filesystem, link, confidence)


class _Answer(Struct, frozen=True):
    """Whether an interpreter starts: its failure, or why that is not known, and where it was found."""

    failure: Failure | None = None
    unknown: str | None = None
    found: str | None = None
    follows: str | None = None
    confidence: Confidence = Confidence.CERTAIN


class _Start:
    """The start of one script; knows the stage and what stands in it."""

    def __init__(
        self,
        entry: FileEntry,
        filesystem: StageFilesystem,
        scripts: Mapping[str, Artifact],
        programs: Mapping[str, Placement],
    ) -> None:
        self._entry = entry
        self._filesystem = filesystem
        self._family = filesystem.profile.libc.family
        self._scripts = scripts
        self._programs = programs

    def link(self, script: Script) -> tuple[LinkResult, Confidence]:
        """What becomes of it, and how sure that is."""
        answer = self._follow(script, 0)
        if answer.failure is None and answer.unknown is None and posixpath.basename(script.wanted or "") in SHELLS:
            answer = self._hand_over() or answer
        failures = (*((answer.failure,) if answer.failure else ()), *self._permission())
        unknowns = (answer.unknown,) if answer.unknown and not failures else ()
        link = LinkResult(interpreter=answer.found, failures=failures, unknowns=unknowns, follows=answer.follows)
        return link, answer.confidence

    def _follow(self, script: Script, depth: int) -> _Answer:
        """Start the interpreter of a script, then what env looks for."""
        refused = self._refuse(script, depth)
        if refused is not None or script.interpreter is None:
            return refused or _Answer()
        answer = self._judge(script.interpreter, messages.no_such_file(self._entry.path), depth)
        if answer.failure or answer.unknown:
            return answer
        if script.program is not None:
            missing = messages.not_found_by_env(script.interpreter, script.program, self._family)
            answer = self._judge(script.program, missing, depth)
            if script.returns and answer.failure is None:  # env -S of coreutils 9 takes it for a blank, 8 does not
                return _Answer(unknown="whether env takes a carriage return for a blank depends on its version")
        elif script.returns and posixpath.basename(script.interpreter) in _STRICT:
            return _fail("carriage return", messages.illegal_option(script.interpreter, script.argument))
        return answer

    def _refuse(self, script: Script, depth: int) -> _Answer | None:
        """What stops before an interpreter is looked up."""
        path = self._entry.path
        if script.returns and changed_later(self._entry, self._filesystem):
            return _Answer(unknown="a later command may have taken the carriage returns away")
        if script.interpreter is None:
            return _fail(script.flaw, messages.exec_format(path))
        if not script.interpreter.startswith("/"):
            return _Answer(unknown="a relative interpreter depends on the working directory")
        return _fail("too many scripts", messages.too_many_scripts(path)) if depth >= MAX_INTERPRETERS else None

    def _find(self, name: str) -> Sighted:
        """A name with a blank or a carriage return at its end is no file's: nobody makes such, whatever ran."""
        if name.endswith("\r") or " " in name:
            return Sighted(Presence.MISSING, name)
        return find_program(self._filesystem, name) if "/" in name else search_program(self._filesystem, name)

    def _judge(self, name: str, missing: str, depth: int) -> _Answer:
        """Start an interpreter; `missing` is what is said where it is not there."""
        seen = self._find(name)
        if seen.presence is Presence.MISSING:
            return _fail(name, missing, seen.confidence)
        if seen.presence is Presence.UNKNOWN:
            return _Answer(unknown=f"{name}: {seen.reason}")
        if not may_run(seen, self._filesystem):
            denied = messages.permission_denied(self._entry.path)
            return _Answer(Failure(Cause.NOT_EXECUTABLE, name, denied, seen.confidence))
        program, inner = self._programs.get(seen.path), self._scripts.get(seen.path)
        if program is not None and program.culprit is not None:
            failure = program.culprit
            text = missing if failure.cause is Cause.INTERPRETER_MISSING else failure.runtime_message
            return _Answer(Failure(failure.cause, seen.path, text, failure.confidence))
        if inner is not None and inner.script is not None:
            return self._follow(inner.script, depth + 1)
        return _Answer(found=seen.path, confidence=seen.confidence)

    def _hand_over(self) -> _Answer | None:
        """A script that surely executes a program in its place fails as that program does."""
        sure = next((each for each in handed_over(self._entry) if each.sure), None)
        for name in executed_names(sure.words) if sure is not None else ():
            path = self._filesystem.resolve(name) if name.startswith("/") else None
            program = self._programs.get(path or "")
            if program is not None and program.culprit is not None:
                return _Answer(program.culprit, follows=program.path, confidence=program.culprit.confidence)
        return None

    def _permission(self) -> tuple[Failure, ...]:
        if self._entry.mode & 0o111 or changed_later(self._entry, self._filesystem):
            return ()
        return (Failure(Cause.NOT_EXECUTABLE, None, messages.permission_denied(self._entry.path)),)


def _fail(detail: str | None, text: str, confidence: Confidence = Confidence.CERTAIN) -> _Answer:
    detail = detail and detail.rstrip("\r")
    return _Answer(Failure(Cause.SCRIPT_INTERPRETER_MISSING, detail, text, confidence), confidence=confidence)


def executed_programs(placement: Placement) -> frozenset[str]:
    """The absolute paths that a script hands over to by `exec`, as its text tells."""
    names = (name for each in handed_over(placement.entry) for name in executed_names(each.words))
    return frozenset(name for name in names if name.startswith("/"))
