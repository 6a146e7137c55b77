"""What a stage starts: the programs that ENTRYPOINT, CMD and HEALTHCHECK name.

In: a `StageFilesystem`. Out: `Launch`es, each with the place of the word that names the program, and the names alone
for those who ask only whether a file is started. ENTRYPOINT in exec form takes CMD as its arguments; programs that
start another one (tini, gosu, nice) are followed. Shell forms start the shell, which starts the first command of the
text.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.facts import Linkage
from depscan.artifacts.prediction import Prediction
from depscan.filesystem.content import read_head
from depscan.filesystem.entries import DEFAULT_SHELL, StartCommand
from depscan.shell.invocation import SHELLS, started_places

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.filesystem.entries import FileEntry, StageFilesystem
    from depscan.linking.invocations import Invocation
    from depscan.linking.placement import Placement
    from depscan.source import Span

# Dynamic linkers, which load the program among their arguments; those that others bring are mostly called ld.so.
_LINKER = re.compile(r"ld-(?:linux|musl)[\w.-]*|ld(?:64)?\.so(?:\.[\w.-]+)?|ld-2\.\d+\.so|libc\.musl-[\w.-]+")
# Interpreters that read the file which their words name; of the shells one may be a script that starts its arguments.
_READERS = re.compile(
    r"(?:python[23]?(?:\.\d+)?|pypy3?|perl|ruby|node|nodejs|php\d*(?:\.\d+)?|lua[\d.]*|Rscript|java|tclsh|pwsh)"
)


class Launch(Struct, frozen=True):
    """One program that a start command starts.

    `name` is as the command names it, in a text with the directory that it changed to; `span` is its place. `by_shell`
    says that a shell looks it up, which gives texts without `#!` to itself; `first` that it is the container's own
    first program, not one that another starts. `caller` is the wrapper that executes it, `written` the name in a text.
    """

    start: StartCommand
    name: str
    span: Span
    by_shell: bool = False
    first: bool = True
    caller: str | None = None
    written: str | None = None


class _Around(Struct, frozen=True):
    """Where a stage's start commands run."""

    directory: str | None
    environment: tuple[tuple[str, str | None], ...]


def launches(filesystem: StageFilesystem) -> Iterator[Launch]:
    """The programs that the stage starts, as far as they can be told."""
    entry, command, around = filesystem.entrypoint, filesystem.command, _around(filesystem)
    if entry is not None:
        yield from _launches(entry, command if entry.form == "exec" else None, around)
    elif command is not None and not _has_entrypoint(filesystem):
        yield from _launches(command, None, around)
    elif command is not None and command.form == "shell":
        # The image's own entrypoint gets the shell's name, and needs it too.
        yield next(_launches(command, None, around))
    if filesystem.healthcheck is not None:
        yield from _launches(filesystem.healthcheck, None, around)


def _around(filesystem: StageFilesystem) -> _Around:
    return _Around(filesystem.workdir, tuple(filesystem.environment.items()))


def is_plain(filesystem: StageFilesystem, placements: Sequence[Placement]) -> bool:
    """Whether the stage starts nothing, or by its path a program that the Dockerfile brought: no more to tell."""
    start = filesystem.entrypoint or filesystem.command
    if start is None or filesystem.healthcheck is not None:
        return start is None and filesystem.healthcheck is None
    first = start.words[0] if start.form == "exec" and start.words else ""
    if not first.startswith("/") or posixpath.basename(first) in SHELLS or len(started_places(start.words)) > 1:
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
    """The names of all programs that start commands name: CMD's too where it may only be an argument.

    What a started script of the Dockerfile's executes in its own place is started too.
    """
    inherited = () if filesystem.entrypoint else (filesystem.profile.entrypoint or ())[:1]
    executed = (name for words in _executed(filesystem) for name in executed_names(words))
    return [*_named(filesystem), *executed, *inherited]


def invocations(filesystem: StageFilesystem) -> Iterator[Invocation]:
    """The programs that the stage, or a script that it starts, starts by the name of a dynamic linker."""
    starts = (filesystem.entrypoint, filesystem.command, filesystem.healthcheck)
    commands = [words for start in starts if start is not None for words in _commands(start, filesystem)]
    for words in (*commands, *_executed(filesystem)):
        found = (_invocation(words[place:]) for place in _programs(words) if _is_linker(words[place]))
        yield from (each for each in found if each is not None)


def _commands(start: StartCommand, filesystem: StageFilesystem) -> Iterator[tuple[str, ...]]:
    """The words of a start command, with those of CMD where it only gives arguments, and those of its shell's text."""
    command = filesystem.command
    own = start.words if start.form == "exec" else ()
    if start is filesystem.entrypoint and command is not None and own and command.form == "exec":
        own += command.words
    text = start.words[0] if start.form == "shell" and start.words else ""
    last = max(_programs(own), default=0)
    if len(own) > last + 2 and posixpath.basename(own[last]) in SHELLS and own[last + 1] == "-c":
        text = own[last + 2]
    yield from (words for words in (own, _text_words(text)) if words)


def _executed(filesystem: StageFilesystem) -> Iterator[tuple[str, ...]]:
    """The words with which the scripts that are started replace themselves, up to the first that is not known."""
    for name in _named(filesystem):
        path = filesystem.resolve(posixpath.join(filesystem.workdir or "/", name)) if "/" in name else None
        entry = filesystem.entries.get(path or "")
        if entry is not None and entry.content is not None and not isinstance(entry.content, Prediction):
            yield from _lines_of(entry)


@lru_cache(64)
def _lines_of(entry: FileEntry) -> tuple[tuple[str, ...], ...]:
    """Asked for with each file of a stage."""
    if read_head(entry, 2) != b"#!":
        return ()
    from depscan.linking.handing_over import handed_over  # noqa: PLC0415 - few stages start a script

    return tuple(_known(each.words) for each in handed_over(entry))


def _is_linker(name: str) -> bool:
    return _LINKER.fullmatch(posixpath.basename(name)) is not None


def _invocation(words: Sequence[str]) -> Invocation | None:
    from depscan.linking.invocations import read_invocation  # noqa: PLC0415 - few name their dynamic linker

    return read_invocation(words)


def executed_names(words: Sequence[str | None]) -> list[str]:
    """The programs that a command line executes one after the other, up to the first word that is not known."""
    known = _known(words)
    return [known[place] for place in _programs(known)]


def _known(words: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(word for word in takewhile(lambda word: word is not None, words) if word is not None)


def _named(filesystem: StageFilesystem) -> tuple[str, ...]:
    inherited = () if filesystem.entrypoint else (filesystem.profile.entrypoint or ())
    return _names(filesystem.entrypoint, filesystem.command, inherited, _around(filesystem))


def _text_words(text: str) -> tuple[str, ...]:
    """The words of a text that a shell only splits, without the `exec` before them."""
    from depscan.linking.start_texts import is_plain_text  # noqa: PLC0415 - most start commands are no text

    text = text.strip().removeprefix("exec ")
    return tuple(text.split()) if is_plain_text(text) else ()


def _programs(words: Sequence[str]) -> list[int]:
    """The places of the words that are executed one after the other; a dynamic linker is followed like a wrapper."""
    places = started_places(words)
    if not places or not _is_linker(words[places[-1]]):
        return places
    invocation = _invocation(words[places[-1] :])
    return places if invocation is None else [*places, places[-1] + invocation.place]


@lru_cache(maxsize=64)
def _names(
    entrypoint: StartCommand | None, command: StartCommand | None, inherited: tuple[str, ...], around: _Around
) -> tuple[str, ...]:
    """Asked for each file of a stage."""
    words = inherited if entrypoint is None else entrypoint.words if entrypoint.form == "exec" else ()
    starts = (entrypoint, None if command is not None and reads_arguments(words) else command)
    found = [each.name for start in starts if start is not None for each in _launches(start, None, around)]
    joined = [launch.name for launch in _launches(entrypoint, command, around)] if entrypoint is not None else []
    return tuple(dict.fromkeys([*found, *joined]))


def reads_arguments(words: Sequence[str]) -> bool:
    """Whether an ENTRYPOINT is an interpreter that reads the file which CMD names, and does not execute it."""
    places = started_places(words)
    name, options = (posixpath.basename(words[places[-1]]), words[places[-1] + 1 :]) if places else ("", [])
    if name in SHELLS:
        return all(option.startswith("-") and "c" not in option for option in options)
    return _READERS.fullmatch(name) is not None


def _has_entrypoint(filesystem: StageFilesystem) -> bool:
    """Whether the image may have an ENTRYPOINT of its own, of which CMD gives the arguments.

    Images whose programs are all known are bare distributions, which have none.
    """
    profile = filesystem.profile
    if profile.tree is not None:
        return bool(profile.entrypoint)
    return not profile.interpreters_complete


def _launches(start: StartCommand, arguments: StartCommand | None, around: _Around) -> Iterator[Launch]:
    if start.form == "shell":
        yield Launch(start, (start.shell or DEFAULT_SHELL)[0], start.span)
        yield from _of_text(start, start.words[0] if start.words else "", start.span, around)
        return
    words, spans = list(start.words), list(start.spans or (start.span,) * len(start.words))
    own = len(words)
    if arguments is not None and arguments.form == "exec":
        words += arguments.words
        spans += arguments.spans or (arguments.span,) * len(arguments.words)
    places = _programs(words)
    for before, place in zip([None, *places], places, strict=False):
        named = arguments if place >= own and arguments is not None else start
        caller = None if before is None else words[before]
        yield Launch(named, words[place], spans[place], first=place == 0, caller=caller)
    last = places[-1] if places else 0
    rest = words[last:]
    if len(rest) > 2 and posixpath.basename(rest[0]) in SHELLS and rest[1] == "-c":
        named = arguments if last + 2 >= own and arguments is not None else start
        yield from _of_text(named, rest[2], spans[last + 2], around)


def _of_text(start: StartCommand, text: str, span: Span, around: _Around) -> Iterator[Launch]:
    from depscan.linking.start_texts import programs_of_text  # noqa: PLC0415 - most start commands are no text

    for program in programs_of_text(text, around.directory, dict(around.environment)):
        by_shell = program.caller is None
        yield Launch(start, program.name, span, by_shell, first=False, caller=program.caller, written=program.written)
