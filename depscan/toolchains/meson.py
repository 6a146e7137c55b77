"""meson, and ninja in a directory that meson configured: the programs that meson.build names.

In: a command. Out: its programs, where the build leaves them or where `install` puts them; of sources that were
downloaded `PREFIX/bin/*` with less confidence. What `meson setup` was told is kept where it keeps it, below meson-info
of the build directory, for the commands behind it. Grammar and options: the reference manual and "Built-in options" of
mesonbuild.com.
"""

from __future__ import annotations

import json
import posixpath
import re
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.prediction import Made, Product
from depscan.toolchains.arguments import Arguments, read_arguments
from depscan.toolchains.native_programs import (
    CXX_SOURCE,
    FLAG_VARIABLES,
    STATIC_FLAG,
    declared_program,
    expected_programs,
    linkage_of_flags,
)
from depscan.toolchains.system_libraries import libraries_of_modules, sonames_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset(
    """
    -C -D -j --prefix --bindir --libdir --buildtype --default-library --cross-file --native-file --destdir --backend
    --sbindir --libexecdir --datadir --includedir --mandir --sysconfdir --localstatedir --wrap-mode --warnlevel --tags
    --optimization --unity --auto-features --pkg-config-path --build.pkg-config-path --jobs --load-average -l -k -f -t
    """.split()  # noqa: SIM905 - read as prose
)
_VERBS = frozenset("setup compile install test configure dist introspect init wrap subprojects rewrite help".split())  # noqa: SIM905
_HARMLESS = frozenset({"default_library", "prefer_static"})  # they choose libraries, and leave libc dynamic
_INFO = "meson-info/meson-info.json"
_MANIFEST = "meson.build"
_DEPENDENCY = r"((?:\w+\.)?find_library|\bdependency)\s*\(\s*'([^']+)'([^()]*)\)"
_MAX_MANIFESTS = 200
_MAX_PROGRAMS = 500  # of one file
_MAX_ARGUMENTS = 10_000


class _Tree(Struct, frozen=True):
    """A configured build: its directory, that of the sources, the options, `linkage` as the flags say it."""

    directory: str
    source: str
    options: Mapping[str, str]
    linkage: str


class _Program(Struct, frozen=True):
    """An executable(): the directory of its meson.build below the sources, name, where it is installed, language.

    `libraries` are the names behind -l of the dependencies that it surely has.
    """

    below: str
    name: str
    installed: str | None
    cxx: bool
    libraries: tuple[str, ...]


def predict(place: Workplace) -> Iterator[Product | Made]:
    """What `meson setup` remembers; what `meson compile`, `meson install` and ninja make behind it."""
    arguments = read_arguments(place.command.words[1:], _VALUED)
    verb = next(iter(arguments.operands), "")
    by_ninja = place.command.name == "ninja"
    if not by_ninja and (verb == "setup" or verb not in _VERBS):
        yield from _setup(place, arguments)
        return
    tree = _tree(place, arguments)
    goals = set(arguments.operands if by_ninja else arguments.operands[1:])
    if tree is None or arguments.unknown or tree.linkage == "unknown":
        return
    if verb == "install" and goals <= {"install", "all"}:
        yield from _installed(place, arguments, tree)
    elif verb in ("compile", "all", "") and goals <= {"all"} and verb != ("" if not by_ninja else "compile"):
        yield from _built(place, tree)


def _setup(place: Workplace, arguments: Arguments) -> Iterator[Made]:
    """Nothing is remembered of a command with words that are not known, or that builds for another machine."""
    directories = [place.path(each) for each in arguments.operands if each != "setup"][:2]
    directories += [place.path(".")] if len(directories) == 1 else []
    if len(directories) != 2 or arguments.unknown or arguments.has("--cross-file", "--native-file"):
        return
    build, source = directories
    if build is None or source is None:
        return
    if place.files.read(posixpath.join(build, _MANIFEST)) is not None:  # either order is understood
        build, source = source, build
    options = dict(_options(arguments))
    flags = {name: place.environment[name] for name in FLAG_VARIABLES if name in place.environment}
    flags |= {name: options[name] for name in options if name.endswith(("_args", "_link_args"))}
    linkage = linkage_of_flags(flags)
    switches = [name for name, value in options.items() if "static" in f"{name}{value}" and name not in _HARMLESS]
    if (switches and linkage == "dynamic") or options.get("prefix", "") is None:
        linkage = "unknown"
    known = {name: value for name, value in options.items() if value is not None}
    told = {"directories": {"source": source, "build": build}, "options": known, "linkage": linkage}
    yield Made(posixpath.join(build, _INFO), text=json.dumps(told))


def _options(arguments: Arguments) -> Iterator[tuple[str, str | None]]:
    """`--prefix=DIR`, `-Dname=value`, `-D name=value`; None for a value that is not known."""
    for flag, value in arguments.flags:
        if flag == "-D":
            name, _, setting = (value or "").partition("=")
            yield name, None if value is None else setting
        else:
            yield flag.removeprefix("-D").removeprefix("--").replace("-", "_"), value


def _tree(place: Workplace, arguments: Arguments) -> _Tree | None:
    directory = place.path(arguments.value("-C") or ".")
    text = place.files.read(posixpath.join(directory, _INFO)) if directory else None
    try:
        told = json.loads(text or "null")
        return _Tree(directory or "", str(told["directories"]["source"]), dict(told["options"]), str(told["linkage"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None  # a file of meson's own, or none


def _installed(place: Workplace, arguments: Arguments, tree: _Tree) -> Iterator[Product]:
    destination = place.environment.get("DESTDIR", "")
    if arguments.has("--destdir"):
        destination = arguments.value("--destdir")
    texts = _texts(place, tree.source)
    prefix = tree.options.get("prefix") or _default_prefix(texts.get(".", ""))
    if destination is None or prefix is None:
        return
    bindir = tree.options.get("bindir") or "bin"
    if not texts:
        path = place.path(f"{destination}/{posixpath.join(prefix, bindir)}")
        why = f"the sources in {posixpath.basename(tree.source)} were configured without -static"
        yield from expected_programs(path, place, why) if path and tree.linkage == "dynamic" else ()
    for program in _programs(texts):
        if program.installed is not None:
            below = program.installed.replace("{bindir}", bindir)
            path = place.path(f"{destination}/{posixpath.join(prefix, below, program.name)}".replace("//", "/"))
            yield from _declared(path, program, tree, place) if path else ()


def _default_prefix(text: str) -> str | None:
    found = re.search(r"['\"]prefix=([^'\"]*)", text)
    return found[1] if found else "/usr/local"


def _built(place: Workplace, tree: _Tree) -> Iterator[Product]:
    for program in _programs(_texts(place, tree.source)):
        path = posixpath.normpath(posixpath.join(tree.directory, program.below, program.name))
        yield from _declared(path, program, tree, place)


def _declared(path: str, program: _Program, tree: _Tree, place: Workplace) -> Iterator[Product]:
    switched = {"prefer_static", "wrap_mode"} & tree.options.keys()
    needed = () if switched else sonames_of(program.libraries, place)
    yield from declared_program(path, place, _MANIFEST, tree.linkage, cxx=program.cxx, needed=needed)


def _texts(place: Workplace, source: str) -> dict[str, str]:
    """The root's meson.build and those that `subdir` reaches in any case, by directory, without conditions."""
    found: dict[str, str] = {}
    pending = ["."]
    while pending and len(found) < _MAX_MANIFESTS:
        below = pending.pop()
        text = place.files.read(posixpath.join(source, below, _MANIFEST), 2**18)
        if text is None or below in found:
            continue
        found[below] = _certain(text)
        names = re.findall(r"\bsubdir\s*\(\s*'([^'$]+)'\s*\)", found[below])
        pending += [posixpath.normpath(posixpath.join(below, name)) for name in names]
    return found


def _certain(text: str) -> str:
    """A text without comments and without what stands in `if ... endif` and `foreach ... endforeach`."""
    lines, depth = [], 0
    for line in text.split("\n"):
        plain = re.sub(r"^((?:[^'#]|'[^']*')*)#.*", r"\1", line)
        depth += bool(re.match(r"\s*(if|foreach)\b", plain))
        lines.append(plain if depth <= 0 else "")
        depth -= bool(re.match(r"\s*(endif|endforeach)\b", plain))
    return "\n".join(lines)


def _programs(texts: Mapping[str, str]) -> Iterator[_Program]:
    """The executables whose names, directories and languages the texts tell; none where one of them says -static."""
    if any(re.search(STATIC_FLAG, text) for text in texts.values()):
        return
    project = re.search(r"\bproject\s*\(\s*'([^']+)'", texts.get(".", ""))
    for below, text in texts.items():
        plain = text.replace("meson.project_name()", f"'{project[1]}'" if project else "?")
        for name, body in _executables(plain):
            sources = body + " ".join(_assigned(word, text) for word in re.findall(r"[,\s](\w+)\s*(?=[,)\n]|$)", body))
            if not re.search(r"\.(rs|d|swift|vala)'|name_(suffix|prefix)|override_options", sources):
                cxx = re.search(CXX_SOURCE, sources) is not None
                yield _Program(below, name, _place_of(body), cxx, tuple(_libraries(body, texts)))


def _executables(text: str) -> Iterator[tuple[str, str]]:
    """The name and the further arguments of each executable('NAME', ...)."""
    for found in islice(re.finditer(r"\bexecutable\s*\(\s*'([\w.+-]+)'", text), _MAX_PROGRAMS):
        depth = 1
        for end, character in enumerate(text[found.end() : found.end() + _MAX_ARGUMENTS], found.end()):
            depth += (character == "(") - (character == ")")
            if depth == 0:
                yield found[1], text[found.end() : end]
                break


def _assigned(name: str, text: str) -> str:
    """What a variable of sources is set to: a list or files()."""
    found = re.search(rf"(?m)^[ \t]*{name}[ \t]*\+?=[ \t]*(?:files\s*)?[\[(]([^\])]*)", text)
    return found[1] if found else ""


def _libraries(body: str, texts: Mapping[str, str]) -> Iterator[str]:
    """The names behind -l of `dependencies: [...]`; of one that may be missing or static nothing is said."""
    found = re.search(r"\bdependencies\s*:\s*(\[[^\]]*\]|\w+(?:\s*\([^()]*\))?)", body)
    listed = found[1] if found else ""
    calls = re.findall(_DEPENDENCY, listed)
    for word in re.findall(r"\b[A-Za-z_]\w*\b(?!\s*\()", re.sub(r"'[^']*'|\([^()]*\)", "", listed)):
        for text in texts.values():
            calls += re.findall(rf"(?m)^[ \t]*{word}[ \t]*=[ \t]*{_DEPENDENCY}", text)
    for kind, name, rest in calls:
        if not re.search(r"\b(required|static|fallback|method|disabler)\s*:", re.sub(r"required\s*:\s*true", "", rest)):
            yield from (name,) if kind.endswith("find_library") else libraries_of_modules((name,))


def _place_of(body: str) -> str | None:
    """Where an executable is installed below the prefix; None for one that is not, or where that is not known."""
    if re.search(r"\binstall\s*:\s*true\b", body) is None:
        return None
    given = re.search(r"\binstall_dir\s*:\s*(?:'([^'$]+)'|get_option\(\s*'(bindir)'\s*\)\s*(?=[,)\n]|$))", body)
    if given is None:
        return None if "install_dir" in body else "{bindir}"
    return given[1] or "{bindir}"
