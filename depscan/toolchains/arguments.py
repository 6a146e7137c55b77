"""The words behind a build tool's name: flags, their values, operands.

In: a command's words, and which flags take a value as the next word. Out: `Arguments`. This is the way of cargo, zig,
swift and most others: `--name value`, `--name=value`, `-n value`; `--` ends the tool's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depscan.shell.commands import ShellWord


class Arguments(Struct, frozen=True):
    """Flags with their values (None: given, but not known), operands, and the words behind `--`.

    `unknown` says that a word which is not known stands where flags may: more flags may have been given.
    """

    flags: tuple[tuple[str, str | None], ...]
    operands: tuple[str, ...]
    rest: tuple[str, ...]
    unknown: bool

    def has(self, *names: str) -> bool:
        """Whether one of these flags was given."""
        return any(name in names for name, _ in self.flags)

    def values(self, *names: str) -> tuple[str | None, ...]:
        """The values given for these flags, in order."""
        return tuple(value for name, value in self.flags if name in names)

    def value(self, *names: str) -> str | None:
        """The last value given for one of these flags; None where there is none, or it is not known."""
        return next(iter(reversed(self.values(*names))), None)


def read_arguments(words: Iterable[ShellWord], valued: frozenset[str]) -> Arguments:
    """Split words; `valued` are the flags (with their dashes) that take the next word where they have no `=`."""
    flags: list[tuple[str, str | None]] = []
    operands: list[str] = []
    unknown = False
    pending = list(reversed(tuple(words)))
    while pending:
        word = pending.pop()
        text = flag_text(word)
        if text == "--":
            break
        name, equals, value = text.partition("=")
        if not text.startswith("-"):
            unknown |= word.text is None
            operands += [] if word.text is None else [word.text]
        elif equals:
            flags.append((name, None if word.text is None else value))
        elif text in valued:
            flags.append((text, pending.pop().text if pending else None))
        else:
            flags.append((text, ""))
    return Arguments(tuple(flags), tuple(operands), tuple(flag_text(word) for word in reversed(pending)), unknown)


def flag_text(word: ShellWord) -> str:
    """A word, as written where its value is not known: flags are told by their beginning."""
    return word.text if word.text is not None else word.raw.strip("\"'")
