"""What a stage starts: the programs that ENTRYPOINT, CMD and HEALTHCHECK name.

In: a `StageFilesystem`. Out: `Launch`es, each with the place of the word that names the program, and the names alone
for those who ask only whether a file is started. ENTRYPOINT in exec form takes CMD as its arguments; programs that
start another one (tini, gosu, nice) are followed. Shell forms start the shell, which starts the first command of the
text.
"""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.facts import Linkage
from depscan.filesystem.entries import DEFAULT_SHELL, StartCommand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.filesystem.entries import StageFilesystem
    from depscan.linking.placement import Placement
    from depscan.source import Span

SHELLS = frozenset({"sh", "bash", "ash", "dash", "ksh", "zsh"})
# Programs that replace themselves by the command in their arguments, with those of their options that take a value and
# how many words of their own come before it (tini(1), dumb-init --help, gosu, su-exec, setpriv(1), nice(1)).
_WRAPPERS: dict[str, tuple[frozenset[str], int]] = {
    "tini": (frozenset({"-p", "-e"}), 0),
    "tini-static": (frozenset({"-p", "-e"}), 0),
    "dumb-init": (frozenset({"-r", "--rewrite"}), 0),
    "catatonit": (frozenset(), 0),
    "gosu": (frozenset(), 1),
    "su-exec": (frozenset(), 1),
    "exec": (frozenset({"-a"}), 0),
    "nice": (frozenset({"-n"}), 0),
    "nohup": (frozenset(), 0),
}
_UNREADABLE = frozenset("|;()<>`$\"'\\*?[{#!~\n")
# Built-in commands of POSIX shells, which are no files.
_BUILT_IN = frozenset(
    """
    . : [ [[ alias break case cd command continue declare do echo eval exit export false fg for function getopts hash
    if jobs kill let local printf pwd read readonly return set shift shopt source test time times trap true type typeset
    ulimit umask unset until wait while {
    """.split()  # noqa: SIM905 - read as prose
)


class Launch(Struct, frozen=True):
    """One program that a start command starts.

    `name` is as the command names it, `span` its place. `by_shell` says that a shell looks it up, which gives texts
    without `#!` to itself; `first` that it is the container's own first program, not one that another starts.
    """

    start: StartCommand
    name: str
    span: Span
    by_shell: bool = False
    first: bool = True


def launches(filesystem: StageFilesystem) -> Iterator[Launch]:
    """The programs that the stage starts, as far as they can be told."""
    entry, command = filesystem.entrypoint, filesystem.command
    if entry is not None:
        yield from _launches(entry, command if entry.form == "exec" else None)
    elif command is not None and not _has_entrypoint(filesystem):
        yield from _launches(command, None)
    elif command is not None and command.form == "shell":
        yield next(_launches(command, None))  # the image's own entrypoint gets the shell's name, and needs it too
    if filesystem.healthcheck is not None:
        yield from _launches(filesystem.healthcheck, None)


def is_plain(filesystem: StageFilesystem, placements: Sequence[Placement]) -> bool:
    """Whether the stage starts nothing, or by its path a program that the Dockerfile brought: no more to tell."""
    start = filesystem.entrypoint or filesystem.command
    if start is None or filesystem.healthcheck is not None:
        return start is None and filesystem.healthcheck is None
    first = start.words[0] if start.form == "exec" and start.words else ""
    if posixpath.basename(first) in {*_WRAPPERS, *SHELLS} or not first.startswith("/"):
        return False
    index, path = filesystem.stage.index, filesystem.resolve(first)
    return any(
        placement.path == path
        and placement.filesystem.stage.index == index
        and placement.artifact.script is None
        and placement.artifact.facts.linkage is not Linkage.SHARED_OBJECT
        for placement in placements
    )


def started_programs(filesystem: StageFilesystem) -> list[str]:
    """The names of all programs that start commands name: CMD's too where it may only be an argument."""
    inherited = () if filesystem.entrypoint else (filesystem.profile.entrypoint or ())[:1]
    return [*_names(filesystem.entrypoint, filesystem.command), *inherited]


@lru_cache(maxsize=64)
def _names(entrypoint: StartCommand | None, command: StartCommand | None) -> tuple[str, ...]:
    """Asked for each file of a stage."""
    found = [launch.name for start in (entrypoint, command) if start is not None for launch in _launches(start, None)]
    joined = [launch.name for launch in _launches(entrypoint, command)] if entrypoint is not None else []
    return tuple(dict.fromkeys([*found, *joined]))


def _has_entrypoint(filesystem: StageFilesystem) -> bool:
    """Whether the image may have an ENTRYPOINT of its own, of which CMD gives the arguments.

    Images whose programs are all known are bare distributions, which have none.
    """
    profile = filesystem.profile
    if profile.tree is not None:
        return bool(profile.entrypoint)
    return not profile.interpreters_complete


def _launches(start: StartCommand, arguments: StartCommand | None) -> Iterator[Launch]:
    if start.form == "shell":
        yield Launch(start, (start.shell or DEFAULT_SHELL)[0], start.span)
        yield from _of_text(start, start.words[0] if start.words else "", start.span)
        return
    words, spans = list(start.words), list(start.spans or (start.span,) * len(start.words))
    own = len(words)
    if arguments is not None and arguments.form == "exec":
        words += arguments.words
        spans += arguments.spans or (arguments.span,) * len(arguments.words)
    for place in _programs(words):
        named = arguments if place >= own and arguments is not None else start
        yield Launch(named, words[place], spans[place], first=place == 0)
    last = max(_programs(words), default=0)
    rest = words[last:]
    if len(rest) > 2 and posixpath.basename(rest[0]) in SHELLS and rest[1] == "-c":
        named = arguments if last + 2 >= own and arguments is not None else start
        yield from _of_text(named, rest[2], spans[last + 2])


def _programs(words: Sequence[str]) -> list[int]:
    """The places of the words that are executed one after the other: a wrapper's, then its command's."""
    found = [0] if words else []
    while found and posixpath.basename(words[found[-1]]) in _WRAPPERS:
        valued, operands = _WRAPPERS[posixpath.basename(words[found[-1]])]
        place = found[-1] + 1
        while place < len(words) and words[place].startswith("-"):
            place += 2 if words[place] in valued else 1
        place += operands
        if place >= len(words):
            break
        found.append(place)
    return found


def _of_text(start: StartCommand, text: str, span: Span) -> Iterator[Launch]:
    """The first program of a shell's text, where it is a plain word; of what is more than words, nothing is told.

    A line with || goes on where a program is missing.
    """
    if "||" in text.strip().partition("\n")[0]:
        return
    first = text.replace("&&", "\n").strip().partition("\n")[0]
    if _UNREADABLE & set(first) or "&" in first:
        first = _before_marks(first)
    words = first.split()
    for place in _programs(words):
        name = words[place]
        if name not in _BUILT_IN and name != "exec" and "=" not in name:
            yield Launch(start, name, span, by_shell=True, first=False)


def is_plain_text(text: str) -> bool:
    """Whether a shell does nothing to a text but split it at blanks."""
    return not (_UNREADABLE | {"&", "="}) & set(text) and text.split()[:1] != ["exec"]


def _before_marks(text: str) -> str:
    """The words before the first one with a mark that means something to a shell."""
    words = text.split()
    plain = next((place for place, word in enumerate(words) if (_UNREADABLE | {"&"}) & set(word)), len(words))
    return " ".join(words[:plain])
