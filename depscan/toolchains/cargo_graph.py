"""The packages of a build and what each depends on: manifests of the tree, Cargo.lock, rows of knowledge.

In: a workspace. Out: `Graph`, which answers for a package: its manifest, and the package behind a dependency. The
manifest of a crate of the registry is not in the tree: a row of knowledge has it, or nobody does.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.toolchains.cargo_lock import Lock, Locked, read_lock
from depscan.toolchains.cargo_manifests import Manifest, read_manifest
from depscan.toolchains.crate_knowledge import find_manifest
from depscan.toolchains.crates import read_toml, table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from depscan.toolchains.cargo_manifests import Dependency
    from depscan.toolchains.crates import Workspace
    from depscan.toolchains.workplace import Files

MAX_PACKAGES = 20_000


class Node(Struct, frozen=True):
    """A package of the graph: one of the tree by its directory, or a row of Cargo.lock."""

    name: str
    directory: str = ""
    version: str = ""
    source: str = ""


class Graph:
    """What is known of the packages; each manifest is read once."""

    def __init__(self, files: Files, workspace: Workspace) -> None:
        self.files, self.root = files, workspace.root
        top = read_toml(files, posixpath.join(workspace.root, "Cargo.toml")) or {}
        self.settings, self.patches = table(top, "workspace"), table(top, "patch")
        text = files.read(posixpath.join(workspace.root, "Cargo.lock"))
        self.lock: Lock | None = read_lock(text) if text is not None else None
        self.broken = text is not None and self.lock is None
        self._data: dict[str, dict[str, Any] | None] = {each.directory: each.manifest for each in workspace.packages}
        self._members = {each.name: each.directory for each in workspace.packages if each.name is not None}
        self._manifests: dict[Node, Manifest | None] = {}

    def node(self, directory: str) -> Node:
        """The package of the tree that stands in a directory."""
        name = table(self._read(directory), "package").get("name")
        return Node(name if isinstance(name, str) else "", directory)

    def manifest(self, node: Node) -> Manifest | None:
        """A package's manifest; None where nobody knows it."""
        if node not in self._manifests and len(self._manifests) < MAX_PACKAGES:
            self._manifests[node] = self._find(node)
        return self._manifests.get(node)

    def target(self, node: Node, dependency: Dependency) -> Node | None:
        """The package behind a dependency; None where the tree and Cargo.lock do not tell, or do not take it."""
        if dependency.path:
            found = self.node(dependency.path)
            return found if found.name == dependency.crate else None
        row = self._row(node)
        need = self.lock.need(row, dependency.crate, dependency.version) if row and self.lock else None
        return self._of(need) if need is not None else None

    def listed(self, node: Node) -> Iterable[Node]:
        """All packages that Cargo.lock names for a package: those that it may depend on."""
        row = self._row(node)
        return (
            [self._of(need) for found in self.lock.needs(row).values() for need in found] if row and self.lock else []
        )

    def _row(self, node: Node) -> Locked | None:
        if self.lock is None:
            return None
        return self.lock.own(node.name) if node.directory else self.lock.row(node.name, node.version, node.source)

    def _of(self, row: Locked) -> Node:
        if row.source:
            return Node(row.name, "", row.version, row.source)
        for section in self.patches.values():
            path = table(section if isinstance(section, dict) else {}, row.name).get("path")
            if isinstance(path, str):
                return self.node(posixpath.normpath(posixpath.join(self.root, path)))
        return Node(row.name, self._members.get(row.name, ""), "" if row.name in self._members else row.version)

    def _find(self, node: Node) -> Manifest | None:
        if not node.directory:
            known = Locked(node.name, node.version, node.source, ()).known
            return find_manifest(node.name, node.version) if known else None
        data = self._read(node.directory)
        return None if data is None else read_manifest(data, node.directory, self.settings, self.root)

    def _read(self, directory: str) -> dict[str, Any] | None:
        if directory not in self._data:
            fits = len(self._data) < MAX_PACKAGES
            self._data[directory] = read_toml(self.files, posixpath.join(directory, "Cargo.toml")) if fits else None
        return self._data[directory]
