"""Compose files: the builds of their services.

In: the files of one project, the later over the earlier, as `docker compose -f` takes them. Out: a `Build` for each
service with `build:`, or `Unusable`. Followed are overrides, `extends`, `include`, variables with `.env`, and inline
Dockerfiles. Paths start at the folder of the first file (of the file itself for `extends` and `include`).
https://docs.docker.com/reference/compose-file/build/ and .../merge/
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from depscan.builds.build import UNKNOWN, Place, Recipe, Unusable, is_inside, local_path, make_build
from depscan.builds.inline import inline_source
from depscan.builds.interpolation import interpolate, read_dotenv
from depscan.builds.yaml_file import Table, read_yaml
from depscan.findings import Skipped
from depscan.repository import shown_path
from depscan.source import Span, UnusableTextError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from depscan.builds.build import Build
    from depscan.source import SourceText

_MAX_NESTED = 16
_MAX_SERVICES = 2_000
# What the tag !override of a key of `build` removes: the field of a service, and its empty value.
_EMPTY: dict[str, tuple[str, Any]] = {
    **{name: (name, None) for name in ("context", "dockerfile", "target")},
    "dockerfile_inline": ("inline", None),
    "args": ("arguments", {}),
    "platforms": ("platforms", ()),
    "additional_contexts": ("contexts", {}),
}


class _Service(Struct, frozen=True):
    """A service of a file, variables replaced; None where the file does not say.

    Paths are as the user would write them. `home` is the folder where its paths start: the context when none is named.
    `replacing` are the fields that take the place of what other files say, and are not laid over it.
    """

    place: Place
    home: str
    built: bool = False
    context: str | None = None
    dockerfile: str | None = None
    inline: SourceText | None = None
    target: str | None = None
    arguments: Mapping[str, str] = {}
    platforms: tuple[str, ...] = ()
    platform: str | None = None
    contexts: Mapping[str, str] = {}
    replacing: frozenset[str] = frozenset()


class _Project(Struct, frozen=True):
    """What is the same for the files of a project: where paths start, what must hold them all, the variables."""

    folder: Path
    root: Path
    variables: Mapping[str, str]


class _File(Struct, frozen=True):
    """A file of a project and the services that it declares."""

    path: Path
    services: Table
    project: _Project


_Services = dict[str, _Service]


def read_compose(
    files: Sequence[Path], root: Path, environment: Mapping[str, str], *, only: Path | None = None
) -> Iterator[Build | Unusable]:
    """The builds of a project; with `only`, those of the services that this one of its files speaks of."""
    project = _project(files[0].parent, root, environment)
    services: _Services = {}
    own: _Services = {}
    for path in files:
        try:
            read = _read_file(path, project, 0)
        except UnusableTextError as error:
            yield _unusable(path, error)
            continue
        services = _merged(services, read)
        own = read if path == only else own
    for name, service in services.items():
        if service.built and (only is None or name in own):
            yield make_build(_recipe(service), service.place, Path(), root)


def services_of(path: Path) -> frozenset[str]:
    """The names of the services that a file speaks of; none where it cannot be read."""
    try:
        top = read_yaml(path)
    except UnusableTextError:
        return frozenset()
    return frozenset(top.table("services")) if isinstance(top, Table) else frozenset()


def _project(folder: Path, root: Path, environment: Mapping[str, str]) -> _Project:
    return _Project(folder, root, read_dotenv(folder / ".env", environment))


def _unusable(path: Path, error: UnusableTextError) -> Unusable:
    span = Span.at(error.line, 1, error.line, 1) if error.line else None
    return Unusable(shown_path(path), Skipped(path.name, error.reason, span))


def _recipe(service: _Service) -> Recipe:
    """`build.platforms` over the platform that the service runs on."""
    single = (service.platform,) if service.platform else ()
    return Recipe(
        context=service.context or service.home,
        dockerfile=service.dockerfile or "Dockerfile",
        inline=service.inline,
        target=service.target,
        arguments=service.arguments,
        platforms=service.platforms or single,
        contexts=service.contexts,
    )


def _read_file(path: Path, project: _Project, depth: int) -> _Services:
    """The services of a file and of those that it includes."""
    if depth > _MAX_NESTED:
        raise UnusableTextError(f"include and extends lead through more than {_MAX_NESTED} files")
    if not is_inside(path, project.root):
        raise UnusableTextError(f"it is outside of the repository {project.root}")
    top = read_yaml(path)
    if top is None:
        return {}
    if not isinstance(top, Table):
        raise UnusableTextError("not a Compose file: its top is no mapping", 1)
    services: _Services = {}
    for entry in _listed(top.get("include")):
        services = _merged(services, _included(entry, project, depth))
    declared = top.table("services")
    if len(declared) > _MAX_SERVICES:
        raise UnusableTextError(f"more than {_MAX_SERVICES} services")
    for name in declared:
        services = _merged(services, {name: _read_service(_File(path, declared, project), name, depth)})
    return services


def _included(entry: object, project: _Project, depth: int) -> _Services:
    """`include`: a path, or a mapping with `path` and `project_directory`; its own folder is where its paths start."""
    table = entry if isinstance(entry, Table) else Table()
    texts = [entry] if isinstance(entry, str) else _listed(table.get("path"))
    paths = [project.folder / interpolate(text, project.variables) for text in texts if isinstance(text, str)]
    services: _Services = {}
    for path in paths:
        if "\0" in str(path) or not os.path.isfile(path):
            continue
        folder = project.folder / (table.text("project_directory") or paths[0].parent)
        inner = _project(folder, project.root, project.variables)
        services = _merged(services, _read_file(path, inner, depth + 1))
    return services


def _read_service(file: _File, name: str, depth: int) -> _Service:
    """A service with what it extends below it."""
    own = _own_service(file, name)
    extends = file.services.table(name).get("extends")
    base = _extended(file, extends, depth, own.place.span) if extends is not None else None
    return own if base is None else replace(_over(base, own), place=own.place)


def _extended(file: _File, extends: object, depth: int, span: Span | None) -> _Service | None:
    table = extends if isinstance(extends, Table) else Table()
    name = extends if isinstance(extends, str) else table.text("service")
    if depth > _MAX_NESTED:
        raise UnusableTextError(
            f"extends leads through more than {_MAX_NESTED} services", span.start.line if span else None
        )
    named, project = table.text("file"), file.project
    if named is not None:
        other = file.path.parent / interpolate(named, project.variables)
        if "\0" in str(other) or not os.path.isfile(other) or not is_inside(other, project.root):
            return None
        top = read_yaml(other)
        services = top.table("services") if isinstance(top, Table) else Table()
        file = _File(other, services, _Project(other.parent, project.root, project.variables))
    return _read_service(file, name, depth + 1) if name is not None and name in file.services else None


def _own_service(file: _File, name: str) -> _Service:
    table, project = file.services.table(name), file.project
    build = table.get("build")
    place = Place(shown_path(file.path), f"service {name}", file.services.places.get(name))
    service = _Service(place, str(project.folder), platform=_known(table.text("platform"), project))
    if build is None:
        return replace(service, replacing=table.replacing & {"build"})
    span = table.places.get("build", place.span)
    service = replace(service, place=Place(place.source, place.name, span), built=True)
    if isinstance(build, str):
        return replace(service, context=_context(build, project))
    if not isinstance(build, Table):
        raise UnusableTextError(
            f"build of service {name} is neither a text nor a mapping", span.start.line if span else None
        )
    return replace(
        service,
        context=_context(build.text("context"), project),
        dockerfile=_text(build.text("dockerfile"), project),
        inline=_inline(file.path, build, project),
        target=_text(build.text("target"), project),
        arguments=_arguments(build.get("args"), project),
        platforms=tuple(filter(None, (_known(each, project) for each in _listed(build.get("platforms"))))),
        contexts={
            key: _context(value, project) or "" for key, value in _pairs(build.get("additional_contexts"), project)
        },
        replacing=frozenset({*build.replacing, *(table.replacing & {"build"})}),
    )


def _inline(path: Path, build: Table, project: _Project) -> SourceText | None:
    text = build.text("dockerfile_inline")
    if text is None:
        return None
    value = interpolate(text, project.variables)
    line, block = build.bodies["dockerfile_inline"]
    return inline_source(path, text if value == UNKNOWN else value, line, block=block)


def _context(text: object, project: _Project) -> str | None:
    """A path that starts at the project's folder; anything else as it is."""
    value = _text(text, project)
    return None if value is None else local_path(value, project.folder)


def _text(text: object, project: _Project) -> str | None:
    return interpolate(text, project.variables) if isinstance(text, str) else None


def _known(text: object, project: _Project) -> str | None:
    value = _text(text, project)
    return None if value == UNKNOWN else value


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _pairs(value: object, project: _Project) -> Iterator[tuple[str, object]]:
    """A mapping, or a list of NAME=VALUE, of which a name alone has no value."""
    if isinstance(value, Table):
        yield from value.items()
        return
    for item in _listed(value):
        text = _text(item, project)
        if text and text != UNKNOWN:
            name, equals, rest = text.partition("=")
            yield name, rest if equals else None
        elif isinstance(item, str) and "=" in item:
            yield item.partition("=")[0], UNKNOWN


def _arguments(value: object, project: _Project) -> dict[str, str]:
    """Build arguments; one without a value has that of the environment or `.env`, and is not given without one."""
    found: dict[str, str] = {}
    for name, raw in _pairs(value, project):
        text = project.variables.get(name) if raw is None else raw
        if isinstance(text, str):
            written = raw is not None and isinstance(value, Table)
            found[name] = interpolate(text, project.variables) if written else text
    return found


def _merged(lower: _Services, upper: _Services) -> _Services:
    merged = dict(lower)
    for name, service in upper.items():
        merged[name] = _over(lower[name], service) if name in lower else service
    return merged


def _over(lower: _Service, upper: _Service) -> _Service:
    """One declaration of a service over another: mappings by key, lists together, texts replaced."""
    if "build" in upper.replacing:
        return upper
    lower = replace(lower, **{field: value for name, (field, value) in _EMPTY.items() if name in upper.replacing})
    return _Service(
        place=upper.place if upper.built or not lower.built else lower.place,
        home=lower.home if lower.built else upper.home,
        built=lower.built or upper.built,
        context=upper.context or lower.context,
        dockerfile=upper.dockerfile or (None if upper.inline else lower.dockerfile),
        inline=upper.inline or (None if upper.dockerfile else lower.inline),
        target=upper.target or lower.target,
        arguments={**lower.arguments, **upper.arguments},
        platforms=tuple(dict.fromkeys((*lower.platforms, *upper.platforms))),
        platform=upper.platform or lower.platform,
        contexts={**lower.contexts, **upper.contexts},
    )
