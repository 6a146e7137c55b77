"""What a command prints to its standard output, for the few of which the text tells.

In: a `SimpleCommand`. Out: its text, "" where it prints nothing, None where that is not known. Together the commands of
a group or of a part of a pipe print what each of them does, in order.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depscan.shell.commands import SimpleCommand

MAX_PRINTED = 64 << 10  # code points of a text that is followed
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\\\": "\\", "%%": "%"}
# Programs that print nothing while they succeed, unless an option has a v in it or they have no operand (POSIX).
_SILENT = frozenset("[ cd chmod chown cp export ln local mkdir mv readonly rm rmdir set sleep test touch unset".split())  # noqa: SIM905
_SILENT_ALONE = frozenset({":", "false", "shift", "true"})


def printed(command: SimpleCommand) -> str | None:
    """What a command prints: here-documents that `cat` is given, `echo` and `printf` of plain words."""
    words = command.words
    if not words:
        return ""
    if command.name == "cat" and len(words) == 1:
        return command.stdin
    if _is_silent(command):
        return ""
    texts = [word.text for word in words[1:] if not word.glob]
    if command.name not in {"echo", "printf"} or None in texts or len(texts) < len(words) - 1:
        return None
    known = [text for text in texts if text is not None]
    return _echo(known) if command.name == "echo" else _printf(known)


def printed_together(commands: Iterable[SimpleCommand]) -> str | None:
    """What commands print one after the other; None where one of them may be left out."""
    texts = [None if command.conditional else printed(command) for command in commands]
    joined = "".join(text or "" for text in texts)
    return None if None in texts or len(joined) > MAX_PRINTED else joined


def _is_silent(command: SimpleCommand) -> bool:
    options = [word.text for word in command.words[1:] if word.text is None or word.text.startswith(("-", "+"))]
    talks = any(option is None or option == "-" or "v" in option for option in options)
    return command.name in _SILENT_ALONE or (command.name in _SILENT and len(command.words) > 1 and not talks)


def _echo(texts: list[str]) -> str | None:
    """Shells differ in what echo makes of a backslash: then nothing is known."""
    newline = "\n"
    if texts[:1] == ["-n"]:
        texts, newline = texts[1:], ""
    if any("\\" in text for text in texts) or texts[:1] == ["-e"]:
        return None
    return " ".join(texts) + newline


def _printf(texts: list[str]) -> str | None:
    """A format without conversions, or `%s` and a newline for each operand (printf repeats the format)."""
    if not texts:
        return None
    template, *operands = texts
    if template == "%s\\n" and operands:
        return "".join(operand + "\n" for operand in operands)
    if re.sub(r"%%|\\[nt\\]", "", template).count("%") or re.search(r"\\[^nt\\]", template):
        return None
    return re.sub(r"%%|\\[nt\\]", lambda found: _ESCAPES[found[0]], template)
