"""Scripts of known installers that a command of RUN starts.

In: an `Action` that starts a shell or a script. Out: what the installer puts where, and where else it writes; None for
what is no script of a known installer. It comes through a pipe (`curl URL | sh -s -- WORDS`), as a file that was
fetched before (`ADD URL`, `curl -o`), by a substitution (`bash <(curl URL)`, `sh -c "$(curl URL)"`).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.artifacts.facts import Origin
from depscan.filesystem.effects import Disturb, Effect
from depscan.shell.invocation import SHELLS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depscan.filesystem.effects import Action
    from depscan.shell.commands import ShellWord

_SUBSTITUTED = re.compile(r"[\"']?[<$]\(\s*(?:curl|wget)\s[^|;&()]*?[\"']?(https?://[^\s\"'()|;&]+)[^|;&()]*\)[\"']?")
_HOMES = ("/root", "/home", "/tmp", "/var/tmp")  # noqa: S108 - paths in an image
_PYTHON = re.compile(r"python[\d.]*")


class _Script(Struct, frozen=True):
    """A script's address, and the words that it is given."""

    url: str
    words: tuple[ShellWord, ...]


def run_installer_script(action: Action) -> list[Effect] | None:
    """What the script of a known installer does; None where the command starts none."""
    script = _find_script(action)
    if script is None:
        return None
    from depscan.filesystem.products import products  # noqa: PLC0415 - few commands start an installer
    from depscan.toolchains.installers import find_installer  # noqa: PLC0415 - as above

    installer = find_installer(script.url, {**action.variables, **dict(action.command.assignments)})
    if installer is None:
        return None
    name = replace(action.command.words[0], text=script.url)
    inner = replace(action, command=replace(action.command, words=(name, *script.words)))
    entries = list(products(inner, installer.program))
    directories = {posixpath.dirname(entry.path) for entry in entries}
    roots = (*sorted(directories), *_HOMES) if entries else ("/",)
    return [Disturb(roots, foreign_libc=False), *entries]


def _find_script(action: Action) -> _Script | None:
    words = action.command.words
    if not words or words[0].text is None:
        return None
    name = action.command.name or ""
    if name not in SHELLS and not _PYTHON.fullmatch(name):
        return _fetched(action, words)
    rest = [word for word in words[1:] if not _is_option(word)]
    stream = action.tree.stream if action.command.piped_input else None
    if stream is not None and (not rest or rest[0].text == "-" or any(word.text == "-s" for word in words)):
        return _Script(stream, _behind(words[1:]))
    substituted = _SUBSTITUTED.fullmatch(rest[0].raw) if rest else None
    if substituted is not None:
        return _Script(substituted[1], tuple(rest[1:]))
    return _fetched(action, rest) if rest else None


def _is_option(word: ShellWord) -> bool:
    return re.match(r"[-+][^-]", word.text or "") is not None


def _behind(words: Sequence[ShellWord]) -> tuple[ShellWord, ...]:
    """What a script that is read from standard input gets: the words behind the shell's own."""
    rest = list(words)
    while rest and (rest[0].text in {"-", "--"} or _is_option(rest[0])):
        ends = rest[0].text in {"-", "--"}
        del rest[0]
        if ends:
            break
    return tuple(rest)


def _fetched(action: Action, words: Sequence[ShellWord]) -> _Script | None:
    """A script that stands in the stage since something fetched it."""
    path = action.path(words[0].text) if "/" in (words[0].text or "") or words is not action.command.words else None
    entry = action.tree.find(path) if path is not None else None
    if entry is None or entry.origin is not Origin.URL:
        return None
    return _Script(entry.source, tuple(words[1:]))
