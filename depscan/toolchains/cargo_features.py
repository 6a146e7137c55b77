"""Which features are on, and which optional dependencies with them: cargo's resolver over what is known.

In: a `Graph`, the packages that a command builds with the features it asks for, the resolver's version. Out:
`Features`: for each package the features that are on and the optional dependencies that they bring. Laws: the Cargo
book, "Features" and "Resolver", and cargo's core/resolver/features.rs (1.95), beside which tests/live/test_cargo.py
holds it. Two readings bound what is not known: the narrow one takes what is surely on, the wide one what may be.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.toolchains.cargo_cfg import holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from depscan.toolchains.cargo_cfg import Platform
    from depscan.toolchains.cargo_graph import Graph, Node
    from depscan.toolchains.cargo_manifests import Dependency, Manifest

MAX_STEPS = 2_000_000
_BUILD_TIME = r".*[-_](macros?|macros?[-_]core|derive|build|codegen|bindgen)|(build|bindgen|cc|cmake|pkg-config|vcpkg)"


class Request(Struct, frozen=True):
    """A package that is built, and the features that the command asks of it: these, or `every` one and these."""

    node: Node
    features: tuple[str, ...] = ()
    default: bool = True
    every: bool = False


class Rules(Struct, frozen=True):
    """How cargo resolves: `separate` as resolver 2 does (build from normal, this target only), else with `dev`."""

    platform: Platform
    separate: bool
    wide: bool
    dev: bool = True


class _Unit(Struct, frozen=True):
    """A package as it is built: for the target, or (resolver 2) for the host."""

    node: Node
    host: bool


class Features:
    """The features that are on; `complete` says that no bound cut the work off."""

    def __init__(self, graph: Graph, rules: Rules, requests: Iterable[Request]) -> None:
        self.graph, self.rules = graph, rules
        self.complete = True
        self._roots = set()
        self._on: dict[_Unit, set[str]] = {}
        self._enabled: dict[_Unit, set[str]] = {}
        self._waiting: dict[tuple[_Unit, str], list[str]] = {}  # weak features of dependencies that are not on yet
        self._edges: dict[_Unit, dict[str, list[tuple[Dependency, _Unit]]]] = {}
        self._work: list[tuple[_Unit, str]] = []
        self._seen: set[tuple[_Unit, str]] = set()
        for request in requests:
            self._roots.add(request.node)
            self._ask(request)
        self._run()

    def on(self, node: Node) -> frozenset[str]:
        """The features of a package that is linked."""
        return frozenset(self._on.get(_Unit(node, host=False), ()))

    def links(self, node: Node) -> Iterator[Node]:
        """The packages that are linked with a package, as far as this reading goes; no procedural macros."""
        manifest = self.graph.manifest(node)
        yield from self._untold(node, manifest)
        if manifest is None:
            return
        enabled = self._enabled.get(_Unit(node, host=False), ())
        for dependency in manifest.dependencies:
            taken = not dependency.optional or dependency.name in enabled
            if dependency.kind == "normal" and taken and self._holds(dependency):
                target = self.graph.target(node, dependency)
                known = self.graph.manifest(target) if target is not None else None
                if target is not None and not (known is not None and known.macros):
                    yield target

    def _ask(self, request: Request) -> None:
        manifest = self.graph.manifest(request.node)
        own = manifest.features if manifest else {}
        names = [name for name in request.features if "/" in name or name in own]
        names += own if request.every else ()
        self._reach(_Unit(request.node, host=False), names, default=request.default)

    def _run(self) -> None:
        """Work off what is to do; the order does not matter, for nothing is ever taken back."""
        for _ in range(MAX_STEPS):
            if not self._work:
                return
            unit, value = self._work.pop()
            self._value(unit, value)
        self.complete = False

    def _do(self, unit: _Unit, value: str) -> None:
        if (unit, value) not in self._seen:
            self._seen.add((unit, value))
            self._work.append((unit, value))

    def _reach(self, unit: _Unit, features: Iterable[str], *, default: bool) -> None:
        if unit not in self._on:
            self._on[unit] = set()
            self._do(unit, "")
        manifest = self.graph.manifest(unit.node)
        if default and (manifest is None or "default" in manifest.features):
            self._do(unit, "default")
        for value in features:
            self._do(unit, value)

    def _value(self, unit: _Unit, value: str) -> None:
        """What a word of a feature's list does; the empty word is the package itself."""
        name, slash, feature = value.partition("/")
        if not value:
            self._package(unit)
        elif value.startswith("dep:"):
            self._enable(unit, value[4:])
        elif slash:
            self._feature_of(unit, name.removesuffix("?"), feature, weak=name.endswith("?"))
        elif value not in self._on[unit]:
            self._on[unit].add(value)
            manifest = self.graph.manifest(unit.node)
            for each in manifest.features.get(value, ()) if manifest else ():
                self._do(unit, each)

    def _package(self, unit: _Unit) -> None:
        manifest = self.graph.manifest(unit.node)
        for listed in self._untold(unit.node, manifest):
            self._reach_wholly(_Unit(listed, unit.host))
        if manifest is None:
            return
        for edges in self._targets(unit, manifest).values():
            for dependency, target in edges:
                if not dependency.optional:
                    self._reach(target, dependency.features, default=dependency.default)

    def _untold(self, node: Node, manifest: Manifest | None) -> Iterator[Node]:
        """What Cargo.lock lists beyond what is known of a crate: the wide reading takes it, but for tools of builds."""
        if not self.rules.wide or (node.directory and manifest is not None):
            return
        told = {each.crate for each in manifest.dependencies} if manifest else set()
        for target in self.graph.listed(node):
            if target.name not in told and not re.fullmatch(_BUILD_TIME, target.name):
                yield target

    def _reach_wholly(self, unit: _Unit) -> None:
        """A package that one asks for of which nothing is known: any of its features may be on."""
        manifest = self.graph.manifest(unit.node)
        self._reach(unit, manifest.features if manifest else (), default=True)

    def _enable(self, unit: _Unit, name: str) -> None:
        self._enabled.setdefault(unit, set()).add(name)
        waiting = self._waiting.pop((unit, name), ())
        for dependency, target in self._of(unit, name):
            self._reach(target, (*dependency.features, *waiting), default=dependency.default)

    def _feature_of(self, unit: _Unit, name: str, feature: str, *, weak: bool) -> None:
        for dependency, target in self._of(unit, name):
            if dependency.optional:
                if weak and name not in self._enabled.get(unit, ()):
                    self._waiting.setdefault((unit, name), []).append(feature)
                    continue
                self._do(unit, f"dep:{name}")
                manifest = self.graph.manifest(unit.node)
                if not weak and manifest and name in manifest.features:
                    self._do(unit, name)
            self._reach(target, (feature,), default=False)

    def _of(self, unit: _Unit, name: str) -> list[tuple[Dependency, _Unit]]:
        manifest = self.graph.manifest(unit.node)
        return self._targets(unit, manifest).get(name, []) if manifest else []

    def _targets(self, unit: _Unit, manifest: Manifest) -> dict[str, list[tuple[Dependency, _Unit]]]:
        """The dependencies that count for features, by name."""
        if unit not in self._edges:
            found: dict[str, list[tuple[Dependency, _Unit]]] = {}
            for dependency in manifest.dependencies:
                target = self.graph.target(unit.node, dependency) if self._counts(unit, dependency) else None
                if target is not None:
                    found.setdefault(dependency.name, []).append((dependency, self._unit(unit, dependency, target)))
            self._edges[unit] = found
        return self._edges[unit]

    def _counts(self, unit: _Unit, dependency: Dependency) -> bool:
        if dependency.kind == "dev" and (self.rules.separate or not self.rules.dev or unit.node not in self._roots):
            return False
        return not self.rules.separate or self._holds(dependency)

    def _unit(self, unit: _Unit, dependency: Dependency, target: Node) -> _Unit:
        manifest = self.graph.manifest(target)
        apart = dependency.kind == "build" or (manifest is not None and manifest.macros)
        return _Unit(target, unit.host or (self.rules.separate and apart))

    def _holds(self, dependency: Dependency) -> bool:
        known = holds(dependency.on, self.rules.platform) if dependency.on else True
        return self.rules.wide if known is None else known
