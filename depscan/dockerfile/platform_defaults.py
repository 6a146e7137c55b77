"""Defaults of ARG that replace the platform BuildKit would give.

In: the ARGs before the first FROM, the stages, `--build-arg`. Out: a `Problem` for each default of TARGETARCH and its
kin that is the same on all platforms, where a command, a path or a FROM then uses it.

BuildKit gives a name its own value only where ARG has no default (dockerfile2llb/convert.go: dispatchArg looks into
globalArgs when `!hasDefault && !hasValue`); a default before the first FROM takes the place of BuildKit's value for the
whole file (buildMetaArgs: AddOrReplace). `--build-arg` beats both, so what it names is left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.dockerfile.instructions import Problem
from depscan.dockerfile.words import read_assignments

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from depscan.dockerfile.instructions import Instruction, Stage
    from depscan.dockerfile.words import Assignment
    from depscan.source import Span

KIND = "platform-shadowed"

_NAMES = r"(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)"
_COMMON = frozenset({"linux", ""})  # what TARGETOS and TARGETVARIANT are on most platforms anyway
_VARIABLE = r"\$\{?(\w+)"
_SEPARATOR = r"&&|\|\||[;\n]"
_PRINTS = r"\s*@?(echo|printf|#)\b[^>]*$"
_BUILD_VARIABLES = frozenset({"GOARCH", "GOOS", "GOARM", "GOAMD64", "CARGO_BUILD_TARGET", "CC", "CXX"})


class _Default(Struct, frozen=True):
    """A default of one of the names, where it stands; `stage` is None before the first FROM."""

    name: str
    value: str
    span: Span
    stage: int | None


def find_shadowed(
    head: Sequence[Instruction], stages: Sequence[Stage], build_arguments: Mapping[str, str | None], escape: str
) -> Iterator[Problem]:
    """The defaults that make what is built the same on all platforms, each with its first use."""
    everything = [*head, *(each for stage in stages for each in stage.instructions)]
    if not any(each.keyword == "ARG" and re.search(_NAMES + "=", each.text) for each in everything):
        return
    for default in _global_defaults(head, escape):
        use = _first_global_use(default.name, stages, escape)
        if use is not None and default.name not in build_arguments:
            yield _problem(default, use)
    for stage in stages:
        for place, default in _stage_defaults(stage, stages, escape):
            use = _first_use(default.name, stage, place + 1, stages, escape)
            if use is not None and default.name not in build_arguments:
                yield _problem(default, use)


def _problem(default: _Default, use: Span) -> Problem:
    where = " before the first FROM" if default.stage is None else ""
    value = default.value or "empty"
    detail = f"the default of ARG {default.name}{where} replaces BuildKit's own value: it is {value} on every platform"
    related = ((use, f"{default.name} is used here"),)
    return Problem(KIND, detail, default.span, default.stage, related=related, word=default.name)


def _defaults(instruction: Instruction, escape: str) -> Iterator[Assignment]:
    """The ARGs of the names that have a default which differs from what most platforms have."""
    for assignment in read_assignments(instruction, escape):
        if re.fullmatch(_NAMES, assignment.name) and assignment.value is not None:
            harmless = assignment.name.endswith(("OS", "VARIANT")) and assignment.value.strip("\"'") in _COMMON
            if not harmless:
                yield assignment


def _global_defaults(head: Sequence[Instruction], escape: str) -> Iterator[_Default]:
    """A default that rests on another platform argument is not the same everywhere; BUILD* only picks the builder."""
    for instruction in head:
        if instruction.keyword == "ARG":
            for name, value, span in _defaults(instruction, escape):
                if name.startswith("TARGET") and not any(
                    re.fullmatch(_NAMES, each) for each in re.findall(_VARIABLE, value or "")
                ):
                    yield _Default(name, (value or "").strip("\"'"), span, None)


def _stage_defaults(stage: Stage, stages: Sequence[Stage], escape: str) -> Iterator[tuple[int, _Default]]:
    """In a stage a variable counts once ARG or ENV brought it in, in the stage or in one that it stands on."""
    brought = _brought(stage, stages, escape)
    for place, instruction in enumerate(stage.instructions):
        if instruction.keyword == "ARG":
            for name, value, span in _defaults(instruction, escape):
                if not brought & set(re.findall(_VARIABLE, value or "")):
                    known = "" if "$" in (value or "") and ":-" not in (value or "") else (value or "").strip("\"'")
                    yield place, _Default(name, _substitute(known), span, stage.index)
        brought |= _names(instruction, escape)


def _substitute(value: str) -> str:
    """What `${NAME:-word}` is without NAME."""
    return re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", value)


def _brought(stage: Stage, stages: Sequence[Stage], escape: str) -> set[str]:
    names: set[str] = set()
    while stage.base_stage is not None:
        stage = stages[stage.base_stage]
        names.update(*(_names(instruction, escape) for instruction in stage.instructions))
    return names


def _names(instruction: Instruction, escape: str) -> set[str]:
    if instruction.keyword not in ("ARG", "ENV"):
        return set()
    return {assignment.name for assignment in read_assignments(instruction, escape)}


def _first_global_use(name: str, stages: Sequence[Stage], escape: str) -> Span | None:
    """Where FROM uses a name, or a stage that takes it over by `ARG NAME`."""
    for stage in stages:
        if _uses(stage.instruction.text, name):
            return stage.instruction.span
        for place, instruction in enumerate(stage.instructions):
            taken = instruction.keyword == "ARG" and (name, None) in {
                each[:2] for each in read_assignments(instruction, escape)
            }
            if taken and (use := _first_use(name, stage, place + 1, stages, escape)) is not None:
                return use
    return None


def _first_use(name: str, stage: Stage, start: int, stages: Sequence[Stage], escape: str) -> Span | None:
    """Where a command or a path of the stage, or of one that stands on it, uses the value of `name`."""
    carriers = {name}
    for instruction in stage.instructions[start:]:
        given = {each.name: each.value for each in _assigned(instruction, escape)}
        if name in given and instruction.keyword == "ARG":
            return None
        passed_on = {each for each, value in given.items() if any(_uses(value or "", one) for one in carriers)}
        if passed_on & _BUILD_VARIABLES or any(_matters(instruction, each) for each in carriers):
            return instruction.span
        carriers |= passed_on
    children = [child for child in stages if child.base_stage == stage.index]
    return next((use for child in children if (use := _first_use(name, child, 0, stages, escape)) is not None), None)


def _assigned(instruction: Instruction, escape: str) -> Sequence[Assignment]:
    return read_assignments(instruction, escape) if instruction.keyword in ("ARG", "ENV") else ()


def _matters(instruction: Instruction, name: str) -> bool:
    """Whether a command does more than print the value, or a path of COPY or ADD holds it."""
    if instruction.keyword in ("COPY", "ADD"):
        return any(_uses(word.text, name) for word in instruction.arguments)
    if instruction.keyword != "RUN":
        return False
    text = "\n".join([instruction.text, *(heredoc.content for heredoc in instruction.heredocs)])
    if not _uses(text, name):
        return False
    return any(_uses(part, name) and not re.match(_PRINTS, part) for part in re.split(_SEPARATOR, text))


def _uses(text: str, name: str) -> bool:
    return "$" in text and re.search(rf"\$(?:{name}\b|\{{{name}\W)", text) is not None
