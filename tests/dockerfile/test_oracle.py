"""The parser against BuildKit's own parser (PyPI `dockerfile`) and against the places it claims itself."""

from __future__ import annotations

import json

import dockerfile
import pytest
from e2b_dockerfile_utils import parse_dockerfile_ast
from hypothesis import given, settings
from hypothesis import strategies as st

from depscan.dockerfile.instructions import Form, Instruction
from depscan.dockerfile.parser import parse_instructions
from depscan.dockerfile.words import KEYWORDS, read_assignments
from depscan.source import SourceText

from .reading import cut

SAMPLES = [
    'FROM a\nRUN ["a","b"]\nENTRYPOINT [ "x" ]\n',
    '#escape=`\nFROM a\nRUN a `\n b\nCOPY ["a\\\\b", "c"]\n',
    "FROM a\nRUN a \\\n\n\n  # c\n b\\\n\\\n c\\\nd \\ \n e\n\n",
    'FROM a\nENV a=b\\ c d=\'e f\'\\\n  g="h\\"i" j=\nENV x y=z  w \nLABEL "a b"=c\n',
    "FROM a\nCOPY --from=b --chown='x y' -- a b\nRUN --mount=type=bind,target=/x ls\n",
    "FROM a\nRUN <<A cat <<-B && 3<<C x\n1\nA\n\t2\n\tB\n3\nC\nADD <<E /x\nE\nCOPY a<<b c\n",
    "FROM a\nHEALTHCHECK NONE\nHEALTHCHECK --retries=3 CMD a  b\nONBUILD RUN <<E\nx\nE\nONBUILD ENV a=b\n",
    'from\ta\tas\tb\nexpose 80  81\nvolume ["/a"]\nuser a b\nstopsignal 9\nmaintainer me\nshell ["a"]\narg a b=c\n',
    "\ufeffFROM a\r\nRUN a \\\r\n b\r\nRUN <<E\r\nx\r\nE\r\n",
]

_KEYWORDS = [*sorted(KEYWORDS), "from", "Run", "FOO"]
_PIECES = [
    "a",
    "b=c",
    "--x=y",
    "--",
    '"q r"',
    "'s'",
    "\\",
    "`",
    "<<E",
    "<<-F",
    "[",
    "${a:-b}",
    "$c",
    '"',
    "'",
    "#",
    "é",
    "\t",
    "  ",
    "=",
    "\\\\",
    "{{",
]
_ENDS = ["\n", "\r\n", " \\\n", "\\\n", "`\n", "\n\n", " \\ \n# c\n", "\nE\n", "\n\tF\n", "\\\n\n"]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Dockerfiles put together from the pieces that parsers stumble over."""
    head = draw(st.sampled_from(["", "\ufeff", "# escape=`\n", "#escape=\\\n", "# syntax=x/dockerfile\n", "# c\n"]))
    pieces, ends = st.lists(st.sampled_from(_PIECES), max_size=5), st.sampled_from(_ENDS)
    spaced = pieces.map(lambda pieces: "".join(f" {piece}" for piece in pieces))
    words = st.tuples(spaced, ends, pieces.map("".join), ends).map("".join)
    # An array stands alone: the oracle's BuildKit took one with text behind it for JSON, json.Unmarshal does not.
    arrays = st.sampled_from([' --x ["a", "b c"]\n', " []\n", ' \t[ "\\u00e9" ]\n', " [x]\n"])
    line = st.tuples(st.sampled_from(["", " ", "\t"]), st.sampled_from(_KEYWORDS), words | arrays)
    return head + "".join("".join(parts) for parts in draw(st.lists(line, min_size=1, max_size=5)))


def values_of(instruction: Instruction, escape: str) -> tuple[str, ...]:
    """The arguments as BuildKit's tree holds them."""
    if instruction.keyword == "ONBUILD" and instruction.trigger is not None:
        return values_of(instruction.trigger, escape)
    if instruction.keyword not in {"ENV", "LABEL"}:
        return tuple(word.text for word in instruction.arguments)
    pairs = read_assignments(instruction, escape)
    return tuple(part for name, value, _ in pairs for part in (name, value or ""))


def check_against_buildkit(text: str) -> None:
    instructions, _, escape, problems = parse_instructions(SourceText.of("D", text))
    try:
        expected = {command.start_line: command for command in dockerfile.parse_string(text)}
    except dockerfile.GoParseError:
        assert problems or not instructions
        return
    for instruction in instructions:
        command = expected.pop(_first_line(text, instruction))
        assert instruction.keyword == command.cmd.upper()
        assert instruction.span.end.line <= command.end_line
        if escape == "`" and instruction.flags and {"`", "\\"} & set(instruction.text):
            continue  # the oracle's BuildKit knew only the backslash inside flags
        if instruction.keyword == "ONBUILD" and instruction.trigger is None and instruction.arguments:
            continue  # the oracle keeps no words of an instruction that it does not know
        assert values_of(instruction, escape) == command.value
        assert (instruction.form is Form.EXEC) == command.json or instruction.keyword == "ONBUILD"
        flags = tuple(f"--{flag.name}" + ("" if flag.value is None else f"={flag.value}") for flag in instruction.flags)
        if "".join(flags).isascii():  # extractBuilderFlags takes bytes for characters and garbles the others
            assert flags == command.flags
        if instruction.keyword == "ONBUILD":  # the oracle shows no here-documents there
            continue
        assert [doc.name for doc in instruction.heredocs] == [doc.name for doc in command.heredocs]
        assert [doc.content for doc in instruction.heredocs if "<<-" not in cut(text, doc.span)] == [
            doc.content
            for doc, own in zip(command.heredocs, instruction.heredocs, strict=True)
            if "<<-" not in cut(text, own.span)
        ]
    reported = {problem.span.start.line for problem in problems}
    for command in expected.values():  # what we left out, we reported; a template is reported once
        lines = set(range(command.start_line, command.end_line + 1))
        assert lines & reported or any(problem.kind == "template" for problem in problems) or "x/dockerfile" in text


def _first_line(text: str, instruction: Instruction) -> int:
    """BuildKit counts an instruction from its first physical line, even if only a continuation stands there."""
    lines = text.removeprefix("\ufeff").split("\n")
    number = instruction.span.start.line
    while number > 1 and not _starts(lines, number):
        number -= 1
    return number


def _starts(lines: list[str], number: int) -> bool:
    here = {c.start_line for c in dockerfile.parse_string("\n".join(lines))}
    return number in here


@pytest.mark.parametrize("text", SAMPLES)
def test_samples_agree_with_buildkit(text: str) -> None:
    check_against_buildkit(text)
    assert parse_instructions(SourceText.of("D", text))[3] == () or "user a b" in text or "3<<C" in text


@settings(max_examples=300, deadline=None)
@given(texts())
def test_any_text_agrees_with_buildkit(text: str) -> None:
    check_against_buildkit(text)


@settings(max_examples=200, deadline=None)
@given(texts())
def test_logical_lines_agree_with_the_library(text: str) -> None:
    """The library joins lines by itself; where it accepts a file, keyword and lines must be the same."""
    try:
        expected = parse_dockerfile_ast(text).instructions
    except ValueError:
        return
    instructions, _, _, problems = parse_instructions(SourceText.of("D", text))
    if not problems:
        assert [i.keyword for i in instructions] == [i.name for i in expected]


@settings(max_examples=300, deadline=None)
@given(texts())
def test_every_word_is_found_at_its_place(text: str) -> None:
    instructions, comments, _, _ = parse_instructions(SourceText.of("D", text))
    for instruction in instructions:
        check_places(text, instruction)
        if instruction.trigger is not None:
            check_places(text, instruction.trigger)
    for comment in comments:
        assert cut(text, comment.span).removeprefix("#").strip() == comment.text


def check_places(text: str, instruction: Instruction) -> None:
    assert cut(text, instruction.keyword_span).upper() == instruction.keyword or instruction.keyword_span.end.line > 1
    for offset, char in enumerate(instruction.text):
        assert cut(text, instruction.offsets.span(offset, offset + 1)) == char
    for word in instruction.arguments:
        raw = cut(text, word.span)
        literal = instruction.form is Form.EXEC and raw.startswith('"')
        if "\n" in raw:  # a continuation stands inside
            assert raw[0] == ('"' if literal else word.text[0])
            assert raw[-1] == ('"' if literal else word.text[-1])
        elif literal:
            assert json.loads(raw) == word.text
        else:
            assert raw == word.text
    for flag in instruction.flags:
        assert cut(text, flag.span).startswith("--")
    for doc in instruction.heredocs:
        for offset, char in enumerate(doc.content):
            if char not in "\r\n":
                assert cut(text, doc.offsets.span(offset, offset + 1)) == char
