"""What a shell text says: the types of this room.

In: nothing (types only). Out: `ShellWord`, `SimpleCommand`, `Script`. Offsets are code points in the given text.
"""

from __future__ import annotations

from msgspec import Struct

# Stands in the words of a command that xargs fills in: what holds it is not known. No real text has this code point.
ITEM = "\ue000"


class ShellWord(Struct, frozen=True):
    """One word: `text` with quotes removed and known variables expanded, None where its value cannot be known.

    `glob` says that an unquoted *, ? or [ stands in it.
    """

    text: str | None
    raw: str
    start: int
    end: int
    glob: bool = False


class Redirect(Struct, frozen=True):
    """An output redirection: operator (>, >>, >|, &>; | for what goes into a pipe), its target and what it redirects.

    `opened` says that the command stands in a group whose redirection opened the file: it adds to what is there.
    """

    operator: str
    target: ShellWord
    descriptor: str = "1"
    opened: bool = False


class SimpleCommand(Struct, frozen=True):
    """A command with its words, the prefix assignments, and the directory it runs in (None when not known).

    `conditional` is true where control flow (if, for, case, ||, a function body) may leave it out; in `a && b` b is
    not conditional, since the build fails when a does. `piped_input` is true where it reads from a pipe. `assignments`
    start with what the text exported before. `stdin` is the text of its here-document or here-string, where known.
    """

    words: tuple[ShellWord, ...]
    assignments: tuple[tuple[str, str | None], ...]
    redirects: tuple[Redirect, ...]
    directory: str | None
    conditional: bool
    piped_input: bool
    start: int
    end: int
    stdin: str | None = None

    @property
    def name(self) -> str | None:
        """The program's base name; None when it is not known."""
        if not self.words or self.words[0].text is None:
            return None
        return self.words[0].text.rsplit("/", 1)[-1]


class Script(Struct, frozen=True):
    """The commands of a text in order. `understood` is false where the parser met an error or a construct it skips."""

    commands: tuple[SimpleCommand, ...]
    understood: bool
