"""Build tools and the package managers of languages: where they write.

In: an `Action`. Out: an unknown change below these directories. What a tool installs for its language lies in places of
its own, and neither there nor below the working directory does it bring a dynamic linker; a build that installs into
the system, or any other program, may do anything.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.filesystem.effects import Disturb, Effect
from depscan.filesystem.options import read_options
from depscan.filesystem.products import products, remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.filesystem.effects import Action

_HOME = ("/root", "/home", "/tmp", "/var/tmp", "/var/cache")  # noqa: S108 - paths in an image
_NODE = ("node_modules", ".yarn", ".pnp.cjs", "/usr/local/lib/node_modules", "/usr/lib/node_modules", "/usr/local/bin")
_PYTHON = (
    *(f"/usr{local}/lib/python3.{minor}" for local in ("", "/local") for minor in range(6, 20)),
    *("/usr/lib/python2.7", "/usr/local/lib/python2.7", "/usr/lib/python3", "/usr/local/bin", "/usr/bin", "/opt"),
    *("venv", ".venv", "env", "/venv", "/app/.venv", "/usr/local/share"),
)
_BELOW_PREFIX = (*(f"lib/python3.{minor}" for minor in range(6, 20)), "lib/python3", "bin", "share", "etc", "include")
_RUBY = ("vendor", ".bundle", "/usr/local/bundle", "/usr/local/lib/ruby", "/usr/lib/ruby", "/var/lib/gems", "/usr/bin")
_GO = ("/go", "/usr/local/go")
# The interpreters that packages of PyPI, npm, RubyGems and Packagist may bring (nodejs-bin, install-jdk): no shell.
_OF_LANGUAGES = frozenset(
    f"node nodejs php ruby perl java make lua5.1 lua5.3 lua5.4 tclsh expect pwsh Rscript pypy pypy3 python python2 "
    f"python3 {' '.join(f'python3.{minor}' for minor in range(6, 20))}".split()
)
_RUST = ("target", "/usr/local/cargo", "/usr/local/rustup")


def _verbs(text: str) -> frozenset[str]:
    return frozenset(text.split())


class Tool(Struct, frozen=True):
    """A tool: where its installing verbs write, and where all others do. "." is the working directory.

    `outputs` are options whose value is a place it writes to, and where `alone` the only one, `prefixes` those whose
    value has the directories `_BELOW_PREFIX` below, `variables` those of the environment that name a place. `programs`
    are all interpreters that it may bring, None where that is not known.
    """

    installs: frozenset[str] = frozenset()
    places: tuple[str, ...] = ()
    builds: tuple[str, ...] = (".",)
    outputs: tuple[str, ...] = ()
    alone: bool = False
    prefixes: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    programs: frozenset[str] | None = None


_NODE_TOOL = Tool(
    _verbs("ci install i add rebuild update remove uninstall prune dedupe config cache"),
    _NODE,
    outputs=("--outfile",),
    programs=_OF_LANGUAGES,
)
_PYTHON_TOOL = Tool(
    _verbs("install sync add download wheel uninstall config cache pip venv"),
    _PYTHON,
    outputs=("-t", "--target", "--root", "-w", "--wheel-dir"),
    prefixes=("--prefix",),
    variables=("VIRTUAL_ENV", "PYTHONUSERBASE", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON_INSTALL_DIR"),
    programs=_OF_LANGUAGES,
)
_JVM_TOOL = Tool(builds=(".", "/usr/share/maven", "/usr/share/gradle"))

TOOLS: dict[str, Tool] = {
    **dict.fromkeys(("npm", "yarn", "pnpm", "bun", "corepack", "npx"), _NODE_TOOL),
    **dict.fromkeys(("pip", "pip2", "pip3", "uv", "poetry", "pdm", "pipenv", "pipx", "virtualenv"), _PYTHON_TOOL),
    **dict.fromkeys(
        ("gem", "bundle", "bundler"), Tool(frozenset({"install", "config", "update"}), _RUBY, programs=_OF_LANGUAGES)
    ),
    "composer": Tool(_verbs("install update require dump-autoload config"), ("vendor", "."), programs=_OF_LANGUAGES),
    "go": Tool(
        frozenset({"mod", "install", "get", "env", "version", "clean", "list", "generate"}),
        _GO,
        (".", *_GO),
        outputs=("-o",),
        variables=("GOBIN", "GOPATH"),
    ),
    "cargo": Tool(
        frozenset({"install", "fetch", "chef", "update"}),
        _RUST,
        (".", *_RUST),
        outputs=("--root", "--target-dir"),
        variables=("CARGO_HOME", "CARGO_TARGET_DIR"),
    ),
    **dict.fromkeys(("cross", "xx-cargo"), Tool(builds=(".", *_RUST), outputs=("--root", "--target-dir"))),
    **dict.fromkeys(("rustup", "rustup-init"), Tool(builds=_RUST, variables=("CARGO_HOME", "RUSTUP_HOME"))),
    "rustc": Tool(outputs=("-o",), alone=True),
    **dict.fromkeys(("jlink", "jpackage"), Tool(outputs=("--output", "--dest", "-d"))),
    "native-image": Tool(outputs=("-o",)),
    **dict.fromkeys(("mvn", "mvnw", "gradle", "gradlew", "sbt", "ant", "lein", "javac"), _JVM_TOOL),
    "dotnet": Tool(builds=(".", "/usr/share/dotnet"), outputs=("-o", "--output", "--tool-path")),
    **dict.fromkeys(
        ("gcc", "g++", "cc", "c++", "clang", "clang++", "ld", "musl-gcc"), Tool(outputs=("-o",), alone=True)
    ),
    "ghc": Tool(outputs=("-o",)),
    **dict.fromkeys(
        ("ar", "as", "ranlib", "cpp", "gfortran", "nim", "nimble", "ldc", "dmd", "gdc", "dub", "dune"), Tool()
    ),
    **dict.fromkeys(("conda", "mamba", "micromamba"), Tool(builds=("/opt", "/usr/local"))),
    **dict.fromkeys(("pyenv", "rbenv", "goenv", "phpenv", "sdk", "ghcup"), Tool(builds=("/usr/local", "/opt"))),
    **dict.fromkeys(
        ("nvm", "fnm", "volta"), Tool(builds=("/usr/local", "/opt"), variables=("NVM_DIR", "FNM_DIR", "VOLTA_HOME"))
    ),
    **dict.fromkeys(("docker-php-source", "docker-php-ext-configure"), Tool(builds=("/usr/src",))),
    **dict.fromkeys(("docker-php-ext-install", "pecl", "pear"), Tool(builds=("/usr/src", "/usr/local"))),
    **dict.fromkeys(("php", "jupyter"), Tool(builds=(".", "/usr/local/bin", "/usr/local/share"))),
    **dict.fromkeys(("configure", "autogen.sh", "bootstrap", "autoconf", "autoreconf", "automake"), Tool()),
    **dict.fromkeys(("patch", "jar", "unsquashfs", "dpkg-buildpackage", "abuild"), Tool(builds=(".", ".."))),
    "xx-go": Tool(builds=(".", *_GO), outputs=("-o",)),
    "deno": Tool(
        builds=(".", "/usr/local/bin"), outputs=("-o", "--output"), variables=("DENO_DIR", "DENO_INSTALL_ROOT")
    ),
    "manage.py": Tool(),  # Django's, whose commands write assets and databases
    **dict.fromkeys(("stack", "cabal"), Tool(outputs=("--local-bin-path", "--installdir"))),
    **dict.fromkeys(("mix", "rebar3", "rebar"), Tool(outputs=("--path", "-o", "--output-dir"))),
    **dict.fromkeys(("swift", "zig", "dart", "crystal", "shards"), Tool(outputs=("-o", "--output"))),
    **dict.fromkeys(("tsc", "webpack", "ng"), Tool()),
    **dict.fromkeys(("pytest", "tox", "mypy", "ruff", "flake8", "black", "eslint", "jest", "vitest", "rspec"), Tool()),
}


def unversioned(name: str) -> str:
    """A program's name without a version at its end or a target before it: gcc-12, pip3, aarch64-linux-gnu-gcc."""
    return re.sub(r"^\w+-(\w+-)?linux-(gnu|musl)\w*-|[-.\d]+$", "", name)


def run_tool(action: Action) -> Iterator[Effect]:
    """A language's tool of the table."""
    name = action.command.name or ""
    tool = TOOLS.get(name) or TOOLS[unversioned(name)]
    if tool is not _NODE_TOOL:
        yield from _run(tool, name, action)
        return
    from depscan.filesystem.node_programs import carry_modules, renew_modules  # noqa: PLC0415 - for Node alone

    yield from renew_modules(action)
    yield from _run(tool, name, action)
    yield from carry_modules(action)


def _run(tool: Tool, name: str, action: Action) -> Iterator[Effect]:
    options = read_options(action.command.words[1:])
    verbs = {word.text for word in options.operands[:2]}
    places = tool.places if verbs & tool.installs else tool.builds
    given = [value for name, value in action.command.assignments if name in tool.variables]
    given += [action.tree.environment.get(name) for name in tool.variables]
    outputs = tuple(_outputs(action, tool))
    places = () if tool.alone and outputs else places
    roots = [*places, *_HOME, *outputs, *(value for value in given if value)]
    paths = [action.path(root) for root in roots]
    known = None if None in paths else tuple(dict.fromkeys(path for path in paths if path))
    yield Disturb(known or ("/",), foreign_libc=False, programs=tool.programs)
    yield from products(action, unversioned(name))


def _outputs(action: Action, tool: Tool) -> Iterator[str]:
    yield from _values(action, tool.outputs)
    for prefix in _values(action, tool.prefixes):
        yield from (f"{prefix}/{below}" for below in _BELOW_PREFIX)


def _values(action: Action, options: tuple[str, ...]) -> Iterator[str]:
    words = [word.text or "" for word in action.command.words]
    for option in options:
        yield from (word.split("=", 1)[1] for word in words if word.startswith(option + "="))
        yield from (after for before, after in pairwise(words) if before == option and after)


def run_module(action: Action) -> Iterator[Effect]:
    """`python -m pip install`, `python -m venv`, Django's manage.py; any other Python program may do anything."""
    words = [word.text for word in action.command.words]
    module = words[words.index("-m") + 1] if "-m" in words[:-1] else None
    if module in {"pip", "venv", "ensurepip", "build", "compileall", "virtualenv"}:
        roots = [action.path(root) for root in (*_PYTHON, ".", *_HOME)]
        roots += [action.path(root) for root in _outputs(action, _PYTHON_TOOL)]
        roots += [action.path(word) for word in words[-1:] if module in {"venv", "virtualenv"}]
        known = None if None in roots else tuple(path for path in roots if path)
        yield Disturb(known or ("/",), foreign_libc=False, programs=_OF_LANGUAGES)
        yield from products(action, "python")
    elif any(word is not None and word.endswith("manage.py") for word in words[1:2]):
        here = action.path(".")
        yield Disturb(("/",) if here is None else (here, *_HOME), foreign_libc=False)
    elif not _only_prints(words):
        yield from run_anything(action)


def _only_prints(words: list[str | None]) -> bool:
    return len(words) == 2 and words[1] in {"-V", "-v", "--version", "-version", "version", "-h", "--help", "help"}


def run_make(action: Action) -> Iterator[Effect]:
    """make, ninja, cmake, meson: below the working directory, unless they install."""
    words = [word.text for word in action.command.words[1:]]
    installs = any(word is None or "install" in word for word in words)
    destination = next((word.split("=", 1)[1] for word in words if word and word.startswith("DESTDIR=")), None)
    path = action.path(destination) if destination else None
    if path is not None:
        yield Disturb((path,))
    if installs and path is None:
        yield from run_anything(action)
    else:
        here = action.path(".")
        yield Disturb(("/",) if here is None else (here, *_HOME), foreign_libc=False)
    if action.command.name == "cmake":
        yield from remembered(action)
    yield from products(action, action.command.name or "")


def run_anything(action: Action) -> Iterator[Effect]:
    """A program nothing is known of, unless it is only asked for its version."""
    if not _only_prints([word.text for word in action.command.words]):
        yield Disturb(("/",))
