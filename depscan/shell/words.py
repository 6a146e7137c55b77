"""One word of the syntax tree to the words the program sees: quotes removed, variables expanded, fields split.

In: a node, the text, the variables (None: set, but value not known). Out: `ShellWord`s: none for an unquoted empty
variable, several for `$PACKAGES`. A name that the mapping lacks is not known either, since the base image's ENV may
set it. What a command substitution stands for is in the mapping too, where it is known: by its words, `$(uname -m)`.
POSIX.1-2024, Shell Command Language 2.6 (word expansions) and 2.2 (quoting).
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.shell.commands import ITEM, ShellWord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

    Variables = Mapping[str, str | None]

# Compiled on first use: most texts need few of them.
_ESCAPE = r"(?s)\\(\n|.)"
_GLOB = r"(?<!\\)[*?\[]"
_BRACES = r"\{[^{}]*(,|\.\.)[^{}]*\}"
_PARAMETER = r"\$(?:(\w+|[@*#?$!-])|\{(\w+)\})"
_OPERATOR = r"(?s)\$\{(\w+)(:?[-=+?]|##?|%%?)(.*)\}"
_PLAIN = {"word", "number", "extglob_pattern", "regex", "variable_name", "test_operator", "file_descriptor"}


class _Piece(Struct, frozen=True):
    """A stretch of a word: its value, and whether it is the result of an unquoted expansion (which splits)."""

    text: str | None
    splits: bool = False
    glob: bool = False


def expand_word(node: Node, text: str, variables: Variables) -> list[ShellWord]:
    """The fields that one word of the tree becomes."""
    raw = text[node.start_byte : node.end_byte]
    fields = _fields(_pieces(node, text, variables))
    return [ShellWord(value, raw, node.start_byte, node.end_byte, glob) for value, glob in fields]


def expand_value(node: Node | None, text: str, variables: Variables) -> str | None:
    """The value that an assignment gives: no field splitting, no glob."""
    return "" if node is None else _join(_pieces(node, text, variables))


def expand_text(text: str, variables: Variables) -> str | None:
    """Text without further quoting rules (a here-document's body): its variables expanded; None when one is unknown."""
    if "`" in text or "$(" in text:
        return None
    values = [(found.span(), expand_parameter(found[0], variables)) for found in re.finditer(_HEREDOC_PARAMETER, text)]
    parts: list[str] = []
    done = 0
    for (start, end), value in values:
        if value is None:
            return None
        parts += [text[done:start], value]
        done = end
    joined = "".join([*parts, text[done:]])
    return None if ITEM in joined else joined


_HEREDOC_PARAMETER = r"(?<!\\)\$(?:\w+|\{[^{}]*\})"


def expand_parameter(raw: str, variables: Variables) -> str | None:
    """`$X`, `${X}` and the operators :- - := = :+ + :? ? # ## % %%; None for what is not known or not modelled."""
    plain = re.fullmatch(_PARAMETER, raw)
    if plain:
        return variables.get(plain[1] or plain[2])
    found = re.fullmatch(_OPERATOR, raw)
    if not found:
        return None
    name, operator, operand = found.groups()
    value = variables.get(name)
    if operator[0] in "#%":
        return None if value is None else _trim(value, operator, operand)
    if value is None or operator.endswith("?"):
        return value
    given = value != "" or not operator.startswith(":")
    if operator.endswith("+"):
        return _operand(operand, variables) if given else ""
    return value if given else _operand(operand, variables)


def _operand(operand: str, variables: Variables) -> str | None:
    operand = operand[1:-1] if len(operand) > 1 and operand[0] == operand[-1] == '"' else operand
    if operand.startswith("$"):
        return expand_parameter(operand, variables)
    return None if re.search(r"[$`\\'\"]", operand) else operand


def _trim(value: str, operator: str, pattern: str) -> str | None:
    """`${X#p}` and `${X%p}` (shortest), `${X##p}` and `${X%%p}` (longest match removed)."""
    if re.search(r"[$`\\'\"]", pattern):
        return None
    cuts = range(len(value) + 1)
    if operator[0] == "#":
        order = cuts if len(operator) == 1 else reversed(cuts)
        return next((value[cut:] for cut in order if fnmatchcase(value[:cut], pattern)), value)
    order = reversed(cuts) if len(operator) == 1 else cuts
    return next((value[:cut] for cut in order if fnmatchcase(value[cut:], pattern)), value)


def _pieces(node: Node, text: str, variables: Variables) -> list[_Piece]:
    raw = text[node.start_byte : node.end_byte]
    kind = node.type
    if kind in {"simple_expansion", "expansion"}:
        return [_Piece(expand_parameter(raw.lstrip(), variables), splits=True)]
    if kind == "command_substitution":
        return [_Piece(_substitute(raw, variables), splits=True)]
    if kind == "raw_string":
        return [_Piece(raw[1:-1])]
    if kind == "string":
        return _quoted(node, text, variables)
    if kind in {"concatenation", "command_name"}:
        if kind == "concatenation" and _has_braces(raw):
            return [_Piece(None)]
        return [piece for child in node.children for piece in _pieces(child, text, variables)]
    if kind in _PLAIN or not node.is_named:
        return [_literal(raw, variables)]
    return [_Piece(_ansi(raw) if kind == "ansi_c_string" else None)]


def _substitute(raw: str, variables: Variables) -> str | None:
    """What `$(command)` stands for, or the same in backquotes."""
    words = (raw[1:-1] if raw.startswith("`") else raw[2:-1]).split()
    return variables.get("PWD" if words == ["pwd"] else f"$({' '.join(words)})")


def _has_braces(raw: str) -> bool:
    return "{" in raw and re.search(_BRACES, raw) is not None


def _has_glob(raw: str) -> bool:
    return any(mark in raw for mark in "*?[") and re.search(_GLOB, raw) is not None


def _literal(raw: str, variables: Variables) -> _Piece:
    """An unquoted literal; a brace expansion is left unknown, since only some shells do it."""
    if _has_braces(raw):
        return _Piece(None)
    if raw == "~" or raw.startswith("~/"):
        home = variables.get("HOME")
        return _Piece(None if home is None else home + raw[1:])
    text = re.sub(_ESCAPE, lambda found: "" if found[1] == "\n" else found[1], raw) if "\\" in raw else raw
    return _Piece(text, glob=_has_glob(raw))


def _quoted(node: Node, text: str, variables: Variables) -> list[_Piece]:
    """A double-quoted string: what stands between its expansions is literal (the tree drops some blanks)."""
    pieces: list[_Piece] = [_Piece("")]
    done = node.start_byte + 1
    for child in node.children:
        if not child.is_named or child.type == "string_content":
            continue
        raw = text[child.start_byte : child.end_byte]
        start = child.end_byte - len(raw.lstrip())  # the grammar counts blanks before `$` to the expansion
        pieces.append(_Piece(_unescape(text[done:start])))
        pieces += [_Piece(piece.text) for piece in _pieces(child, text, variables)]
        done = child.end_byte
    return [*pieces, _Piece(_unescape(text[done : node.end_byte - 1]))]


def _unescape(text: str) -> str:
    """Within double quotes a backslash quotes only itself, a dollar, a backquote, a quote and a newline."""
    if "\\" not in text:
        return text
    return re.sub(r'\\([$`"\\\n])', lambda found: found[1].strip("\n"), text)


def _ansi(raw: str) -> str | None:
    r"""`$'...'` with its simple escapes; None with octal, hexadecimal or control ones."""
    simple = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
    body = raw[2:-1]
    if any(found[1] not in simple for found in re.finditer(_ESCAPE, body)):
        return None
    return re.sub(_ESCAPE, lambda found: simple[found[1]], body)


def _join(pieces: list[_Piece]) -> str | None:
    texts = [piece.text for piece in pieces]
    joined = "".join(text for text in texts if text is not None)
    return None if None in texts or ITEM in joined else joined


def _fields(pieces: list[_Piece]) -> Iterator[tuple[str | None, bool]]:
    """Split at the blanks that unquoted expansions bring; an unknown piece makes its field unknown."""
    field: list[_Piece] = []
    for piece in pieces:
        if not piece.splits or piece.text is None:
            field.append(piece)
            continue
        first, *rest = re.split(r"[ \t\n]+", piece.text)
        field += [_Piece(first, glob=_has_glob(first))] if first else []
        for part in rest:
            if field:
                yield _join(field), any(each.glob for each in field)
            field = [_Piece(part, glob=_has_glob(part))] if part else []
    if field:
        yield _join(field), any(each.glob for each in field)
