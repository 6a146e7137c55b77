"""The files of a directory whose names say that they build an image, or declare builds.

In: a directory. Out: `Files` by kind, in order of paths. Left alone are links, what .gitignore hides, other people's
files (the folders of package managers, Go's vendor) and data for tests: a folder called testdata, which the go command
passes over too, fixtures and the like holds what a test reads, wrong on purpose as often as not. A path that the user
names is looked at whatever it is called, and so is a Dockerfile that a declaration names.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from depscan.filesystem.gitignore import read_ignores, repository_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.filesystem.gitignore import Ignores

MAX_ENTRIES = 500_000
MAX_DEPTH = 32
MAX_BUILDS = 1_000

_FOREIGN = frozenset({".git", ".hg", ".svn", ".tox", ".venv", "venv", "node_modules", "bower_components", "vendor"})
_TEST_DATA = re.compile(r"(?i)_*(?:test[-_]?)?fixtures?_*|test[-_]?(?:data|files?|cases?)(?:[-_].*)?")
# The builder itself takes a file called dockerfile where there is no Dockerfile (BuildKit's dockerui).
_DOCKERFILE = re.compile(
    r"dockerfile|(?:Dockerfile|Containerfile)(?:[._-][^/]*)?|[^/]*\.(?:[Dd]ockerfile|[Cc]ontainerfile)"
)
_OTHER_KIND = re.compile(  # behind Dockerfile. stands the name of a variant, or what makes it a file of another kind
    r"(?i)\.(?:dockerignore|containerignore|md|txt|rst|adoc|html?|go|py|rb|js|ts|rs|sh|json|ya?ml|toml|lock|sha256"
    r"|bak|orig|rej|swp|old|tmpl|tmp|template|tpl|j2|jinja2?|erb|in|m4|mustache|gotmpl|ejs|cue|patch|diff)\Z|~\Z"
)
_COMPOSE = re.compile(r"(?:docker-)?compose[^/]*\.ya?ml")
_BAKE = re.compile(r"docker-bake[^/]*\.(?:hcl|json)|bake\.hcl")
_WORKFLOW = re.compile(r"(?:.*/)?\.github/workflows/[^/]+\.ya?ml")
_DEVCONTAINER = re.compile(r"(?:.*/)?(?:\.devcontainer/(?:[^/]+/)?devcontainer\.json|\.devcontainer\.json)")


class Files(Struct, frozen=True):
    """What a walk found: paths by kind (as `kind_of` names them); `unread` tells why a part was not looked at."""

    by_kind: dict[str, list[Path]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[Path]:
        """The paths of a kind."""
        return self.by_kind.setdefault(kind, [])


def kind_of(path: str) -> str | None:
    """What a file is by its name: dockerfile, compose, bake, devcontainer or workflow; None for other files."""
    name = path.rpartition("/")[2]
    if _DOCKERFILE.fullmatch(name):
        return None if _OTHER_KIND.search(name) else "dockerfile"
    if _COMPOSE.fullmatch(name):
        return "compose"
    if _BAKE.fullmatch(name):
        return "bake"
    if name.endswith(("yml", "yaml")) and _WORKFLOW.fullmatch(path):
        return "workflow"
    return "devcontainer" if name.endswith("devcontainer.json") and _DEVCONTAINER.fullmatch(path) else None


def walk(folder: Path) -> Files:
    """What a directory holds, as the user would write it; a directory nearer to the top comes first."""
    found = Files()
    for path in _Walk(folder, found.unread).files():
        kind = kind_of(path)
        if kind is not None:
            found.of(kind).append(Path(path))
    for paths in found.by_kind.values():
        paths.sort(key=lambda path: (len(path.parts), path))
        if len(paths) > MAX_BUILDS:
            found.unread.append(f"more than {MAX_BUILDS} Dockerfiles or declarations; name the directories to check")
            del paths[MAX_BUILDS:]
    return found


class _Walk:
    """One walk. `unread` gets a sentence for each part that is not looked at."""

    def __init__(self, folder: Path, unread: list[str]) -> None:
        self._pending: list[tuple[str, Ignores, int]] = [(str(folder), read_ignores(folder, repository_of(folder)), 0)]
        self._room = MAX_ENTRIES
        self._test_data: list[str] = []
        self._unread = unread

    def files(self) -> Iterator[str]:
        """The paths of the files whose names may matter."""
        while self._pending and self._room >= 0:
            yield from self._directory(*self._pending.pop())
        if self._test_data:
            first = min(self._test_data, key=lambda path: (path.count("/"), path))
            more = f" and {len(self._test_data) - 1} more directories" if len(self._test_data) > 1 else ""
            self._unread.append(f"{first}{more} not looked through, by the name data for tests: name one to check it")

    def _directory(self, directory: str, ignores: Ignores, depth: int) -> Iterator[str]:
        try:
            with os.scandir(directory) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            self._unread.append(f"{directory} cannot be read ({error.strerror})")
            return
        self._room -= len(entries)
        if self._room < 0 or depth > MAX_DEPTH:
            self._unread.append(f"{directory} and what is below were not looked at: too many files, or too deep")
            return
        here = ignores.enter(directory) if any(entry.name == ".gitignore" for entry in entries) else ignores
        for entry in entries:
            path = entry.path.removeprefix("./")
            if entry.is_symlink():
                continue
            if entry.is_dir():
                self._enter(entry.name, path, here, depth + 1)
            elif kind_of(path) is not None and not here.ignored(path, directory=False):
                yield path

    def _enter(self, name: str, path: str, ignores: Ignores, depth: int) -> None:
        if name in _FOREIGN or ignores.ignored(path, directory=True):
            return
        if _TEST_DATA.fullmatch(name):
            self._test_data.append(path)
        else:
            self._pending.append((path, ignores, depth))
