"""Tests whose answer is known before they run: `[ "$TARGETARCH" = arm64 ]` where the variable's value is.

In: a condition of the syntax tree, the text, the variables. Out: True, False, or None where that is not known. Strings
alone are compared; what asks for files, numbers or patterns, and several tests in one pair of brackets, is not known.
A branch that is not taken is not read at all, so only variables count that the text cannot have set behind our back:
by `read`, in a loop's next round, in a file that is sourced.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.shell.grammar import statements
from depscan.shell.words import expand_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Node

    Variables = Mapping[str, str | None]

_MAY_SET_ANY = re.compile(r"(?:^|[\s;&|({])(?:\.|source|eval)\s")
_LOOP = re.compile(r"\b(?:for|while|until)\b")
_NAME = re.compile(r"\w+")
_EXPRESSIONS = frozenset({"binary_expression", "unary_expression", "ternary_expression", "parenthesized_expression"})
_PATTERN = frozenset("*?[+@!(|")


def decide(node: Node, text: str, variables: Variables) -> bool | None:
    """What a condition answers."""
    if _MAY_SET_ANY.search(text):
        return None
    named = set(_NAME.findall(text[node.start_byte : node.end_byte])) & variables.keys()
    return _answer(node, text, {**variables, **{name: None for name in named if not _is_settled(name, text)}})


def _is_settled(name: str, text: str) -> bool:
    """Whether a text sets a variable never, or once by a plain assignment that no loop comes back to."""
    bare = re.findall(rf"(?<![$\w])(?<!\$\{{){name}\b(?!-)=?|\$\{{{name}:?=", text)
    return not bare or (bare == [f"{name}="] and not _LOOP.search(text))


def _answer(node: Node, text: str, variables: Variables) -> bool | None:
    if node.type == "negated_command":
        (inner, *others) = statements(node) or [node]
        return _not(_answer(inner, text, variables)) if not others and inner is not node else None
    if node.type == "list":
        return _decide_list(node, text, variables)
    if node.type == "test_command" and len(statements(node)) == 1:
        return _decide_test(statements(node)[0], text, variables)
    return None


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _decide_list(node: Node, text: str, variables: Variables) -> bool | None:
    """`a && b`, `a || b`: one that settles it is enough."""
    settling = any(child.type == "||" for child in node.children)
    answers = [_answer(child, text, variables) for child in statements(node)]
    if settling in answers:
        return settling
    return None if None in answers else not settling


def _decide_test(node: Node, text: str, variables: Variables) -> bool | None:
    operator = node.child_by_field_name("operator")
    if node.type not in _EXPRESSIONS:
        value = expand_value(node, text, variables)
        return None if value is None else value != ""
    sign = "" if operator is None else text[operator.start_byte : operator.end_byte]
    if node.type == "binary_expression":
        return _compare(node, sign, text, variables)
    operands = [child for child in statements(node) if child != operator]
    if node.type != "unary_expression" or len(operands) != 1:
        return None
    if sign == "!":
        return _not(_decide_test(operands[0], text, variables))
    value = _value(operands[0], text, variables)
    return None if value is None or sign not in ("-z", "-n") else (value == "") is (sign == "-z")


def _compare(node: Node, sign: str, text: str, variables: Variables) -> bool | None:
    sides = [_value(node.child_by_field_name(name), text, variables) for name in ("left", "right")]
    if None in sides or sign not in ("=", "==", "!="):
        return None
    right = node.child_by_field_name("right")
    if right is not None and right.type != "string" and _PATTERN & set(text[right.start_byte : right.end_byte]):
        return None
    return (sides[0] == sides[1]) is (sign != "!=")


def _value(node: Node | None, text: str, variables: Variables) -> str | None:
    return None if node is None or node.type in _EXPRESSIONS else expand_value(node, text, variables)
