"""The targets that bake files declare, with their values.

In: the files of one definition, the later over the earlier; the environment, which sets variables. Out: `Targets` by
name, and the names that groups build. HCL and JSON say the same: an attribute is a function of the evaluator, since a
matrix gives it other values for each of its targets.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from depscan.builds.build import UNKNOWN
from depscan.builds.expressions import Evaluator, as_text
from depscan.builds.functions import call
from depscan.builds.hcl import read_blocks, source
from depscan.findings import Skipped
from depscan.source import Span, UnusableTextError, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tree_sitter import Node

    from depscan.builds.expressions import Value

MAX_BYTES = 1 << 20
MAX_TARGETS = 1_000
_KEYS = ("context", "dockerfile", "dockerfile-inline", "target", "args", "platforms", "contexts", "call")
# https://docs.docker.com/build/bake/reference/#built-in-variables
_BUILT_IN = {"BAKE_CMD_CONTEXT": ".", "BAKE_LOCAL_PLATFORM": "linux/amd64"}
_MERGED = ("args", "contexts")
_NAME = re.compile(r"[\w.-]+")


class Target(Struct, frozen=True):
    """A target of a file. `lines` has where the text of an attribute begins, and whether it is a block of lines."""

    name: str
    path: Path
    span: Span
    values: dict[str, Any]
    inherits: tuple[str, ...]
    lines: dict[str, tuple[int, bool]]


class Targets(Struct, frozen=True):
    """The targets by name, and what could not be made of a declaration."""

    by_name: dict[str, Target]
    unreadable: list[tuple[Path, Skipped]]


class _Declared(Struct, frozen=True):
    """A block: its attributes as functions of an evaluator."""

    kind: str
    name: str
    path: Path
    span: Span
    attributes: dict[str, Callable[[Evaluator], Any]]
    lines: dict[str, tuple[int, bool]]


def read_targets(files: Sequence[Path], environment: Mapping[str, str]) -> tuple[Targets, frozenset[str]]:
    """The targets of a definition, and those that its groups name."""
    blocks: list[_Declared] = []
    unreadable: list[tuple[Path, Skipped]] = []
    for path in files:
        try:
            text = read_text(path, MAX_BYTES, "bake file")
            blocks += _of_json(path, text) if path.suffix == ".json" else _of_hcl(path, text)
        except UnusableTextError as error:
            span = Span.at(error.line, 1, error.line, 1) if error.line else None
            unreadable.append((path, Skipped(path.name, error.reason, span)))
    variables = _Variables(blocks, environment)
    targets = Targets({}, unreadable)
    for block in blocks:
        if block.kind == "target":
            for target in _expanded(block, variables, targets.unreadable):
                _add(targets.by_name, target)
    return targets, _grouped(blocks, variables)


def _add(found: dict[str, Target], target: Target) -> None:
    """One more block of a name is laid over what is there."""
    lower = found.get(target.name)
    if lower is not None:
        target = Target(
            target.name,
            lower.path,
            lower.span,
            merged(lower.values, target.values),
            target.inherits or lower.inherits,
            {**lower.lines, **target.lines},
        )
    if len(found) < MAX_TARGETS:
        found[target.name] = target


def merged(lower: Mapping[str, Value], upper: Mapping[str, Value]) -> dict[str, Value]:
    """One target over another: maps by key, all else replaced; null says nothing."""
    found = dict(lower)
    for key, value in upper.items():
        if key in _MERGED and isinstance(value, dict) and isinstance(found.get(key), dict):
            found[key] = {**found[key], **value}
        elif value is not None:
            found[key] = value
    return found


class _Variables:
    """The variables of a definition: the environment's value, else the default, read when asked for."""

    def __init__(self, blocks: Sequence[_Declared], environment: Mapping[str, str]) -> None:
        unset: Callable[[Evaluator], Value] = _constant(UNKNOWN)
        self._defaults = {
            block.name: block.attributes.get("default", unset) for block in blocks if block.kind == "variable"
        }
        self._defaults |= {block.name: block.attributes["value"] for block in blocks if block.kind == "attribute"}
        self._functions = {block.name: block.attributes for block in blocks if block.kind == "function"}
        self._environment = environment
        self._values: dict[str, Value] = dict(_BUILT_IN)

    def read(self, name: str, depth: int) -> Value:
        """The value of a variable; UNKNOWN for one that is not declared, or has no value."""
        if name not in self._values:
            self._values[name] = UNKNOWN  # also what one that rests on itself finds
            if name in self._defaults:
                given = self._environment.get(name)
                self._values[name] = self._defaults[name](self.evaluator().at(depth)) if given is None else given
        return self._values[name]

    def evaluator(self, values: Mapping[str, Value] | None = None) -> Evaluator:
        """An evaluator under these variables, those in `values` (of a matrix, of a function's call) before them."""
        return Evaluator(self.read, values, self._call)

    def _call(self, name: str, arguments: list[Value], depth: int) -> Value:
        """A function that the file defines (`params`, `result`), else one of bake's own."""
        own = self._functions.get(name)
        if own is None:
            return call(name, arguments)
        names = own["params"](self.evaluator()) if "params" in own else []
        if not isinstance(names, list) or len(names) != len(arguments) or "result" not in own:
            return UNKNOWN
        return own["result"](self.evaluator(dict(zip(names, arguments, strict=True))).at(depth))


def _expanded(block: _Declared, variables: _Variables, unreadable: list[tuple[Path, Skipped]]) -> Iterator[Target]:
    """The targets of a block: one, or one for each combination of its matrix."""
    plain = variables.evaluator()
    matrix = block.attributes["matrix"](plain) if "matrix" in block.attributes else {}
    lists = list(matrix.values()) if isinstance(matrix, dict) else [UNKNOWN]
    if not all(isinstance(each, list) for each in lists) or _product(lists) > MAX_TARGETS:
        reason = "its matrix rests on a function, on a variable without a value, or is too large"
        unreadable.append((block.path, Skipped(f"target {block.name}", reason, block.span)))
        return
    for number, values in enumerate(itertools.product(*lists)):
        evaluator = variables.evaluator(dict(zip(matrix, values, strict=True)))
        name = as_text(block.attributes["name"](evaluator)) if "name" in block.attributes else block.name
        if name is None or not _NAME.fullmatch(name):
            name = f"{block.name}-{number}" if matrix else block.name
        inherits = block.attributes["inherits"](evaluator) if "inherits" in block.attributes else []
        yield Target(
            name,
            block.path,
            block.span,
            {key: block.attributes[key](evaluator) for key in _KEYS if key in block.attributes},
            tuple(each for each in inherits if isinstance(each, str)) if isinstance(inherits, list) else (),
            block.lines,
        )


def _product(lists: Sequence[Sequence[object]]) -> int:
    total = 1
    for each in lists:
        total = min(total * len(each), MAX_TARGETS + 1)
    return total


def _grouped(blocks: Sequence[_Declared], variables: _Variables) -> frozenset[str]:
    evaluator = variables.evaluator()
    found: set[str] = set()
    for block in blocks:
        if block.kind == "group" and "targets" in block.attributes:
            names = block.attributes["targets"](evaluator)
            if isinstance(names, list):
                found.update(name for name in names if isinstance(name, str))
    return frozenset(found)


def _of_hcl(path: Path, text: str) -> Iterator[_Declared]:
    top, blocks = read_blocks(text)
    for name, node in top.items():
        yield _Declared("attribute", name, path, Span.at(1, 1, 1, 1), {"value": _evaluation(node)}, {})
    for block in blocks:
        lines = {name: _line(node) for name, node in block.attributes.items() if name == "dockerfile-inline"}
        attributes = {name: _evaluation(node) for name, node in block.attributes.items()}
        if block.kind == "function" and "params" in block.attributes:
            names: list[Value] = re.findall(r"[\w-]+", source(block.attributes["params"]))  # bare words, not variables
            attributes["params"] = _constant(names)
        yield _Declared(block.kind, block.label, path, block.span, attributes, lines)


def _evaluation(node: Node) -> Callable[[Evaluator], Value]:
    return lambda evaluator: evaluator.value(node)


def _line(node: Node) -> tuple[int, bool]:
    """Where a text begins; that of a here-document on the line below, as it stands there."""
    heredoc = (node.text or b"").startswith(b"<<")
    return node.start_point.row + (2 if heredoc else 1), heredoc and (node.text or b"").startswith(b"<<-")


def _of_json(path: Path, text: str) -> Iterator[_Declared]:
    try:
        top = json.loads(text)
    except json.JSONDecodeError as error:
        raise UnusableTextError(f"not valid JSON: {error.msg}", error.lineno) from None
    except (RecursionError, ValueError):
        raise UnusableTextError("nested too deep, or a number too long") from None
    for kind in ("variable", "group", "target"):
        declared = top.get(kind) if isinstance(top, dict) else None
        for name, table in declared.items() if isinstance(declared, dict) else ():
            attributes = table if isinstance(table, dict) else {}
            functions = {key: _constant(value) for key, value in attributes.items()}
            yield _Declared(kind, name, path, _find(text, name), functions, {})


def _constant(value: object) -> Callable[[Evaluator], Value]:
    return lambda evaluator: _filled(value, evaluator, 0)


def _filled(value: Value, evaluator: Evaluator, depth: int) -> Value:
    """A JSON value with the variables of its texts."""
    if isinstance(value, list):
        return [_filled(each, evaluator, depth + 1) for each in value]
    if isinstance(value, dict):
        return {key: _filled(each, evaluator, depth + 1) for key, each in value.items()}
    if not isinstance(value, str) or "${" not in value:
        return value
    filled = re.sub(r"\$\{(\w+)\}", lambda match: as_text(evaluator.named(match[1])) or "", value)
    return UNKNOWN if UNKNOWN in filled or "${" in filled else filled


def _find(text: str, name: str) -> Span:
    """Where a name first stands as a key."""
    match = re.search(rf'"{re.escape(name)}"\s*:', text)
    start = match.start() if match else 0
    line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
    return Span.at(line, column, line, column + len(name) + 2)
