"""The short way for most RUN lines: plain words joined by `&&` need no parser.

In: a text. Out: the words of each command, or None when any character in it means more to a shell than `&&` and the
star of `rm -rf /var/lib/apt/lists/*`. What is accepted here reads the same as by the grammar (a property test holds
that); loading the grammar costs more than everything else in a small run.
"""

from __future__ import annotations

import re

from depscan.shell.commands import ShellWord

_LETTERS = r"[\w./:@%,+*-]"
_WORD = re.compile(rf"{_LETTERS}(?:{_LETTERS}|=)*", re.ASCII)
_TEXT = re.compile(rf"[ \t]*{_WORD.pattern}(?:[ \t]+(?:&&[ \t]+)?{_WORD.pattern})*[ \t]*", re.ASCII)
_RESERVED = frozenset(
    "if then elif else fi for in while until do done case esac function select time coproc "  # noqa: SIM905
    "export declare typeset readonly local unset unsetenv".split()
)


def read_plain(text: str) -> list[tuple[ShellWord, ...]] | None:
    """The commands of a text of plain words and `&&`; None for any other text."""
    if not _TEXT.fullmatch(text):
        return None
    commands = []
    start = 0
    for part in text.split("&&"):
        words = tuple(
            ShellWord(found[0], found[0], start + found.start(), start + found.end(), glob="*" in found[0])
            for found in _WORD.finditer(part)
        )
        if "=" in words[0].raw or words[0].raw in _RESERVED:
            return None
        commands.append(words)
        start += len(part) + 2
    return commands
