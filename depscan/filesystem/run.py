"""The replay of RUN: its commands, one by one, on the tree.

In: the typed `Run`, the `Tree`, the variables in scope, the SHELL in force. Out: a changed tree. Nothing is executed.
What cannot be understood (another shell, broken text, a program that is not in the table) marks the whole file system:
a library or dynamic linker that was missing may then be there, and the answer becomes unknown.
"""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING

from depscan.filesystem.effects import Action, apply_effect
from depscan.filesystem.programs import read_effects
from depscan.filesystem.scripts import enter_products
from depscan.filesystem.text_programs import write_outputs
from depscan.shell.commands import Script
from depscan.shell.parser import parse_script, parse_words
from depscan.source import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.dockerfile.commands import Run
    from depscan.dockerfile.expansion import Scope
    from depscan.dockerfile.instructions import Stage
    from depscan.filesystem.context import BuildContext
    from depscan.filesystem.tree import Tree
    from depscan.shell.commands import SimpleCommand

POSIX_SHELLS = frozenset({"sh", "bash", "ash", "dash", "ksh", "zsh"})
_REASON_WORDS = 4
_KEPT = 256  # texts of RUN that are remembered as parsed


def apply_run(
    command: Run, tree: Tree, scope: Scope, shell: tuple[str, ...] | None, stage: Stage, *, context: BuildContext
) -> Script:
    """Replay one RUN of `stage` on `tree`; its commands. `shell` is that of SHELL, None for the default /bin/sh -c."""
    if command.text is not None and not _is_posix(command.interpreter, shell):
        name = command.interpreter or " ".join(shell or ())
        tree.mark(("/",), foreign_libc=True, reason=f"RUN with {name}", span=_whole(command))
        return Script((), understood=False)
    variables = {**scope.arguments, **scope.environment}
    if command.text is not None and ("$(" in command.text or "`" in command.text):
        from depscan.filesystem.answers import answers  # noqa: PLC0415 - most commands ask nothing

        variables |= answers(command.text, stage.platform, tree.profile, tree.workdir)
    script = _read(command, tree, variables)
    for part in script.commands:
        span = command.offsets.span(part.start, part.end) if command.text is not None else _whole(command)
        action = Action(part, tree, span, _reason(command, part), variables, stage, context)
        if part.words and "/" in (part.words[0].text or ""):
            from depscan.filesystem.run_starts import note_start  # noqa: PLC0415 - most commands are found along PATH

            note_start(action, command.text or "")
        _replay(action)
    if not script.understood:
        tree.mark(("/",), foreign_libc=True, reason=_reason(command, None), span=_whole(command))
    return script


def _is_posix(interpreter: str | None, shell: tuple[str, ...] | None) -> bool:
    """Whether the text is for a POSIX shell: by its `#!` line, which wins, or by SHELL."""
    words = interpreter.split() if interpreter is not None else list(shell or ("/bin/sh",))
    if words and posixpath.basename(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-")]
    return bool(words) and posixpath.basename(words[0]) in POSIX_SHELLS


def _read(command: Run, tree: Tree, variables: Mapping[str, str | None]) -> Script:
    if command.text is not None:
        return _parse(command.text, tuple(variables.items()), tree.workdir)
    return parse_words([word.text or "" for word in command.words], variables, tree.workdir)


@lru_cache(_KEPT)
def _parse(text: str, variables: tuple[tuple[str, str | None], ...], directory: str | None) -> Script:
    """Kept, since the trials of suggestions, platforms and targets replay the same commands again."""
    return parse_script(text, dict(variables), directory)


def _replay(action: Action) -> None:
    """The program's own effects, those of its redirections, what scripts it starts make; each sees the one before."""
    action.tree.step()
    if not action.command.piped_input:
        action.tree.stream = None
    for reader in (read_effects, write_outputs):
        for effect in reader(action):
            apply_effect(effect, action)
    enter_products(action)


def _whole(command: Run) -> Span:
    if command.text is None and command.words:
        return Span(command.words[0].span.start, command.words[-1].span.end)
    return command.offsets.span(0, len((command.text or "").partition("\n")[0]))


def _reason(command: Run, part: SimpleCommand | None) -> str:
    """RUN and the first words of a command as written."""
    if command.text is None:
        words = [word.raw for word in command.words]
    else:
        words = (command.text if part is None else command.text[part.start : part.end]).split()
    return " ".join(["RUN", *words[:_REASON_WORDS], *(["..."] if len(words) > _REASON_WORDS else [])])
