"""Simple commands as a shell runs them: wrappers, `cd`, scripts in arguments.

In: the words of a command and how it stands. Out: `SimpleCommand`s, in order, and the shell's state after them. A
script in an argument or here-document (`sh -c`, `eval`, `bash <<EOF`) is read in turn, and its commands are placed
where they stand verbatim in the text, else at the command that runs it.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.shell.commands import ITEM, SimpleCommand
from depscan.shell.invocation import base_name, fetches_script, reads_standard_input, script_argument, unwrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from depscan.shell.commands import Redirect, ShellWord
    from depscan.shell.state import Assignments, ShellState

MAX_STEPS = 20_000  # statements read, after unrolling loops and functions
MAX_SCRIPTS = 4  # scripts in arguments of scripts


class Call(Struct, frozen=True):
    """How and where a simple command stands."""

    start: int
    end: int
    conditional: bool = False
    piped: bool = False
    assignments: Assignments = ()
    redirects: tuple[Redirect, ...] = ()
    stdin: str | None = None


class CallReader:
    """Reads the simple commands of one text. `scripts` counts the scripts around it, `steps` the statements so far.

    `sink` is where standard output goes: to what a group around redirects it to, None where that is nowhere known.
    """

    def __init__(self, text: str, state: ShellState, scripts: int = 0, sink: Redirect | None = None) -> None:
        self.text = text
        self.state = state
        self.scripts = scripts
        self.sink = sink
        self.steps = 0
        self.commands: list[SimpleCommand] = []
        self.understood = True

    def run_function(self, name: str, words: tuple[ShellWord, ...], call: Call) -> bool:  # noqa: ARG002 - see `Walk`
        """Run a function of the text, if it has one of this name."""
        return False

    def call(self, words: tuple[ShellWord, ...], call: Call) -> None:
        """Read a simple command: follow `cd`, functions, wrappers and scripts in arguments, else enter it."""
        invocation = unwrap(words)
        words = invocation.words
        assignments = (*call.assignments, *invocation.assignments)
        call = replace(call, assignments=assignments, conditional=call.conditional or invocation.repeated)
        name = base_name(words[0]) if words else None
        script = script_argument(words)
        if name is not None and self.run_function(name, words, call):
            return
        if script is not None and not fetches_script(script):
            self.grouped(call, lambda: self._run_script(script.text, script, call, shares=name == "eval"))
        elif reads_standard_input(words) and call.stdin is not None:
            self.grouped(call, lambda: self._run_script(call.stdin, None, call, shares=False))
        else:
            self._enter(words, call)
            if name in {"cd", "pushd", "popd"}:
                self.state.change_directory(words)
            elif name == "set":
                self.state.set_options(words)
            elif name in {".", "source"}:
                self.state.read_file(words)

    def grouped(self, call: Call, read: Callable[[], None]) -> None:
        """Read what has several commands: its redirections open their files once, and all commands add to these."""
        fresh = tuple(each for each in call.redirects if not each.opened)
        if fresh:
            self._enter((), replace(call, redirects=fresh))
        own = [self._opened(each) for each in call.redirects if each.descriptor == "1"]
        outer, self.sink = self.sink, own[-1] if own else self.sink
        read()
        self.sink = outer

    def _opened(self, redirect: Redirect) -> Redirect:
        """The redirection as those in the group have it: its file was found from the directory outside of it."""
        text = redirect.target.text
        if text is not None and not redirect.opened:
            directory = self.state.directory
            text = None if directory is None and not text.startswith("/") else posixpath.join(directory or "/", text)
        return replace(redirect, target=replace(redirect.target, text=text), opened=True)

    def _enter(self, words: tuple[ShellWord, ...], call: Call) -> None:
        redirects = call.redirects
        if self.sink is not None and words and not any(each.descriptor == "1" for each in redirects):
            redirects = (*redirects, self.sink)
        self.commands.append(
            SimpleCommand(
                words=tuple(replace(word, text=None) if ITEM in (word.text or "") else word for word in words),
                assignments=self.state.environment(call.assignments),
                redirects=redirects,
                directory=self.state.directory,
                conditional=call.conditional,
                piped_input=call.piped,
                start=call.start,
                end=call.end,
                stdin=call.stdin,
            )
        )

    def _run_script(self, text: str | None, word: ShellWord | None, call: Call, *, shares: bool) -> None:
        """A second pass over a script in an argument or here-document; `shares` says that it runs in this shell."""
        if text is None or self.scripts >= MAX_SCRIPTS or self.steps > MAX_STEPS:
            self.understood = False
            return
        from depscan.shell.walk import Walk  # noqa: PLC0415 - walk.py builds on this module; most runs need none of it

        state = self.state.given(call.assignments) if shares else self.state.inherited(call.assignments)
        walk = Walk(text, state, self.scripts + 1, self.sink)
        walk.steps = self.steps
        walk.read(conditional=call.conditional)
        self.steps = walk.steps
        self.understood &= walk.understood
        start = self._place_of(text, word, call)
        for command in walk.commands:
            self.commands.append(_place(command, call) if start is None else _shift(command, start))
        if shares:
            walk.state.take_back(self.state, call.assignments)
            self.state = walk.state

    def _place_of(self, text: str, word: ShellWord | None, call: Call) -> int | None:
        """Where a script stands verbatim in this text; None when quoting or expansion made it another."""
        if word is not None:
            return word.start + 1 if word.raw[1:-1] == text else None
        start = self.text.find("\n" + text, call.end)
        return None if start < 0 else start + 1


def _shift(command: SimpleCommand, by: int) -> SimpleCommand:
    """Offsets of a script that stands verbatim in the text around it."""
    words = tuple(replace(word, start=word.start + by, end=word.end + by) for word in command.words)
    return replace(command, words=words, start=command.start + by, end=command.end + by)


def _place(command: SimpleCommand, call: Call) -> SimpleCommand:
    """Offsets of a script whose text differs from what is written: those of the command that runs it."""
    words = tuple(replace(word, start=call.start, end=call.end) for word in command.words)
    return replace(command, words=words, start=call.start, end=call.end)
