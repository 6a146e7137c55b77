"""Scripts on paper: would the kernel start this one there?

In: the `Artifact` of a script with its entry, the stage, the verdicts on the stage's ELF programs. Out: `Placement`, as
of a program. The order is that of the real thing: the interpreter of the `#!` line (kernel), the program that env looks
for along PATH, what these are themselves; the script's own permission bits last, since what else is wrong stays wrong
after a chmod.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.filesystem.content import read_head
from depscan.filesystem.entries import Presence
from depscan.filesystem.lookup import Sighted, changed_later, find_program, may_run, search_program
from depscan.findings import Confidence
from depscan.linking import messages
from depscan.linking.placement import Cause, Failure, LinkResult, Placement, Verdict
from depscan.linking.starts import started_programs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depscan.artifacts.facts import Artifact
    from depscan.artifacts.script import Script
    from depscan.filesystem.entries import FileEntry, StageFilesystem

MAX_INTERPRETERS = 5  # exec_binprm of fs/exec.c: "This allows 4 levels of binfmt rewrites before failing hard"
_MAX_TEXT = 64 << 10  # of a script that is read for what it executes
# Interpreters that stop at an option that ends with a carriage return; perl takes it for a blank.
_STRICT = frozenset({"sh", "bash", "dash", "ash", "ksh", "zsh", "python", "python2", "python3", "node"})


def place_scripts(
    filesystem: StageFilesystem, scripts: Mapping[str, Artifact], programs: Mapping[str, Placement]
) -> Iterator[Placement]:
    """Placements of those scripts of a stage that somebody may start by name; `programs` are the ELF files' by path."""
    started = {_where(name, filesystem) for name in started_programs(filesystem)} if scripts else set()
    directories = _path_directories(filesystem) if scripts else frozenset()
    for path, artifact in scripts.items():
        entry = filesystem.entries[path]
        runs = bool(entry.mode & 0o111) or changed_later(entry, filesystem)
        if path in started or (runs and (entry.named or posixpath.dirname(path) in directories)):
            yield _place(artifact, entry, filesystem, scripts, programs)


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
    link, confidence = _Starter(filesystem, scripts, programs).start(entry, artifact)
    first = link.failures[0] if link.failures else None
    if first is not None:
        verdict, confidence = Verdict.FAILS, first.confidence
    else:
        verdict = Verdict.UNKNOWN if link.unknowns else Verdict.LOADS
    return Placement(
        artifact=artifact,
        entry=entry,
        filesystem=filesystem,
        platform=filesystem.stage.platform,
        link=link,
        verdict=verdict,
        cause=first.cause if first else None,
        detail=first.detail if first else None,
        confidence=confidence,
    )


class _Starter:
    """Knows the stage and what stands in it."""

    def __init__(
        self, filesystem: StageFilesystem, scripts: Mapping[str, Artifact], programs: Mapping[str, Placement]
    ) -> None:
        self._filesystem = filesystem
        self._family = filesystem.profile.libc.family
        self._scripts = scripts
        self._programs = programs

    def start(self, entry: FileEntry, artifact: Artifact) -> tuple[LinkResult, Confidence]:
        """What becomes of a script that is started at its place."""
        assert artifact.script is not None  # the caller's artifacts are scripts
        failure, unknown, confidence, found = self._follow(entry, artifact.script, 0)
        failures = [*([failure] if failure else []), *self._permission(entry)]
        unknowns = (unknown,) if unknown and not failures else ()
        return LinkResult(interpreter=found, failures=tuple(failures), unknowns=unknowns), confidence

    def _follow(
        self, entry: FileEntry, script: Script, depth: int
    ) -> tuple[Failure | None, str | None, Confidence, str | None]:
        """The failure at the interpreter, or why that is not known, and where the interpreter was found."""
        path = entry.path
        if script.returns and changed_later(entry, self._filesystem):
            return None, "a later command may have taken the carriage returns away", Confidence.CERTAIN, None
        if script.interpreter is None:
            text = messages.exec_format(path)
            return self._failure(script.flaw, text), None, Confidence.CERTAIN, None
        if not script.interpreter.startswith("/"):
            return None, "a relative interpreter depends on the working directory", Confidence.CERTAIN, None
        if depth >= MAX_INTERPRETERS:
            return self._failure("too many scripts", messages.too_many_scripts(path)), None, Confidence.CERTAIN, None
        seen = self._find(script.interpreter)
        not_there = messages.no_such_file(path)
        answer = self._judge(entry, script.interpreter, seen, not_there, messages.permission_denied(path), depth)
        if answer is None and script.program is not None:
            seen = self._search(script.program)
            not_there = messages.not_found_by_env(script.interpreter, script.program, self._family)
            answer = self._judge(entry, script.program, seen, not_there, not_there, depth)
        if answer is None and script.returns and posixpath.basename(script.wanted or "") in _STRICT:
            answer = (
                self._failure("carriage return", messages.illegal_option(script.interpreter, script.argument)),
                None,
            )
        failure, unknown = answer or (None, None)
        return failure, unknown, seen.confidence, seen.path if seen.presence is Presence.PROVIDED else None

    def _find(self, path: str) -> Sighted:
        """A name that ends with a carriage return is no file's: nobody makes such, whatever ran."""
        if path.endswith("\r"):
            return Sighted(Presence.MISSING, path)
        return find_program(self._filesystem, path)

    def _search(self, program: str) -> Sighted:
        if program.endswith("\r") or " " in program:
            return Sighted(Presence.MISSING, program)
        return self._find(program) if program.startswith("/") else search_program(self._filesystem, program)

    def _judge(
        self, entry: FileEntry, name: str, seen: Sighted, missing: str, denied: str, depth: int
    ) -> tuple[Failure | None, str | None] | None:
        """None where the interpreter starts."""
        if seen.presence is Presence.MISSING:
            return self._failure(name, missing, seen.confidence), None
        if seen.presence is Presence.UNKNOWN:
            return None, f"{name}: {seen.reason}"
        if not may_run(seen, self._filesystem):
            return Failure(Cause.NOT_EXECUTABLE, name, denied, seen.confidence), None
        program = self._programs.get(seen.path)
        if program is not None and program.culprit is not None:
            failure = program.culprit
            text = missing if failure.cause is Cause.INTERPRETER_MISSING else failure.runtime_message
            return Failure(failure.cause, seen.path, text, failure.confidence), None
        inner = self._scripts.get(seen.path)
        if inner is not None and inner.script is not None:
            failure_, unknown, _, _ = self._follow(entry, inner.script, depth + 1)
            return (failure_, unknown) if failure_ or unknown else None
        return None

    @staticmethod
    def _failure(detail: str | None, text: str, confidence: Confidence = Confidence.CERTAIN) -> Failure:
        return Failure(Cause.SCRIPT_INTERPRETER_MISSING, detail and detail.rstrip("\r"), text, confidence)

    def _permission(self, entry: FileEntry) -> list[Failure]:
        if entry.mode & 0o111 or changed_later(entry, self._filesystem):
            return []
        return [Failure(Cause.NOT_EXECUTABLE, None, messages.permission_denied(entry.path))]


def executed_programs(placement: Placement) -> frozenset[str]:
    """The absolute paths that a script hands over to by `exec`, as its text tells; the caller checks what stands there."""
    text = read_head(placement.entry, _MAX_TEXT) or b""
    return frozenset(path.decode() for path in re.findall(rb"^[ \t]*exec[ \t]+(/[\w./+-]+)", text, re.MULTILINE))
