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
_FIRST_EDITION = "2015"  # in which one [[bin]] turns the search for others off


class Package(Struct, frozen=True):
    """A package: the directory of its Cargo.toml, the manifest, its programs with the features that each requires."""

    directory: str
    manifest: dict[str, Any]
    programs: dict[str, tuple[str, ...]]

    @property
    def name(self) -> str | None:
        """The package's name; None for a workspace without a package of its own."""
        name = table(self.manifest, "package").get("name")
        return name if isinstance(name, str) else None


class Workspace(Struct, frozen=True):
    """The root directory, the current one, the members that are known, and those that a command without -p builds."""

    root: str
    here: str
    top: dict[str, Any]
    packages: tuple[Package, ...]
    default: tuple[Package, ...]

    @property
    def current(self) -> Package | None:
        """The package whose manifest cargo found first; None where that is a workspace without one."""
        return next((package for package in self.packages if package.directory == self.here), None)


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
    own = _package(files, here, manifest, settings)
    members = [own, *_members(files, root, settings)]
    if root != here:
        members.append(_package(files, root, top, settings))
    packages = {member.directory: member for member in members if member.name is not None}
    return Workspace(root, here, top, tuple(packages.values()), tuple(_default(packages, here, root, settings)))


def _default(packages: dict[str, Package], here: str, root: str, settings: dict[str, Any]) -> Iterable[Package]:
    """default-members, else the package of the directory, else all (for a workspace without one)."""
    chosen = texts(settings.get("default-members")) if here == root else ()
    if chosen:
        paths = [posixpath.normpath(posixpath.join(root, each)) for each in chosen]
        return [package for path, package in packages.items() if any(fnmatchcase(path, each) for each in paths)]
    return [packages[here]] if here in packages else packages.values()


def _members(files: Files, root: str, settings: dict[str, Any]) -> Iterator[Package]:
    patterns, excluded = texts(settings.get("members", [])), texts(settings.get("exclude", []))
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
                yield _package(files, directory, data, settings)


def _matches(directory: str, pattern: str) -> bool:
    """A star of Cargo's stands for one component."""
    return directory.count("/") == pattern.count("/") and fnmatchcase(directory, pattern)


def _package(files: Files, directory: str, manifest: dict[str, Any], workspace: dict[str, Any]) -> Package:
    declared = manifest.get("bin", [])
    named = [each for each in declared if isinstance(each, dict)] if isinstance(declared, list) else []
    told = {
        each["name"]: texts(each.get("required-features", [])) for each in named if isinstance(each.get("name"), str)
    }
    package = table(manifest, "package")
    found = package.get("autobins") is not False and (
        not named or "autobins" in package or edition_of(package, workspace) > _FIRST_EDITION
    )
    paths = {each.get("path") for each in named}
    inferred = _inferred(files, directory, package, paths) if found else ()
    return Package(directory, manifest, {**dict.fromkeys(inferred, ()), **told})


def _inferred(files: Files, directory: str, package: dict[str, Any], paths: set[object]) -> Iterator[str]:
    """The programs that cargo finds by where their sources stand, but for sources that a [[bin]] names."""
    sources = files.names(posixpath.join(directory, "src"))
    if "main.rs" in sources and "src/main.rs" not in paths:
        yield from texts(package.get("name"))
    for name in files.names(posixpath.join(directory, "src/bin")) if "bin" in sources else ():
        if f"src/bin/{name}" in paths or f"src/bin/{name}/main.rs" in paths:
            continue
        inner = files.names(posixpath.join(directory, "src/bin", name))
        if name.endswith(".rs") or "main.rs" in inner:
            yield name.removesuffix(".rs")


def edition_of(package: dict[str, Any], workspace: dict[str, Any]) -> str:
    """A package's edition, its workspace's where it says so; 2015 where nothing is said."""
    edition = package.get("edition")
    if table(package, "edition").get("workspace") is True:
        edition = table(workspace, "package").get("edition")
    return edition if isinstance(edition, str) else _FIRST_EDITION


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
