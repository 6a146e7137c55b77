"""The one module that knows tree-sitter: shell text to a syntax tree whose byte offsets are code points.

In: a text. Out: the root node. Every code point outside ASCII is masked by one ASCII letter before parsing, so that
byte offsets of the tree are offsets in the text; words are cut from the text itself. tree-sitter is imported on first
use: a scan whose RUN lines are all plain never pays for it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_UNMASKED = re.compile(r"[^\x01-\x7f]")


def parse_tree(text: str) -> Node:
    """The syntax tree of a Bash text; `start_byte` and `end_byte` of its nodes are code point offsets in `text`."""
    return _parser().parse(_UNMASKED.sub("x", text).encode("ascii")).root_node


def statements(node: Node) -> list[Node]:
    """The named children of a node, comments left out."""
    return [child for child in node.children if child.is_named and child.type != "comment"]


def last_command(node: Node) -> Node:
    """The last command of a list or pipeline, which gives its exit status; another statement itself."""
    while node.type in {"list", "pipeline"} and statements(node):
        node = statements(node)[-1]
    return node


@cache
def _parser() -> Parser:
    from tree_sitter import Language, Parser  # noqa: PLC0415 - a shared library of 2 MB, needed by some runs only

    return Parser(Language(_bash_grammar().language()))


def _bash_grammar() -> Any:
    """The extension module of tree_sitter_bash, without the package's __init__.

    That one imports importlib.resources for query files which nobody reads here: half of the whole start-up cost.
    """
    from importlib.machinery import PathFinder  # noqa: PLC0415 - as above
    from importlib.util import find_spec, module_from_spec  # noqa: PLC0415 - as above

    package = find_spec("tree_sitter_bash")
    places = package.submodule_search_locations if package else None
    spec = PathFinder.find_spec("tree_sitter_bash._binding", places)
    if spec is None or spec.loader is None:
        import tree_sitter_bash  # noqa: PLC0415 - the plain way, should the package be laid out differently

        return tree_sitter_bash
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
