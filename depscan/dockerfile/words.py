"""A logical line to its words, each with its place.

In: `LogicalLine`. Out: keyword, flags, and the arguments in the way of each instruction (BuildKit's split_command.go
and line_parsers.go): one string, words between spaces, a JSON array, or assignments. Words keep quotes and variables;
only flags lose their quotes here, as they do in BuildKit.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import msgspec
from msgspec import Struct

from depscan.dockerfile.instructions import Flag, Form, Word
from depscan.dockerfile.lexing import read_heredoc, split_raw, split_words
from depscan.dockerfile.lines import SPACES, LogicalLine

if TYPE_CHECKING:
    from e2b_dockerfile_utils import DockerfileHeredoc

    from depscan.dockerfile.instructions import Instruction
    from depscan.source import Span

_GAP = re.compile(r"[\t\v\f\r ]+")  # reWhitespace of parser.go
_WORD = re.compile(r"[^\t\v\f\r ]+")
_JSON_STRING = re.compile(r'"(?:\\.|[^"\\])*"')
_SURROGATE = "[\ud800-\udfff]"

_ONE_STRING = {"MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"}
_SPACED = {"EXPOSE", "FROM"}
_JSON_OR_SPACED = {"ADD", "COPY", "VOLUME"}
_JSON_OR_STRING = {"CMD", "ENTRYPOINT", "RUN", "SHELL"}
_ASSIGNED = {"ARG", "ENV", "LABEL"}
KEYWORDS = _ONE_STRING | _SPACED | _JSON_OR_SPACED | _JSON_OR_STRING | _ASSIGNED | {"HEALTHCHECK", "ONBUILD"}

Arguments = tuple[tuple[Word, ...], Form]


class NotStringsError(ValueError):
    """A JSON array that holds something else than strings: BuildKit refuses it."""


class HeredocMark(Struct, frozen=True):
    """A `<<` word that opens a here-document."""

    name: str
    chomp: bool
    expand: bool
    start: int
    end: int


class Assignment(NamedTuple):
    """One of ARG, ENV or LABEL, as written."""

    name: str
    value: str | None
    span: Span


def split_keyword(line: LogicalLine) -> tuple[LogicalLine, LogicalLine]:
    """The keyword, and what follows it without spaces around."""
    text = line.text.rstrip(SPACES)
    line = LogicalLine(text, line.offsets).after(len(text) - len(text.lstrip(SPACES)))
    gap = _GAP.search(line.text)
    if gap is None:
        return line, line.after(len(line.text))
    return LogicalLine(line.text[: gap.start()], line.offsets), line.after(gap.end())


def split_flags(line: LogicalLine, escape: str) -> tuple[tuple[Flag, ...], int]:
    """The leading `--name[=value]` words, and the offset where the arguments begin."""
    position = 0
    flags: list[Flag] = []
    while True:
        position += len(line.text[position:]) - len(line.text[position:].lstrip(SPACES))
        match = _flag_word(escape).match(line.text, position) if line.text.startswith("--", position) else None
        if match is None:
            return tuple(flags), position
        position = match.end()
        text = _unquote_flag(match[0], escape)
        if text == "--":
            return tuple(flags), position + len(line.text[position:]) - len(line.text[position:].lstrip(SPACES))
        name, equals, value = text[2:].partition("=")
        flags.append(Flag(name, value if equals else None, line.span(*match.span())))


@lru_cache(maxsize=2)
def _flag_word(escape: str) -> re.Pattern[str]:
    e, spaces = re.escape(escape), re.escape(SPACES)
    double, single = rf'"(?:{e}.?|[^"{e}])*"?', rf"'(?:{e}.?|[^'{e}])*'?"
    return re.compile(rf"--(?:{e}.?|{double}|{single}|[^{spaces}\"'{e}])*", re.DOTALL)


def _unquote_flag(raw: str, escape: str) -> str:
    """Remove quotes and escape characters as extractBuilderFlags does: it knows no difference between the quotes."""
    if not any(mark in raw for mark in ("'", '"', escape)):
        return raw
    out, quote, escaped = [], "", False
    for char in raw:
        if escaped:
            out.append(char)
            escaped = False
        elif char == escape:
            escaped = True
        elif char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        else:
            out.append(char)
    return "".join(out)


def split_arguments(keyword: str, line: LogicalLine, escape: str) -> Arguments:
    """The arguments of `keyword` in `line`, which follows the flags; raises NotStringsError."""
    if not line.text:
        return (), Form.SHELL
    if keyword in _SPACED:
        return _split_at_spaces(line), Form.SHELL
    if keyword in _ASSIGNED:
        return _split_assignments(keyword, line, escape), Form.SHELL
    if keyword == "HEALTHCHECK":
        kind, rest = split_keyword(line)
        words, form = split_arguments("CMD", rest, escape)
        return (kind.word(0, len(kind.text)), *words), form
    if keyword in _JSON_OR_SPACED | _JSON_OR_STRING:
        strings = _split_json(line)
        if strings is not None:
            return strings, Form.EXEC
        if keyword in _JSON_OR_SPACED:
            return _split_at_spaces(line), Form.SHELL
    return (line.word(0, len(line.text)),), Form.SHELL


def _split_at_spaces(line: LogicalLine) -> tuple[Word, ...]:
    return tuple(line.word(*match.span()) for match in _WORD.finditer(line.text))


def _split_json(line: LogicalLine) -> tuple[Word, ...] | None:
    """The strings of a JSON array, each with the span of its literal; None when the text is no JSON array."""
    if not line.text.startswith("["):
        return None
    values = _read_strings(line.text)
    if values is None:
        return None
    spans = [line.span(*match.span()) for match in _JSON_STRING.finditer(line.text)]
    return tuple(Word(value, span) for value, span in zip(values, spans, strict=True))


def _read_strings(text: str) -> list[str] | None:
    """The strings of a JSON array; None where the text is no JSON, NotStringsError where it holds something else."""
    try:
        return msgspec.json.decode(text, type=list[str])
    except (msgspec.MsgspecError, ValueError):
        import json  # noqa: PLC0415 - 2 ms; it tells what is wrong, and takes the lone surrogates that msgspec refuses

    try:
        values = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(value, str) for value in values):
        raise NotStringsError("a JSON array of arguments may hold strings only")
    # Go replaces a lone surrogate; kept, it could not be written to any report.
    return [re.sub(_SURROGATE, "\ufffd", value) for value in values]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _split_assignments(keyword: str, line: LogicalLine, escape: str) -> tuple[Word, ...]:
    """One word per assignment. The old form `ENV name value with spaces` is one word, all of it."""
    words = split_words(line.text, escape)
    if keyword != "ARG" and _is_old_form(words):
        return (line.word(0, len(line.text)),)
    return _place_words(words, line)


def _is_old_form(words: list[str]) -> bool:
    return bool(words) and "=" not in words[0]


def read_assignments(instruction: Instruction, escape: str) -> tuple[Assignment, ...]:
    """Names and values, as written, of ARG, ENV or LABEL; a value is None where none is given."""
    words = instruction.arguments
    if instruction.keyword != "ARG" and len(words) == 1 and _is_old_form(split_words(words[0].text, escape)):
        name, *value = _GAP.split(words[0].text, maxsplit=1)
        return (Assignment(name, value[0] if value else None, words[0].span),)
    parts = [(word.text.partition("="), word.span) for word in words]
    return tuple(Assignment(name, value if equals else None, span) for (name, equals, value), span in parts)


def _place_words(words: list[str], line: LogicalLine) -> tuple[Word, ...]:
    """Find each of `words`, which stand in `line` in this order between spaces."""
    placed, position = [], 0
    for word in words:
        start = line.text.index(word, position)
        position = start + len(word)
        placed.append(line.word(start, position))
    return tuple(placed)


def read_heredoc_mark(word: str) -> DockerfileHeredoc | None:
    """What a `<<NAME` word opens; None for any other word, and for one whose quotes do not match."""
    if "<<" not in word:
        return None
    try:
        return read_heredoc(word)
    except ValueError:
        return None


def find_heredocs(line: LogicalLine) -> tuple[HeredocMark, ...]:
    """The `<<` words of ADD, COPY or RUN; empty when the quotes of the line do not match, as in BuildKit."""
    if "<<" not in line.text:
        return ()
    try:
        words = split_raw(line.text)
    except ValueError:
        return ()
    marks, position = [], 0
    for word in words:
        start = max(line.text.find(word, position), position)
        position = start + len(word)
        mark = read_heredoc_mark(word)
        if mark is not None:
            marks.append(HeredocMark(mark.name, mark.chomp, mark.expand, start, position))
    return tuple(marks)


def split_mount(text: str) -> dict[str, str]:
    """The fields of `RUN --mount=name=value,...`, names in lower case; the last of a name counts."""
    fields = text.split(",") if '"' not in text else _split_quoted(text)
    pairs = (field.partition("=") for field in fields)
    return {name.lower(): value for name, _, value in pairs}


def _split_quoted(text: str) -> list[str]:
    import csv  # noqa: PLC0415 - few mounts have quotes

    return next(csv.reader([text]), [])
