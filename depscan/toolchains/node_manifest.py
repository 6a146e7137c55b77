"""package.json: what an installation without a lockfile takes, and what the application itself asks for.

In: a `Workplace`, or names given to a command. Out: a `Lockfile` of the names and the versions that their ranges begin
with, and `Manifest`. A range such as ^5.1.1 keeps the major version; of an open one the newest is taken.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from depscan.toolchains.node_lockfiles import Locked, Lockfile
from depscan.toolchains.node_packages import find_known

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depscan.toolchains.node_command import Install
    from depscan.toolchains.workplace import Workplace


class Manifest(Struct, frozen=True):
    """The ranges of package.json by name; `workspaces`: there are further manifests."""

    dependencies: dict[str, str]
    dev: dict[str, str]
    optional: dict[str, str]
    workspaces: bool


def read_manifest(place: Workplace, directory: str) -> Manifest | None:
    """The package.json of a directory; None where it is not there, not known or broken."""
    text = place.files.read(f"{directory}/package.json")
    try:
        data = msgspec.json.decode(text) if text is not None else None
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    workspaces = bool(data.get("workspaces")) or "pnpm-workspace.yaml" in place.files.names(directory)
    return Manifest(
        _ranges(data.get("dependencies")),
        _ranges(data.get("devDependencies")),
        _ranges(data.get("optionalDependencies")),
        workspaces,
    )


def _ranges(value: object) -> dict[str, str]:
    return {name: text for name, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}


def locked_by_manifest(install: Install, place: Workplace) -> Lockfile | None:
    """What package.json asks for, where no lockfile is known."""
    manifest = read_manifest(place, install.directory) if not install.everywhere else None
    if manifest is None:
        return None
    optional = [(name, text) for name, text in manifest.optional.items() if install.optional]
    return _lock(install, [*manifest.dependencies.items(), *optional])


def locked_by_name(install: Install) -> Lockfile:
    """What a command names: `bcrypt`, `bcrypt@5`, `@scope/name@^1.2`."""
    found = (re.fullmatch(r"(@[^/@]+/[^/@]+|[^/@:]+)(?:@(.*))?", word) for word in install.names)
    return _lock(install, [(each[1], each[2] or "") for each in found if each is not None])


def _lock(install: Install, ranges: Iterable[tuple[str, str]]) -> Lockfile:
    packages = [Locked(name, first_version(text), f"node_modules/{name}") for name, text in ranges]
    rows = [find_known(package.name, package.version) for package in packages]
    brought = [row.brings for row in rows if row is not None and row.brings is not None]
    packages += [Locked(name, "", f"node_modules/{name}", optional=True) for name in brought]
    return Lockfile(install.tool, 0, tuple(packages), flagged=True)


def first_version(text: str) -> str:
    """The version that a range begins with; empty for one that is open."""
    found = re.fullmatch(r"[\^~=v]*(\d+(?:\.\d+)*)(?:\.[x*])*(?:[-+].*)?", text.strip())
    return found[1] if found is not None else ""
