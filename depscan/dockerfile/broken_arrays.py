"""Arguments that were meant as a JSON array and are none, so that BuildKit hands them to a shell.

In: an `Instruction` in shell form. Out: faults as (kind, detail, span). A text in brackets may be shell too: `[` is the
test command, and then a blank follows it; two brackets are bash's own test.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.dockerfile.grammar import is_template
from depscan.dockerfile.instructions import Form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.dockerfile.grammar import Fault
    from depscan.dockerfile.instructions import Instruction

_STARTS = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK", "RUN"})
_CURLY = "\u201c\u201d\u201e\u2018\u2019"
_QUOTED = rf"""(?:"[^"]*"|'[^']*'|[{_CURLY}][^{_CURLY}]*[{_CURLY}])"""
# A list of quoted words, or an opening bracket with a quote right behind it, which no test has.
_LIST = re.compile(rf"\[\s*{_QUOTED}\s*,\s*(?:{_QUOTED}|[^\s\"'])?[^&|;]*")
_TOUCHING = re.compile(rf"\[[\"'{_CURLY}]")
_BARE = re.compile(r"\[\s*[\w./-]+(?:\s*,\s*[\w./:=-]+)+\s*\]\s*")


def find_broken_arrays(instruction: Instruction) -> Iterator[Fault]:
    """The fault of a command whose array is no JSON."""
    if instruction.keyword not in _STARTS or instruction.form is not Form.SHELL or not instruction.arguments:
        return
    word = instruction.arguments[-1]
    text = word.text
    if not text.startswith("[") or text.startswith("[[") or instruction.heredocs or is_template(text):
        return
    if _LIST.match(text) or _TOUCHING.match(text) or _BARE.fullmatch(text):
        yield "malformed-exec-form", _explain(text), word.span


def read_broken_array(instruction: Instruction) -> list[str] | None:
    """The words that were surely meant: each in quotes of some kind, a comma or blank between two; None for others."""
    if not any(find_broken_arrays(instruction)):
        return None
    text = instruction.arguments[-1].text.strip()
    whole = re.fullmatch(rf"\[\s*({_QUOTED}(?:\s*[,\s]\s*{_QUOTED})*)\s*,?\s*\]", text)
    return [quoted[1:-1] for quoted in re.findall(_QUOTED, whole[1])] if whole and "\\" not in text else None


def _explain(text: str) -> str:
    """What keeps it from being JSON."""
    if re.search(f"[{_CURLY}]", text):
        return "curly quotes"
    if re.match(r"\[\s*'", text) or re.search(r",\s*'", text):
        return "single quotes; JSON takes double quotes"
    if re.search(r",\s*\]\s*$", text):
        return "a comma before the closing bracket"
    if not text.rstrip().endswith("]"):
        return "text behind the closing bracket" if "]" in text else "no closing bracket at its end"
    if _BARE.fullmatch(text):
        return "words without double quotes"
    if re.search(r"\"\s+\"", text):
        return "no comma between two strings"
    return "a backslash or a character that JSON does not take" if "\\" in text else "no JSON array of strings"
