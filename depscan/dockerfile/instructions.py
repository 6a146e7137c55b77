"""What a Dockerfile says, word by word: the types of this room's first step.

In: nothing (types only). Out: `Word`, `Flag`, `Heredoc`, `Instruction`, `Stage`, `Dockerfile`, `Problem`. Words are as
written (quotes and variables in place); `expansion.py` gives their values, since a value depends on the scope.
"""

from __future__ import annotations

from bisect import bisect_right
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.findings import Confidence
from depscan.platforms import Teller

if TYPE_CHECKING:
    from depscan.platforms import Platform
    from depscan.source import SourceText, Span


class Form(StrEnum):
    """How arguments are written: as shell words or as a JSON array."""

    SHELL = "shell"
    EXEC = "exec"


class Word(Struct, frozen=True):
    """One argument: its text (shell form: as written, exec form: the decoded JSON string) and where it stands."""

    text: str
    span: Span


class Flag(Struct, frozen=True):
    """A builder flag such as --chown=a:b; `value` is None for a bare flag. The span covers the whole flag."""

    name: str
    value: str | None
    span: Span


class Heredoc(Struct, frozen=True):
    """A here-document of COPY, ADD or RUN: file name or delimiter, content after `<<-` chomping.

    `span` is the word that opens it (`<<EOF`), `body_span` all from its first line to its closing line, and
    `offsets[i]` the position in the file of code point i of `content`.
    """

    name: str
    content: str
    expand: bool
    span: Span
    offsets: Offsets
    body_span: Span


class Instruction(Struct, frozen=True):
    """One instruction. `text` is the logical line (continuations joined, comments inside dropped) after the keyword.

    For shell-form RUN, CMD and ENTRYPOINT `arguments` is one word, the whole command. ENV, ARG and LABEL have one word
    per assignment, as written. `span` covers keyword to end, heredocs included; `keyword_span` the keyword alone.
    `offsets[i]` is the position in the file of code point i of `text`, so that every room can place what it finds
    there. `trigger` is the instruction that ONBUILD holds back.
    """

    keyword: str
    flags: tuple[Flag, ...]
    arguments: tuple[Word, ...]
    heredocs: tuple[Heredoc, ...]
    form: Form
    text: str
    offsets: Offsets
    span: Span
    keyword_span: Span
    trigger: Instruction | None = None

    def flag(self, name: str) -> Flag | None:
        """The last flag called `name` (without dashes), or None."""
        return next((flag for flag in reversed(self.flags) if flag.name == name), None)


class Offsets(Struct, frozen=True):
    """Maps offsets in a logical line to places in the file.

    `pieces` are (offset of the piece's first code point, line, column), in order: one piece per physical line.
    """

    pieces: tuple[tuple[int, int, int], ...]

    def span(self, start: int, end: int) -> Span:
        """The file span of logical offsets [start, end)."""
        from depscan.source import Span  # noqa: PLC0415 - typing-only elsewhere in this module

        line, column = self._place(start)
        end_line, end_column = self._place(end - 1) if end > start else (line, column - 1)
        return Span.at(line, column, end_line, end_column + 1)

    def after(self, start: int) -> Offsets:
        """The offsets of the text that begins at logical offset `start`."""
        if start == 0:
            return self
        first = max(bisect_right(self.pieces, start, key=_offset_of) - 1, 0)
        return Offsets(tuple((offset - start, line, column) for offset, line, column in self.pieces[first:]))

    def _place(self, offset: int) -> tuple[int, int]:
        start, line, column = self.pieces[max(bisect_right(self.pieces, offset, key=_offset_of) - 1, 0)]
        return line, column + offset - start


def _offset_of(piece: tuple[int, int, int]) -> int:
    return piece[0]


class Stage(Struct, frozen=True):
    """One build stage: FROM and what follows it.

    `base` is the expanded image reference or stage name, None when a variable in it has no value (`unresolved` names
    them). `base_span` is where the base stands in FROM. `base_stage` is the index of the stage it names, if it does.
    `instructions` are those after FROM (ONBUILD of a parent stage included, with the span of the parent's line).
    `global_arguments` are the values of the ARGs before the first FROM, which `ARG name` brings into the stage.
    `named_context` is what the build puts in the place of the base, where that is no image: a directory, target:name.
    `platform_teller` says how the platform is known.
    """

    index: int
    name: str | None
    base: str | None
    base_span: Span
    base_stage: int | None
    unresolved: tuple[str, ...]
    platform: Platform
    platform_flag: str | None
    instruction: Instruction
    instructions: tuple[Instruction, ...]
    global_arguments: dict[str, str]
    named_context: str | None = None
    platform_teller: Teller = Teller.BUILD

    @property
    def names_platform(self) -> bool:
        """Whether FROM names the platform, by a flag without variables of the build or by the image's own name."""
        flag = self.platform_flag
        return self.platform_teller is not Teller.BUILD or (flag is not None and "$" not in flag)


class Problem(Struct, frozen=True):
    """Wrong text in a Dockerfile, as a fact for the rules.

    `kind` is syntax, no-stage, template, unknown-stage, platform-shadowed, malformed-exec-form (these by this
    room), source-missing, source-awaited, source-ignored, source-outside-context, manager-missing, package-absent,
    variant-not-locked (these by `filesystem`), cross-build, final-stage-pinned, host-modules, host-modules-foreign,
    host-gems, module-of-other-python (these by `subjects`). `stage` is None before the first FROM. `related` are
    further places with what they have to do with it, `word` is what stands at `span` where that is no argument of an
    instruction. A later command of the same toolchain that names one of the `remedies` takes the problem back.
    `runtime` is the moment and the text that is read then, where it is known better than the rule says.
    """

    kind: str
    detail: str
    span: Span
    stage: int | None = None
    confidence: Confidence = Confidence.CERTAIN
    related: tuple[tuple[Span, str], ...] = ()
    word: str = ""
    remedies: tuple[str, ...] = ()
    runtime: tuple[str, str] | None = None


class Comment(Struct, frozen=True):
    """A comment line: its text without the hash, and where it stands. Directives of depscan are read from these."""

    text: str
    span: Span


class Dockerfile(Struct, frozen=True):
    """A Dockerfile as read. `problems` may stand beside stages: what could be read is still there."""

    source: SourceText
    escape: str
    stages: tuple[Stage, ...]
    comments: tuple[Comment, ...]
    problems: tuple[Problem, ...]
