"""The `when` of a rule: Python's expression syntax, a white list of it, typed against the facts.

In: the text of a condition and the views of the rule's kind. Out: `Condition`, whose `holds` answers for one subject.
The text is parsed by `ast` and turned into closures, node by node, checking types on the way: nothing of a rule folder
is ever handed to `eval`, and a comparison that can never be true is an error when the rule loads.

    and or not      of values that are true or false            ( )
    == != in not in of values whose types can be equal          "a" in text is a substring
    < <= > >=       of numbers, and of texts as versions: "2.9" < "2.34"; with None never true
    is None, is not None
    text.startswith("a"), .endswith("a"), .matches("lib*.so.*"): false for None
"""

from __future__ import annotations

import ast
import operator
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from depscan.rulebook.vocabulary import NONE, Fact, UnknownNameError, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    _Read = Callable[[Mapping[str, object]], Any]

MAX_LENGTH = 1_000  # bounds the depth too: the deepest text, `not not ...`, nests 250 times

_WORDS = {str: "text", int: "a number", bool: "true or false", NONE: "None"}
_ORDERS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_BOOL = frozenset({bool})
_VERSION_PART = r"[0-9]{1,18}|[A-Za-z]+"


class ConditionError(ValueError):
    """A condition that cannot be used; `offset` is where in its text, in code points."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class Condition(Struct, frozen=True):
    """A checked condition."""

    text: str
    test: Callable[[Mapping[str, object]], Any]

    def holds(self, names: Mapping[str, object]) -> bool:
        """Whether it is true of a subject whose views are `names`."""
        return bool(self.test(names))


def compile_condition(text: str, names: Mapping[str, type]) -> Condition:
    """Check `text` against `names`, the views of the rule's kind; raises ConditionError."""
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"is longer than {MAX_LENGTH} characters; split the rule", MAX_LENGTH)
    flat = re.sub(r"\s", " ", text)  # one offset then serves both: the tree's and the text's
    if not flat.strip():
        raise ConditionError("is empty; write an expression, e.g. artifact.cause is not None", 0)
    checker = _Checker(flat, names)
    fact = checker.fact(checker.parse())
    if fact.types != _BOOL:
        raise ConditionError(f"is {_describe(fact.types)}, not true or false; compare it with a value", 0)
    return Condition(text, fact.read)


def path_matches(pattern: str, path: str) -> bool:
    """Whether the whole of `path` matches a glob: `*` and `?` stay within one directory, `**` crosses directories.

    One pass over the pattern, with the set of places in the path that are reached so far: no backtracking.
    """
    names = path.split("/")
    reached = {0}
    for segment in pattern.split("/"):
        if segment == "**":
            reached = set(range(min(reached), len(names) + 1)) if reached else reached
        else:
            reached = {at + 1 for at in reached if at < len(names) and fnmatchcase(names[at], segment)}
    return len(names) in reached


_METHODS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "matches": lambda text, pattern: path_matches(pattern, text),
}


class _Checker:
    """Turns the tree of one condition into facts, checking every node."""

    def __init__(self, flat: str, names: Mapping[str, type]) -> None:
        self.indent = len(flat) - len(flat.lstrip())  # Python takes a leading space for an indented block
        self.text = flat[self.indent :]
        self.names = names

    def parse(self) -> ast.expr:
        """The tree of the text."""
        try:
            return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            offset = error.offset - 1 if error.offset else len(self.text)  # none: the text ends too early
            raise ConditionError(f"is not a Python expression: {error.msg}", self.indent + offset) from None
        except (ValueError, RecursionError, MemoryError):
            raise ConditionError("is not a Python expression", 0) from None

    def fact(self, node: ast.expr) -> Fact:
        """What `node` stands for: the types it may have and how to compute it."""
        match node:
            case ast.BoolOp():
                return self._junction(node)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self._boolean(operand)
                return Fact(_BOOL, lambda names: not inner(names))
            case ast.Compare():
                return self._comparison(node)
            case ast.Call():
                return self._call(node)
            case ast.Name() | ast.Attribute():
                return self._name(node)
            case ast.Constant(value=value) if type(value) in _WORDS:
                return Fact(frozenset({type(value)}), lambda _: value)
        raise self._error(
            node,
            f"{ast.unparse(node)!r} is not allowed here; a condition has names, constants, and, or, "
            "not, comparisons, startswith, endswith and matches",
        )

    def _error(self, node: ast.expr, message: str) -> ConditionError:
        offset = len(self.text.encode()[: node.col_offset].decode(errors="ignore"))  # the tree counts bytes
        return ConditionError(message, self.indent + offset)

    def _boolean(self, node: ast.expr) -> _Read:
        fact = self.fact(node)
        if fact.types != _BOOL:
            raise self._error(
                node, f"{ast.unparse(node)!r} is {_describe(fact.types)}, not true or false; compare it with a value"
            )
        return fact.read

    def _junction(self, node: ast.BoolOp) -> Fact:
        parts = tuple(self._boolean(value) for value in node.values)
        if isinstance(node.op, ast.And):
            return Fact(_BOOL, lambda names: all(part(names) for part in parts))
        return Fact(_BOOL, lambda names: any(part(names) for part in parts))

    def _name(self, node: ast.Name | ast.Attribute) -> Fact:
        parts: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            raise self._error(node, f"{ast.unparse(inner)!r} has no names; write e.g. artifact.path")
        try:
            return resolve((inner.id, *reversed(parts)), self.names)
        except UnknownNameError as error:
            raise self._error(node, str(error)) from None

    def _comparison(self, node: ast.Compare) -> Fact:
        operands = [node.left, *node.comparators]
        pairs = zip(operands, node.ops, operands[1:], strict=False)
        parts = tuple(self._pair(*pair) for pair in pairs)
        return Fact(_BOOL, parts[0] if len(parts) == 1 else lambda names: all(part(names) for part in parts))

    def _pair(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> _Read:
        match op:
            case ast.In() | ast.NotIn():
                inside = self._membership(left, right)
                return inside if isinstance(op, ast.In) else lambda names: not inside(names)
            case ast.Eq() | ast.NotEq():
                return self._equality(left, right, negated=isinstance(op, ast.NotEq))
            case ast.Is() | ast.IsNot():
                if not (isinstance(right, ast.Constant) and right.value is None):
                    raise self._error(right, "'is' compares with None only; use == or !=")
                return self._equality(left, right, negated=isinstance(op, ast.IsNot))
        return self._order(left, _ORDERS[type(op)], right)

    def _equality(self, left: ast.expr, right: ast.expr, *, negated: bool) -> _Read:
        first, second = self.fact(left), self.fact(right)
        self._demand_overlap(right, first, second)
        if negated:
            return lambda names: bool(first.read(names) != second.read(names))
        return lambda names: bool(first.read(names) == second.read(names))

    def _order(self, left: ast.expr, compare: Callable[[Any, Any], bool], right: ast.expr) -> _Read:
        first, second = self.fact(left), self.fact(right)
        self._demand_overlap(right, first, second)
        kinds = (first.types | second.types) - {NONE}
        if kinds == {int}:
            return lambda names: _ordered(compare, first.read(names), second.read(names))
        if kinds == {str}:
            return lambda names: _ordered(compare, _version(first.read(names)), _version(second.read(names)))
        raise self._error(
            left, f"{ast.unparse(left)!r} is {_describe(first.types)}: only numbers and versions have an order"
        )

    def _membership(self, left: ast.expr, right: ast.expr) -> _Read:
        item = self.fact(left)
        if isinstance(right, ast.Tuple | ast.List):
            values = frozenset(self._member(item, element) for element in right.elts)
            return lambda names: item.read(names) in values
        whole = self.fact(right)
        if item.types - {NONE} != {str} or whole.types - {NONE} != {str}:
            raise self._error(right, "'in' takes a tuple of constants, or a text in a text")
        return lambda names: _contains(whole.read(names), item.read(names))

    def _member(self, item: Fact, element: ast.expr) -> object:
        if not isinstance(element, ast.Constant):
            raise self._error(element, f"{ast.unparse(element)!r} is not a constant")
        fact = self.fact(element)
        self._demand_overlap(element, item, fact)
        return element.value

    def _demand_overlap(self, node: ast.expr, first: Fact, second: Fact) -> None:
        groups = [kind for kind in first.types | second.types if issubclass(kind, Struct)]
        if groups or not first.types & second.types:
            raise self._error(
                node, f"{_describe(first.types)} is compared with {_describe(second.types)}: they are never equal"
            )

    def _call(self, node: ast.Call) -> Fact:
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in _METHODS:
            raise self._error(node, f"{ast.unparse(node.func)!r} cannot be called; known: {', '.join(_METHODS)}")
        text = self.fact(node.func.value)
        if text.types - {NONE} != {str}:
            raise self._error(node, f"{ast.unparse(node.func.value)!r} is {_describe(text.types)}, not text")
        argument = self._argument(node)
        method = _METHODS[node.func.attr]
        return Fact(_BOOL, lambda names: (value := text.read(names)) is not None and method(value, argument))

    def _argument(self, node: ast.Call) -> str:
        match node:
            case ast.Call(args=[ast.Constant(value=str(argument))], keywords=[]):
                return argument
        raise self._error(node, f"{ast.unparse(node.func)!r} takes one text in quotes")


def _describe(types: frozenset[type]) -> str:
    return " or ".join(
        sorted((_WORDS.get(kind, "a group of facts") for kind in types), key=lambda word: word == "None")
    )


def _contains(whole: str | None, part: str | None) -> bool:
    return whole is not None and part is not None and part in whole


def _ordered(compare: Callable[[Any, Any], bool], first: object, second: object) -> bool:
    return first is not None and second is not None and compare(first, second)


def _version(text: str | None) -> tuple[tuple[int, int | str], ...] | None:
    """A version's parts in an order: numbers by value, and before letters, as 1.1.1 < 1.1.1k."""
    if text is None:
        return None
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in re.findall(_VERSION_PART, text))
