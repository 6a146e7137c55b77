"""The variables in force while a stage is replayed, and the values of words under them.

In: the environment a stage inherits, the ARGs before the first FROM, `--build-arg`. Out: `Scope`, whose `expand` gives
a word's value, or None when it rests on a variable that nothing is known of. ENV and ARG share one table in which the
later instruction wins, as in BuildKit (dockerfile2llb/convert.go, dispatchEnv and dispatchArg both call AddEnv); only
ENV reaches the image.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from depscan.dockerfile.lexing import process_word, process_words

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_VALUE = 131_072  # MAX_ARG_STRLEN: Linux starts no program with a longer string in its environment
_MAX_WORK = 1 << 23  # code points that one expansion may produce or a pattern may look at

UNKNOWN_VALUE = "\0unknown"  # of a build argument that is given, but not known: no real one holds a NUL

_SPECIAL = ("$", "'", '"')
_NAME = r"[^\W\d]\w*"
_PLAIN = rf"\$(?:({_NAME})|\{{({_NAME})\}})"
_PATTERN = rf"\$\{{{_NAME}(?:[#%]{{1,2}}|/{{1,2}})"
_ASSUMPTIONS = (
    "",
    "\ue000",
)  # a variable that may be empty or anything: a word that stays the same does not rest on it


def given_arguments(build_arguments: Mapping[str, str | None]) -> dict[str, str]:
    """`--build-arg` with values; a bare name takes that of the environment, and counts as not given without one."""
    found = {name: os.environ.get(name) if value is None else value for name, value in build_arguments.items()}
    return {name: value for name, value in found.items() if value is not None}


class _Lookup(dict[str, str]):
    """The values a lexer may use; remembers the names it asked for in vain."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.absent: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        if name not in self:
            self.absent.add(name)
        return super().get(name, default)


class Scope:
    """Variables in force at a point of a stage.

    `environment` is what the stage inherits: ENV values of the base (None: not known), complete when `base_known`.
    `arguments` are ARG values of a parent stage, which its children see too (dispatchState.init). `global_arguments`
    hold the platform arguments as well; a stage sees one only after `ARG name`, and a default there beats it. Only
    `build_arguments` beat a default.

    A name that is set nowhere is empty, as in BuildKit, unless the base is not known. One that ARG declares without any
    value is not known where it stands plainly (the author counts on --build-arg), but `${NAME:-word}` gives `word`.
    """

    def __init__(
        self,
        environment: Mapping[str, str | None],
        *,
        base_known: bool,
        global_arguments: Mapping[str, str],
        build_arguments: Mapping[str, str | None],
        escape: str = "\\",
        arguments: Mapping[str, str | None] | None = None,
    ) -> None:
        self.escape = escape
        self._base_known = base_known
        self._global_arguments = global_arguments
        self._build_arguments = given_arguments(build_arguments)
        self._environment: dict[str, str | None] = dict(environment)
        self._arguments: dict[str, str | None] = dict(arguments or {})
        self._known: dict[str, str] = {}
        self._unknown: set[str] = set()
        self._declared: set[str] = set()
        for name, value in [*self._environment.items(), *self._arguments.items()]:
            self._set(name, value)

    @property
    def environment(self) -> dict[str, str | None]:
        """What ENV set, the inherited included: the image's environment. None: set, to a value that is not known."""
        return dict(self._environment)

    @property
    def arguments(self) -> dict[str, str | None]:
        """What ARG set, for the scope of a child stage."""
        return dict(self._arguments)

    def declare_argument(self, name: str, default: str | None = None) -> None:
        """`ARG name[=default]`; `default` as written. --build-arg beats the default, the default beats globals."""
        value = self._build_arguments.get(name)
        if value == UNKNOWN_VALUE:
            self._arguments[name] = None
            self._set(name, None)
            return
        if value is None and default is not None:
            value = self.expand(default)
        elif value is None:
            value = self._global_arguments.get(name)
            if value is None:
                self._declared.add(name)
                return
        self._arguments[name] = value
        self._set(name, value)

    def set_environment(self, name: str, value: str | None) -> None:
        """`ENV name=value`, the value expanded (None: not known)."""
        self._environment[name] = value
        self._set(name, value)

    def _set(self, name: str, value: str | None) -> None:
        self._declared.discard(name)
        self._known.pop(name, None)
        self._unknown.discard(name)
        if value is None or len(value) > MAX_VALUE:
            self._unknown.add(name)
        else:
            self._known[name] = value

    def expand(self, word: str) -> str | None:
        """The value of `word`: quotes removed, variables replaced. None when it rests on what is not known.

        None also where BuildKit would refuse the word (quotes that do not match, `${NAME:?message}` without value).
        """
        if not any(mark in word for mark in _SPECIAL) and self.escape not in word:
            return word
        values = self._process(word, split=False)
        return values[0] if values is not None else None

    def expand_words(self, word: str) -> tuple[str, ...] | None:
        """As `expand`, then split at the spaces that stand outside quotes."""
        return self._process(word, split=True)

    def unresolved(self, word: str) -> tuple[str, ...]:
        """The names without value or substitute that the value of `word` rests on, in the order of the alphabet."""
        if "$" not in word or self._is_costly(word):
            return ()
        lookup = _Lookup(self._known)
        values = self._lex(word, lookup, split=False)
        names = lookup.absent & (_plain_names(word) | self._unknown)
        return tuple(sorted(names)) if self._rests_on(names, word, values, split=False) else ()

    def _process(self, word: str, *, split: bool) -> tuple[str, ...] | None:
        if self._is_costly(word):
            return None
        lookup = _Lookup(self._known)
        values = self._lex(word, lookup, split=split)
        doubtful = {name for name in lookup.absent if self._is_doubtful(name)}
        doubtful |= lookup.absent & self._declared & _plain_names(word)
        return None if self._rests_on(doubtful, word, values, split=split) else values

    def _rests_on(self, names: set[str], word: str, values: tuple[str, ...] | None, *, split: bool) -> bool:
        """Whether `word` has other values than `values` when the `names` have one."""
        if not names:
            return False
        assumed = (_Lookup({**self._known, **dict.fromkeys(names, value)}) for value in _ASSUMPTIONS)
        return any(self._lex(word, lookup, split=split) != values for lookup in assumed)

    def _is_doubtful(self, name: str) -> bool:
        return name in self._unknown or (not self._base_known and name not in self._declared)

    def _lex(self, word: str, lookup: _Lookup, *, split: bool) -> tuple[str, ...] | None:
        try:
            if split:
                return tuple(process_words(word, self.escape, lookup))
            return (process_word(word, self.escape, lookup),)
        except ValueError:
            return None

    def _is_costly(self, word: str) -> bool:
        """Whether values in `word` could grow beyond bounds, or a pattern of many `*` could look at them for ages."""
        if "$" not in word:
            return False
        longest = max(map(len, self._known.values()), default=0)
        stars = word.count("*") if re.search(_PATTERN, word) else 0
        return longest * word.count("$") > _MAX_WORK or (longest + 1) ** stars > _MAX_WORK


def _plain_names(word: str) -> set[str]:
    """The names that stand as `$NAME` or `${NAME}`, with no substitute."""
    return {match[1] or match[2] for match in re.finditer(_PLAIN, word)}
