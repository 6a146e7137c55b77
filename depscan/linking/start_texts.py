"""The first program that a shell starts from the text of a start command: `PORT=80 exec app`, `cd /app && ./server`.

In: the text, the directory and the environment of the stage. Out: the programs in the order they are executed: a
wrapper's, then its command's. What the shell does by itself before that cannot fail is passed over; from the first
command on that may be left out, or that decides something, nothing is told.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.shell.invocation import started_places

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depscan.shell.commands import SimpleCommand

# Built-in commands of POSIX shells, which are no files; after the first ones the shell goes on.
_PASSED_OVER = frozenset(
    """
    : alias cd declare echo export local printf readonly set shopt trap true typeset ulimit umask unalias unset
    """.split()  # noqa: SIM905 - read as prose
)
_BUILT_IN = _PASSED_OVER | frozenset(
    """
    . [ [[ break case command continue do eval exec exit false fg for function getopts hash if jobs kill let pwd read
    return shift source test time times type until wait while {
    """.split()  # noqa: SIM905 - read as prose
)
_MARKS = frozenset("|;()<>`$\"'\\*?[{#!~\n&=")


class TextProgram(Struct, frozen=True):
    """A program that a text starts: `name` with its directory, `written` as in the text, and what starts it.

    `caller` is None where the shell itself does.
    """

    name: str
    written: str
    caller: str | None = None


def is_plain_text(text: str) -> bool:
    """Whether a shell does nothing to a text but split it at blanks."""
    return not _MARKS & set(text) and text.split()[:1] != ["exec"]


def programs_of_text(text: str, directory: str | None, environment: Mapping[str, str | None]) -> Iterator[TextProgram]:
    """The programs of its first command that is no built-in one."""
    from depscan.shell.parser import parse_script  # noqa: PLC0415 - most start commands are no text

    script = parse_script(text, environment, directory)
    for command in script.commands if script.understood else ():
        words = _words(command, text)
        if command.conditional or (words and words[0] is None):
            return
        if words and words[0] not in _PASSED_OVER:
            moved = command.directory if command.directory != directory else ""
            yield from _programs(words, moved)
            return


def _words(command: SimpleCommand, text: str) -> list[str | None]:
    """The words of a command, those of wrappers in front of it as written; without assignments."""
    start = command.words[0].start if command.words else command.start
    wrappers = text[command.start : start].split()
    while wrappers and "=" in wrappers[0]:
        del wrappers[0]
    return [*wrappers, *(word.text for word in command.words)]


def _programs(words: list[str | None], moved: str | None) -> Iterator[TextProgram]:
    caller = None
    for place in started_places([word or "" for word in words]):
        name = words[place]
        if not name or "=" in name:
            return
        if name in _BUILT_IN:
            continue
        where = _in_directory(name, moved)
        if where is not None:
            yield TextProgram(where, name, caller)
        caller = name


def _in_directory(name: str, moved: str | None) -> str | None:
    """A name with the directory that the text changed to: "" where it did not, None for one that is not known."""
    if "/" not in name or name.startswith("/") or moved == "":
        return name
    return None if moved is None else posixpath.normpath(posixpath.join(moved, name))
