"""Whether the go command builds a file: its name, its build constraint, the tags of the command.

In: the name and the beginning of a source, a `Target`. Out: yes, no, or None where a tag that decides is not known.
The laws are those of go/build (`go help buildconstraint`): a `//go:build` line wins over `// +build` lines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# The systems and machines that names of files are read for (src/go/build/syslist.go, and wasip1 since Go 1.21).
_UNIX = frozenset("aix android darwin dragonfly freebsd hurd illumos ios linux netbsd openbsd solaris".split())  # noqa: SIM905
SYSTEMS = _UNIX | {"js", "nacl", "plan9", "wasip1", "windows", "zos"}
MACHINES = frozenset(
    """
    386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64
    ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm
    """.split()  # noqa: SIM905 - read as prose
)
_MAX_TOKENS = 1_000
_MAX_DEPTH = 50
_TOKEN = re.compile(r"\s*(\|\||&&|[!()]|[\w.]+)")
_BY_TOOLCHAIN = re.compile(r"(?:goexperiment|amd64|386|arm|arm64|mips\w*|ppc64\w*|riscv64|wasm)\.[\w.]+|boringcrypto")


class Target(Struct, frozen=True):
    """What files are chosen for.

    `cgo` is None where it is not known whether cgo is on, `tags` are those of -tags, None where they are not known.
    `release` is the minor number of the Go release, at least; `exact` says that it is no higher.
    """

    architecture: str = "amd64"
    cgo: bool | None = True
    tags: frozenset[str] | None = frozenset()
    release: int = 17
    exact: bool = False
    os: str = "linux"

    def has(self, tag: str) -> bool | None:
        """Whether a tag is set."""
        if tag == "cgo":
            return self.cgo
        version = re.fullmatch(r"go1\.(\d{1,4})", tag)
        if version is not None:
            return True if int(version[1]) <= self.release else False if self.exact else None
        if tag in (self.os, self.architecture, "gc") or (tag == "unix" and self.os in _UNIX):
            return True
        if tag in SYSTEMS or tag in MACHINES or tag in ("gccgo", "unix"):
            return False
        if self.tags is None or (_BY_TOOLCHAIN.fullmatch(tag) and tag not in self.tags):
            return None
        return tag in self.tags


def fits_name(name: str, target: Target) -> bool:
    """Whether a file's name lets it be built: `x_test.go`, `x_windows.go`, `x_linux_arm64.go`, `_x.go`."""
    if name[:1] in ("_", "."):
        return False
    parts = name.partition(".")[0].split("_")[1:]
    if parts and parts[-1] == "test":
        return False
    asked = parts[-1:] if parts and (parts[-1] in SYSTEMS or parts[-1] in MACHINES) else []
    if asked and asked[0] in MACHINES and len(parts) > 1 and parts[-2] in SYSTEMS:
        asked = parts[-2:]
    return all(target.has(each) for each in asked)


def fits(header: str, target: Target) -> bool | None:
    """Whether the constraint at the beginning of a source holds; True where there is none."""
    lines = list(_comment_lines(header))
    modern = [line for line, _ in lines if re.match(r"//go:build[ \t]", line)]
    if modern:
        return _Expression(modern[0][len("//go:build") :], target).value() if len(modern) == 1 else None
    old = [line.split()[1:] for line, early in lines if early and re.match(r"//[ \t]*\+build(?:\s|$)", line)]
    return every(any_of(fits_list(word, target) for word in _behind(words)) for words in old)


def _behind(words: list[str]) -> list[str]:
    """The options of a `// +build` line, with or without a space behind the slashes."""
    return words[1:] if words[:1] == ["+build"] else words


def fits_list(option: str, target: Target) -> bool | None:
    """An option of `// +build` or `#cgo`: tags behind commas, each perhaps with a `!`."""
    terms = option.split(",")[:_MAX_TOKENS]
    return every(_negated(target.has(term[1:])) if term.startswith("!") else target.has(term) for term in terms)


def every(answers: Iterable[bool | None]) -> bool | None:
    """Whether all hold."""
    found = set(answers)
    return False if False in found else None if None in found else True


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """Whether one holds."""
    found = set(answers)
    return True if True in found else None if None in found else False


def _negated(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _comment_lines(header: str) -> Iterator[tuple[str, bool]]:
    """The lines with `//` before the package clause; whether a blank line follows, and only such lines before."""
    found: list[tuple[str, int]] = []
    last_blank, only_lines, inside = -1, True, False
    for number, text in enumerate(header.removeprefix("\ufeff").split("\n")):
        line = text.strip()
        if not line and only_lines:
            last_blank = number
            continue
        only_lines = only_lines and line.startswith("//")
        if not inside and line.startswith("//"):
            found.append((line, number))
            continue
        inside, rest = _skip_blocks(line, inside=inside)
        if rest and not rest.startswith("//"):
            break
    return ((line, number < last_blank) for line, number in found)


def _skip_blocks(line: str, *, inside: bool) -> tuple[bool, str]:
    """Whether a `/*` is open behind a line, and what stands behind its comments."""
    while inside or line.startswith("/*"):
        _, closed, rest = (line if inside else line[2:]).partition("*/")
        if not closed:
            return True, ""
        inside, line = False, rest.strip()
    return False, line


class _Expression:
    """`//go:build` EXPRESSION: tags with `!`, `&&`, `||` and parentheses. What is no expression is not known."""

    def __init__(self, text: str, target: Target) -> None:
        self.target = target
        self.tokens = self._split(text.strip())
        self.place = 0

    def value(self) -> bool | None:
        """Whether the expression holds."""
        if not self.tokens or len(self.tokens) > _MAX_TOKENS:
            return None
        try:
            answer = self._or(0)
        except _NotAnExpressionError:
            return None
        return answer if self.place == len(self.tokens) else None

    def _split(self, text: str) -> list[str]:
        tokens: list[str] = []
        place = 0
        while place < len(text) and len(tokens) <= _MAX_TOKENS:
            found = _TOKEN.match(text, place)
            if found is None:
                return []
            tokens.append(found[1])
            place = found.end()
        return tokens

    def _take(self, token: str) -> bool:
        taken = self.tokens[self.place : self.place + 1] == [token]
        self.place += taken
        return taken

    def _or(self, depth: int) -> bool | None:
        answers = [self._and(depth)]
        while self._take("||"):
            answers.append(self._and(depth))
        return any_of(answers)

    def _and(self, depth: int) -> bool | None:
        answers = [self._not(depth)]
        while self._take("&&"):
            answers.append(self._not(depth))
        return every(answers)

    def _not(self, depth: int) -> bool | None:
        if self._take("!"):
            return _negated(self._atom(depth))
        return self._atom(depth)

    def _atom(self, depth: int) -> bool | None:
        if self._take("("):
            if depth > _MAX_DEPTH:
                raise _NotAnExpressionError
            inner = self._or(depth + 1)
            if not self._take(")"):
                raise _NotAnExpressionError
            return inner
        tag = self.tokens[self.place] if self.place < len(self.tokens) else ""
        if not re.fullmatch(r"[\w.]+", tag):
            raise _NotAnExpressionError
        self.place += 1
        return self.target.has(tag)


class _NotAnExpressionError(Exception):
    """A constraint that go does not read either."""
