"""HCL, the language of docker-bake.hcl: blocks with attributes, and the values of their expressions.

In: a text. Out: `Block`s with their expressions, which `expressions` evaluates. The grammar is tree-sitter-hcl's, 15 ms
for what takes a parser in Python 200 ms. https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import tree_sitter
import tree_sitter_hcl
from msgspec import Struct

from depscan.source import Span, UnusableTextError

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_DEPTH = 64


class Block(Struct, frozen=True):
    """A block such as target "app" { ... }: `attributes` are its expressions by name, `span` its type and label."""

    kind: str
    label: str
    span: Span
    attributes: dict[str, Node]


def read_blocks(text: str) -> tuple[dict[str, Node], list[Block]]:
    """The attributes at the top of a file, and its blocks; raises UnusableTextError with the line of an error."""
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))
    root = parser.parse(text.encode()).root_node
    if root.has_error:
        raise UnusableTextError("not valid HCL", _first_error(root))
    body = next((child for child in root.named_children if child.type == "body"), None)
    if body is None:
        return {}, []
    return _attributes(body), [_block(child) for child in body.named_children if child.type == "block"]


def _first_error(root: Node) -> int:
    """The line of the first wrong text."""
    node = root
    while not (node.type == "ERROR" or node.is_missing):
        wrong = next((child for child in node.children if child.has_error or child.is_missing), None)
        if wrong is None:
            break
        node = wrong
    return node.start_point.row + 1


def _block(node: Node) -> Block:
    words = [child for child in node.named_children if child.type in ("identifier", "string_lit")]
    body = next((child for child in node.named_children if child.type == "body"), None)
    start, end = words[0].start_point, words[-1].end_point
    return Block(
        kind=source(words[0]),
        label=source(words[1]).strip('"') if len(words) > 1 else "",
        span=Span.at(start.row + 1, start.column + 1, end.row + 1, end.column + 1),
        attributes=_attributes(body) if body else {},
    )


def _attributes(body: Node) -> dict[str, Node]:
    found = {}
    for child in body.named_children:
        if child.type == "attribute":
            name, value = child.named_children[0], child.named_children[-1]
            found[source(name)] = value
    return found


def source(node: Node) -> str:
    """The text of a node."""
    return (node.text or b"").decode(errors="replace")
