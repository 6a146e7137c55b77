"""Requirements and lockfiles of Python: the packages that an installation takes, with the wheels that each has.

In: the text of requirements.txt, uv.lock, poetry.lock, pdm.lock or Pipfile.lock. Out: `Locked` packages that an
application needs at run time, or the reason why the file cannot be read. uv.lock, poetry.lock and pdm.lock list the
names of a package's files, which tell its platforms.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from depscan.toolchains.python_markers import holds
from depscan.toolchains.wheels import normalise, read_wheel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from depscan.toolchains.wheels import Wheel

MAX_PACKAGES = 20_000
_REQUIREMENT = re.compile(
    r"([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?\s*(?:===?\s*([\w.!+-]+)|[(<>=!~][^;]*)?\s*(?:;\s*(.*))?"
)


class Locked(Struct, frozen=True):
    """A package that is installed; `version` None where it is not pinned, `wheels` None where they are not listed."""

    name: str
    version: str | None = None
    wheels: tuple[Wheel, ...] | None = None


def read_requirements(text: str, version: str | None) -> Iterator[Locked]:
    """The packages of a requirements.txt, for a Python of `version`; lines that are options or places are left out."""
    for line in text.replace("\\\n", " ").splitlines()[:MAX_PACKAGES]:
        plain = re.sub(r"(^|\s)#.*|\s--[\w-]+[ =].*", "", line).strip()
        if plain and not plain.startswith("-"):
            yield from read_requirement(plain, version)


def read_requirement(text: str, version: str | None) -> Iterator[Locked]:
    """The package of one requirement such as `psycopg2==2.9.9 ; python_version >= "3.8"`; none for other texts."""
    found = _REQUIREMENT.fullmatch(text)
    if found is None or holds(found[4], version) is not True:
        return
    name, pinned = normalise(found[1]), found[3]
    yield Locked(name, pinned)
    if name == "psycopg":
        extras = {extra.strip() for extra in (found[2] or "").split(",")}
        yield from (Locked(f"psycopg-{extra}", pinned) for extra in ("binary", "c") if extra in extras)


def requirement_files(text: str) -> tuple[str, ...]:
    """The further files that a requirements.txt names."""
    return tuple(re.findall(r"(?m)^\s*(?:-r|--requirement)[ =]?\s*(\S+)", text))


def read_lockfile(tool: str, text: str, manifest: str | None, version: str | None) -> tuple[Locked, ...] | str:
    """The packages that a project needs at run time, or why they are not known; `manifest` is its pyproject.toml."""
    try:
        if tool == "pipenv":
            return tuple(_pipfile(json.loads(text), version))
        lock = tomllib.loads(text)
        project = tomllib.loads(manifest) if manifest else {}
        return tuple(_locked(lock, list(_roots(tool, lock, project)), version))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return "is no lockfile that can be read here"


def _pipfile(lock: dict[str, Any], version: str | None) -> Iterator[Locked]:
    for name, row in lock["default"].items():
        if holds(row.get("markers"), version) is not False and "version" in row:
            yield Locked(normalise(name), row["version"].lstrip("="))


def _roots(tool: str, lock: dict[str, Any], project: dict[str, Any]) -> Iterator[str]:
    """The names of the packages that the project itself asks for."""
    if tool == "uv":
        for row in lock.get("package", []):
            if {"editable", "virtual"} & set(row.get("source", {})):
                yield from (each["name"] for each in row.get("dependencies", []) if "marker" not in each)
        return
    poetry = project.get("tool", {}).get("poetry", {}).get("dependencies", {})
    yield from (name for name, value in poetry.items() if not (isinstance(value, dict) and value.get("optional")))
    for text in project.get("project", {}).get("dependencies", []):
        yield from (each.name for each in read_requirement(text, None))


def _locked(lock: dict[str, Any], roots: Iterable[str], version: str | None) -> Iterator[Locked]:
    rows: dict[str, dict[str, Any]] = {}
    for row in lock.get("package", [])[:MAX_PACKAGES]:
        rows.setdefault(normalise(row["name"]), row)
    pending = list(dict.fromkeys(normalise(name) for name in roots))
    seen = set(pending)
    for name in pending:  # grows while it is read
        row = rows.get(name)
        if row is None:
            continue
        yield Locked(name, row.get("version"), tuple(_wheels(row, lock)))
        new = [each for each in _edges(row, rows, version) if each not in seen]
        seen.update(new)
        pending += new


def _edges(row: dict[str, Any], rows: dict[str, dict[str, Any]], version: str | None) -> Iterator[str]:
    """What a package depends on; uv's and pdm's rows are lists, poetry's a table. uv names the extras it asks for."""
    wanted = row.get("dependencies", [])
    pairs = wanted.items() if isinstance(wanted, dict) else [_edge(each) for each in wanted]
    for name, value in pairs:
        marker = value.get("marker") or value.get("markers") if isinstance(value, dict) else None
        optional = isinstance(value, dict) and value.get("optional") is True
        if not optional and holds(marker, version) is True:
            yield normalise(name)
            extras = value.get("extra", []) if isinstance(value, dict) else []
            offered = rows.get(normalise(name), {}).get("optional-dependencies", {}) if extras else {}
            yield from (normalise(each["name"]) for extra in extras for each in offered.get(extra, []))


def _edge(each: dict[str, Any] | str) -> tuple[str, dict[str, Any]]:
    if isinstance(each, dict):
        return each["name"], each
    name, _, marker = each.partition(";")
    found = re.match(r"[\w.-]+", name)
    return (found[0] if found else name), {"marker": marker.strip()}


def _wheels(row: dict[str, Any], lock: dict[str, Any]) -> Iterator[Wheel]:
    files = [*row.get("wheels", []), *row.get("files", [])]
    files += lock.get("metadata", {}).get("files", {}).get(row["name"], [])  # poetry before 1.3
    for each in files:
        name = each.get("file") or each.get("url", "").rpartition("/")[2] or each.get("filename", "")
        wheel = read_wheel(name)
        if wheel is not None:
            yield wheel
