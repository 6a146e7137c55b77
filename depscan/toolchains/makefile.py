"""Makefiles: the shell text of the recipes that a `make` would run, in order.

In: the text of a Makefile, the goals, the variables of the command line and of the environment, the place it runs at.
Out: `Recipe`s with make's own variables filled in. What only running make could tell (most of `$(shell ...)`, the
branch of a condition on it) becomes a shell variable that no environment has. Grammar: the GNU make manual, chapters 3
(makefiles), 4 (rules), 6 (variables), 7 (conditionals).
"""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct, field

from depscan.toolchains.make_functions import call, cost, split_arguments, stem_of, substitute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

MAX_RECIPES = 400
_UNKNOWN = "\x1a"  # stands for what is not known while texts are expanded
_FOR_THE_SHELL = "${__told_by_make_only}"
_OPEN, _CLOSE = "\x18", "\x19"  # around the words of a pkg-config that the shell of a recipe may as well run
_PKG_CONFIG = r"(?:pkg-config|pkgconf)(?:\s+[\w.+-]+)+"
_MAX_LINES = 20_000
_MAX_VALUE = 20_000  # code points of an expanded text
_MAX_EXPANSIONS = 50_000  # of one Makefile: references may double with each step
_DECISIVE = {"strip": 0, "if": 1, "subst": 2}  # how many arguments a function must know whole
_COST_OF_LISTING = 50  # expansions
_MAX_CONDITION = 1_000
_MAX_FILES = 1_000  # that a wildcard gives
_DEPTH = 20
_ASSIGNMENT = re.compile(r"(?:(?:export|override|private)\s+)*([\w.-]+)\s*(\?|:{1,3}|\+|!)?=\s*(.*)", re.DOTALL)


class Recipe(Struct, frozen=True):
    """One shell text (a line of a recipe), and the variables that make exports to it (None: not known)."""

    text: str
    exports: dict[str, str | None]


class Surroundings(Struct, frozen=True):
    """Where make runs: the directory, what `$(shell ...)` gives for commands that are known, names in a directory."""

    directory: str
    outputs: Mapping[str, str]
    names: Callable[[str], Sequence[str]]


class _Rule(Struct):
    """`stem` is that of a static pattern rule."""

    prerequisites: list[str] = field(default_factory=list)
    recipe: list[str] = field(default_factory=list)
    variables: list[tuple[str, str, str]] = field(default_factory=list)
    stem: str = ""


class Makefile:
    """The variables and rules of a Makefile and those it includes; `read` gives the text of an included file."""

    def __init__(
        self,
        given: Mapping[str, str | None],
        environment: Mapping[str, str | None],
        read: Callable[[str], str | None],
        around: Surroundings | None = None,
    ) -> None:
        self._given = {name: _UNKNOWN if value is None else value for name, value in given.items()}
        self._environment = environment
        self._read = read
        self._around = around
        directory = around.directory if around is not None else _UNKNOWN
        self._values: dict[str, str] = {"MAKE": "make", "CC": "cc", "CXX": "g++", "RM": "rm -f", "CURDIR": directory}
        self._rules: dict[str, _Rule] = {}
        self._exported: set[str] = set(given)
        self._all_exported = False
        self._current: list[_Rule] | None = None  # the rules that lines with a tab belong to, None behind a variable
        self._lines = 0
        self._expansions = 0
        self._listed: dict[str, Sequence[str]] = {}

    def add(self, text: str, depth: int = 0) -> None:
        """Read a Makefile's text."""
        branches: list[bool | None] = []  # of each open condition: taken, not taken, not known
        for line in re.sub(r"\\\n[ \t]*", " ", text).split("\n"):
            self._lines += 1
            if self._lines > _MAX_LINES:
                return
            if self._condition(line.strip(), branches) or False in branches:
                continue
            if line.startswith("\t") and self._current is not None:
                if None not in branches:
                    for rule in self._current:
                        rule.recipe.append(line[1:])
            else:
                self._statement(re.sub(r"(?<!\\)#.*", "", line).strip(), known=None not in branches, depth=depth)

    def _condition(self, line: str, branches: list[bool | None]) -> bool:
        """Enter, turn or leave a condition; whether the line is one. `define` is one that is not taken."""
        word, _, rest = line.partition(" ") if not line.startswith("ifeq(") else ("ifeq", "", line[4:])
        if word in ("ifeq", "ifneq", "ifdef", "ifndef"):
            branches.append(self._holds(word, rest.strip()))
        elif word == "define":
            branches.append(False)
        elif word in ("endif", "endef") and branches:
            branches.pop()
        elif word == "else" and branches:
            taken = branches.pop()
            branches.append(None if taken is None or (rest and taken is False) else not taken)
        else:
            return False
        return True

    def _holds(self, word: str, text: str) -> bool | None:
        if word in ("ifdef", "ifndef"):
            value = self._value(self.expand(text)) or ""
            unknown = _UNKNOWN in value or _OPEN in value
            return None if unknown else (value != "") == (word == "ifdef")
        if len(text) > _MAX_CONDITION:
            return None
        found = re.fullmatch(r"\((.*),\s*(.*)\)|[\"'](.*)[\"']\s+[\"'](.*)[\"']", text)
        sides = [self.expand(side).strip() for side in found.groups() if side is not None] if found else [_UNKNOWN]
        if len(sides) != 2 or any(_UNKNOWN in side or _OPEN in side for side in sides):
            return None
        return (sides[0] == sides[1]) == (word == "ifeq")

    def _statement(self, line: str, *, known: bool, depth: int) -> None:
        assigned = _ASSIGNMENT.fullmatch(line)
        if assigned is not None:
            self._current = None
            self._assign(assigned[1], assigned[2] or "", assigned[3] if known else _UNKNOWN)
            if line.startswith("export"):
                self._exported.add(assigned[1])
        elif re.match(r"export\b", line):
            names = self.expand(line[6:]).split()
            self._exported.update(names)
            self._all_exported |= not names
        elif re.match(r"[-s]?include\b", line):
            for name in self.expand(line).split()[1:] if depth < _DEPTH else ():
                self.add(self._read(name) or "", depth + 1)
        elif line and known:
            self._rule(line)

    def _assign(self, name: str, operator: str, text: str) -> None:
        if operator == "?" and self._value(name) is not None:
            return
        if operator == "!":
            text = _UNKNOWN
        elif operator.startswith(":") or operator == "+":
            text = self.expand(text).replace("$", "$$")
        if operator == "+":
            text = f"{self._value(name) or ''} {text}".strip()
        self._values[name] = text[:_MAX_VALUE]

    def _rule(self, line: str) -> None:
        targets, colon, rest = line.partition(":")
        needs, _, inline = rest.lstrip(":").partition(";")
        current: list[_Rule] = []
        self._current = current
        if not colon or "=" in targets:
            return
        local = _ASSIGNMENT.fullmatch(needs.strip())
        needed = "" if local is not None else self.expand(needs).replace("|", " ")
        pattern, static, patterns = needed.partition(":")
        for target in self.expand(targets).split()[:_MAX_FILES]:
            rule = self._rules.setdefault(target, _Rule())
            if local is not None:
                rule.variables.append((local[1], local[2] or "", local[3]))
                continue
            if static:
                rule.stem = stem_of(pattern.strip(), target) or ""
            wanted = patterns.replace("%", rule.stem) if static else needed
            rule.prerequisites += wanted.split()
            rule.recipe += [inline] if inline else []
            current.append(rule)

    def _value(self, name: str) -> str | None:
        """A variable's text, not expanded: the command line's, the file's, the environment's."""
        if name in self._given:
            return self._given[name]
        if name in self._environment and name not in self._values:
            value = self._environment[name]
            return _UNKNOWN if value is None else value
        return self._values.get(name)

    def expand(self, text: str, automatic: Mapping[str, str] | None = None, depth: int = 0) -> str:
        """A text with make's variables filled in; `$$` is the shell's `$`."""
        if "$" not in text:
            return text
        self._expansions += 1
        if depth > _DEPTH or len(text) > _MAX_VALUE or self._expansions > _MAX_EXPANSIONS:
            return _UNKNOWN

        parts, place = [], 0
        while (mark := text.find("$", place)) >= 0 and mark + 1 < len(text):
            end = _closing(text, mark + 1) if text[mark + 1] in "({" else mark + 2
            inner = text[mark + 2 : end - 1] if text[mark + 1] in "({" else text[mark + 1 : end]
            parts += [text[place:mark], self._reference(inner, automatic or {}, depth)]
            place = end
        return ("".join(parts) + text[place:])[:_MAX_VALUE]

    def _reference(self, inner: str, automatic: Mapping[str, str], depth: int) -> str:
        """What stands for `$(inner)`."""
        if inner == "$":
            return "$"
        if inner in automatic:
            return automatic[inner]
        if re.fullmatch(r"[\w.-]+", inner):
            return self.expand(self._value(inner) or "", automatic, depth + 1)
        function = re.match(r"([a-z-]+)\s+", inner)
        if function is not None:
            return self._function(function[1], inner[function.end() :], automatic, depth + 1)
        changed = re.fullmatch(r"([\w.-]+):([^=]*)=(.*)", inner)  # $(NAMES:.c=.o)
        if changed is None or _UNKNOWN in (text := self.expand(f"$({changed[1]})", automatic, depth + 1)):
            return "" if not inner else _UNKNOWN
        before, after = (self.expand(part, automatic, depth + 1) for part in changed.groups()[1:])
        return substitute(*((before, after) if "%" in before else (f"%{before}", f"%{after}")), text)

    def _function(self, name: str, text: str, automatic: Mapping[str, str], depth: int) -> str:
        arguments = [self.expand(each, automatic, depth) for each in split_arguments(name, text)]
        decisive = arguments[: _DECISIVE.get(name, len(arguments))]
        asked = name not in ("strip", "if") and any(_OPEN in each for each in arguments)
        if asked or any(_UNKNOWN in each or _OPEN in each for each in decisive) or self._around is None:
            return _UNKNOWN
        if name == "wildcard":
            return " ".join(each for pattern in arguments[0].split() for each in self._files(pattern))
        if name == "shell":
            return self._output(re.sub(r"\s*2>\s*/dev/null", "", arguments[0]).strip())
        self._expansions += cost(arguments) // 5_000
        value = call(name, arguments)
        return _UNKNOWN if value is None else value[:_MAX_VALUE]

    def _output(self, command: str) -> str:
        """What `$(shell command)` gives."""
        if re.fullmatch(_PKG_CONFIG, command):
            return f"{_OPEN}{command}{_CLOSE}"
        return _UNKNOWN if self._around is None else self._around.outputs.get(command, _UNKNOWN)

    def _files(self, pattern: str) -> list[str]:
        """The files that a pattern matches, spelled as the pattern is; with a slash at its end, directories alone."""
        found = [""]
        for number, part in enumerate(pattern.rstrip("/").split("/")):
            joined = [f"{base}/{part}" if number else part for base in found]
            if re.search(r"[*?\[]", part):
                listed = [(base, self._names(base if number else ".")) for base in found]
                names = [(base, name) for base, each in listed for name in each if fnmatchcase(name, part)]
                joined = [f"{base}/{name}" if number else name for base, name in names if name[:1] != "."]
            found = joined[:_MAX_FILES]
        if pattern.endswith("/"):
            return [f"{each}/" for each in found if self._names(each)]
        return [each for each in found if posixpath.basename(each) in self._names(posixpath.dirname(each) or ".")]

    def _names(self, directory: str) -> Sequence[str]:
        if self._around is None or self._expansions > _MAX_EXPANSIONS:
            return ()
        if directory not in self._listed:
            self._expansions += _COST_OF_LISTING
            self._listed[directory] = self._around.names(posixpath.join(self._around.directory, directory or "/"))
        return self._listed[directory]

    def recipes(self, goals: Iterable[str]) -> Iterator[Recipe]:
        """The recipes of goals (of the first target where there is none), prerequisites first."""
        wanted = list(goals) or [name for name in self._rules if not name.startswith(".") and "%" not in name][:1]
        seen: set[str] = set()
        for goal in wanted:
            yield from self._recipes(goal, seen, 0)

    def _recipes(self, target: str, seen: set[str], depth: int) -> Iterator[Recipe]:
        if target in seen or depth > _DEPTH or len(seen) > MAX_RECIPES:
            return
        seen.add(target)
        rule, stem = self._find(target)
        if rule is None:
            return
        prerequisites = [each.replace("%", stem) for each in rule.prerequisites]
        saved = dict(self._values)
        for name, operator, text in self._variables_of(target):  # in force for the prerequisites too
            self._assign(name, operator, text)
        for each in prerequisites:
            yield from self._recipes(each, seen, depth + 1)
        automatic = _automatic(target, stem, prerequisites)
        names = set(self._values) if self._all_exported else self._exported
        exports = {name: self.expand(self._value(name) or "", automatic) for name in sorted(names)}
        known = {name: None if _UNKNOWN in value or _OPEN in value else value for name, value in exports.items()}
        for line in rule.recipe:
            text = self.expand(line.lstrip("@-+ \t"), automatic)
            text = text.replace(_UNKNOWN, _FOR_THE_SHELL).replace(_OPEN, "$(").replace(_CLOSE, ")")
            yield Recipe(text, known)
        self._values = saved

    def _find(self, target: str) -> tuple[_Rule | None, str]:
        """A target's own rule, else the first pattern that fits it, with the stem."""
        rule = self._rules.get(target)
        if rule is not None and rule.recipe:
            return rule, rule.stem
        for pattern, found in self._patterns(target):
            if found.recipe:
                return found, stem_of(pattern, target) or ""
        return rule, ""

    def _patterns(self, target: str) -> Iterator[tuple[str, _Rule]]:
        """The pattern rules that fit a target."""
        return ((pattern, rule) for pattern, rule in self._rules.items() if "%" in pattern and stem_of(pattern, target))

    def _variables_of(self, target: str) -> list[tuple[str, str, str]]:
        own = self._rules.get(target, _Rule()).variables
        return [*(each for _, rule in self._patterns(target) for each in rule.variables), *own]


def _automatic(target: str, stem: str, prerequisites: list[str]) -> dict[str, str]:
    first = prerequisites[0] if prerequisites else ""
    values = {
        "@": target,
        "*": stem,
        "<": first,
        "^": " ".join(dict.fromkeys(prerequisites)),
        "+": " ".join(prerequisites),
    }
    parts = {f"{name}F": posixpath.basename(text) for name, text in (("@", target), ("<", first))}
    parts |= {f"{name}D": posixpath.dirname(text) or "." for name, text in (("@", target), ("<", first))}
    return values | parts


def _closing(text: str, start: int) -> int:
    """Behind the bracket that closes the one at `start`; the text's end where none does."""
    opening = text[start]
    closing, depth = {"(": ")", "{": "}"}[opening], 0
    for place in range(start, len(text)):
        depth += (text[place] == opening) - (text[place] == closing)
        if depth == 0:
            return place + 1
    return len(text)
