"""Commands of package managers that must fail: the manager is not there, or the package is not.

In: a RUN with its commands, the tree behind it, the stage. Out: `Problem`s at the very word. Only what surely runs is
judged: not behind a condition, not in a text that asks which manager there is or calls several kinds of them.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.dockerfile.instructions import Problem
from depscan.findings import AT_BUILD, Confidence
from depscan.packages import PROGRAMS, read
from depscan.packages.availability import find_absence
from depscan.packages.managers import BESIDE, DIRECTORIES, find_lack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.dockerfile.commands import Run
    from depscan.dockerfile.instructions import Dockerfile, Stage
    from depscan.filesystem.tree import Tree
    from depscan.packages.availability import Absence
    from depscan.shell.commands import Script, ShellWord, SimpleCommand
    from depscan.source import Position, Span

MANAGER_MISSING = "manager-missing"
PACKAGE_ABSENT = "package-absent"

_INNER = frozenset({"dpkg", "rpm"})  # what busybox has as applets too, and other distributions as packages
_ASKS = r"\b(command\s+-v|which|type|hash|whereis)\s|(\[|\btest)\s+!?\s*-[xefnz]\s|/etc/os-release|\$ID\b"
_VARIABLE = r"\$\{[^}]*\}|\$\w+"
_DISTRIBUTIONS = (
    r"alpine|debian|slim|bullseye|bookworm|trixie|ubuntu|jammy|noble|fedora|centos|rocky|alma|oraclelinux|ubi|amazon"
)
_LENIENT = frozenset({"-m", "--ignore-missing", "--fix-missing"})


def find_package_faults(
    command: Run, script: Script, tree: Tree, stage: Stage, dockerfile: Dockerfile
) -> Iterator[Problem]:
    """What surely fails in one RUN, in the order of its text; `tree` is the stage behind it."""
    certain = [part for part in script.commands if not part.conditional and part.name in {*PROGRAMS, *BESIDE}]
    if not certain or not _base_is_named(_bottom(stage, dockerfile)):
        return
    missing = tuple(_missing_managers(command, script, certain, tree, stage))
    yield from missing
    if not missing and (tree.profile.release or "").startswith(("alpine:", "debian:")):
        found = [each for part in certain for each in _absent_packages(part, tree, stage)]
        problems = [_absent(command, word, absence, tree, stage) for word, absence in found]
        yield from problems if problems and _keeps_its_sources(problems[0], tree, stage, dockerfile) else ()


def _keeps_its_sources(problem: Problem, tree: Tree, stage: Stage, dockerfile: Dockerfile) -> bool:
    from depscan.filesystem.package_sources import keeps_its_sources  # noqa: PLC0415 - its patterns take 3 ms

    return keeps_its_sources(stage, dockerfile, tree, problem.span.start)


def _missing_managers(
    command: Run, script: Script, certain: Sequence[SimpleCommand], tree: Tree, stage: Stage
) -> Iterator[Problem]:
    """The first use of each manager that the base lacks and nothing seems to have brought."""
    text = command.text or ""
    kinds = {PROGRAMS[part.name] for part in script.commands if part.name in PROGRAMS and part.name not in _INNER}
    if len(kinds) > 1 or re.search(_ASKS, text) or any(mount.type in (None, "bind") for mount in command.mounts):
        return
    told = {problem.detail.partition(" ")[0] for problem in tree.problems if problem.kind == MANAGER_MISSING}
    for part in certain:
        name = part.name or ""
        if name in told or name in _INNER or posixpath.dirname(part.words[0].text or "") not in {"", *DIRECTORIES}:
            continue
        lack, place = find_lack(tree.profile, name), _place(command, part.words[0])
        if lack is not None and not _may_be_brought(name, script, tree, place.start):
            told.add(name)
            instead = f"; its manager is {lack.has}" if lack.has else f"; {lack.instead}" if lack.instead else ""
            detail = f"{name} is not in {tree.profile.name}{instead}"
            said = _not_found(command, part.words[0].text or name, tree.profile.package_manager)
            yield Problem(MANAGER_MISSING, detail, place, stage.index, lack.confidence, word=name, runtime=said)


def _not_found(command: Run, word: str, manager: str | None) -> tuple[str, str] | None:
    """What runc says of a program that is not there, dash on Debian's kin busybox on Alpine; sudo has other words."""
    shell = {"apt": "/bin/sh: 1", "apk": "/bin/sh"}.get(manager or "")
    if command.text is None:
        return AT_BUILD, f'exec: "{word}": executable file not found in $PATH'
    return (AT_BUILD, f"{shell}: {word}: not found") if shell and "sudo" not in command.text else None


def _may_be_brought(name: str, script: Script, tree: Tree, before: Position) -> bool:
    """Whether a package, a file or a command that is not understood may have put the program there."""
    named = {word.text for part in script.commands for word in part.words[1:]}
    if named & {name, "apk-tools", "apk-tools-static"} or {name, "apk-tools"} & set(tree.packages):
        return True
    if any(entry.kind != "directory" and posixpath.basename(path) == name for path, entry in tree.entries.items()):
        return True
    place = f"/usr/bin/{name}"
    return any(each.foreign_libc and each.touches(place) and each.span.start < before for each in tree.changes)


def _bottom(stage: Stage, dockerfile: Dockerfile) -> Stage:
    """The stage at the bottom, which stands on an image."""
    while stage.base_stage is not None:
        stage = dockerfile.stages[stage.base_stage]
    return stage


def _base_is_named(stage: Stage) -> bool:
    """Whether the Dockerfile itself tells the distribution: one that only ARG names may be another in a real build."""
    word = stage.instruction.arguments[0].text if stage.instruction.arguments else ""
    return "$" not in word or re.search(_DISTRIBUTIONS, re.sub(_VARIABLE, "", word)) is not None


def _absent_packages(part: SimpleCommand, tree: Tree, stage: Stage) -> Iterator[tuple[ShellWord, Absence]]:
    """The words of `apt-get install` or `apk add` that the release has no package for."""
    installation = read(part) if part.name in {"apt", "apt-get", "apk"} else None
    options = {word.text for word in part.words if (word.text or "").startswith("-")}
    elsewhere = PROGRAMS.get(part.name or "") == "apt" and bool({"-t", "--target-release"} & options)
    if installation is None or installation.outside or options & _LENIENT or elsewhere:
        return
    architecture = stage.platform.architecture
    for word in part.words[1:]:
        name = _name(word)
        if name in installation.installed:
            absence = find_absence(tree.profile.release or "", name, architecture)
            if absence is not None:
                yield word, absence


def _absent(command: Run, word: ShellWord, absence: Absence, tree: Tree, stage: Stage) -> Problem:
    name = _name(word)
    release = _title(tree.profile.release or "")
    if absence.virtual:
        detail = f"{name} is virtual in {release}: several packages provide it, and apt-get refuses to choose one"
    else:
        others = " and ".join(map(_title, absence.elsewhere))
        known = f"; {others} has it" if len(absence.elsewhere) == 1 else f"; {others} have it" if others else ""
        detail = f"{release} has no package {name}{known}"
    moving = f"; {tree.profile.name} is {release} today, and moves" if tree.profile.moving else ""
    detail = f"{detail} (index of {absence.as_of}){moving}"
    confidence = Confidence.weakest(Confidence.LIKELY, tree.profile.confidence)
    lacking = f"E: Package '{name}' has no installation candidate"
    said = lacking if absence.virtual else f"E: Unable to locate package {name}"
    runtime = (AT_BUILD, said) if tree.profile.package_manager == "apt" else None
    return Problem(PACKAGE_ABSENT, detail, _place(command, word), stage.index, confidence, word=name, runtime=runtime)


def _name(word: ShellWord) -> str:
    """A package's name without a version behind it; one of another suite or architecture keeps that, and is no name."""
    return re.split(r"[=~<>]", word.text or "", maxsplit=1)[0]


def _title(release: str) -> str:
    return release.replace(":", " ").capitalize()


def _place(command: Run, word: ShellWord) -> Span:
    """Where a word stands in the file; in exec form the word of the array that is equal."""
    if command.text is not None:
        return command.offsets.span(word.start, word.end)
    equal = [each.span for each in command.words if each.text == word.text]
    return (equal or [command.words[0].span])[0]
