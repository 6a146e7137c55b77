"""The values of HCL expressions.

In: a node of the tree that `hcl` reads, and the variables in force. Out: text, number, truth, None, list, dict, or
`UNKNOWN`: for a reference to another block, a function that is not known, and all that rests on one. A conditional
whose condition is not known has no known value; `&&` and `||` may.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from depscan.builds.build import UNKNOWN
from depscan.builds.hcl import MAX_DEPTH, source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tree_sitter import Node

MAX_TEXT = 131_072
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}

Value = Any  # str, int, float, bool, None, list, dict; UNKNOWN is a str


class Evaluator:
    """Evaluates under `variables`; `read` gives the value of a name that is not among them, at a depth.

    `call` gives that of a function, by its name, arguments and the depth of its call. What is evaluated for them goes
    on at that depth, since what leads from one to the next must end.
    """

    def __init__(
        self,
        read: Callable[[str, int], Value],
        variables: Mapping[str, Value] | None = None,
        call: Callable[[str, list[Value], int], Value] | None = None,
        start: int = 0,
    ) -> None:
        self._read = read
        self._variables = variables or {}
        self._call = call
        self._start = start

    def at(self, depth: int) -> Evaluator:
        """The same, for an expression that stands inside others."""
        return Evaluator(self._read, self._variables, self._call, depth)

    def value(self, node: Node, depth: int | None = None) -> Value:
        """The value of a node."""
        depth = self._start if depth is None else depth
        if depth > MAX_DEPTH:
            return UNKNOWN
        method = getattr(self, f"_{node.type}", None)
        return method(node, depth + 1) if method is not None else UNKNOWN

    def _only(self, node: Node, depth: int) -> Value:
        children = [child for child in node.named_children if child.type != "comment"]
        return self.value(children[0], depth) if len(children) == 1 else UNKNOWN

    _literal_value = _collection_value = _template_expr = _operation = _only

    def _expression(self, node: Node, depth: int) -> Value:
        """A value with what is taken from it: `a.b`, `a[0]`."""
        return self._operand([child for child in node.named_children if child.type != "comment"], depth)

    def _operand(self, children: list[Node], depth: int) -> Value:
        value = self.value(children[0], depth) if children else UNKNOWN
        for step in children[1:]:
            value = _taken(value, self._key(step, depth))
        return value

    def _key(self, step: Node, depth: int) -> Value:
        if step.type == "get_attr":
            return source(step.named_children[0])
        if step.type == "index":
            inner = step.named_children[0]
            return self.value(inner.named_children[0], depth) if inner.named_children else UNKNOWN
        return UNKNOWN

    def _variable_expr(self, node: Node, depth: int) -> Value:
        return self.named(source(node), depth)

    def named(self, name: str, depth: int = 0) -> Value:
        """The value of a variable."""
        return self._variables[name] if name in self._variables else self._read(name, depth)

    def _function_call(self, node: Node, depth: int) -> Value:
        name = next((source(child) for child in node.named_children if child.type == "identifier"), "")
        given = next((child for child in node.named_children if child.type == "function_arguments"), None)
        nodes = [child for child in given.named_children if child.type != "comment"] if given is not None else []
        if self._call is None or any(child.type != "expression" for child in nodes):
            return UNKNOWN
        return self._call(name, [self.value(child, depth) for child in nodes], depth)

    def _null_lit(self, node: Node, depth: int) -> Value:
        return None

    def _bool_lit(self, node: Node, depth: int) -> Value:
        return source(node) == "true"

    def _numeric_lit(self, node: Node, depth: int) -> Value:
        text = source(node)
        try:
            return int(text) if text.isdecimal() and len(text) < 20 else float(text)
        except ValueError:
            return UNKNOWN

    def _quoted_template(self, node: Node, depth: int) -> Value:
        return self._template(node, depth, node.children[0].end_byte, node.children[-1].start_byte)

    _string_lit = _quoted_template

    def _heredoc_template(self, node: Node, depth: int) -> Value:
        """A here-document; `<<-` takes away the indentation that all lines share."""
        marks = [child for child in node.named_children if child.type == "heredoc_identifier"]
        text = node.text or b""
        end = text.rfind(b"\n", 0, marks[-1].start_byte - node.start_byte) + 1  # the mark may be indented
        begin = text.find(b"\n") + 1
        value = self._template(node, depth, node.start_byte + begin, node.start_byte + end, quoted=False)
        if value != UNKNOWN and text.startswith(b"<<-"):
            lines = value.split("\n")
            width = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
            value = "\n".join(line[width:] for line in lines)
        return value

    def _template(self, node: Node, depth: int, start: int, end: int, *, quoted: bool = True) -> Value:
        """The text between two places with the values in it; the tree's own literals are without outer spaces."""
        text, parts = node.text or b"", []
        for child in node.named_children:
            if child.type not in ("template_interpolation", "template_directive"):
                continue
            inner = [each for each in child.named_children if each.type == "expression"]
            value = as_text(self.value(inner[0], depth)) if child.type == "template_interpolation" and inner else None
            if value is None or value == UNKNOWN:
                return UNKNOWN
            parts += [_literal(text[start - node.start_byte : child.start_byte - node.start_byte], quoted), value]
            start = child.end_byte
        whole = "".join([*parts, _literal(text[start - node.start_byte : end - node.start_byte], quoted)])
        return whole if len(whole) <= MAX_TEXT else UNKNOWN

    def _tuple(self, node: Node, depth: int) -> Value:
        return [self.value(child, depth) for child in node.named_children if child.type == "expression"]

    def _object(self, node: Node, depth: int) -> Value:
        found: dict[str, Value] = {}
        for child in node.named_children:
            if child.type != "object_elem":
                continue
            key, value = child.child_by_field_name("key"), child.child_by_field_name("val")
            if key is None or value is None:
                return UNKNOWN
            plain = source(key)
            name = plain if re.fullmatch(r"[\w-]+", plain) else as_text(self.value(key, depth))
            if name is None or name == UNKNOWN:
                return UNKNOWN
            found[name] = self.value(value, depth)
        return found

    def _conditional(self, node: Node, depth: int) -> Value:
        parts = [child for child in node.named_children if child.type == "expression"]
        if len(parts) != 3:
            return UNKNOWN
        condition, yes, no = parts
        test = _truth(self.value(condition, depth))
        return UNKNOWN if test is None else self.value(yes if test else no, depth)

    def _unary_operation(self, node: Node, depth: int) -> Value:
        value = self._operand([child for child in node.named_children if child.type != "comment"], depth)
        operator = source(node.children[0])
        if operator == "!":
            test = _truth(value)
            return UNKNOWN if test is None else not test
        return -value if isinstance(value, (int, float)) and not isinstance(value, bool) else UNKNOWN

    def _binary_operation(self, node: Node, depth: int) -> Value:
        children = [child for child in node.children if child.type != "comment"]
        place = next((number for number, child in enumerate(children) if not child.is_named), len(children))
        operator = source(children[place]) if place < len(children) else ""
        left, right = self._operand(children[:place], depth), self._operand(children[place + 1 :], depth)
        if operator in ("&&", "||"):
            return _logic(operator, _truth(left), _truth(right))
        if holds_unknown(left) or holds_unknown(right):
            return UNKNOWN
        if operator in ("==", "!="):
            return is_same(left, right) == (operator == "==")
        return UNKNOWN


def as_text(value: Value) -> str | None:
    """A value as bake hands it to a build; None for null, UNKNOWN for what is no text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    return value if value is None or isinstance(value, str) else UNKNOWN


def is_same(left: Value, right: Value) -> bool:
    """Whether two known values are equal; a truth is no number."""
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _taken(value: Value, key: Value) -> Value:
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key, UNKNOWN)
    if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
        return value[key]
    return UNKNOWN


def _truth(value: Value) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value) if isinstance(value, str) else None


def _logic(operator: str, left: bool | None, right: bool | None) -> Value:
    decisive = operator == "||"
    if decisive in (left, right):
        return decisive
    return UNKNOWN if left is None or right is None else not decisive


def holds_unknown(value: Value) -> bool:
    """Whether something in a value is not known."""
    if isinstance(value, (list, tuple)):
        return any(map(holds_unknown, value))
    if isinstance(value, dict):
        return any(map(holds_unknown, value.values()))
    return bool(value == UNKNOWN)


def _literal(data: bytes, quoted: bool) -> str:
    text = data.decode(errors="replace")
    return _unescaped(text) if quoted else text.replace("\r\n", "\n")


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        if match[1]:
            return _ESCAPES[match[1]]
        return chr(int(match[2], 16)) if match[2] else f"{match[3]}{{"

    return re.sub(r"\\([nrt\"\\])|\\u([0-9a-fA-F]{4})|([$%])\3\{", one, text)
