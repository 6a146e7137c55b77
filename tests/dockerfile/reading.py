"""Short ways to read a Dockerfile text in tests, and to cut a span out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.dockerfile.parser import parse_instructions
from depscan.dockerfile.stages import read_dockerfile
from depscan.platforms import Platform
from depscan.source import SourceText, Span

if TYPE_CHECKING:
    from depscan.dockerfile.instructions import Dockerfile, Instruction, Problem


def parse(text: str) -> tuple[Instruction, ...]:
    """The instructions of a text that has no problem."""
    instructions, _, _, problems = parse_instructions(SourceText.of("Dockerfile", text))
    assert problems == ()
    return instructions


def problems_of(text: str) -> list[tuple[str, str]]:
    """The problems that the parser alone finds, as (kind, place)."""
    return [(problem.kind, place(problem.span)) for problem in parse_instructions(SourceText.of("D", text))[3]]


def read(text: str, platform: str = "linux/amd64", **build_arguments: str) -> Dockerfile:
    """A Dockerfile read for a platform of the form os/architecture."""
    return read_dockerfile(
        SourceText.of("Dockerfile", text), platform=Platform(*platform.split("/")), build_arguments=build_arguments
    )


def place(span: Span) -> str:
    """A span as line:column..line:column."""
    return f"{span.start.line}:{span.start.column}..{span.end.line}:{span.end.column}"


def shown(problems: tuple[Problem, ...]) -> list[tuple[str, str]]:
    """Problems as (kind, place)."""
    return [(problem.kind, place(problem.span)) for problem in problems]


def cut(text: str, span: Span) -> str:
    """The text of a span, line ends and all between included."""
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    if span.start.line == span.end.line:
        return lines[span.start.line - 1][span.start.column - 1 : span.end.column - 1]
    first = lines[span.start.line - 1][span.start.column - 1 :]
    last = lines[span.end.line - 1][: span.end.column - 1]
    return "\n".join([first, *lines[span.start.line : span.end.line - 1], last])
