"""What a shell knows while it runs: variables, the directory, functions of the text.

In: the environment of RUN. Out: `ShellState`, kept up to date by the walk; `merge` joins what branches may have done.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.shell.invocation import base_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depscan.shell.commands import ShellWord

    Assignments = tuple[tuple[str, str | None], ...]

# What build tools read of their environment that decides the machine, the C library or the linkage of a program.
_DECISIVE = (
    *("GOOS", "GOARCH", "CGO_ENABLED", "GOFLAGS", "CARGO_BUILD_TARGET", "RUSTFLAGS"),
    *("CC", "CFLAGS", "CXXFLAGS", "LDFLAGS"),
)
# Files that set none of these: of virtual environments, distributions, login shells, rustup, ghcup and nvm.
_HARMLESS_FILES = r"(^|/)(activate|(os|lsb)-release|\.?\w*(rc|profile)|\.?(cargo|ghcup)/env|nvm\.sh)$"


class ShellState(Struct):
    """Variables (None: set, but not known), those exported, the directory and the one before.

    `exports_all` says that `set -a` is on. `exports` are the names that the text itself exported or took back, in
    order: programs see these beyond the environment of RUN, one that was taken back as if it were empty.
    """

    variables: dict[str, str | None]
    exported: set[str]
    directory: str | None
    previous: str | None = None
    exports: tuple[str, ...] = ()
    exports_all: bool = False

    def __post_init__(self) -> None:
        """PWD is a variable of every shell."""
        self.variables["PWD"] = self.directory

    def copy(self) -> ShellState:
        """A state that changes on its own."""
        return replace(self, variables=dict(self.variables), exported=set(self.exported))

    def assign(self, pairs: Assignments) -> None:
        """Set variables; one that is exported already is so anew."""
        for name, value in pairs:
            self.variables[name] = value
            if name in self.exported or self.exports_all:
                self.export(name)

    def export(self, name: str) -> None:
        """Let programs see a variable."""
        self.exported.add(name)
        if name not in self.exports:
            self.exports = (*self.exports, name)

    def hide(self, name: str) -> None:
        """Let programs see a variable no more."""
        if name in self.exported:
            self.export(name)
            self.exported.discard(name)

    def unset(self, name: str) -> None:
        """`unset NAME`: neither the text nor its programs see it."""
        self.variables[name] = ""
        self.hide(name)

    def set_options(self, words: Sequence[ShellWord]) -> None:
        """`set -a` and `set -o allexport` export what is assigned from then on, `+a` no longer."""
        texts = [word.text or "" for word in words[1:]]
        for place, text in enumerate(texts):
            named = text[1:] == "o" and texts[place + 1 : place + 2] == ["allexport"]
            if re.fullmatch(r"[-+][a-z]+", text) and ("a" in text or named):
                self.exports_all = text.startswith("-")

    def read_file(self, words: Sequence[ShellWord]) -> None:
        """`. FILE`: what it sets is not known, also of what was set before."""
        if len(words) > 1 and re.search(_HARMLESS_FILES, words[1].text or words[1].raw.strip("\"'")):
            return
        for name in _DECISIVE:
            self.variables[name] = None
            self.export(name)

    def environment(self, assignments: Assignments) -> Assignments:
        """What the text adds to a program's environment: its exports, then the program's own assignments."""
        seen = ((name, self.variables.get(name) if name in self.exported else "") for name in self.exports)
        return (*seen, *assignments)

    def inherited(self, assignments: Assignments) -> ShellState:
        """The state in which a child shell starts: exported variables, and those given to it."""
        variables = {name: self.variables[name] for name in self.exported if name in self.variables}
        given = dict(assignments)
        exports = tuple(dict.fromkeys((*self.exports, *given)))
        return replace(self.copy(), variables=variables | given, exported=self.exported | given.keys(), exports=exports)

    def given(self, assignments: Assignments) -> ShellState:
        """The state in which a function, or `eval` in bash, runs: with variables of its own for its programs."""
        state = self.copy()
        for name, value in assignments:
            state.variables[name] = value
            state.export(name)
        return state

    def take_back(self, before: ShellState, assignments: Assignments) -> None:
        """Behind such a function: the variables given to it are what they were."""
        for name, _ in assignments:
            self.variables[name] = before.variables.get(name, "")
            if name not in before.exported:
                self.exported.discard(name)
                self.exports = tuple(each for each in self.exports if each != name or each in before.exports)

    def change_directory(self, words: Sequence[ShellWord]) -> None:
        """`cd`, `pushd` or `popd` (one level)."""
        operands = [word for word in words[1:] if word.text is None or not re.fullmatch(r"-[LPe]+|--", word.text)]
        target = operands[0].text if operands else self.variables.get("HOME")
        if base_name(words[0]) == "popd" or target == "-":
            target = self.previous
        elif operands and operands[0].glob:
            target = None
        if target is not None and not target.startswith("/"):
            target = None if self.directory is None else posixpath.join(self.directory, target)
        self.previous = self.directory
        self.directory = None if target is None else posixpath.normpath("/" + target.lstrip("/"))
        self.variables["PWD"] = self.directory


def merge(before: ShellState, ends: Sequence[ShellState]) -> ShellState:
    """The state behind branches of which any, or none, was taken: what one of them changed is not known."""
    after = before.copy()
    for end in ends:
        changed = [name for name, value in end.variables.items() if before.variables.get(name, before) != value]
        after.variables |= dict.fromkeys(changed)
        after.exported |= end.exported
        after.exports = tuple(dict.fromkeys([*after.exports, *end.exports]))
        if end.directory != before.directory:
            after.directory = None
    return after
