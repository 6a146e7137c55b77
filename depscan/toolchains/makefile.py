"""Makefiles: the shell text of the recipes that a `make` would run, in order.

In: the text of a Makefile, the goals, the variables of the command line and of the environment, the place it runs at.
Out: `Recipe`s with make's own variables filled in. What only running make could tell (most of `$(shell ...)`, the
branch of a condition on it) becomes a shell variable that no environment has. Grammar: the GNU make manual, chapters 3
(makefiles), 4 (rules), 6 (variables), 7 (conditionals).
"""

from __future__ import annotations

import posixpath
import re
import shlex
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from depscan.toolchains.make_functions import call, closing, cost, split_arguments, stem_of, substitute
from depscan.toolchains.make_lines import CONDITION, Assigned, Branch

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
    variables: list[Assigned] = field(default_factory=list)
    stem: str = ""


class Makefile:
    """The variables and rules of a Makefile and those it includes; `read` gives the text of an included file."""

    def __init__(
        self,
        given: Mapping[str, str | None],
        environment: Mapping[str, str | None],
        read: Callable[[str], str | None],
        around: Surroundings | None = None,
        *,
        environment_wins: bool = False,
    ) -> None:
        self._given = {name: _UNKNOWN if value is None else value for name, value in given.items()}
        self._passed = {name: _FOR_THE_SHELL if value is None else value for name, value in given.items()}
        self._environment = environment
        self._read = read
        self._around = around
        directory = around.directory if around is not None else _UNKNOWN
        self._defaults = {"MAKE": "make", "CC": "cc", "CXX": "g++", "RM": "rm -f", "CURDIR": directory}
        self._values: dict[str, str] = {}
        self._simple: set[str] = set()  # variables that were expanded when they were set
        self._environment_wins = environment_wins
        self._overridden: set[str] = set()
        self._rules: dict[str, _Rule] = {}
        self._exported: set[str] = {*given, *environment}
        self._hidden: set[str] = set()
        self._all_exported = False
        self._defining = False
        self._current: list[_Rule] | None = None  # the rules that lines with a tab belong to, None behind a variable
        self._lines = 0
        self._expansions = 0
        self._listed: dict[str, Sequence[str]] = {}

    def add(self, text: str, depth: int = 0) -> None:
        """Read a Makefile's text."""
        branches: list[Branch] = []
        for line in re.sub(r"\\\n[ \t]*", " ", text).split("\n"):
            self._lines += 1
            if self._lines > _MAX_LINES:
                return
            holds = {branch.holds for branch in branches}
            if self._define(line.strip()) or self._condition(line.strip(), branches) or False in holds:
                continue
            if line.startswith("\t") and self._current is not None:
                if None not in holds:
                    for rule in self._current:
                        rule.recipe.append(line[1:])
            else:
                self._statement(re.sub(r"(?<!\\)#.*", "", line).strip(), known=None not in holds, depth=depth)

    def _define(self, line: str) -> bool:
        """Whether a line belongs to a `define`, whose value is not read."""
        begun = re.match(r"(?:(?:export|override|private)\s+)*define\s+([\w.-]+)", line)
        if begun is not None and not self._defining:
            self._defining = True
            self._values[begun[1]] = _UNKNOWN
            return True
        inside = self._defining
        self._defining = inside and re.match(r"endef\b", line) is None
        return inside

    def _condition(self, line: str, branches: list[Branch]) -> bool:
        """Enter, turn or leave a condition; whether the line is one."""
        found = CONDITION.fullmatch(line)
        if found is None or (found[2].startswith((":", "=")) and found[1] in ("else", "endif")):
            return False
        if found[1] == "endif":
            del branches[-1:]
        elif found[1] == "else":
            inner = CONDITION.fullmatch(found[2])
            for branch in branches[-1:]:
                branch.turn(True if inner is None else self._holds(inner[1], inner[2].strip()))
        else:
            branches.append(Branch(self._holds(found[1], found[2].strip())))
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
        assigned = Assigned.of(line)
        if assigned is not None:
            self._current = None
            self._assign(assigned if known else replace(assigned, operator="", text=_UNKNOWN))
        elif re.match(r"(un)?export\b", line):
            self._export(line, known=known)
        elif re.match(r"[-s]?include\b", line):
            for name in self._included(line) if depth < _DEPTH else ():
                self.add(self._read(name) or "", depth + 1)
        elif line and known:
            self._rule(line)

    def _export(self, line: str, *, known: bool) -> None:
        """`export NAMES`, `unexport NAMES`, and both without names: for all."""
        word, _, rest = line.partition(" ")
        names = self.expand(rest).split()
        undefined = [name for name in names if self._value(name) is None]  # make defines these, as empty
        self._values |= dict.fromkeys(undefined, "")
        self._simple |= {*undefined}
        if not known:
            self._values |= dict.fromkeys(names, _UNKNOWN)
        if word == "unexport":
            self._exported -= {*names}
            self._hidden |= {*names}
        else:
            self._exported |= {*names}
            self._hidden -= {*names}
        self._all_exported = self._all_exported if names else word == "export"

    def _included(self, line: str) -> Iterator[str]:
        for name in self.expand(line).split()[1:]:
            yield from self._files(name) if re.search(r"[*?\[]", name) else [name]

    def _assign(self, assigned: Assigned, *, local: bool = False) -> None:
        """Set a variable; `local` is for a target, which wins over all but the command line."""
        name, operator, text = assigned.name, assigned.operator, assigned.text
        if assigned.exports:
            self._exported.add(name)
            self._hidden.discard(name)
        stands = name in self._overridden or (self._environment_wins and name in self._environment)
        if not assigned.overrides and (name in self._given or (stands and not local)):
            return
        if operator == "?" and self._value(name) is not None:
            return
        if operator == "!":
            text = _UNKNOWN
        simple = operator.startswith(":") or (operator == "+" and name in self._simple and not local)
        if simple:
            text = self.expand(text).replace("$", "$$")
        if operator == "+":
            text = f"{self._value(name) or ''} {text}".strip()
        else:
            self._simple.discard(name)
        self._simple |= {name} if simple else set()
        values = self._given if assigned.overrides and name in self._given else self._values
        values[name] = text[:_MAX_VALUE]
        if assigned.overrides and not local:
            self._overridden.add(name)

    def _rule(self, line: str) -> None:
        targets, colon, rest = line.partition(":")
        local = Assigned.of(rest.lstrip(":").strip())
        if local is not None and local.operator.startswith(":"):  # expanded where it stands
            local = replace(local, text=self.expand(local.text).replace("$", "$$"))
        needs, _, inline = rest.lstrip(":").partition(";")
        current: list[_Rule] = []
        self._current = current
        if not colon or "=" in targets:
            return
        needed = "" if local is not None else self.expand(needs).replace("|", " ")
        pattern, static, patterns = needed.partition(":")
        for target in self.expand(targets).split()[:_MAX_FILES]:
            rule = self._rules.setdefault(target, _Rule())
            if local is not None:
                rule.variables.append(local)
                continue
            if static:
                rule.stem = stem_of(pattern.strip(), target) or ""
            wanted = patterns.replace("%", rule.stem) if static else needed
            rule.prerequisites += wanted.split()
            rule.recipe += [inline] if inline else []
            current.append(rule)

    def _value(self, name: str) -> str | None:
        """A variable's text, not expanded: the command line's, the file's, the environment's, make's own."""
        if name in self._given:
            return self._given[name]
        if name in self._environment and name not in self._values:
            value = self._environment[name]
            return _UNKNOWN if value is None else value
        return self._values.get(name, self._defaults.get(name))

    def expand(self, text: str, automatic: Mapping[str, str] | None = None, depth: int = 0) -> str:
        """A text with make's variables filled in; `$$` is the shell's `$`."""
        if "$" not in text:
            return text
        self._expansions += 1
        if depth > _DEPTH or len(text) > _MAX_VALUE or self._expansions > _MAX_EXPANSIONS:
            return _UNKNOWN

        parts, place = [], 0
        while (mark := text.find("$", place)) >= 0 and mark + 1 < len(text):
            end = closing(text, mark + 1) if text[mark + 1] in "({" else mark + 2
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
        own = (self._values.get(".DEFAULT_GOAL") or "").split()
        first = [name for name in self._rules if not re.match(r"\.[^/]*$", name) and "%" not in name][:1]
        wanted = list(goals) or own or first
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
        saved = dict(self._values), set(self._exported), dict(self._given), set(self._simple), set(self._hidden)
        for assigned in self._variables_of(target):  # in force for the prerequisites too
            self._assign(assigned, local=True)
        for each in prerequisites:
            yield from self._recipes(each, seen, depth + 1)
        automatic = _automatic(target, stem, prerequisites)
        known = self._exports(automatic)
        for line in rule.recipe:
            text = self.expand(line.lstrip("@-+ \t"), automatic)
            text = text.replace(_UNKNOWN, _FOR_THE_SHELL).replace(_OPEN, "$(").replace(_CLOSE, ")")
            yield Recipe(text, known)
        self._values, self._exported, self._given, self._simple, self._hidden = saved

    def _exports(self, automatic: Mapping[str, str]) -> dict[str, str | None]:
        """What recipes see beyond the environment of make; one that is not exported is as if it were empty.

        A variable of the environment stays exported with the value that the file gives it (5.7.2 of the manual).
        """
        changed = self._values.keys() | self._given.keys()
        all_exported = self._all_exported or ".EXPORT_ALL_VARIABLES" in self._rules
        names = {name for name in changed if re.fullmatch(r"[A-Za-z_]\w*", name)} if all_exported else set()
        names |= {name for name in self._exported if name in changed or name not in self._environment}
        exports = {name: self.expand(self._value(name) or "", automatic) for name in sorted(names - self._hidden)}
        exports |= dict.fromkeys(self._hidden & self._environment.keys(), "")
        known = {name: None if _UNKNOWN in value or _OPEN in value else value for name, value in exports.items()}
        passed = " ".join(f"{name}={shlex.quote(value)}" for name, value in sorted(self._passed.items()))
        return known | ({"MAKEFLAGS": f"-- {passed}"} if passed else {})

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

    def _variables_of(self, target: str) -> list[Assigned]:
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
