"""What becomes of a build when a statement fails.

In: a node of the syntax tree. Out: whether its failing is an answer (a test), whether it gives the build up, and
whether the build fails with it. This decides which commands are certain to have run, and to have succeeded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.shell.grammar import last_command, statements

if TYPE_CHECKING:
    from tree_sitter import Node

_QUERIES = frozenset({"test", "[", "grep", "egrep", "command", "which", "type", "diff", "cmp", "id", "getent"})
_GIVES_UP = r"\b(exit\s+([1-9]\d*|\"?\$[\w?]+\"?)|exit|false|return\s+[1-9])\s*;?\s*[)}]?\s*$"


def gives_up(node: Node, text: str) -> bool:
    """Whether a statement ends the build: `exit 1`, `false`, or a group whose last command is one of these."""
    return re.search(_GIVES_UP, text[node.start_byte : node.end_byte]) is not None


def queries(node: Node, text: str) -> bool:
    """Whether a statement asks a question, or rests on one, so that its failing is an answer and not an error."""
    if node.type == "list":
        return any(queries(child, text) for child in statements(node))
    last = last_command(node)
    first_word = text[last.start_byte : last.end_byte].split(maxsplit=1)[:1]
    return last.type in {"test_command", "negated_command"} or (bool(first_word) and first_word[0] in _QUERIES)


def ends_script(node: Node) -> bool:
    """Whether the build fails when this list does: nothing but `&&` stands around and behind it."""
    while node.parent is not None:
        parent = node.parent
        if parent.type == "list" and any(child.type == "||" for child in parent.children):
            return False
        if parent.type == "program":
            return not any(child.start_byte > node.start_byte for child in statements(parent))
        if parent.type not in {"list", "redirected_statement"}:
            return False
        node = parent
    return True
