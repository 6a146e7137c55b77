"""From what the user names to the builds that are checked.

In: paths of Dockerfiles, directories, and files that declare builds. Out: `Build`s and `Unusable`s, each Dockerfile and
settings once. A directory is walked: what declarations say counts, and a Dockerfile that none of them names is checked
by itself. Links are not followed, and what .gitignore hides is left alone.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.builds.build import Build, Unusable
from depscan.errors import UsageError
from depscan.findings import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_ENTRIES = 500_000
MAX_DEPTH = 32
MAX_BUILDS = 1_000

# Folders of other people's files: package managers', Go's vendor and, by Go's convention, data for tests.
_FOREIGN = frozenset(
    {".git", ".hg", ".svn", ".tox", ".venv", "venv", "node_modules", "bower_components", "vendor", "testdata"}
)
_DOCKERFILE = re.compile(r"(?:Dockerfile|Containerfile)(?:[._-][^/]*)?|[^/]*\.(?:[Dd]ockerfile|[Cc]ontainerfile)")
_OTHER_KIND = re.compile(  # behind Dockerfile. stands the name of a variant, or what makes it a file of another kind
    r"(?i)\.(?:dockerignore|containerignore|md|txt|rst|adoc|html?|go|py|rb|js|ts|rs|sh|json|ya?ml|toml|lock|sha256"
    r"|bak|orig|rej|swp|old|tmpl|tmp|template|tpl|j2|jinja2?|erb|in|m4|mustache|gotmpl|ejs|cue|patch|diff)\Z|~\Z"
)
_COMPOSE = re.compile(r"(?:docker-)?compose[^/]*\.ya?ml")
_BAKE = re.compile(r"docker-bake[^/]*\.(?:hcl|json)|bake\.hcl")
_WORKFLOW = re.compile(r"(?:.*/)?\.github/workflows/[^/]+\.ya?ml")
_DEVCONTAINER = re.compile(r"(?:.*/)?(?:\.devcontainer/(?:[^/]+/)?devcontainer\.json|\.devcontainer\.json)")


class _Files(Struct, frozen=True):
    """What a walk found, by kind, in order of paths; `unread` tells why a part was not looked at."""

    dockerfiles: list[Path] = []
    compose: list[Path] = []
    bake: list[Path] = []
    devcontainers: list[Path] = []
    workflows: list[Path] = []
    unread: list[str] = []


def is_declaration(path: Path) -> bool:
    """Whether a file's name says that it declares builds."""
    return kind_of(str(path.absolute())) not in (None, "dockerfiles")


def kind_of(path: str) -> str | None:
    """The field of `_Files` that a path belongs to, by its name; None for other files."""
    name = path.rpartition("/")[2]
    if _DOCKERFILE.fullmatch(name):
        return None if _OTHER_KIND.search(name) else "dockerfiles"
    if _COMPOSE.fullmatch(name):
        return "compose"
    if _BAKE.fullmatch(name):
        return "bake"
    if name.endswith(("yml", "yaml")) and _WORKFLOW.fullmatch(path):
        return "workflows"
    return "devcontainers" if name.endswith("devcontainer.json") and _DEVCONTAINER.fullmatch(path) else None


def find_builds(path: Path, environment: Mapping[str, str]) -> tuple[tuple[Build, ...], tuple[Unusable, ...]]:
    """The builds that a path stands for, and what could not be followed. Raises UsageError where there is nothing."""
    if path.is_dir():
        found = list(_of_directory(path, environment))
    elif is_declaration(path):
        found = list(_of_file(path, environment))
    else:
        found = [Build(path)]
    if not found:
        raise UsageError(f"{path}: no Dockerfile or Containerfile in this directory; pass the path of one")
    unusable = dict.fromkeys(each for each in found if isinstance(each, Unusable))
    return _once(each for each in found if isinstance(each, Build)), tuple(unusable)


def _of_file(path: Path, environment: Mapping[str, str]) -> Iterator[Build | Unusable]:
    files = _Files()
    getattr(files, kind_of(str(path.absolute())) or "").append(path)
    found = list(_declared(files, repository_of(path.parent), environment))
    yield from found or [Unusable(str(path), Skipped(path.name, "it declares no build of an image"))]


def _of_directory(folder: Path, environment: Mapping[str, str]) -> Iterator[Build | Unusable]:
    files = _sorted(folder)
    root = repository_of(folder)
    named: set[str] = set()
    for found in _declared(files, root, environment):
        if found.dockerfile is not None:
            named.add(os.path.realpath(found.dockerfile))
        yield found
    for path in files.dockerfiles:
        if os.path.realpath(path) not in named:
            yield Build(path)
    for reason in files.unread:
        yield Unusable(str(folder), Skipped(str(folder), reason))


def _declared(files: _Files, root: Path, environment: Mapping[str, str]) -> Iterator[Build | Unusable]:
    """What the files declare. A reader is loaded when there is something for it: YAML costs 20 ms, HCL 10."""
    projects: list[tuple[Path, ...]] = []
    for path in files.devcontainers:
        from depscan.builds.devcontainer import compose_files, read_devcontainer  # noqa: PLC0415 - see above

        yield from read_devcontainer(path, root, environment)
        projects += [found] if (found := compose_files(path)) else []
    if files.compose or projects:
        from depscan.builds.projects import read_projects  # noqa: PLC0415 - likewise

        yield from read_projects(files.compose, projects, root, environment)
    if files.bake:
        from depscan.builds.bake import read_bake_files  # noqa: PLC0415 - likewise

        yield from read_bake_files(files.bake, root, environment)
    for path in files.workflows:
        from depscan.builds.workflows import read_workflow  # noqa: PLC0415 - likewise

        yield from read_workflow(path, root, path.parent.parent.parent)


def repository_of(folder: Path) -> Path:
    """The repository that a folder is in; the folder itself where it is in none."""
    absolute = folder.absolute()
    return next((each for each in (absolute, *absolute.parents) if (each / ".git").exists()), absolute)


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


def _sorted(folder: Path) -> _Files:
    files = _Files()
    for path in _walk(folder, files.unread):
        kind = kind_of(path)
        if kind is not None:
            getattr(files, kind).append(Path(path))
    for kind in files.__struct_fields__[:-1]:
        getattr(files, kind).sort(key=lambda path: (len(path.parts), path))
    if sum(len(getattr(files, kind)) for kind in files.__struct_fields__) > MAX_BUILDS:
        files.unread.append(f"more than {MAX_BUILDS} Dockerfiles and declarations; name the directories to check")
        for kind in files.__struct_fields__[:-1]:
            del getattr(files, kind)[MAX_BUILDS:]
    return files


def _walk(folder: Path, unread: list[str]) -> Iterator[str]:
    """The files below a folder whose names may matter, as the user would write them; what Git ignores is left out."""
    from depscan.builds.gitignore import read_ignores  # noqa: PLC0415 - a single Dockerfile needs none of it

    room = MAX_ENTRIES
    pending = [(str(folder), read_ignores(folder, repository_of(folder)), 0)]
    while pending:
        directory, ignores, depth = pending.pop()
        try:
            with os.scandir(directory) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            unread.append(f"{directory} cannot be read ({error.strerror})")
            continue
        room -= len(entries)
        if room < 0 or depth > MAX_DEPTH:
            unread.append(f"{directory} and more were not looked at: too many files or too deep")
            return
        names = {entry.name for entry in entries}
        here = ignores.enter(directory) if ".gitignore" in names else ignores
        for entry in entries:
            if entry.is_symlink():
                continue
            path = entry.path.removeprefix("./")
            if entry.is_dir():
                if entry.name not in _FOREIGN and not here.ignored(path, directory=True):
                    pending.append((path, here, depth + 1))
            elif kind_of(path) is not None and not here.ignored(path, directory=False):
                yield path
