"""Redirections of a statement: where output goes, and the text of here-documents.

In: a node of the syntax tree, the text, the variables. Out: `Redirect`s and the text on standard input. Only outputs to
files, what keeps standard output from one (`>&2`) and inputs written in the text matter here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.shell.commands import Redirect
from depscan.shell.words import expand_text, expand_value, expand_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Node

    from depscan.shell.commands import ShellWord

    Variables = Mapping[str, str | None]

_OUTPUTS = frozenset({">", ">>", ">|", "&>", "&>>", ">&"})


def read_redirects(node: Node, text: str, variables: Variables) -> tuple[Redirect, ...]:
    """Output redirections that stand directly in a statement or on the line of its here-document."""
    found: list[Redirect] = []
    for child in node.children:
        if child.type == "heredoc_redirect":
            found += read_redirects(child, text, variables)
        target = child.child_by_field_name("destination") if child.type == "file_redirect" else None
        operator = next((part.type for part in child.children if part.type in _OUTPUTS), None)
        if target is not None and operator is not None:
            given = child.child_by_field_name("descriptor")
            descriptor = "1" if given is None else text[given.start_byte : given.end_byte]
            words = [_named(word, operator) for word in expand_word(target, text, variables)[:1]]
            found += [Redirect(operator, word, descriptor) for word in words if (operator, descriptor) != (">&", "2")]
    return tuple(found)


def _named(word: ShellWord, operator: str) -> ShellWord:
    """The target; of `>&2` what another descriptor is, which is no file that is known here."""
    number = operator == ">&" and re.fullmatch(r"\d+|-", word.text or "-")
    return replace(word, text=f"/dev/fd/{word.text}") if number else word


def heredoc_of(node: Node) -> Node | None:
    """The here-document of a redirected statement."""
    return next((child for child in node.children if child.type == "heredoc_redirect"), None)


def read_input(node: Node, text: str, variables: Variables) -> str | None:
    """The text of a statement's here-string or here-document; None without one, or where its value is not known."""
    string = next((child for child in node.children if child.type == "herestring_redirect"), None)
    if string is not None and string.children:
        value = expand_value(string.children[-1], text, variables)
        return None if value is None else value + "\n"
    here = heredoc_of(node)
    return None if here is None else _heredoc_text(here, text, variables)


def _heredoc_text(here: Node, text: str, variables: Variables) -> str | None:
    """The body: tabs stripped for `<<-`, verbatim when any part of the delimiter is quoted, else expanded."""
    delimiter = next((child for child in here.children if child.type == "heredoc_start"), None)
    body = next((child for child in here.children if child.type == "heredoc_body"), None)
    if delimiter is None or body is None:
        return None
    content = text[body.start_byte : body.end_byte]
    if here.children[0].type == "<<-":
        content = re.sub(r"(?m)^\t+", "", content)
    quoted = re.search(r"['\"\\]", text[delimiter.start_byte : delimiter.end_byte])
    return content if quoted else expand_text(content, variables)
