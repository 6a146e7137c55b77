"""cmake, and make or ninja in a directory that cmake configured: programs that CMakeLists.txt names.

In: a command. Out: its programs, in the build directory or where `install` puts them. What a configuring command was
told is kept where cmake keeps it, in CMakeCache.txt of the build directory, for the commands behind it. Commands and
variables: cmake(1), cmake-commands(7), cmake-variables(7).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.toolchains.arguments import Arguments, read_arguments
from depscan.toolchains.cmake_links import libraries_of, read_links
from depscan.toolchains.native_programs import CXX_SOURCE, STATIC_FLAG, declared_program
from depscan.toolchains.system_libraries import sonames_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depscan.artifacts.prediction import Product
    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset(
    """
    -S -B -C -D -G -A -T -t -j -f --preset --build --install --prefix --target --config --parallel --component
    """.split()  # noqa: SIM905 - read as prose
)
_CACHE = "CMakeCache.txt"
_MAX_LISTS = 300
_CHOOSES_LIBRARIES = r"_ROOT$|[a-z]_DIR$|_PREFIX_PATH$|_LIBRARY(_PATH)?$|_LIBRARIES$|MODULE_PATH$"  # among the settings
_YES = frozenset({"ON", "1", "TRUE", "YES"})


class _Tree(Struct, frozen=True):
    """A configured build: its directory, the directory of the sources, the settings."""

    directory: str
    source: str | None
    settings: Mapping[str, str]


def remembers(place: Workplace) -> tuple[str, str] | None:
    """The path and the text of the CMakeCache.txt that a configuring command writes; None for other commands."""
    arguments = read_arguments(place.command.words[1:], _VALUED)
    if place.command.name != "cmake" or arguments.has("--build", "--install", "-E", "-P", "--version", "--help"):
        return None
    given = arguments.operands[-1] if arguments.operands else "."
    source = place.path(_directory(arguments, "-S") or given)
    build = place.path(_directory(arguments, "-B") or ".")
    if source is None or build is None or arguments.unknown or arguments.has("--preset"):
        return None
    settings = {"CMAKE_HOME_DIRECTORY": source, **_linker_flags(place), **dict(_defined(arguments))}
    lines = (f"{name}:STRING={value}" for name, value in settings.items())
    return posixpath.join(build, _CACHE), "\n".join(lines).replace("\0", "")


def _directory(arguments: Arguments, flag: str) -> str | None:
    """The value of `-B DIR` or `-BDIR`."""
    joined = (name[2:] for name, _ in arguments.flags if name.startswith(flag) and name != flag)
    return arguments.value(flag) or next(joined, None)


def _defined(arguments: Arguments) -> Iterator[tuple[str, str]]:
    """-DNAME=VALUE, -D NAME:TYPE=VALUE; a value that is not known is written as `$`."""
    for flag, value in arguments.flags:
        text = f"{flag[2:]}={value if value is not None else '$'}" if flag.startswith("-D") and flag != "-D" else value
        if flag.startswith("-D") and text and "=" in text:
            name, _, setting = text.partition("=")
            yield name.partition(":")[0], setting.replace("\n", " ")


def _linker_flags(place: Workplace) -> dict[str, str]:
    given = [place.environment.get(name, "") for name in ("LDFLAGS", "CFLAGS", "CXXFLAGS")]
    return {"CMAKE_EXE_LINKER_FLAGS": " ".join("$" if each is None else each for each in given)}


def predict(place: Workplace) -> Iterator[Product]:
    """The programs of `cmake --build`, `cmake --install`, `make`, `ninja` and their `install`."""
    arguments = read_arguments(place.command.words[1:], _VALUED)
    tree = _tree(place, arguments)
    if tree is None or _told_otherwise(tree.settings):
        return
    texts = dict(_lists(place, tree.source)) if tree.source else {}
    if any(re.search(STATIC_FLAG, text) for text in texts.values()):
        return  # under a condition or not: not known
    installs = arguments.has("--install") or any(
        "install" in each for each in (*arguments.operands, arguments.value("--target") or "")
    )
    linkage = "static" if re.search(STATIC_FLAG, tree.settings.get("CMAKE_EXE_LINKER_FLAGS", "")) else "dynamic"
    shared = tree.settings.get("BUILD_SHARED_LIBS", "OFF").upper() in _YES
    chosen = any(re.search(_CHOOSES_LIBRARIES, name) for name in tree.settings)
    links = read_links([] if chosen else list(texts.values()), shared=shared)
    for path, cxx in _installed(place, arguments, tree, texts) if installs else _built(tree, texts):
        needed = sonames_of(libraries_of(_target_of(posixpath.basename(path), texts), links), place)
        yield from declared_program(path, place, "CMakeLists.txt", linkage, cxx=cxx, needed=needed)


def _target_of(program: str, texts: Mapping[str, str]) -> str:
    """The target of a program as the texts write it: `${PROJECT_NAME}` may stand for its name."""
    names = (name for text in texts.values() for name in re.findall(r"(?i)\badd_executable\s*\(\s*([^\s)]+)", text))
    return next((name for name in names if _fill(name, texts) == program), program)


def _tree(place: Workplace, arguments: Arguments) -> _Tree | None:
    given = arguments.value("--build", "--install") if place.command.name == "cmake" else arguments.value("-C") or "."
    directory = place.path(given)
    text = place.files.read(posixpath.join(directory, _CACHE)) if directory else None
    if directory is None or text is None:
        return None
    settings = dict(re.findall(r"(?m)^([\w.-]+):\w+=(.*)$", text))
    return _Tree(directory, settings.get("CMAKE_HOME_DIRECTORY"), settings)


def _told_otherwise(settings: Mapping[str, str]) -> bool:
    """Whether another compiler, another system or a switch for static programs makes the outcome unknown."""
    return any(
        name in ("CMAKE_TOOLCHAIN_FILE", "CMAKE_SYSTEM_NAME", "CMAKE_C_COMPILER", "CMAKE_CXX_COMPILER")
        or ("STATIC" in name.upper() and value.upper() not in ("OFF", "0", "FALSE", "NO"))
        or (name == "CMAKE_EXE_LINKER_FLAGS" and "$" in value)
        for name, value in settings.items()
    )


def _lists(place: Workplace, source: str) -> Iterator[tuple[str, str]]:
    """The CMakeLists.txt files below the sources by directory, comments removed."""
    paths = [path for path in place.files.walk(source) if posixpath.basename(path) == "CMakeLists.txt"]
    for path in paths[:_MAX_LISTS]:
        yield posixpath.dirname(path), re.sub(r"#[^\n]*", "", place.files.read(path, 2**18) or "")


def _built(tree: _Tree, texts: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Programs where the build leaves them: a directory like the sources', unless one is set for all."""
    if any("RUNTIME_OUTPUT_DIRECTORY" in text for text in texts.values()) or not tree.source:
        return
    for directory, text in texts.items():
        for name, cxx in _executables(text, texts):
            yield (
                posixpath.normpath(posixpath.join(tree.directory, posixpath.relpath(directory, tree.source), name)),
                cxx,
            )


def _installed(
    place: Workplace, arguments: Arguments, tree: _Tree, texts: Mapping[str, str]
) -> Iterator[tuple[str, bool]]:
    """Programs where `install(TARGETS ...)` puts them: below DESTDIR and the prefix, in bin by default."""
    prefix = arguments.value("--prefix") or tree.settings.get("CMAKE_INSTALL_PREFIX", "/usr/local")
    words = [each.removeprefix("DESTDIR=") for each in arguments.operands if each.startswith("DESTDIR=")]
    root = words[-1] if words else place.environment.get("DESTDIR", "")
    base = place.path(f"{root}/{prefix}".replace("//", "/")) if root else place.path(prefix)
    if base is None or "$" in base or root is None:
        return
    for text in texts.values():
        known = dict(_executables(text, texts))
        for body in re.findall(r"(?i)\binstall\s*\(\s*TARGETS\s([^)]*)\)", text):
            where = re.search(r"(?:RUNTIME\s+)?DESTINATION\s+(\S+)", body)
            folder = (where[1] if where else "bin").strip('"').replace("${CMAKE_INSTALL_BINDIR}", "bin")
            for name in re.split(r"\s+", body.strip()):
                program = _fill(name, texts)
                if program in known and "$" not in folder:
                    yield posixpath.normpath(posixpath.join(base, folder, program)), known[program]


def _executables(text: str, texts: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """The programs of a file, and whether a C++ source of each is named."""
    for name, sources in re.findall(r"(?i)\badd_executable\s*\(\s*([^\s)]+)([^)]*)\)", text):
        program = _fill(name, texts)
        if program and not re.match(r"\s*(ALIAS|IMPORTED)\b", sources):
            yield program, re.search(CXX_SOURCE, sources) is not None


def _fill(name: str, texts: Mapping[str, str]) -> str | None:
    """A target's name, with ${PROJECT_NAME} filled in; None where another variable stands in it."""
    if "PROJECT_NAME}" in name:
        found = re.search(r"(?i)\bproject\s*\(\s*\"?([\w.-]+)", "".join(texts.values()))
        name = re.sub(r"\$\{(CMAKE_)?PROJECT_NAME\}", found[1] if found else "$", name)
    return None if "$" in name else name.strip('"')
