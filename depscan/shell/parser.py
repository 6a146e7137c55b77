"""A shell text to its simple commands, in the order they would run.

In: the text of RUN (or a script), the variables of its environment, the directory it starts in. Out: `Script`.
Variables and directory are kept up to date as a shell would; nothing is executed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.shell.calls import Call, CallReader
from depscan.shell.commands import Script, ShellWord
from depscan.shell.plain import read_plain
from depscan.shell.state import ShellState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_TEXT = 200_000  # code points; the longest RUN among 12,000 real ones has a tenth of that

_LEADING_HEREDOC = r"""\A(<<-?["']?\w+["']?) ([\w./][^\n<>|&;]*)(?=\n)"""


def parse_script(text: str, variables: Mapping[str, str | None], directory: str | None = None) -> Script:
    """The commands of `text`.

    `variables` maps names to values (None: set, but not known); a name it lacks is not known either. `$(WORDS)` may be
    one, for what a command substitution stands for. `directory` is
    where the script starts. Offsets in the result are code points of `text`. Text beyond MAX_TEXT, or nested or
    unrolled beyond the bounds above, is not understood.
    """
    if len(text) > MAX_TEXT:
        return Script((), understood=False)
    state = ShellState(dict(variables), set(variables), directory)
    plain = read_plain(text)
    if plain is None:
        return _walk(text, state)
    reader = CallReader(text, state)
    for words in plain:
        reader.call(words, Call(words[0].start, words[-1].end))
    return Script(tuple(reader.commands), reader.understood)


def _walk(text: str, state: ShellState) -> Script:
    from depscan.shell.walk import Walk  # noqa: PLC0415 - with the grammar: what plain texts do not need

    walk = Walk(_put_command_first(text), state)
    walk.read()
    return Script(tuple(walk.commands), walk.understood)


def _put_command_first(text: str) -> str:
    """`<<EOF bash` as `bash <<EOF`, of the same length: the grammar knows here-documents behind a command only."""
    return re.sub(_LEADING_HEREDOC, lambda found: f"{found[2]} {found[1]}", text, count=1)


def parse_words(words: Sequence[str], variables: Mapping[str, str | None], directory: str | None = None) -> Script:
    """The same for exec form: one program, no shell; wrappers and `sh -c` are followed. All offsets are 0."""
    reader = CallReader("", ShellState(dict(variables), set(variables), directory))
    reader.call(tuple(ShellWord(word, word, 0, 0) for word in words), Call(0, 0))
    return Script(tuple(reader.commands), reader.understood)
