"""One rule file on disk to its keys, with the shape checked and a place for every complaint.

In: a path in a rule folder. Out: `RuleFile`, the text and its keys as typed values; complaints are RuleFileError
"rules/x.toml:LINE:COLUMN: what is wrong; remedy". What the keys mean is for `rulebook`.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from depscan.errors import RuleFileError
from depscan.findings import Confidence, Severity
from depscan.rulebook.places import TomlText
from depscan.rulebook.rule import Example
from depscan.rulebook.vocabulary import did_you_mean
from depscan.source import UnusableTextError, read_text

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 100_000


class Keys(Struct, frozen=True, forbid_unknown_fields=True, rename={"kind": "for"}):
    """The keys of a rule file."""

    id: str
    severity: Severity
    kind: str
    when: str
    message: str
    why: str
    fix: str
    runtime: str | None = None
    references: tuple[str, ...] = ()
    max_confidence: Confidence = Confidence.CERTAIN
    repair: tuple[str, ...] = ()
    foresight: bool = False
    examples: tuple[Example, ...] = ()


class RuleFile(Struct, frozen=True):
    """A rule file as read."""

    path: Path
    text: str
    keys: Keys

    def complaint(
        self, key: str, message: str, *, offset: int | None = None, example: int | None = None
    ) -> RuleFileError:
        """An error at `key`: within its string value at `offset`, or in the `example`-th example."""
        document = TomlText(self.text)
        if example is not None:
            at = document.key(key, "examples", example)
        elif offset is not None:
            at = document.within(key, offset)
        else:
            at = document.key(key)
        return _error(self.path, document, at, message)


def read_rule_file(path: Path, *, skip_examples: bool = False) -> RuleFile:
    """Read one rule file; `skip_examples` leaves out all from the first example on. Raises RuleFileError."""
    text = _read(path)
    if skip_examples:
        text = text.partition("\n[[examples]]")[0]
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(path, text, str(error)) from None
    except RecursionError:
        raise RuleFileError(f"{path}:1:1: nested too deeply; a rule is a flat file") from None
    try:
        return RuleFile(path, text, msgspec.convert(table, Keys))
    except msgspec.ValidationError as error:
        raise _shape_error(path, text, str(error)) from None


def _read(path: Path) -> str:
    try:
        return read_text(path, MAX_BYTES, "rule file")
    except UnusableTextError as error:
        raise RuleFileError(f"{path}:{error.line or 1}:1: {error.reason}") from None


def _syntax_error(path: Path, text: str, message: str) -> RuleFileError:
    """Tomllib says "... (at line 3, column 8)" or "... (at end of document)"."""
    reason, _, where = message.rpartition(" (at ")
    place = re.match(r"line (\d+), column (\d+)", where)
    if place:
        return RuleFileError(f"{path}:{place[1]}:{place[2]}: {reason}; correct the TOML")
    return _error(path, TomlText(text), len(text), f"{reason or message}; correct the TOML")


def _shape_error(path: Path, text: str, message: str) -> RuleFileError:
    """A missing, unknown or wrongly typed key; msgspec says "... - at `$.examples[0].files`"."""
    reason, _, where = message.partition(" - at `$")
    keys = re.match(r"\.?(?P<key>[\w-]*)(?:\[(?P<index>\d+)\])?\.?(?P<inner>[\w-]*)", where)
    assert keys is not None  # every part of the pattern may be empty
    in_example = keys["key"] == "examples" and keys["index"] is not None
    key = keys["inner"] if in_example else keys["key"]
    names = Example.__struct_encode_fields__ if in_example else Keys.__struct_encode_fields__
    if unknown := re.search(r"unknown field `(.*)`", reason):
        key = unknown[1]
        complaint = f"unknown key {key!r}{did_you_mean(key, names)}"
    elif missing := re.search(r"missing required field `(.*)`", reason):
        complaint = f"the key {missing[1]!r} is missing; add it"
    else:
        complaint = f"{keys['key']}: {reason}; correct the value"
    document = TomlText(text)
    at = document.key(key, "examples", int(keys["index"])) if in_example else document.key(key) if key else 0
    return _error(path, document, at, complaint)


def _error(path: Path, document: TomlText, offset: int, message: str) -> RuleFileError:
    place = document.position(offset)
    return RuleFileError(f"{path}:{place.line}:{place.column}: {message}")
