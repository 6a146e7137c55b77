"""./configure, and make in a directory that it configured: the programs that automake's manifests name.

In: a command. Out: its programs, where the build leaves them or where `make install` puts them; of sources that were
downloaded, whose manifests are not at hand, `PREFIX/bin/*` with less confidence. What configure was told is kept where
it keeps it, in config.status, for the commands behind it. Variables and directories: the GNU coding standards, chapter
7 (DESTDIR, prefix, bindir); Makefile.am: the manual of automake, chapter 8 (`bin_PROGRAMS`, `SOURCES`).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.prediction import Made, Product
from depscan.toolchains.arguments import Arguments, flag_text, read_arguments
from depscan.toolchains.native_programs import (
    CXX_SOURCE,
    FLAG_VARIABLES,
    STATIC_FLAG,
    declared_program,
    expected_programs,
    linkage_of_flags,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depscan.toolchains.workplace import Workplace

_STATUS = "config.status"
_MANIFESTS = "automake's manifests"
_OPTIONS = frozenset({"--prefix", "--exec-prefix", "--bindir", "--sbindir"})
_OTHERWISE = re.compile(r"--(host|target|program-(prefix|suffix|transform-name))\b")
_MAKE_VALUED = frozenset({"-C", "-f", "-j", "-l", "-o", "-W", "-I", "--directory", "--file", "--jobs"})
_INSTALLS = frozenset({"install", "install-strip", "install-exec"})
_BUILDS = frozenset({"all", "build"})
_MAX_MANIFESTS = 300
_MAX_PROGRAMS = 500  # of one manifest


class _Tree(Struct, frozen=True):
    """A configured build: its directory, that of the sources, directories of programs, `linkage` as flags say it."""

    directory: str
    source: str
    bindir: str
    sbindir: str
    linkage: str


class _Program(Struct, frozen=True):
    """A program of a manifest: the directory of the manifest relative to the sources, `bin`, `sbin` or `noinst`."""

    below: str
    name: str
    place: str
    cxx: bool


def predict(place: Workplace) -> Iterator[Product | Made]:
    """What configure remembers; what `make` and `make install` make where configure ran before."""
    if place.command.name == "configure":
        yield from _configure(place)
        return
    arguments = read_arguments(place.command.words[1:], _MAKE_VALUED)
    directory = place.path(arguments.value("-C", "--directory") or ".")
    text = place.files.read(posixpath.join(directory, _STATUS)) if directory else None
    tree = _read_status(directory, text) if directory and text else None
    if tree is not None:
        yield from _make(place, arguments, tree)


def _configure(place: Workplace) -> Iterator[Made]:
    """Nothing is remembered of a command with words that are not known, or that asks for another machine."""
    build, script = place.path("."), place.path(place.words[0])
    words = [flag_text(word) for word in place.command.words[1:]]
    hidden = any(word.text is None and not re.match(r"\"?--?[\w-]+=", word.raw) for word in place.command.words[1:])
    if build is None or script is None or hidden or any(_OTHERWISE.match(word) for word in words):
        return
    options = dict(_options(place))
    prefix = options.get("--prefix", "/usr/local")
    root = options.get("--exec-prefix", prefix)
    variables = {name: place.environment[name] for name in FLAG_VARIABLES if name in place.environment}
    variables |= {name: options[name] for name in FLAG_VARIABLES if name in options}
    linkage = linkage_of_flags(variables)
    if linkage == "dynamic" and any("static" in word for word in words if not re.match("--(en|dis)able-static$", word)):
        linkage = "unknown"
    source = posixpath.dirname(script)
    if linkage == "dynamic" and "--enable-static" in words and not _has_manifests(place, source):
        linkage = "unknown"  # of libraries by libtool's custom, of programs by some
    yield _status(
        _Tree(
            build,
            source,
            options.get("--bindir", root and f"{root}/bin") or "$",
            options.get("--sbindir", root and f"{root}/sbin") or "$",
            linkage,
        )
    )


def _options(place: Workplace) -> Iterator[tuple[str, str | None]]:
    """`--prefix=DIR`, `--prefix DIR` and `NAME=VALUE`; None for a value that is not known."""
    pending = list(reversed(place.command.words[1:]))
    while pending:
        word = pending.pop()
        name, equals, value = flag_text(word).partition("=")
        if equals:
            yield name, None if word.text is None else value
        elif name in _OPTIONS and pending:
            yield name, pending.pop().text


def _status(tree: _Tree) -> Made:
    values = {"srcdir": tree.source, "bindir": tree.bindir, "sbindir": tree.sbindir, "linkage": tree.linkage}
    text = "\n".join(f"{name}={' '.join(value.split())}" for name, value in values.items())
    return Made(posixpath.join(tree.directory, _STATUS), text=text.replace("\0", ""))


def _read_status(directory: str, text: str) -> _Tree | None:
    values = dict(line.partition("=")[::2] for line in text.split("\n")[:10])
    if not values.keys() >= {"srcdir", "bindir", "sbindir", "linkage"}:
        return None
    return _Tree(directory, values["srcdir"], values["bindir"], values["sbindir"], values["linkage"])


def _make(place: Workplace, arguments: Arguments, tree: _Tree) -> Iterator[Product | Made]:
    given = {name: value for name, equals, value in (each.partition("=") for each in arguments.operands) if equals}
    goals = {each for each in arguments.operands if "=" not in each}
    linkage = linkage_of_flags({name: given.get(name) for name in FLAG_VARIABLES if name in given})
    if linkage != "dynamic":
        tree = _Tree(tree.directory, tree.source, tree.bindir, tree.sbindir, linkage)
        yield _status(tree)
    if arguments.unknown or not goals <= _INSTALLS | _BUILDS or {"prefix", "bindir", "exec_prefix"} & given.keys():
        return
    destination = given.get("DESTDIR", place.environment.get("DESTDIR", ""))
    known = tree.linkage != "unknown" and destination is not None and "$" not in (destination or "")
    if goals & _INSTALLS and known:
        yield from _installed(place, tree, destination or "")
    if (not goals or goals & _BUILDS) and known:
        yield from _built(place, tree)


def _installed(place: Workplace, tree: _Tree, destination: str) -> Iterator[Product]:
    directories = {"bin": tree.bindir, "sbin": tree.sbindir}
    where = {
        name: path for name, each in directories.items() if "$" not in each and (path := place.path(destination + each))
    }
    if _has_manifests(place, tree.source):
        for program in _programs(place, tree.source):
            if program.place in where:
                yield from declared_program(
                    posixpath.join(where[program.place], program.name), place, _MANIFESTS, tree.linkage, cxx=program.cxx
                )
        return
    named = posixpath.basename(tree.source)
    for path in where.values() if tree.linkage == "dynamic" else ():
        yield from expected_programs(path, place, f"the sources in {named} were configured without -static")


def _built(place: Workplace, tree: _Tree) -> Iterator[Product]:
    """Programs in the build directory; with libtool scripts may stand for them until they are installed."""
    if any(re.search(r"\b(LT_INIT|AC_PROG_LIBTOOL|AM_PROG_LIBTOOL)\b", text) for text in _setups(place, tree.source)):
        return
    for program in _programs(place, tree.source):
        path = posixpath.normpath(posixpath.join(tree.directory, program.below, program.name))
        yield from declared_program(path, place, _MANIFESTS, tree.linkage, cxx=program.cxx)


def _setups(place: Workplace, source: str) -> list[str]:
    """The texts of configure.ac or its older name."""
    paths = (posixpath.join(source, name) for name in ("configure.ac", "configure.in"))
    return [text for path in paths if (text := place.files.read(path)) is not None]


def _has_manifests(place: Workplace, source: str) -> bool:
    return any(name.startswith(("configure.", "Makefile")) for name in place.files.names(source))


def _programs(place: Workplace, source: str) -> list[_Program]:
    """What Makefile.am names, or Makefile.in where there is no such file; nothing where a text says -static."""
    walked = place.files.walk(source)
    paths = [path for path in walked if posixpath.basename(path) == "Makefile.am"]
    paths = paths or [path for path in walked if posixpath.basename(path) == "Makefile.in"]
    texts = {posixpath.dirname(path): place.files.read(path, 2**18) or "" for path in paths[:_MAX_MANIFESTS]}
    told = [*texts.values(), *_setups(place, source)]
    if any(re.search(STATIC_FLAG, re.sub(r"(?m)#.*", "", text)) for text in told):
        return []
    return [program for path, text in texts.items() for program in _named(posixpath.relpath(path, source), text)]


def _named(below: str, text: str) -> Iterator[_Program]:
    """The programs of a manifest that no condition may leave out."""
    variables = _variables(text)
    for where in ("bin", "sbin", "noinst"):
        for word in variables.get(f"{where}_PROGRAMS", "").split()[:_MAX_PROGRAMS]:
            name = word.removesuffix("$(EXEEXT)")
            if re.fullmatch(r"[\w.+-]+", name):
                sources = variables.get(f"{re.sub(r'[^A-Za-z0-9_@]', '_', name)}_SOURCES", "")
                cxx = re.search(CXX_SOURCE, sources) is not None and "-static-libstdc++" not in text
                yield _Program(below, name, where, cxx)


def _variables(text: str) -> Mapping[str, str]:
    """`NAME = VALUE` and `NAME += VALUE` outside `if ... endif`."""
    found: dict[str, str] = {}
    depth = 0
    for line in re.sub(r"\\\n\s*", " ", text).split("\n"):
        depth += bool(re.match(r"if\s", line)) - bool(re.match(r"endif\b", line))
        assigned = re.match(r"(\w+)\s*(\+?)=\s*([^#]*)", line) if depth <= 0 else None
        if assigned is not None:
            found[assigned[1]] = f"{found.get(assigned[1], '')} {assigned[3]}" if assigned[2] else assigned[3]
    return found
