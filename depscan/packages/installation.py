"""What a package manager's command line asks for: the type of this room, and the reading of its words.

In: the words behind the program's name. Out: `Installation`; `read_request` splits options, the verb and its operands
in the way all these programs share (options anywhere, the verb is the first operand).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depscan.shell.commands import ShellWord

_NAME_BEFORE_VARIABLE = r"[\"']?([A-Za-z0-9][A-Za-z0-9.+_-]*)(?==|~|@|:|/|>|<|[\"'])"


class Installation(Struct, frozen=True):
    """What one command installs and removes.

    Names are without version, architecture and repository. `complete` says that every word is known (no variable
    without value, no pattern, no group). `outside` says that a package comes from a file, a URL or a repository of
    somebody else than the distribution. `upgrades` is true where packages that are not named may change. `recommends`
    says that recommended packages come in too, `only_removes` that no package does, `unneeded` that those go too which
    no other needs any more. `virtual` is the name under which apk keeps them together. `root` is the directory
    installed into, None for the image itself.
    """

    manager: str
    installed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    complete: bool = True
    outside: bool = False
    upgrades: bool = False
    recommends: bool = True
    only_removes: bool = False
    unneeded: bool = False
    virtual: str | None = None
    root: str | None = None


class Request(Struct, frozen=True):
    """A command line: its verb, the operands behind it, bare options and the values of the others."""

    verb: str
    operands: tuple[ShellWord, ...]
    options: frozenset[str]
    values: tuple[tuple[str, str | None], ...]

    def value(self, *names: str) -> str | None:
        """The last value given for one of these options."""
        return next((value for name, value in reversed(self.values) if name in names), None)


def read_request(words: Sequence[ShellWord], valued: frozenset[str]) -> Request:
    """Split the words behind the program's name; `valued` are the options that take the next word as their value."""
    operands: list[ShellWord] = []
    options: set[str] = set()
    values: list[tuple[str, str | None]] = []
    pending: str | None = None
    for word in words:
        text = word.text
        if pending is not None:
            values.append((pending, text))
            pending = None
        elif text is None or not text.startswith("-") or text == "-":
            operands.append(word)
        elif text in valued:
            pending = text
        elif "=" in text and text.startswith("--"):
            values.append(tuple(text.split("=", 1)))  # type: ignore[arg-type] # one split gives two parts
        else:
            options.add(text)
    verb = operands[0].text if operands else None
    return Request(verb or "", tuple(operands[1:]), frozenset(options), tuple(values))


def read_names(words: Sequence[ShellWord], suffix: re.Pattern[str]) -> tuple[tuple[str, ...], bool]:
    """Package names without what `suffix` matches, and whether all are known.

    Of `name=$VERSION` with an unknown variable the name is still known.
    """
    names: list[str] = []
    complete = True
    for word in words:
        known = word.text
        if known is None:
            found = re.match(_NAME_BEFORE_VARIABLE, word.raw)
            known = found[1] if found and "$" in word.raw[found.end() :] else None
        if known is None or word.glob:
            complete = False
        elif known:
            names.append(suffix.sub("", known))
    return tuple(dict.fromkeys(names)), complete


def is_file(text: str | None, extension: str) -> bool:
    """Whether an operand is a package file or URL and not a name."""
    return text is not None and ("://" in text or text.startswith(("/", "./", "../")) or text.endswith(extension))
