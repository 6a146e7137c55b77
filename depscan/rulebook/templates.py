"""The texts of a rule with `{artifact.path}` in them: attribute paths only, no calls, indexes or format specs.

In: a template and the views of the rule's kind. Out: `Template`, which renders with a subject's names. Python's own
`str.format` would let a rule folder reach any attribute of any object, so only names that `vocabulary` knows are read.
"""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from depscan.rulebook.vocabulary import UnknownNameError, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_LENGTH = 10_000
MAX_RENDERED = 2_000


class TemplateError(ValueError):
    """A template that cannot be used; `offset` is where in its text, in code points."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class Template(Struct, frozen=True):
    """A checked template: literal texts and readers of facts, in order."""

    text: str
    pieces: tuple[str | Callable[[Mapping[str, object]], Any], ...]

    def render(self, names: Mapping[str, object]) -> str:
        """The text with the facts in place; None prints as unknown. One line break per break of the template."""
        whole = "".join(piece if isinstance(piece, str) else _show(piece(names)) for piece in self.pieces)
        return whole if len(whole) <= MAX_RENDERED else whole[:MAX_RENDERED] + "..."


def compile_template(text: str, names: Mapping[str, type]) -> Template:
    """Check `text` against `names`; raises TemplateError."""
    if len(text) > MAX_LENGTH:
        raise TemplateError(f"longer than {MAX_LENGTH} characters", MAX_LENGTH)
    pieces: list[str | Callable[[Mapping[str, object]], Any]] = []
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as error:
        raise TemplateError(f"{error}; write {{{{ and }}}} for braces that are meant literally", 0) from None
    for literal, name, spec, conversion in parsed:
        pieces.append(literal)
        if name is None:
            continue
        offset = max(text.find("{" + name), 0) + 1
        if spec or conversion:
            raise TemplateError(f"{{{name}}} takes no format after ':' or '!'", offset)
        pieces.append(_reader(name, names, offset))
    return Template(text, tuple(piece for piece in pieces if piece != ""))


def _reader(name: str, names: Mapping[str, type], offset: int) -> Callable[[Mapping[str, object]], Any]:
    parts = tuple(name.split("."))
    if not all(part.isidentifier() for part in parts):
        raise TemplateError(f"{{{name}}} is not a name such as {{artifact.path}}", offset)
    try:
        fact = resolve(parts, names)
    except UnknownNameError as error:
        raise TemplateError(str(error), offset) from None
    if any(issubclass(kind, Struct) for kind in fact.types):
        raise TemplateError(f"{{{name}}} is a group of facts; name one of them", offset)
    return fact.read


def _show(value: object) -> str:
    """A fact in a sentence; line breaks would let a file name forge a second line of the report."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(str(value).split("\n"))
