"""From what the user names to the builds that are checked.

In: paths of Dockerfiles, directories, and files that declare builds. Out: `Build`s and `Unusable`s, each Dockerfile and
settings once. A directory is walked: what declarations say counts, and a Dockerfile that none of them names is checked
by itself.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.builds.build import Build, Unusable
from depscan.builds.walk import Files, kind_of, walk
from depscan.filesystem.gitignore import repository_of
from depscan.findings import Skipped
from depscan.repository import shown_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


def is_declaration(path: Path) -> bool:
    """Whether a file's name says that it declares builds."""
    return kind_of(str(path.absolute())) not in (None, "dockerfile")


def find_builds(path: Path, environment: Mapping[str, str]) -> tuple[tuple[Build, ...], tuple[Unusable, ...]]:
    """The builds that a path stands for, and what could not be followed: a directory may hold none at all."""
    if os.path.isdir(path):
        found = list(_of_directory(path, environment))
    elif is_declaration(path):
        found = list(_of_file(path, environment))
    else:
        found = [Build(path)]
    if not found:
        found = [
            Unusable(shown_path(path), Skipped(shown_path(path), "no Dockerfile and no declaration of a build in it"))
        ]
    unusable = dict.fromkeys(each for each in found if isinstance(each, Unusable))
    return _once(each for each in found if isinstance(each, Build)), tuple(unusable)


def _of_file(path: Path, environment: Mapping[str, str]) -> Iterator[Build | Unusable]:
    files = Files()
    files.of(kind_of(str(path.absolute())) or "").append(path)
    found = list(_declared(files, repository_of(path.parent), environment))
    yield from found or [Unusable(shown_path(path), Skipped(path.name, "it declares no build of an image"))]


def _of_directory(folder: Path, environment: Mapping[str, str]) -> Iterator[Build | Unusable]:
    files = walk(folder)
    root = repository_of(folder)
    named: set[str] = set()
    for found in _declared(files, root, environment):
        if found.dockerfile is not None:
            named.add(os.path.realpath(found.dockerfile))
        yield found
    for path in files.of("dockerfile"):
        if os.path.realpath(path) not in named:
            yield Build(path)
    for reason in files.unread:
        yield Unusable(shown_path(folder), Skipped(shown_path(folder), reason))


def _declared(files: Files, root: Path, environment: Mapping[str, str]) -> Iterator[Build | Unusable]:
    """What the files declare. A reader is loaded when there is something for it: YAML costs 20 ms, HCL 10."""
    projects: list[tuple[Path, ...]] = []
    for path in files.of("devcontainer"):
        from depscan.builds.devcontainer import compose_files, read_devcontainer  # noqa: PLC0415 - see above

        yield from read_devcontainer(path, root, environment)
        projects += [found] if (found := compose_files(path)) else []
    if files.of("compose") or projects:
        from depscan.builds.projects import read_projects  # noqa: PLC0415 - likewise

        yield from read_projects(files.of("compose"), projects, root, environment)
    if files.of("bake"):
        from depscan.builds.bake import read_bake_files  # noqa: PLC0415 - likewise

        yield from read_bake_files(files.of("bake"), root, environment)
    for path in files.of("workflow"):
        from depscan.builds.workflows import read_workflow  # noqa: PLC0415 - likewise

        yield from read_workflow(path, root, path.parent.parent.parent)


def _once(builds: Iterable[Build]) -> tuple[Build, ...]:
    """Builds of the same file with the same settings are one, which bears all their names."""
    found: dict[object, Build] = {}
    for build in builds:
        key = (
            os.path.realpath(build.dockerfile) if build.dockerfile else build.inline,
            os.path.realpath(build.context) if build.context else None,
            build.target,
            frozenset(build.arguments.items()),
            build.platforms,
            frozenset(build.contexts.items()),
        )
        first = found.get(key)
        if first is None:
            found[key] = build
        elif first.name and build.name and build.source == first.source and build.name not in first.name.split(", "):
            found[key] = replace(first, name=f"{first.name}, {build.name}")
    return tuple(found.values())
