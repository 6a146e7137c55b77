"""Which packages a Go program reaches, as far as their sources are in the stage.

In: the stage's files, the modules at hand, what files are chosen for, the directory of the program's package. Out:
`Reach`: the sources that bring cgo in, and whether all that is reached was seen. Imports are followed as `go list
-deps` does, through the module, its workspace, local replacements and vendor folders; what is not there is looked up
among the modules that are known to be C with a Go face, else it is not known.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.toolchains.go_bindings import PUREGO, binding_of
from depscan.toolchains.go_constraints import fits_name
from depscan.toolchains.go_modules import is_own
from depscan.toolchains.go_sources import HEADS, read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from depscan.toolchains.go_constraints import Target
    from depscan.toolchains.go_modules import Modules
    from depscan.toolchains.go_sources import Source
    from depscan.toolchains.workplace import Files

# Go's own packages that reach one that uses cgo on Linux, and the tag that makes it do without: `go list -deps std`
# with and without -tags netgo,osusergo (Go 1.19.8).
_NETWORK = frozenset(
    """
    crypto/tls crypto/x509 expvar log/syslog mime/multipart net net/http net/http/cgi net/http/cookiejar
    net/http/fcgi net/http/httptest net/http/httptrace net/http/httputil net/http/pprof net/mail net/rpc
    net/rpc/jsonrpc net/smtp net/textproto
    """.split()  # noqa: SIM905 - read as prose
)
_LIBRARY: dict[str, str | None] = {
    **dict.fromkeys(_NETWORK, "netgo"),
    **dict.fromkeys(("os/user", "archive/tar"), "osusergo"),
    **dict.fromkeys(("plugin", "runtime/cgo"), None),
}
_MAX_PACKAGES = 4_000
_MAX_FILES = 20_000  # sources that one program is followed through
_CXX = (".cc", ".cpp", ".cxx")  # sources for which the go command links with a C++ compiler
_PASSED_OVER = re.compile(r"testdata|vendor|[._].+")


class Reach(Struct, frozen=True):
    """What a program reaches.

    `c` is where `import "C"` or a module that is C stands, `library` where a package of Go's own library that uses cgo
    is imported, `dynamic` what makes Go's own linker name a library without cgo, all in words. `complete` says that
    none of what they reach is missing. `links` are the names behind -l; `whole` says that they are all that the
    sources at hand link. `libraries` are sonames that Go's own linker names. `program` is whether the package is one
    (None: not known).
    """

    c: str | None = None
    library: str | None = None
    dynamic: str | None = None
    complete: bool = False
    links: tuple[str, ...] = ()
    whole: bool = False
    libraries: tuple[str, ...] = ()
    program: bool | None = None


class Sources:
    """The sources below some directories, read once for all programs of a command."""

    def __init__(self, files: Files, roots: Iterable[str], target: Target) -> None:
        self.target = target
        self._files = files
        self.known: dict[str, Source | None] = {}
        self.by_directory: dict[str, list[str]] = {}
        self.modules: set[str] = set()
        for path in dict.fromkeys(path for root in roots for path in files.walk(root)):
            directory, _, name = path.rpartition("/")
            if name.endswith((".go", *_CXX)):
                self.by_directory.setdefault(directory or "/", []).append(path)
            elif name == "go.mod":
                self.modules.add(directory or "/")

    def read(self, path: str, *, named: bool = False) -> Source | None:
        """A source, as far as its imports go; None where it cannot be read."""
        if path not in self.known:
            self.known[path] = self._read(path, named=named)
        return self.known[path]

    def _read(self, path: str, *, named: bool) -> Source | None:
        for size in HEADS:
            text = self._files.head(path, size)
            if text is None:
                return None
            found = read_source(text, self.target, named=named, complete=len(text.encode()) < size)
            if found is not None:
                return found
        return None

    def of_package(self, directory: str) -> list[str]:
        """The Go files of a directory whose names fit."""
        paths = self.by_directory.get(directory, ())
        return [path for path in paths if path.endswith(".go") and fits_name(posixpath.basename(path), self.target)]

    def has_cxx(self, directory: str) -> bool:
        """Whether a package has sources in C++."""
        return any(path.endswith(_CXX) for path in self.by_directory.get(directory, ()))

    def programs(self, directory: str) -> list[str]:
        """The directories of the programs at and below one: what `DIRECTORY/...` matches (`go help packages`).

        The go command passes over testdata, vendor, what begins with a dot or an underscore, and other modules.
        """
        found = []
        for each in sorted(self.by_directory):
            if each != directory and not each.startswith(directory.rstrip("/") + "/"):
                continue
            parts = posixpath.relpath(each, directory).split("/")
            above = (posixpath.join(directory, *parts[: count + 1]) for count in range(len(parts)))
            if each != directory and any(_PASSED_OVER.fullmatch(part) for part in parts):
                continue
            if each == directory or self.modules.isdisjoint(above):
                found += [each] if self.is_program(each) else []
        return found

    def is_program(self, directory: str) -> bool | None:
        """Whether the package in a directory is a program; None where its sources do not tell."""
        read = [self.read(path) for path in self.of_package(directory)]
        packages = {source.package for source in read if source is not None and source.built}
        return None if not packages else "main" in packages


class _Walk:
    """One pass over what a program reaches."""

    def __init__(self, sources: Sources, modules: Modules) -> None:
        self.sources = sources
        self.modules = modules
        self.c: list[str] = []
        self.library: list[str] = []
        self.dynamic: list[str] = []
        self.links: dict[str, None] = {}
        self.libraries: dict[str, None] = {}
        self.complete = self.whole = True
        self.pending: list[str] = []
        self.done: set[str] = set()
        self.read = 0

    def follow(self, first: Sequence[str], directory: str, *, named: bool) -> Reach:
        """Follow the imports of a package's files."""
        self.done.add(directory)
        program = self._package(first, directory, named=named)
        while self.pending and self.complete_within_bounds():
            directory = self.pending.pop()
            self._package(self.sources.of_package(directory), directory)
        return Reach(
            next(iter(self.c), None),
            next(iter(self.library), None),
            next(iter(self.dynamic), None),
            self.complete,
            tuple(self.links),
            self.whole,
            tuple(self.libraries),
            program,
        )

    def complete_within_bounds(self) -> bool:
        """Whether there was not too much to read so far."""
        within = len(self.done) <= _MAX_PACKAGES and self.read <= _MAX_FILES
        self.complete = self.complete and within
        return within

    def _package(self, paths: Sequence[str], directory: str, *, named: bool = False) -> bool | None:
        """Read the files of a package; whether it is a program, None where they do not tell."""
        calls_c = found = program = False
        for path in paths:
            self.read += 1
            source = self.sources.read(path, named=named)
            if source is None or source.built is None:
                self.complete = False
            elif source.built:
                found = True
                program = program or source.package == "main"
                calls_c = calls_c or source.uses_c
                self._source(source, path)
        self.complete = self.complete and found
        if calls_c and self.sources.has_cxx(directory):
            self.links["stdc++"] = None
        return program if found else None

    def _source(self, source: Source, path: str) -> None:
        where = posixpath.relpath(path, self.modules.main.root)
        if source.dynamic:
            self.dynamic.append(f"{where} names {source.dynamic[0]} for the dynamic linker")
            self.libraries |= dict.fromkeys(source.dynamic)
        self.links |= dict.fromkeys(source.links)
        self.whole = self.whole and source.whole
        for name in source.imports:
            self._import(name, where)

    def _import(self, name: str, where: str) -> None:
        said = f"{where} imports {name}"
        places = [each for each in self.modules.places(name) if each in self.sources.by_directory]
        if name == "C":
            self.c.append(said)
        elif places:
            self.pending += [each for each in places[:1] if each not in self.done]
            self.done.add(places[0])
        elif is_own(name):
            self._own(name, said)
        elif name != "unsafe":
            self._elsewhere(name, said)

    def _own(self, name: str, said: str) -> None:
        if name not in _LIBRARY or self.sources.target.cgo is False:
            return
        tag = _LIBRARY[name]
        if tag is None or not self.sources.target.has(tag):
            self.library.append(said)

    def _elsewhere(self, name: str, said: str) -> None:
        """A module whose sources are not here."""
        self.complete = False
        if PUREGO.fullmatch(name):
            self.dynamic.append(f"{said}, which names libc for the dynamic linker without cgo")
        binding = binding_of(name)
        if binding is None or self.sources.target.cgo is False:
            return
        self.c.append(said)
        links = binding.links_of(self.sources.target)
        self.links |= dict.fromkeys(links or ())
        self.whole = self.whole and links is not None


def follow_imports(sources: Sources, modules: Modules, directory: str, files: Sequence[str] = ()) -> Reach | None:
    """What the package in a directory reaches, or the program of the files named; None where it is not at hand."""
    paths = files or sources.of_package(directory)
    return _Walk(sources, modules).follow(paths, directory, named=bool(files)) if paths else None
