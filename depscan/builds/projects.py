"""Which compose files belong together.

In: the compose files of a walk, and the lists that devcontainers name. Out: their builds. In a folder the default file
and its override are one project, as `docker compose` without -f takes them; any other file that speaks of the same
services is laid over the default one, as `-f compose.yaml -f compose.prod.yaml` does; else it stands by itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.builds.compose import read_compose, services_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from depscan.builds.build import Build, Unusable

# The order in which docker compose looks for its file.
_DEFAULTS = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDE = re.compile(r"(?:docker-)?compose\.override\.ya?ml")


def read_projects(
    files: Iterable[Path], named: Sequence[Sequence[Path]], root: Path, environment: Mapping[str, str]
) -> Iterator[Build | Unusable]:
    """The builds of all projects; `named` are lists of files that are one project each."""
    files = list(files)
    taken = {path for project in named for path in project if path.parent != _home(path, files)}
    folders: dict[Path, list[Path]] = {}
    for path in files:
        if path not in taken:
            folders.setdefault(path.parent, []).append(path)
    for group in folders.values():
        yield from _read_folder(group, root, environment)
    for project in named:
        yield from read_compose(project, root, environment)


def _home(path: Path, files: Sequence[Path]) -> Path | None:
    """The folder of a file that `docker compose` would take there by itself."""
    default = _default([each for each in files if each.parent == path.parent])
    return path.parent if path == default and ".devcontainer" not in path.parts else None


def _default(files: Sequence[Path]) -> Path | None:
    names = {path.name: path for path in files}
    return next((names[name] for name in _DEFAULTS if name in names), None)


def _read_folder(files: Sequence[Path], root: Path, environment: Mapping[str, str]) -> Iterator[Build | Unusable]:
    base = _default(files)
    overrides = [path for path in files if base is not None and _OVERRIDE.fullmatch(path.name)]
    if base is not None:
        yield from read_compose([base, *overrides], root, environment)
    services = services_of(base) if base is not None else frozenset()
    for path in files:
        if path == base or path in overrides:
            continue
        if base is not None and services & services_of(path):
            yield from read_compose([base, path], root, environment, only=path)
        else:
            yield from read_compose([path], root, environment)
