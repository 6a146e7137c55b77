"""Options of the small file programs: cp, mv, install, curl, tar and the like.

In: the words behind a program's name, and which options take a value. Out: `Options`. GNU's way, which busybox shares
as far as it goes: short options in clusters, `--name=value`, `--` ends them, options may stand behind operands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depscan.shell.commands import ShellWord


class Options(Struct, frozen=True):
    """Bare options (letters, and long names with their dashes), values by option, and the operands."""

    bare: frozenset[str]
    values: tuple[tuple[str, ShellWord], ...]
    operands: tuple[ShellWord, ...]

    def has(self, *names: str) -> bool:
        """Whether one of these was given bare or with a value."""
        return any(name in self.bare for name in names) or self.value(*names) is not None

    def value(self, *names: str) -> ShellWord | None:
        """The last value given for one of these."""
        return next((value for name, value in reversed(self.values) if name in names), None)


def read_options(words: Sequence[ShellWord], valued: str = "", long_valued: Sequence[str] = ()) -> Options:
    """Split words; `valued` are the letters and `long_valued` the names (with dashes) that take a value."""
    bare: set[str] = set()
    values: list[tuple[str, ShellWord]] = []
    operands: list[ShellWord] = []
    pending = list(reversed(words))
    while pending:
        word = pending.pop()
        text = word.text or ""
        if text == "--":
            operands += reversed(pending)
            break
        if text.startswith("--") and "=" in text:
            name, value = text.split("=", 1)
            values.append((name, _part(word, value)))
        elif text in long_valued:
            values += [(text, pending.pop())] if pending else []
        elif text.startswith("--"):
            bare.add(text)
        elif text.startswith("-") and len(text) > 1:
            _read_cluster(word, valued, pending, bare, values)
        else:
            operands.append(word)
    return Options(frozenset(bare), tuple(values), tuple(operands))


def _read_cluster(
    word: ShellWord, valued: str, pending: list[ShellWord], bare: set[str], values: list[tuple[str, ShellWord]]
) -> None:
    """`-abc`: letters up to the first that takes a value, which is the rest or the next word."""
    letters = (word.text or "")[1:]
    for place, letter in enumerate(letters):
        if letter not in valued:
            bare.add(letter)
            continue
        rest = letters[place + 1 :]
        if rest:
            values.append((letter, _part(word, rest)))
        elif pending:
            values.append((letter, pending.pop()))
        return


def _part(word: ShellWord, text: str) -> ShellWord:
    from msgspec.structs import replace  # noqa: PLC0415 - used here only

    return replace(word, text=text)
