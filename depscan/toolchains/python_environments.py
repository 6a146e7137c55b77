"""Virtual environments: the links in their bin that lead to the Python they were made with.

In: a command that makes one. Out: `Made` links: bin/python to the interpreter, bin/python3 and bin/python3.12 to it;
and an interpreter that is downloaded.
venv and uv link the Python that runs them or that they find (docs.python.org venv; docs.astral.sh/uv, concepts, Python
versions); uv downloads one into UV_PYTHON_INSTALL_DIR where the system has none that is asked for.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.artifacts.prediction import Made, Product
from depscan.images.architectures import architecture_of
from depscan.toolchains.elf import linked_program
from depscan.toolchains.python_interpreter import ANY, find_interpreter, system_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.workplace import Workplace

_MANAGED = "/root/.local/share/uv/python"
_NEVER = frozenset({"0", "never", "false", "manual"})
_WITHOUT_PYTHON = re.compile(
    r"(?:ghcr\.io/)?astral-sh/uv:(?!.*python)(?!latest)(?!\d[\d.]*$).*|(debian|ubuntu|alpine|buildpack-deps):.*"
)
# Official images of other languages: what Python they have is that of their distribution.
_OTHER_LANGUAGE = re.compile(r"(?:.*/library/)?(rust|golang|node|gcc|ruby|erlang|elixir|php|buildpack-deps):.*")


def make_environment(
    directory: str, place: Workplace, *, tool: str, program: str | None = None
) -> Iterator[Product | Made]:
    """The links of an environment that a command makes; nothing where its Python is not known.

    `program` is the Python that was named, as a path or a version.
    """
    target = _target(place, tool, program)
    if target is None:
        return
    if target.startswith(managed_directory(place) + "/"):
        yield _managed_program(target, place)
    yield Made(directory, directory=True)
    yield Made(posixpath.join(directory, "bin/python"), target)
    yield Made(posixpath.join(directory, "bin/python3"), "python")
    version = re.search(r"python(3\.\d+)$", target)
    python = find_interpreter(place)
    number = version[1] if version else python.version if python else None
    if number:
        yield Made(posixpath.join(directory, f"bin/python{number}"), "python")


def install_managed(version: str | None, place: Workplace) -> Iterator[Product | Made]:
    """The Python of `uv python install VERSION`, in a directory of its own."""
    found = re.search(r"(?:^|python|cpython-)(3\.\d+)", version or "")
    program = _managed(place, found[1] if found else _wanted(place, None))
    yield Made(posixpath.dirname(posixpath.dirname(program)), directory=True)
    yield _managed_program(program, place)


def _managed_program(path: str, place: Workplace) -> Product | Made:
    """A Python that uv downloads: of astral-sh/python-build-standalone, whose builds for glibc are dynamic."""
    family = place.profile.libc.family
    facts = linked_program("glibc", place.platform, None) if family == "glibc" else None
    if facts is None:
        return Made(path)
    why = "uv downloads a Python for the C library of the system (astral-sh/uv docs, Python versions, 26a9dd4)"
    return Product(path, "download", facts, evidence=(why,), open=True)


def managed_directory(place: Workplace) -> str:
    """Where uv keeps the Pythons that it downloads."""
    return place.environment.get("UV_PYTHON_INSTALL_DIR") or _MANAGED


def _target(place: Workplace, tool: str, program: str | None) -> str | None:
    """The interpreter that an environment is linked to."""
    python = find_interpreter(place)
    if program is not None and program.startswith("/"):
        return program
    if tool == "uv" and _downloads(place, wanted=_wanted(place, program)):
        return _managed(place, _wanted(place, program))
    if python is None:
        return None
    return python.path


def _wanted(place: Workplace, program: str | None) -> str | None:
    """The version that is asked for, 3.13 of 3.13.1; None where none is."""
    pinned = place.files.read(place.path(".python-version") or "/.python-version") or ""
    text = program or place.environment.get("UV_PYTHON") or pinned
    found = re.search(r"(?:^|python|cpython-)(3\.\d+)", text.strip())
    return found[1] if found else None


def _downloads(place: Workplace, *, wanted: str | None) -> bool:
    """Whether uv takes a Python of its own."""
    variables, python = place.environment, find_interpreter(place)
    preference = variables.get("UV_PYTHON_PREFERENCE", "managed")
    if "UV_MANAGED_PYTHON" in variables or preference == "only-managed":
        return True
    if place.files.names(managed_directory(place)) and preference == "managed":
        return True
    if variables.get("UV_PYTHON_DOWNLOADS", "") in _NEVER or preference == "only-system":
        return False
    if "UV_NO_MANAGED_PYTHON" in variables or None in (preference, variables.get("UV_PYTHON_DOWNLOADS", "")):
        return False
    if python is not None:
        return python.version is not None and (
            (wanted is not None and wanted != python.version) or _is_too_old(place, python.version)
        )
    if any("python" in name for name in place.packages):
        return False
    if _OTHER_LANGUAGE.fullmatch(place.profile.name):
        return _is_too_old(place, system_version(place))
    return bool(_WITHOUT_PYTHON.fullmatch(place.profile.name))


def _is_too_old(place: Workplace, version: str | None) -> bool:
    """Whether pyproject.toml asks for a newer Python than this: `requires-python = ">=3.13"`."""
    path = place.path("pyproject.toml")
    text = (place.files.read(path) if path else None) or ""
    asked = re.search(r"(?m)^[ \t]*requires-python[ \t]*=[ \t]*[\"'](?:>=|==|~=)\s*3\.(\d+)", text)
    return asked is not None and version is not None and int(asked[1]) > int(version.partition(".")[2])


def _managed(place: Workplace, version: str | None) -> str:
    known = architecture_of(place.platform)
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(place.platform.architecture, place.platform.architecture)
    libc = "musl" if place.profile.libc.family == "musl" else "gnu"
    name = f"cpython-{version or ANY}-linux-{machine}-{libc}" if known else f"cpython-{ANY}"
    return posixpath.join(managed_directory(place), name, "bin", f"python{version or '3'}")
