"""YAML, read within bounds: what PyYAML's events tell becomes tables, lists and texts with their lines.

In: the path of a file. Out: its first document: `Table`, list, str or None; raises UnusableTextError with a line.
Built from events and not by `yaml.load`: PyYAML's composer overflows the stack on deep nesting, and merged aliases
grow without end ("billion laughs"); here depth and the number of nodes, each alias counted in full, are bounded.
Scalars stay texts, but for null, and numbers and truths are spelled as Go prints them, which is what reaches a build
argument.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from depscan.source import Span, UnusableTextError, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES = 1 << 20
MAX_NODES = 200_000
MAX_DEPTH = 64

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTHS = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false"}
_FLOAT = re.compile(r"[-+]?[0-9]{1,15}\.[0-9]{0,15}")


class Table(dict[str, Any]):
    """A mapping. `places` has the span of each key.

    `bodies` has the first line of a text's value and whether it is a block (then its lines are indented). `replacing`
    are the keys whose value the tag !reset or !override puts in the place of what was there before.
    """

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[str, Span] = {}
        self.bodies: dict[str, tuple[int, bool]] = {}
        self.replacing: set[str] = set()

    def table(self, key: str) -> Table:
        """The table at `key`, an empty one where there is something else or nothing."""
        value = self.get(key)
        return value if isinstance(value, Table) else Table()

    def text(self, key: str) -> str | None:
        """The text at `key`."""
        value = self.get(key)
        return value if isinstance(value, str) else None


def read_yaml(path: Path) -> object:
    """The first document of a file."""
    text = read_text(path, MAX_BYTES, "YAML file")
    try:
        return _Reader(yaml.parse(text, Loader=_LOADER)).document()
    except yaml.YAMLError as error:
        marked = error if isinstance(error, yaml.MarkedYAMLError) else None
        problem = (marked and marked.problem) or "it has characters that YAML does not allow"
        line = marked.problem_mark.line + 1 if marked and marked.problem_mark else None
        raise UnusableTextError(f"not valid YAML: {problem}", line) from None


class _Reader:
    """The events of a document, taken one by one. A value comes with its size: the number of its nodes."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._anchors: dict[str, tuple[object, int]] = {}
        self._nodes = 0

    def document(self) -> object:
        for event in self._events:
            if isinstance(event, yaml.NodeEvent):
                return self._value(event, 0)
        return None

    def _value(self, event: Any, depth: int) -> object:
        line = event.start_mark.line + 1
        if depth > MAX_DEPTH:
            raise UnusableTextError(f"nested more than {MAX_DEPTH} deep", line)
        before = self._nodes
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise UnusableTextError(f"alias *{event.anchor} has no anchor before it", line)
            value, size = self._anchors[event.anchor]
            self._count(size, line)
            return value
        self._count(1, line)
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = [self._value(item, depth + 1) for item in self._until(yaml.SequenceEndEvent)]
        else:
            value = self._table(depth + 1)
        if event.anchor:
            self._anchors[event.anchor] = value, self._nodes - before
        return value

    def _count(self, number: int, line: int) -> None:
        self._nodes += number
        if self._nodes > MAX_NODES:
            raise UnusableTextError(f"more than {MAX_NODES} values, aliases counted in full", line)

    def _until(self, end: type) -> Iterator[Any]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield event

    def _table(self, depth: int) -> Table:
        table = Table()
        merged: list[object] = []
        for key_event in self._until(yaml.MappingEndEvent):
            key = self._value(key_event, depth)
            event = next(self._events)
            value = self._value(event, depth)
            if key == "<<":
                merged += value if isinstance(value, list) else [value]
            elif isinstance(key, str):
                table[key] = value
                table.places[key] = _span(key_event)
                _note_value(table, key, event)
        for other in merged:
            if isinstance(other, Table):
                _merge(table, other)
        return table


def _merge(table: Table, other: Table) -> None:
    """`<<`: what is not there already (https://yaml.org/type/merge.html)."""
    for key, value in other.items():
        if key not in table:
            table[key] = value
            table.places[key] = other.places[key]
            if key in other.bodies:
                table.bodies[key] = other.bodies[key]


def _note_value(table: Table, key: str, event: Any) -> None:
    tag = getattr(event, "tag", None)
    if tag in ("!reset", "!override"):
        table.replacing.add(key)
        if tag == "!reset":
            table[key] = None
    if isinstance(event, yaml.ScalarEvent):
        block = event.style in ("|", ">")
        table.bodies[key] = _span(event).start.line + block, block


def _span(event: Any) -> Span:
    start, end = event.start_mark, event.end_mark
    return Span.at(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _scalar(event: Any) -> str | None:
    text = str(event.value)
    if event.style or event.tag in ("!!str", "tag:yaml.org,2002:str"):
        return text
    if text in _NULL:
        return None
    if _FLOAT.fullmatch(text):
        return f"{float(text):.15g}"
    return _TRUTHS.get(text, text)
