"""The words of a rule: dotted names such as `image.libc.family`, checked against the views of `subjects`.

In: a dotted name and the views that a rule kind offers. Out: `Fact`, the types its value may have and how to read it.
Both `conditions` and `templates` resolve names here, so a name that is wrong in `when` is wrong in `message` in the
same words.
"""

from __future__ import annotations

import typing
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

NONE: type = type(None)


class UnknownNameError(ValueError):
    """A name that the views do not have; the message names the remedy."""


class Fact(Struct, frozen=True):
    """What a dotted name stands for: the types its value may have, and how to read it from a subject's names."""

    types: frozenset[type]
    read: Callable[[Mapping[str, object]], Any]


def resolve(parts: tuple[str, ...], names: Mapping[str, type]) -> Fact:
    """Find the fact that `parts` name, e.g. ("image", "libc", "family"); raises UnknownNameError."""
    root = parts[0]
    if root not in names:
        raise UnknownNameError(f"unknown name {root!r}{did_you_mean(root, names)}")
    return _fact(names[root], parts)


@cache
def _fact(view: type, parts: tuple[str, ...]) -> Fact:
    """The same few facts are named in rule after rule: a third of the time to load them all."""
    root, *attributes = parts
    found: frozenset[type] = frozenset({view})
    for done, attribute in enumerate(attributes, 1):
        owner = ".".join(parts[:done])
        found = _attribute(owner, _view(found), attribute)
    return Fact(found, _reader(root, ".".join(attributes)))


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """The remedy for a misspelled name: the closest known one, else all of them."""
    import difflib  # noqa: PLC0415 - only a wrong rule pays for it

    known = sorted(known)
    close = difflib.get_close_matches(wrong, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"


def _attribute(owner: str, view: type[Struct] | None, attribute: str) -> frozenset[type]:
    if view is None:
        raise UnknownNameError(f"{owner!r} is a plain value and has no {attribute!r}")
    fields = _fields(view)
    if attribute not in fields:
        raise UnknownNameError(f"{owner!r} has no {attribute!r}{did_you_mean(attribute, fields)}")
    return fields[attribute]


def _view(found: frozenset[type]) -> type[Struct] | None:
    """The view class when the value is one; a view is never optional."""
    return next((kind for kind in found if issubclass(kind, Struct)), None)


@cache
def _fields(view: type[Struct]) -> dict[str, frozenset[type]]:
    return {
        field.name: frozenset(typing.get_args(field.type) or (field.type,)) for field in msgspec.structs.fields(view)
    }


def _reader(root: str, path: str) -> Callable[[Mapping[str, object]], Any]:
    if not path:
        return lambda names: names[root]
    get = attrgetter(path)
    return lambda names: get(names[root])
