"""Cargo's manifests: Cargo.toml, its workspace, .cargo/config.toml.

In: the stage's files and a directory. Out: the packages that a command builds, with the names of their programs, and
settings. The laws are the Cargo book's ("Cargo targets", "Workspaces", "Configuration"): src/main.rs has the
package's name, each file of src/bin its own, [[bin]] tables name more.
"""

from __future__ import annotations

import posixpath
import tomllib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from depscan.toolchains.workplace import Files, Workplace

MAX_MEMBERS = 500
_DEPTH = 12  # directories upward


class Package(Struct, frozen=True):
    """A package: the directory of its Cargo.toml, the manifest, and the names of its programs."""

    directory: str
    manifest: dict[str, Any]
    programs: tuple[str, ...]

    @property
    def name(self) -> str | None:
        """The package's name; None for a workspace without a package of its own."""
        name = table(self.manifest, "package").get("name")
        return name if isinstance(name, str) else None


class Workspace(Struct, frozen=True):
    """The root directory, all packages that are known, and those that a command without -p builds."""

    root: str
    packages: tuple[Package, ...]
    default: tuple[Package, ...]


def table(data: dict[str, Any] | None, *names: str) -> dict[str, Any]:
    """A table of a table; empty where it is not there or something else."""
    for name in names:
        value = (data or {}).get(name)
        data = value if isinstance(value, dict) else {}
    return data or {}


def texts(value: object) -> tuple[str, ...]:
    """A list of strings, or one string, as a tuple."""
    values = value if isinstance(value, list) else [value]
    return tuple(each for each in values if isinstance(each, str))


def read_toml(files: Files, path: str) -> dict[str, Any] | None:
    """A TOML file; None where it is not there or broken."""
    text = files.read(path)
    if text is None:
        return None
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def upward(directory: str) -> Iterator[str]:
    """A directory and those above it."""
    for _ in range(_DEPTH):
        yield directory
        if directory == "/":
            return
        directory = posixpath.dirname(directory)


def find_workspace(files: Files, start: str) -> Workspace | None:
    """The workspace of the nearest Cargo.toml at or above `start`; a lone package is one of its own."""
    found = [(where, read_toml(files, posixpath.join(where, "Cargo.toml"))) for where in upward(start)]
    known = [(where, data) for where, data in found if data is not None]
    if not known:
        return None
    here, manifest = known[0]
    root, top = next(((where, data) for where, data in known if "workspace" in data), (here, manifest))
    settings = table(top, "workspace")
    own = _package(files, here, manifest)
    members = [own, *_members(files, root, texts(settings.get("members")), texts(settings.get("exclude")))]
    if root != here:
        members.append(_package(files, root, top))
    packages = {member.directory: member for member in members if member.name is not None}
    return Workspace(root, tuple(packages.values()), tuple(_default(packages, here, root, settings)))


def _default(packages: dict[str, Package], here: str, root: str, settings: dict[str, Any]) -> Iterable[Package]:
    """default-members, else the package of the directory, else all (for a workspace without one)."""
    chosen = texts(settings.get("default-members")) if here == root else ()
    if chosen:
        paths = [posixpath.normpath(posixpath.join(root, each)) for each in chosen]
        return [package for path, package in packages.items() if any(fnmatchcase(path, each) for each in paths)]
    return [packages[here]] if here in packages else packages.values()


def _members(files: Files, root: str, patterns: tuple[str, ...], excluded: tuple[str, ...]) -> Iterator[Package]:
    if not patterns:
        return
    wanted = [posixpath.normpath(posixpath.join(root, each)) for each in patterns]
    passed = {posixpath.normpath(posixpath.join(root, each)) for each in excluded}
    manifests = [path for path in files.walk(root) if posixpath.basename(path) == "Cargo.toml"]
    for path in manifests[:MAX_MEMBERS]:
        directory = posixpath.dirname(path)
        if directory not in passed and any(_matches(directory, each) for each in wanted):
            data = read_toml(files, path)
            if data is not None:
                yield _package(files, directory, data)


def _matches(directory: str, pattern: str) -> bool:
    """A star of Cargo's stands for one component."""
    return directory.count("/") == pattern.count("/") and fnmatchcase(directory, pattern)


def _package(files: Files, directory: str, manifest: dict[str, Any]) -> Package:
    names = dict.fromkeys(_programs(files, directory, manifest))
    return Package(directory, manifest, tuple(names))


def _programs(files: Files, directory: str, manifest: dict[str, Any]) -> Iterator[str]:
    package = table(manifest, "package")
    declared = [each for each in manifest.get("bin", []) if isinstance(each, dict)]
    paths = {each.get("path") for each in declared}
    yield from (each["name"] for each in declared if isinstance(each.get("name"), str))
    if package.get("autobins") is False:
        return
    sources = files.names(posixpath.join(directory, "src"))
    if "main.rs" in sources and "src/main.rs" not in paths:
        yield from texts(package.get("name"))
    for name in files.names(posixpath.join(directory, "src/bin")) if "bin" in sources else ():
        if f"src/bin/{name}" in paths or f"src/bin/{name}/main.rs" in paths:
            continue
        inner = files.names(posixpath.join(directory, "src/bin", name))
        if name.endswith(".rs") or "main.rs" in inner:
            yield name.removesuffix(".rs")


def read_configuration(place: Workplace, start: str) -> list[dict[str, Any]]:
    """The .cargo/config.toml files that hold in a directory, the nearest first, CARGO_HOME's last."""
    homes = [place.environment.get("CARGO_HOME") or "/usr/local/cargo"]
    folders = [*(posixpath.join(where, ".cargo") for where in upward(start)), *homes]
    paths = [posixpath.join(folder, name) for folder in folders for name in ("config.toml", "config")]
    return [data for path in paths if (data := read_toml(place.files, path)) is not None]


def pinned_toolchain(files: Files, start: str) -> str | None:
    """The toolchain that the nearest rust-toolchain.toml or rust-toolchain names (rustup book, "Overrides")."""
    for where in upward(start):
        for name in ("rust-toolchain", "rust-toolchain.toml"):  # the one without an ending wins
            path = posixpath.join(where, name)
            text = files.read(path)
            if text is not None:
                channel = table(read_toml(files, path), "toolchain").get("channel", text.strip())
                return channel if isinstance(channel, str) else None
    return None
