"""Functions of bake files: those of its standard library that real files call.

In: a name and the values of its arguments. Out: a value, `UNKNOWN` for other functions, for those that tell the time or
chance, and where an argument is not known or not of the kind. https://docs.docker.com/build/bake/stdlib/
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from depscan.builds.build import UNKNOWN
from depscan.builds.expressions import MAX_TEXT, Value, as_text, holds_unknown, is_same

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_ITEMS = 10_000


def call(name: str, arguments: list[Value]) -> Value:
    """The value of a call."""
    function = FUNCTIONS.get(name)
    if function is None or holds_unknown(arguments):
        return UNKNOWN
    try:
        value = function(*arguments)
    except (TypeError, ValueError, AttributeError, IndexError, KeyError):
        return UNKNOWN  # bake itself refuses the file
    large = len(value) > (MAX_TEXT if isinstance(value, str) else _MAX_ITEMS) if hasattr(value, "__len__") else False
    return UNKNOWN if large else value


def _texts(values: list[Value]) -> list[str]:
    return [as_text(value) or "" for value in values]


def _join(separator: str, *lists: list[Value]) -> str:
    return separator.join(_texts([value for each in lists for value in each]))


def _replace(text: str, old: str, new: str) -> Value:
    return UNKNOWN if len(text) * max(len(new), 1) > MAX_TEXT or not old else text.replace(old, new)


def _format(template: str, *values: Value) -> Value:
    """Only %s, %d and %v; the rest of the verbs is rare."""
    return template.replace("%v", "%s").replace("%d", "%s") % tuple(_texts(list(values)))


def _coalesce(*values: Value) -> Value:
    return next((value for value in values if value is not None), UNKNOWN)


def _truth(value: Value) -> bool:
    return {"true": True, "false": False, True: True, False: False}[value]


def _merge(*maps: dict[str, Value]) -> dict[str, Value]:
    return dict(itertools.chain.from_iterable(each.items() for each in maps))


def _flatten(values: list[Value]) -> list[Value]:
    return [inner for value in values for inner in (value if isinstance(value, list) else [value])]


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "and": lambda left, right: _truth(left) and _truth(right),
    "or": lambda left, right: _truth(left) or _truth(right),
    "not": lambda value: not _truth(value),
    "equal": is_same,
    "notequal": lambda left, right: not is_same(left, right),
    "coalesce": _coalesce,
    "compact": lambda values: [value for value in values if value not in (None, "")],
    "concat": lambda *lists: [value for each in lists for value in list.copy(each)],
    "contains": lambda values, value: value in list.copy(values),
    "distinct": lambda values: list(dict.fromkeys(values)),
    "element": lambda values, index: list.copy(values)[index % len(values)],
    "flatten": _flatten,
    "format": _format,
    "join": _join,
    "keys": lambda table: sorted(dict.copy(table)),
    "length": len,
    "lower": str.lower,
    "upper": str.upper,
    "lookup": lambda table, key, default: dict.copy(table).get(as_text(key), default),
    "merge": _merge,
    "replace": _replace,
    "sanitize": lambda text: "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in text),
    "split": lambda separator, text: str.split(text, separator),
    "strlen": len,
    "substr": lambda text, start, length: str.__getitem__(text, slice(start, start + length if length >= 0 else None)),
    "trim": str.strip,
    "trimprefix": str.removeprefix,
    "trimspace": str.strip,
    "trimsuffix": str.removesuffix,
    "values": lambda table: [table[key] for key in sorted(dict.copy(table))],
}
