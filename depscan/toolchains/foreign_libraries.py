"""System libraries that a Rust program links, as far as the features that are on prove it.

In: a selection of packages, the target, the stage. Out: for a package's program the sonames, the crates that lead to
them, and whether that is all. A crate that binds a system library counts only where enabled dependencies lead to it;
what only Cargo.lock lists, or what a crate may do of which nothing is known, makes a program whose needs are not known.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.toolchains.cargo_features import Features, Request, Rules
from depscan.toolchains.cargo_graph import Graph
from depscan.toolchains.crate_knowledge import find_linking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.cargo_cfg import Platform
    from depscan.toolchains.cargo_graph import Node
    from depscan.toolchains.cargo_selection import Selection
    from depscan.toolchains.crate_knowledge import Linking
    from depscan.toolchains.crates import Package, Workspace
    from depscan.toolchains.workplace import Files, Workplace

# Official images on buildpack-deps have the -dev packages of curl, zlib, bzip2, xz, OpenSSL, SQLite, libpq and MariaDB
# (docker-library/buildpack-deps 8330ca1, 2025-11-13: debian/*/Dockerfile); their -slim and -alpine variants have none.
_WITH_HEADERS = re.compile(r"(?:^|/)(?:rust|buildpack-deps|golang|python|node|ruby|gcc)(?::(?!.*(?:slim|alpine)).*)?$")
_LINKS_ITSELF = re.compile(r"rustc-link-lib|rustc-link-arg|rustc-flags|pkg_config|pkg-config|system_deps")
_NAMES_LIBRARY = re.compile(r"#\[link\(")
_MAX_SOURCES = 500


class Libraries(Struct, frozen=True):
    """The sonames, sentences that tell where they come from, and whether a program needs nothing else."""

    sonames: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    complete: bool = True


class Resolution:
    """The features of a build: what is surely on, and what may be."""

    def __init__(
        self, selection: Selection, workspace: Workspace, platform: Platform, place: Workplace, *, dev: bool = True
    ) -> None:
        self.place, self.selection, self._platform, self._dev = place, selection, platform, dev
        self.graph = Graph(place.files, workspace)

    @cached_property
    def surely(self) -> Features:
        """What is on for sure."""
        return self._features(wide=False)

    @cached_property
    def perhaps(self) -> Features:
        """What may be on."""
        return self._features(wide=True)

    def _features(self, *, wide: bool) -> Features:
        requests = [
            Request(
                self.graph.node(each.package.directory),
                each.features,
                default=each.default or (wide and not self.selection.known),
                every=each.every or (wide and not self.selection.known),
            )
            for each in self.selection.asked
        ]
        return Features(self.graph, Rules(self._platform, self.selection.separate, wide, self._dev), requests)

    def builds(self, package: Package, program: str) -> bool:
        """Whether a program's required features may be on: cargo leaves others out."""
        on = self.perhaps.on(self.graph.node(package.directory))
        return all(name in on or "/" in name for name in package.programs.get(program, ()))

    def libraries(self, package: Package) -> Libraries:
        """What the programs of a package link."""
        start = self.graph.node(package.directory)
        sure, wide = _reached(self.surely, start), _reached(self.perhaps, start)
        sonames: dict[str, str] = {}
        complete = self.surely.complete and self.perhaps.complete and not self._is_unknown(wide)
        for node in wide:
            linking = find_linking(node.name)
            if linking is None or not (linking.links or linking.elsewhere):
                continue
            names = self._binds(node, linking) if node in sure else None
            found = [self._soname(text) for text in names or ()]
            complete &= names is not None and None not in found
            way = " -> ".join(each.name for each in _way(sure, node)) if node in sure else ""
            sonames.update((name, way) for name in found if name is not None)
        ways = {way: [name for name in sorted(sonames) if sonames[name] == way] for way in sonames.values()}
        told = tuple(f"{way} links {', '.join(names)}" for way, names in sorted(ways.items()))
        return Libraries(tuple(sorted(sonames)), told, complete)

    def _is_unknown(self, reached: dict[Node, Node | None]) -> bool:
        """Whether something is reached that the tree does not tell of: no Cargo.lock, or libraries bound by hand."""
        for node in reached:
            manifest = self.graph.manifest(node)
            if node.directory and (manifest is None or _binds_by_hand(self.place.files, node.directory)):
                return True
            for dependency in manifest.dependencies if manifest and node.directory else ():
                remote = not dependency.path and dependency.kind == "normal"
                if remote and (self.graph.lock is None or self.graph.target(node, dependency) is None):
                    return True
        return False

    def _binds(self, node: Node, linking: Linking) -> tuple[str, ...] | None:
        """The names behind -l that a crate surely binds; None where that is not known."""
        set_ = {name for name, value in self.place.environment.items() if value != "0"}
        may, must = self.perhaps.on(node), self.surely.on(node)
        own, asked = set(linking.own), set(linking.asked)
        if {*linking.elsewhere, *linking.static, "PKG_CONFIG_ALL_STATIC"} & set_:
            return None
        if set(linking.system) & set_:
            return linking.links
        if own & must or (asked and not asked & (may | set_)):
            return ()
        listed = {each.name for each in self.graph.listed(node)}
        if (
            any(linking.own[name] in ("", *listed) for name in own & may)
            or "" in linking.elsewhere
            or (asked and not asked & (must | set_))
        ):
            return None
        return linking.links if not linking.packages or self._brings(linking.packages) else None

    def _brings(self, packages: tuple[str, ...]) -> bool:
        """Whether the stage has what a crate looks for before it builds its own copy."""
        plain = {re.split("[=<>~@:]", name)[0] for name in self.place.packages}
        debian = any(name.startswith("lib") or name.endswith("1g-dev") for name in packages)
        headers = debian and _WITH_HEADERS.search(self.place.profile.name) is not None
        return bool(plain & set(packages)) or headers

    def _soname(self, text: str) -> str | None:
        found = [soname for name in text.split("|") if (soname := self.place.soname(name)) is not None]
        named = [soname for soname in found if ".so." in soname] or found  # libmysqlclient.so leads to libmariadb.so.3
        return named[0] if len(named) == 1 else None


def _reached(features: Features, start: Node) -> dict[Node, Node | None]:
    """The packages that are linked with one, each with the one that brings it."""
    reached: dict[Node, Node | None] = {start: None}
    pending = [start]
    for node in pending:  # grows while it is read
        for target in features.links(node):
            if target not in reached:
                reached[target] = node
                pending.append(target)
    return reached


def _way(reached: dict[Node, Node | None], node: Node) -> list[Node]:
    way: list[Node] = []
    step: Node | None = node
    while step is not None:
        way.append(step)
        step = reached[step]
    return way[-2::-1] or way


def _binds_by_hand(files: Files, directory: str) -> bool:
    """Whether a package of the tree names libraries itself: in its build script, or by #[link(...)]."""
    script = files.read(f"{directory}/build.rs") or ""
    if _LINKS_ITSELF.search(script):
        return True
    return any(_NAMES_LIBRARY.search(text) for text in _sources(files, directory))


def _sources(files: Files, directory: str) -> Iterator[str]:
    paths = [path for path in files.walk(f"{directory}/src") if path.endswith(".rs")]
    yield from (files.read(path, 2**18) or "" for path in paths[:_MAX_SOURCES])
