"""Bake files: the builds of docker-bake.hcl, docker-bake.json and what overrides them.

In: the bake files of a walk. Out: a `Build` for each target that somebody builds: those of a group, and those that no
other inherits from; names that begin with `_` and blocks that only lend tags are parts of others. Paths of a bake file
start where `docker buildx bake` is called, which it does not say: the folder, from its own up to the repository's root,
where most of its Dockerfiles are. https://docs.docker.com/build/bake/reference/
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from depscan.builds.bake_files import merged, read_targets
from depscan.builds.build import UNKNOWN, Place, Recipe, Unusable, make_build
from depscan.builds.expressions import as_text
from depscan.builds.inline import inline_source
from depscan.repository import shown_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from depscan.builds.bake_files import Target
    from depscan.builds.build import Build
    from depscan.builds.expressions import Value

_MAX_INHERITED = 32
_BUILDING = ("context", "dockerfile", "dockerfile-inline", "target")  # without one, a parent only lends values
# The files that `docker buildx bake` takes by itself, in its order; the later ones override.
_ORDER = ("docker-bake.json", "docker-bake.hcl", "docker-bake.override.json", "docker-bake.override.hcl")


def read_bake_files(files: Iterable[Path], root: Path, environment: Mapping[str, str]) -> Iterator[Build | Unusable]:
    """The builds of all files; those of a folder that bake takes by itself are one definition."""
    groups: dict[Path, list[Path]] = {}
    for path in files:
        groups.setdefault(path.parent if path.name in _ORDER else path, []).append(path)
    for group in groups.values():
        ordered = sorted(group, key=lambda path: _ORDER.index(path.name) if path.name in _ORDER else 0)
        yield from _read_definition(ordered, root, environment)


def _read_definition(files: Sequence[Path], root: Path, environment: Mapping[str, str]) -> Iterator[Build | Unusable]:
    targets, grouped = read_targets(files, environment)
    for path, skipped in targets.unreadable:
        yield Unusable(shown_path(path), skipped)
    wanted = _built(targets.by_name, grouped)
    folder = _folder(files[0], wanted.values(), root)
    for name, values in wanted.items():
        target = targets.by_name[name]
        place = Place(shown_path(target.path), f"target {name}", target.span)
        yield make_build(_recipe(values, target), place, folder, root)


def _built(targets: Mapping[str, Target], grouped: frozenset[str]) -> dict[str, dict[str, Value]]:
    """The targets that are built, with all their values, and not only inherited from."""
    parents = {parent for target in targets.values() for parent in target.inherits}
    whole: dict[str, dict[str, Value]] = {}
    for name in targets:
        _inherited(name, targets, whole, 0)
    return {
        name: values
        for name in targets
        if (values := whole[name]).get("call", "build") == "build"
        and (name in grouped or not name.startswith("_"))
        and (name in grouped or name not in parents or any(key in values for key in _BUILDING))
    }


def _inherited(name: str, targets: Mapping[str, Target], known: dict[str, dict[str, Value]], depth: int) -> None:
    """Enter a target into `known`: its own values over those it inherits, a later parent's over an earlier one's."""
    if name in known or name not in targets or depth > _MAX_INHERITED:
        return
    known[name] = {}  # what a cycle finds
    found: dict[str, Value] = {}
    for parent in targets[name].inherits:
        _inherited(parent, targets, known, depth + 1)
        found = merged(found, known.get(parent, {}))
    known[name] = merged(found, targets[name].values)


def _folder(path: Path, wanted: Collection[Mapping[str, Value]], root: Path) -> Path:
    """Where bake is called: the nearest folder that has most of the Dockerfiles."""
    files = {
        f"{_plain(values.get('context'), '.')}/{_plain(values.get('dockerfile'), 'Dockerfile')}" for values in wanted
    }
    places = [path.parent]
    for above in path.absolute().parent.parents:
        if not above.is_relative_to(root):
            break
        last = places[-1]
        places.append(last / ".." if last.name in ("", "..") else last.parent)
    return max(places, key=lambda place: sum(os.path.isfile(place / file) for file in files if "\0" not in file))


def _recipe(values: Mapping[str, Value], target: Target) -> Recipe:
    inline = _plain(values.get("dockerfile-inline"), "")
    line, block = target.lines.get("dockerfile-inline", (1, False))
    platforms = values.get("platforms")
    return Recipe(
        context=_plain(values.get("context"), ".").removeprefix("cwd://") or ".",
        dockerfile=_plain(values.get("dockerfile"), "Dockerfile").removeprefix("cwd://"),
        inline=inline_source(target.path, inline, line, block=block) if inline and inline != UNKNOWN else None,
        target=_plain(values.get("target"), ""),
        arguments=_texts(values.get("args")),
        platforms=tuple(_plain(each, "") for each in platforms) if isinstance(platforms, list) else (),
        contexts=_texts(values.get("contexts")),
    )


def _texts(value: Value) -> dict[str, str]:
    """A map of texts; what is null is not given."""
    texts = {name: as_text(each) for name, each in value.items()} if isinstance(value, dict) else {}
    return {name: text for name, text in texts.items() if text is not None}


def _plain(value: Value, default: str) -> str:
    text = as_text(value)
    return default if text is None else text
