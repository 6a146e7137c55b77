"""Commands of pip, uv, poetry, pdm and pipenv that install packages, read from their words and settings.

In: a `Workplace`. Out: `Install`: what is installed where; None for commands that install nothing, and where a place
that matters is not known. A virtual environment is the one of the program's own path (/venv/bin/pip), of VIRTUAL_ENV,
or whose bin stands first in PATH.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.toolchains.arguments import read_arguments
from depscan.toolchains.python_interpreter import find_interpreter, library

if TYPE_CHECKING:
    from depscan.shell.commands import ShellWord
    from depscan.toolchains.arguments import Arguments
    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset(
    """
    -r --requirement -c --constraint -t --target --prefix --root --no-binary --only-binary -w --wheel-dir -f
    --find-links -i --index-url --extra-index-url --trusted-host --timeout --retries --cache-dir --progress-bar
    --platform --python-version --python --implementation --abi -e --editable --src --proxy --cert --log --report
    --upgrade-strategy --use-pep517 --config-settings --global-option --build-option --install-option --root-user-action
    --use-feature -d --dest -p --group --extra --no-group --only-group --package --project --directory --only --with
    --without -E --extras -C --index-strategy --link-mode --no-install-package --default-index --index --prompt -G
    --no-build-package --python-preference --config-file --reinstall-package --resolution --exclude-newer
    --keyring-provider
    """.split()  # noqa: SIM905 - read as prose
)
_STANDARD = frozenset({"", "/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/root/.local/bin"})
_YES = frozenset({"1", "true", "yes", "on"})


class Install(Struct, frozen=True):
    """An installation of packages into `packages`, a directory for the Python of `version` (None: not known).

    `names` are the requirements and wheels given, `files` the requirement files, `locked` says that the lockfile in
    `directory` tells. `source` are the packages that are built from source whatever wheels there are (:all: for each).
    `wheels` is where `pip wheel` puts what it makes in place of installing it. `environment` is the virtual environment
    that is made where it is not there. `index` is false where nothing is fetched.
    """

    tool: str
    packages: str
    version: str | None
    names: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    locked: bool = False
    directory: str = "/"
    source: frozenset[str] = frozenset()
    wheels: str | None = None
    environment: str | None = None
    index: bool = True


def split_program(place: Workplace) -> tuple[str, tuple[ShellWord, ...]]:
    """The tool and the words behind it; of `python -m pip` these are pip and what follows."""
    words = place.command.words
    name = re.sub(r"[-.\d]+$", "", place.command.name or "")
    if name in ("python", "pypy"):
        texts = [word.text for word in words]
        at = texts.index("-m") + 1 if "-m" in texts[:-1] else None
        return (texts[at] or "", words[at + 1 :]) if at is not None else ("", ())
    return name, words[1:]


def read_install(place: Workplace) -> Install | None:
    """What the command installs; None for other verbs and unknown places."""
    tool, words = split_program(place)
    arguments = read_arguments(words, _VALUED)
    verbs, rest = arguments.operands[:1], arguments.operands[1:]
    if tool == "uv" and verbs == ("pip",):
        verbs, rest = rest[:1], rest[1:]
        return _pip("uv", arguments, verbs, rest, place) if verbs in (("install",), ("sync",)) else None
    if tool == "pip":
        return _pip("pip", arguments, verbs, rest, place)
    if (tool, *verbs) in (("uv", "sync"), ("poetry", "install"), ("pdm", "install"), ("pdm", "sync")):
        return _project(tool, arguments, place)
    return _pipenv(arguments, place) if tool == "pipenv" and verbs in (("install",), ("sync",)) and not rest else None


def _pip(
    tool: str, arguments: Arguments, verbs: tuple[str, ...], rest: tuple[str, ...], place: Workplace
) -> Install | None:
    if verbs not in (("install",), ("wheel",), ("sync",)) or arguments.has(
        "--platform", "--dry-run", "--python-platform"
    ):
        return None
    where = _packages(tool, arguments, place)
    here = place.command.directory
    if where is None or here is None or (arguments.unknown and not arguments.has("-r", "--requirement")):
        return None
    files = [*arguments.values("-r", "--requirement"), *(rest if verbs == ("sync",) else ())]
    wheels = place.path(arguments.value("-w", "--wheel-dir") or ".") if verbs == ("wheel",) else None
    source = {name for value in arguments.values("--no-binary") for name in (value or "").split(",")}
    return Install(
        tool,
        *where,
        names=rest if verbs != ("sync",) else (),
        files=tuple(path for name in files if (path := place.path(name)) is not None),
        directory=here,
        source=frozenset(source | set((place.environment.get("PIP_NO_BINARY") or "").split(",")) - {""}),
        wheels=wheels,
        index=not arguments.has("--no-index"),
    )


def _packages(tool: str, arguments: Arguments, place: Workplace) -> tuple[str, str | None] | None:
    """The directory that packages go into, and the Python they are for."""
    python = find_interpreter(place)
    version = python.version if python else None
    target, prefix = arguments.value("-t", "--target"), arguments.value("--prefix")
    if target is not None:
        path = place.path(target)
        return (path, version) if path else None
    if prefix is not None:
        path = place.path(prefix)
        return (library(path, version), version) if path and (python is None or "local" in python.path) else None
    environment = find_environment(tool, arguments, place)
    if environment is not None:
        return library(environment, version), version
    user = place.environment.get("PYTHONUSERBASE") or posixpath.join(place.environment.get("HOME") or "/root", ".local")
    if arguments.has("--user"):
        return library(user, version), version
    if python is None:
        return None
    root = arguments.value("--root")
    path = place.path(root) if root else "/"
    return (posixpath.join(path, python.packages[1:]), version) if path else None


def find_environment(tool: str, arguments: Arguments, place: Workplace) -> str | None:
    """The virtual environment in force; None where there is none."""
    own = posixpath.dirname(place.words[0] or "")
    if own.endswith("/bin") and own not in _STANDARD:
        return posixpath.dirname(own)
    if tool == "uv":
        given = arguments.value("--python", "-p")
        if given is not None and "/" in given and posixpath.dirname(given) not in _STANDARD:
            return posixpath.dirname(given.removesuffix("/bin/python") + "/x")
        if arguments.has("--system") or place.environment.get("UV_SYSTEM_PYTHON") in _YES:
            return None
    active = place.environment.get("VIRTUAL_ENV")
    if active:
        return active
    first = (place.environment.get("PATH") or "").partition(":")[0]
    if first not in _STANDARD and "python" in place.files.names(first):
        return posixpath.dirname(first)
    return place.path(".venv") if tool == "uv" else None


def _project(tool: str, arguments: Arguments, place: Workplace) -> Install | None:
    """Read `uv sync`, `poetry install`, `pdm install`: the lockfile of the project, into its environment."""
    given = arguments.value("--project", "--directory", "-C", "-p")
    directory = place.path(given or ".")
    if directory is None or arguments.has("--dry-run"):
        return None
    python = find_interpreter(place)
    version = python.version if python else None
    environment = _environment_of(tool, directory, place)
    if environment is None:
        return None
    if environment == "":
        packages = python.packages if python else None
        return Install(tool, packages, version, locked=True, directory=directory) if packages else None
    return Install(
        tool, library(environment, version), version, locked=True, directory=directory, environment=environment
    )


def _environment_of(tool: str, directory: str, place: Workplace) -> str | None:
    """The environment of a project; "" for the Python itself, None where it is not known."""
    beside, variables = posixpath.join(directory, ".venv"), place.environment
    if tool == "uv":
        given = variables.get("UV_PROJECT_ENVIRONMENT")
        return (
            posixpath.join(directory, given) if given else (None if "UV_PROJECT_ENVIRONMENT" in variables else beside)
        )
    if variables.get("VIRTUAL_ENV"):
        return variables["VIRTUAL_ENV"]
    if tool == "pdm":
        return beside
    settings = place.files.read("/root/.config/pypoetry/config.toml") or ""
    settings += place.files.read(posixpath.join(directory, "poetry.toml")) or ""
    if _poetry(settings, "create", variables.get("POETRY_VIRTUALENVS_CREATE")) is False:
        return ""
    inside = _poetry(settings, "in-project", variables.get("POETRY_VIRTUALENVS_IN_PROJECT"))
    return beside if inside or ".venv" in place.files.names(directory) else None


def _poetry(settings: str, name: str, variable: str | None) -> bool | None:
    if variable is not None:
        return variable.lower() in _YES
    found = re.findall(rf"(?m)^\s*(?:virtualenvs\.)?{name}\s*=\s*(\w+)", settings)
    return found[-1] == "true" if found else None


def _pipenv(arguments: Arguments, place: Workplace) -> Install | None:
    python, here = find_interpreter(place), place.path(".")
    version = python.version if python else None
    if here is None:
        return None
    if arguments.has("--system"):
        return Install("pipenv", python.packages, version, locked=True, directory=here) if python else None
    if (place.environment.get("PIPENV_VENV_IN_PROJECT") or "") in ("", "0"):
        return None
    environment = posixpath.join(here, ".venv")
    return Install(
        "pipenv", library(environment, version), version, locked=True, directory=here, environment=environment
    )
