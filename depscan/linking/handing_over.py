"""What a shell script hands over to: its `exec` lines, as far as their words can be told.

In: a script's text and its path in the image. Out: `HandOver`s. Launchers find their own directory first, by
`dirname "$0"` in one of its spellings, and keep it in a variable; that much is worked out here. A word with anything
else of a shell in it is not known. Of a line at the start of which no blank stands the shell surely comes to it, unless
something before may end or replace the script.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.filesystem.content import read_head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.filesystem.entries import FileEntry

_MAX_TEXT, _MAX_LINE = 64 << 10, 1000
_SELF, _HERE = "\1", "\2"  # the script's path, and its directory
_QUOTED_SELF = r"\"?\x01\"?"
_QUIET = r"(?:[ ]*>[ ]?/dev/null)?(?:[ ]*2>(?:&1|[ ]?/dev/null))?"
# Each spelling and what it stands for, the inner ones first.
_SPELLINGS = (
    (re.compile(r"\$(?:0|BASH_SOURCE)\b|\$\{(?:0|BASH_SOURCE(?:\[0\])?)(?::-\$0)?\}"), _SELF),
    (re.compile(r"\$\{0%/\*\}|\$\{BASH_SOURCE(?:\[0\])?%/\*\}"), _HERE),
    (re.compile(r"(?:\$\(|`)[ ]*(?:readlink[ ]+-f|realpath)[ ]+(?:--[ ]+)?" + _QUOTED_SELF + r"[ ]*(?:\)|`)"), _SELF),
    (re.compile(r"(?:\$\(|`)[ ]*dirname[ ]+(?:--[ ]+)?" + _QUOTED_SELF + r"[ ]*(?:\)|`)"), _HERE),
    (
        re.compile(
            r"(?:\$\(|`)[ ]*(?:unset CDPATH;?[ ]*)?(?:CDPATH=[ ]*)?(?:builtin )?cd[ ]+(?:-P[ ]+)?(?:--[ ]+)?"
            r"\"?(\x02[\w./+-]{0,200})\"?" + _QUIET + r"[ ]*(?:&&|;)[ ]*pwd(?:[ ]+-[LP])?[ ]*(?:\)|`)"
        ),
        r"\1",
    ),
)
_ASSIGNMENT = re.compile(r"(?:export |readonly |local |declare )?([A-Za-z_]\w*)=(.*)")
_EXEC = re.compile(r"(?:.*(?:;|&&|\|\||\bthen|\bdo|\belse|\{)[ \t]+)?exec[ \t]+(?:-a[ \t]+\S+[ \t]+)?(.*)")
_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_MAY_END = re.compile(r"\b(?:exit|exec|return|trap|eval|source|if|case|while|until|for)\b|\|\||&&|^\.[ ]", re.MULTILINE)
_REDIRECTION = re.compile(r"\d?[<>]")
_OPAQUE = frozenset("$`*?[{~!;&|()<>\1\2")


class HandOver(Struct, frozen=True):
    """An `exec` line: its words (None: not known) and whether the script surely comes to it."""

    words: tuple[str | None, ...]
    sure: bool


def handed_over(entry: FileEntry) -> tuple[HandOver, ...]:
    """What a script executes in its own place; () where its text is not known."""
    text = (read_head(entry, _MAX_TEXT) or b"").decode("utf-8", "replace")
    return tuple(_read(text, entry.path)) if text.startswith("#!") and "exec" in text else ()


def _read(text: str, path: str) -> Iterator[HandOver]:
    known: dict[str, str | None] = {}
    doubtful = False
    for line in text.replace("\\\n", " ").splitlines()[1:]:
        bare = line.strip()
        if not bare or bare.startswith("#") or len(bare) > _MAX_LINE:
            continue
        outermost = line[0] not in " \t"
        spelled = _spell(bare, path)
        executed, assigned = _EXEC.fullmatch(spelled), _ASSIGNMENT.fullmatch(spelled)
        words = _words(executed[1], known) if executed is not None else ()
        if words and not _REDIRECTION.match(words[0] or ""):
            yield HandOver(words, outermost and spelled.startswith("exec") and not doubtful)
        elif assigned is not None:
            values = _words(assigned[2], known) or ("",)
            known[assigned[1]] = values[0] if outermost and len(values) == 1 else None
            continue
        doubtful = doubtful or _MAY_END.search(spelled) is not None


def _spell(line: str, path: str) -> str:
    """The line with each spelling of the script's own path and directory written out."""
    if "0" not in line and "BASH_SOURCE" not in line:
        return line
    for spelling, meaning in _SPELLINGS:
        line = spelling.sub(meaning, line)
    directory = posixpath.dirname(path)
    if any(blank in path for blank in " '\"\\$`"):
        return line
    return line.replace(_HERE, directory if directory != "/" else "").replace(_SELF, path)


def _words(text: str, known: dict[str, str | None]) -> tuple[str | None, ...]:
    try:
        parts = shlex.split(text, comments=True)
    except ValueError:
        return ()
    return tuple(_value(part, known) for part in parts)


def _value(word: str, known: dict[str, str | None]) -> str | None:
    """A word with the variables that are known; None where something else of a shell is left."""
    filled = _VARIABLE.sub(lambda found: known.get(found[1] or found[2]) or found[0], word)
    return None if _OPAQUE & set(filled) else filled
