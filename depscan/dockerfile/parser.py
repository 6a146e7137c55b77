"""Dockerfile text to instructions.

In: `SourceText`. Out: instructions with every word's place, comments, the escape character, and the problems of the
text. Unlike BuildKit this goes on after an error: an instruction with wrong text is reported and left out, except a
FROM, which still begins a stage (its instructions must not fall into the stage before).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.dockerfile.grammar import find_faults, find_unknown_keyword, is_official_frontend
from depscan.dockerfile.instructions import Form, Heredoc, Instruction, Problem
from depscan.dockerfile.lines import LineReader, LogicalLine
from depscan.dockerfile.words import (
    KEYWORDS,
    NotStringsError,
    find_heredocs,
    split_arguments,
    split_flags,
    split_keyword,
)
from depscan.source import Span

if TYPE_CHECKING:
    from depscan.dockerfile.instructions import Comment
    from depscan.source import SourceText

MAX_PROBLEMS = 50  # a file that is no Dockerfile shall not fill the report

_WITH_HEREDOCS = {"ADD", "COPY", "RUN"}


def parse_instructions(
    source: SourceText,
) -> tuple[tuple[Instruction, ...], tuple[Comment, ...], str, tuple[Problem, ...]]:
    """The instructions, the comments, the escape character and the problems, each in the file's order.

    A problem's `stage` counts the FROMs before it.
    """
    parser = _Parser(LineReader(source))
    while (line := parser.reader.read_logical_line()) is not None:
        parser.read(line)
    reader = parser.reader
    problems = sorted([*parser.problems, *reader.problems], key=lambda problem: problem.span)[:MAX_PROBLEMS]
    return tuple(parser.instructions), tuple(reader.comments), reader.escape, tuple(problems)


class _Parser:
    """Collects instructions and problems; the reader goes on by itself when here-documents are read."""

    def __init__(self, reader: LineReader) -> None:
        self.reader = reader
        self.instructions: list[Instruction] = []
        self.problems: list[Problem] = []
        self.stage: int | None = None
        self._templated = False

    def read(self, line: LogicalLine) -> None:
        """Read one instruction, with its here-documents."""
        instruction = self._build(line)
        if instruction is None:
            return
        if instruction.keyword == "FROM":
            self.stage = 0 if self.stage is None else self.stage + 1
        faults = find_faults(instruction, self.reader.escape, official=is_official_frontend(self.reader.syntax))
        for fault in faults:
            self.report(*fault)
        if not faults or instruction.keyword == "FROM":
            self.instructions.append(instruction)
            self._check_array(instruction)

    def _check_array(self, instruction: Instruction) -> None:
        """Tell of a command that was meant as a JSON array and goes to a shell."""
        text = instruction.arguments[-1].text if instruction.form is Form.SHELL and instruction.arguments else ""
        if text.startswith("[") and self.stage is not None and not self._templated:
            from depscan.dockerfile.broken_arrays import find_broken_arrays  # noqa: PLC0415 - few texts begin so

            for fault in find_broken_arrays(instruction):
                self.report(*fault)

    def report(self, kind: str, detail: str, span: Span) -> None:
        """Keep a problem; a template is reported once."""
        if kind == "template" and self._templated:
            return
        self._templated = self._templated or kind == "template"
        self.problems.append(Problem(kind, detail, span, self.stage))

    def _build(self, line: LogicalLine, *, held: bool = False) -> Instruction | None:
        """The instruction of a line, None (and a problem) when its keyword or its form cannot be read.

        `held`: ONBUILD holds it back; whether there is such an instruction is asked where it runs.
        """
        keyword, rest = split_keyword(line)
        name = keyword.text.upper()
        if name not in KEYWORDS:
            if is_official_frontend(self.reader.syntax) and not held:
                self.report(*find_unknown_keyword(keyword, line))
            return None
        flags, start = split_flags(rest, self.reader.escape)
        after_flags = rest.after(start)
        trigger = self._build(after_flags, held=True) if name == "ONBUILD" and after_flags.text else None
        try:
            arguments, form = split_arguments(name, after_flags, self.reader.escape)
        except NotStringsError as error:
            self.report("syntax", str(error), after_flags.span())
            return None
        heredocs = trigger.heredocs if trigger else ()
        if name in _WITH_HEREDOCS and form is Form.SHELL:
            heredocs = self._read_heredocs(line)
        span = _cover(line.span(), heredocs)
        return Instruction(
            name, flags, arguments, heredocs, form, rest.text, rest.offsets, span, keyword.span(), trigger
        )

    def _read_heredocs(self, line: LogicalLine) -> tuple[Heredoc, ...]:
        heredocs = []
        for mark in find_heredocs(line):
            span = line.span(mark.start, mark.end)
            heredoc = self.reader.read_heredoc(mark.name, chomp=mark.chomp, expand=mark.expand, span=span)
            if heredoc is None:
                self.report("syntax", f"no line {mark.name!r} ends this here-document", span)
                break
            heredocs.append(heredoc)
        return tuple(heredocs)


def _cover(span: Span, heredocs: tuple[Heredoc, ...]) -> Span:
    return Span(span.start, heredocs[-1].body_span.end) if heredocs else span
