"""The beginning of a Go source: its package, what it imports, what its `#cgo` lines link.

In: the text up to where the imports end. Out: `Source`. The grammar is Go's own (the Go specification, "Source file
organization"): the package clause, then import declarations, with comments between.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.toolchains.go_constraints import any_of, fits, fits_list
from depscan.toolchains.system_libraries import libraries_of_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.go_constraints import Target

HEADS = (16 * 1024, 1024 * 1024)  # bytes to read: what does for most sources, and what does for all but hostile ones
_TOKEN = re.compile(
    r"[ \t\r\n\ufeff]+|//[^\n]*|/\*(?s:.*?)\*/|(?P<text>\"[^\"\n]*\"|`[^`]*`)|(?P<word>\w+)|(?P<sign>[().;])"
)
_DIRECTIVE = re.compile(r"(?m)^[ \t]*(?://|\*)?[ \t]*#cgo[ \t]([^\n:]*):([^\n]*)$")
_DYNAMIC = re.compile(r'(?m)^//go:cgo_import_dynamic \S+ \S+ "([^"\n]+)"')


class Source(Struct, frozen=True):
    """What a source says of itself, for one target.

    `built` is whether the go command takes it; None where that is not known. `links` are the names behind -l of cgo's
    lines; `whole` says that these lines name nothing else that may bring a library. `dynamic` are the libraries that
    Go's own linker names for it without cgo.
    """

    package: str
    imports: tuple[str, ...]
    built: bool | None
    links: tuple[str, ...] = ()
    whole: bool = True
    dynamic: tuple[str, ...] = ()

    @property
    def uses_c(self) -> bool:
        """Whether it is a source for cgo."""
        return "C" in self.imports


def read_source(text: str, target: Target, *, named: bool = False, complete: bool = True) -> Source | None:
    """A source from its beginning; None where that is too short, or no Go. `complete` says that it is all of it.

    `named` says that the command names the file itself: then its constraint does not count (measured with Go 1.19).
    """
    package, begin, imports, end = _read_imports(text)
    if package is None or (end >= len(text) and not complete):
        return None
    built = True if named else fits(text[:begin], target)
    if "C" in imports and built is not False:
        built = built if target.cgo else target.cgo
    dynamic = tuple(dict.fromkeys(_DYNAMIC.findall(text))) if "cgo_import_dynamic" in text else ()
    if "C" not in imports or built is False:
        return Source(package, imports, built, dynamic=dynamic)
    links, whole = _links(text[:end], target)
    return Source(package, imports, built, links, whole, dynamic)


def _read_imports(text: str) -> tuple[str | None, int, tuple[str, ...], int]:
    """The package, where its clause begins, the paths imported, where the imports end."""
    tokens = _tokens(text)
    kind, word, begin, end = next(tokens, ("", "", 0, len(text)))
    _, name, _, end = next(tokens, ("", "", 0, len(text)))
    if (kind, word) != ("word", "package") or not name:
        return None, 0, (), end
    imports: dict[str, None] = {}
    grouped = importing = False
    for kind, value, start, stop in tokens:
        if kind == "text" and importing:
            imports[value[1:-1]] = None
            importing = grouped
        elif (kind, value) == ("word", "import") and not importing:
            importing = True
        elif value == "(" and importing and not grouped:
            grouped = True
        elif value == ")" and grouped:
            grouped = importing = False
        elif value != ";" and not (importing and (kind == "word" or value == ".")):
            return name, begin, tuple(imports), start
        end = stop
    return name, begin, tuple(imports), max(end, len(text)) if importing else len(text)


def _tokens(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Words, strings and signs with their places, up to the first of another kind."""
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            kind = "other" if not _is_cut(text, place) else ""
            if kind:
                yield kind, text[place], place, place + 1
            return
        if found.lastgroup is not None:
            yield found.lastgroup, found[0], place, found.end()
        place = found.end()


def _is_cut(text: str, place: int) -> bool:
    """Whether a comment or string begins here that does not end in the text."""
    return text[place] in '"`' or text.startswith("/*", place) or text[place:] == "/"


def _links(text: str, target: Target) -> tuple[tuple[str, ...], bool]:
    """The libraries behind -l (cmd/cgo, "#cgo") and of pkg-config's modules; whether nothing else may bring one."""
    names: dict[str, None] = {}
    whole = True
    for left, flags in _DIRECTIVE.findall(text):
        *conditions, verb = left.split() or [""]
        holds = any_of(fits_list(each, target) for each in conditions) if conditions else True
        if holds is False or verb not in ("LDFLAGS", "pkg-config"):
            continue
        words = flags.split()
        found = _of_flags(words) if verb == "LDFLAGS" else _of_modules(words)
        whole = whole and holds is True and found is not None
        names |= dict.fromkeys(found or () if holds else ())
    return tuple(names), whole


def _of_flags(words: list[str]) -> tuple[str, ...] | None:
    """The names behind -l; None where a library of the sources' own directory may be what they find."""
    if any(("SRCDIR" in word and word.startswith("-L")) or "static" in word for word in words):
        return None
    return tuple(word[2:] for word in words if re.fullmatch(r"-l[\w+.-]+", word))


def _of_modules(words: list[str]) -> tuple[str, ...] | None:
    modules = [word for word in words if not word.startswith("-")]
    known = [libraries_of_modules([module]) for module in modules]
    return None if "--static" in words or not all(known) else tuple(name for each in known for name in each)
