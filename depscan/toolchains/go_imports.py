"""Which packages a Go program reaches, as far as its sources are in the stage.

In: the stage's files, the directory of the program's package. Out: `Reach`: the first source that brings cgo in, and
whether all that is reached was seen. Imports are followed through the module and its vendor folder, as `go list -deps`
does for Linux: tests and files for other systems do not count; a file with a build constraint may or may not.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.workplace import Files

# Go's own packages that reach one that uses cgo on Linux: net, os/user, plugin (go list -deps std, Go 1.19.8).
_CGO_LIBRARY = frozenset(
    """
    archive/tar crypto/tls crypto/x509 expvar log/syslog mime/multipart net net/http net/http/cgi net/http/cookiejar
    net/http/fcgi net/http/httptest net/http/httptrace net/http/httputil net/http/pprof net/mail net/rpc
    net/rpc/jsonrpc net/smtp net/textproto os/user plugin runtime/cgo
    """.split()  # noqa: SIM905 - read as prose
)
# Modules that are C with a Go face (their own sources say `import "C"`).
_C_MODULES = re.compile(
    r"(github\.com/(?:mattn/go-sqlite3|confluentinc/confluent-kafka-go|DataDog/zstd|linxGnu/grocksdb"
    r"|tecbot/gorocksdb|libgit2/git2go|go-gl/gl|veandco/go-sdl2|h2non/bimg|davidbyttow/govips|pebbe/zmq4"
    r"|godror/godror|mutecomm/go-sqlcipher|duckdb/duckdb-go|marcboeker/go-duckdb))(?:/.*)?"
)
_MAX_PACKAGES = 400
_MAX_SOURCE = 256 * 1024  # imports stand at a file's beginning
_SYSTEMS = "aix|android|darwin|dragonfly|freebsd|illumos|ios|js|netbsd|openbsd|plan9|solaris|wasip1|windows"
_NOT_BUILT = re.compile(rf".*_(?:test|(?:{_SYSTEMS})(?:_\w+)?)\.go")
_PASSED_OVER = re.compile(r"testdata|vendor|[._].+")
_MAX_FILES = 4_000
_BLOCK = re.compile(r"(?ms)^import\s*\((.*?)^\)")
_SINGLE = re.compile(r'(?m)^import\s+(?:[\w.]+\s+)?"([^"\n]+)"')
_LDFLAGS = re.compile(r"(?m)^\s*(?://|\*)?\s*#cgo([ \w,!]*?)\s+LDFLAGS:(.*)$")
_QUOTED = re.compile(r'"([^"\n]+)"')


class Module(Struct, frozen=True):
    """A Go module: the directory of its go.mod, its path and the text of go.mod."""

    root: str
    path: str
    text: str

    def requires(self, expression: re.Pattern[str]) -> str | None:
        """The first module that go.mod requires directly and that matches."""
        for line in self.text.splitlines():
            words = line.split()
            name = next((word for word in words if expression.fullmatch(word)), None)
            if name is not None and "// indirect" not in line and "=>" not in words:
                return name
        return None

    def c_module(self) -> str | None:
        """The first module written in C that go.mod requires directly."""
        return self.requires(_C_MODULES)


class Reach(Struct, frozen=True):
    """What a program reaches.

    `c` is where `import "C"` or a C module stands, `library` where a package of Go's own library that uses cgo is
    imported, both in words. `seen` says that there were sources, `complete` that none of what they reach is missing.
    `links` are the libraries that the sources name behind -l in `#cgo LDFLAGS`.
    """

    c: str | None
    library: str | None
    seen: bool
    complete: bool
    links: tuple[str, ...] = ()


def find_module(files: Files, directory: str) -> Module | None:
    """The module that a directory belongs to; None where its go.mod is not known."""
    while True:
        text = files.read(posixpath.join(directory, "go.mod"))
        if text is not None:
            named = re.search(r"(?m)^module\s+\"?([^\s\"]+)", text)
            return Module(directory, named[1] if named else "", text)
        if directory == "/":
            return None
        directory = posixpath.dirname(directory)


def follow_imports(files: Files, module: Module, package: str) -> Reach:
    """Follow the imports of the package in the directory `package` of a module."""
    sources = _by_directory(files, module)
    c = library = None
    complete, pending, done = True, [package], {package}
    links: dict[str, None] = {}
    while pending and len(done) <= _MAX_PACKAGES:
        directory = pending.pop()
        for path in sources.get(directory, ()):
            text = files.read(path, _MAX_SOURCE) or ""
            if _is_constrained(text):
                complete = False
                continue
            links |= dict.fromkeys(_links(text))
            for name in _imports(text):
                if name == "C" or _C_MODULES.fullmatch(name):
                    c = c or f"{posixpath.relpath(path, module.root)} imports {name}"
                elif name in _CGO_LIBRARY:
                    library = library or f"{posixpath.relpath(path, module.root)} imports {name}"
                elif (inner := _directory_of(name, module, sources)) is not None:
                    pending += [inner] if inner not in done else []
                    done.add(inner)
                elif "." in name.partition("/")[0]:  # the first part of a path outside of Go's library is a host
                    complete = False
    return Reach(c, library, package in sources, complete and len(done) <= _MAX_PACKAGES, tuple(links))


def _links(text: str) -> Iterator[str]:
    """The libraries behind -l of a source for cgo, on Linux (cmd/cgo, "#cgo"); none where one is linked statically."""
    for condition, flags in _LDFLAGS.findall(text):
        words = flags.split()
        if condition.strip() in ("", "linux") and not any("static" in word for word in words):
            yield from (word[2:] for word in words if re.fullmatch(r"-l[\w+.-]+", word))


def main_packages(files: Files, directory: str) -> list[str]:
    """The directories of the programs at and below one: what `DIRECTORY/...` matches, as far as go makes files of it.

    The go command passes over testdata, vendor and what begins with a dot or an underscore (`go help packages`).
    """
    found: dict[str, None] = {}
    sources = [path for path in files.walk(directory) if path.endswith(".go") and not _NOT_BUILT.fullmatch(path)]
    for path in sources[:_MAX_FILES]:
        inside = posixpath.relpath(posixpath.dirname(path), directory)
        if posixpath.dirname(path) in found or any(_PASSED_OVER.fullmatch(part) for part in inside.split("/")):
            continue
        text = files.read(path, _MAX_SOURCE) or ""
        if not _is_constrained(text) and re.search(r"(?m)^package main\b", text):
            found[posixpath.dirname(path)] = None
    return list(found)


def _by_directory(files: Files, module: Module) -> dict[str, list[str]]:
    sources: dict[str, list[str]] = {}
    for path in files.walk(module.root):
        if path.endswith(".go") and not _NOT_BUILT.fullmatch(path):
            sources.setdefault(path.rpartition("/")[0] or "/", []).append(path)
    return sources


def _directory_of(name: str, module: Module, sources: dict[str, list[str]]) -> str | None:
    """Where the sources of an import path stand: in the module, else in its vendor folder; None where not known."""
    if name == module.path or name.startswith(f"{module.path}/"):
        inside = posixpath.normpath(posixpath.join(module.root, name[len(module.path) + 1 :]))
        return inside if inside in sources else None
    vendored = posixpath.join(module.root, "vendor", name)
    return vendored if vendored in sources else None


def _is_constrained(text: str) -> bool:
    """Whether a build constraint decides if the file is built: it stands before the package clause."""
    head = text.partition("\npackage ")[0] if not text.startswith("package ") else ""
    return re.search(r"(?m)^//(go:build| \+build) ", head) is not None


def _imports(text: str) -> Iterator[str]:
    for block in _BLOCK.findall(text):
        yield from _QUOTED.findall(re.sub(r"//[^\n]*", "", block))
    yield from _SINGLE.findall(text)
