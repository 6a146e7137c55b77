"""Which packages of a lockfile an installation takes, and which of these are native.

In: a `Lockfile`, an `Install` and the manifest. Out: `Chosen`, a native package with the C library that its files are
for. Packages that only development needs are left out: what is run does without them. What carries builds for both C
libraries fits either, and is left out too.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.findings import Confidence
from depscan.toolchains.node_lockfiles import Locked
from depscan.toolchains.node_packages import CPUS, Known, Target, find_known, read_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.node_command import Install
    from depscan.toolchains.node_lockfiles import Lockfile
    from depscan.toolchains.node_manifest import Manifest

# Packages that an install script builds or fetches an addon with, for the C library that it runs on; and one that
# picks among prebuilds, which may be for either.
_BUILDERS = frozenset(
    {"nan", "node-addon-api", "bindings", "prebuild-install", "@mapbox/node-pre-gyp", "node-pre-gyp", "node-gyp"}
)
_PICKERS = frozenset({"node-gyp-build", "node-gyp-build-optional-packages", "pkg-prebuilds", "prebuildify"})

_LIBRARIES = "@img/sharp-libvips-"  # packages of the library that an addon beside them needs


class Chosen(Struct, frozen=True):
    """A native package: the libc that its `file` (below the package) is for, how sure that is, and why."""

    package: Locked
    libc: str
    file: str
    confidence: Confidence
    why: str
    known: Known | None = None


class Selection:
    """A lockfile's packages as one installation takes them."""

    def __init__(self, lock: Lockfile, install: Install, manifest: Manifest | None) -> None:
        self.lock = lock
        self.install = install
        self.parents: dict[str, Locked] = {name: each for each in lock.packages for name in each.options}
        self.names = {each.name for each in lock.packages} | set(self.parents)
        self._needed = _reachable(lock, manifest) if not lock.flagged else None

    def native(self) -> Iterator[Chosen]:
        """The native packages that an application needs at run time."""
        for package in self.lock.packages:
            if not package.name.startswith(_LIBRARIES):
                chosen = self._judge(package, read_target(package.name))
                if chosen is not None:
                    yield chosen

    def _judge(self, package: Locked, target: Target | None) -> Chosen | None:
        known = find_known(package.name, package.version)
        if target is not None and known is None:
            return self._of_platform(package, target)
        return self._built(package, known) if target is None or self.takes(package, target) else None

    def weigh(self, package: Locked) -> Confidence | None:
        """How sure it is that the application runs with a package; None for one of development alone."""
        if package.dev:
            return None
        if self._needed is None:
            return Confidence.POSSIBLE if package.optional else Confidence.LIKELY
        return self._needed.get(package.name)

    def libc_of(self, package: Locked, target: Target) -> str | None:
        """The C library that a platform package is for; of `x-linux-x64` beside `x-linux-x64-musl` it is glibc."""
        return package.libc[0] if len(package.libc) == 1 else self.libc_by_name(package.name, target)

    def libc_by_name(self, name: str, target: Target) -> str | None:
        """The C library that a name is for, where it and the names beside it tell."""
        if target.libc is not None:
            return target.libc
        musl = (f"{name}-musl", name.replace("-linux-", "-linuxmusl-"))
        return "glibc" if any(each in self.names and each != name for each in musl) else None

    def _built(self, package: Locked, known: Known | None) -> Chosen | None:
        confidence = self.weigh(package)
        if confidence is None or (known is not None and known.compiler):
            confidence = None if confidence is None else Confidence.POSSIBLE
        if confidence is None or (known is None and not self._runs_builder(package)):
            return None
        if known is not None and known.names and self.lock.version == 0 and self.install.optional:
            return self._by_rule(known)
        if known is None:
            file = f"build/Release/{posixpath.basename(package.name)}.node"
            why = f"it has an install script and needs {', '.join(sorted(_BUILDERS.intersection(package.needs)))}"
            return Chosen(package, self.install.libc, file, Confidence.POSSIBLE, why)
        if known.comes in ("both", "any", "platform") or (known.comes != "glibc" and not self.install.scripts):
            return None
        if known.comes == "built" and self._asks_before_scripts():
            confidence = Confidence.POSSIBLE
        libc = self.install.libc if known.comes == "built" else "glibc"
        return Chosen(package, libc, known.file, confidence, known.source, known)

    def _by_rule(self, known: Known) -> Chosen | None:
        """The platform package where no lockfile lists it; npm before 10 takes both."""
        libc, cpu = self.install.libc, CPUS.get(self.install.platform.architecture, "")
        name = known.names[libc].format(cpu=cpu)
        package = Locked(name, "", f"node_modules/{name}")
        return Chosen(package, libc, known.file, Confidence.POSSIBLE, known.source) if self.lock.tool == "npm" else None

    def _asks_before_scripts(self) -> bool:
        """Pnpm 10 and bun run the scripts of packages that the project names alone."""
        return self.lock.tool == "bun" or (self.lock.tool == "pnpm" and self.lock.version >= 9)

    def _runs_builder(self, package: Locked) -> bool:
        needs = set(package.needs)
        return bool(package.scripts and self.install.scripts and needs & _BUILDERS and not needs & _PICKERS)

    def _of_platform(self, package: Locked, target: Target) -> Chosen | None:
        parent = self.parents.get(package.name)
        confidence = self.weigh(parent) if parent is not None else None
        libc = self.libc_of(package, target)
        if confidence is None or parent is None or libc != self.install.libc or not self.takes(package, target):
            return None
        if any(self._is_other_variant(other, package, target, libc) for other in self.lock.packages):
            return None
        known = find_known(parent.name, parent.version)
        if known is not None and known.comes != "platform":
            return None
        if known is not None and known.compiler:
            confidence = Confidence.POSSIBLE
        file = (known.file if known is not None else "") or "*.node"
        why = f"{parent.name} loads this package on {libc}, and another one elsewhere"
        return Chosen(package, libc, file, confidence, why)

    def takes(self, package: Locked, target: Target) -> bool:
        """Whether the tool installs a platform package here, by the fields that it has and honours."""
        cpu = CPUS.get(self.install.platform.architecture)
        fits = target.os == "linux" and target.cpu == cpu and self.install.optional
        honoured = package.libc if self.lock.version > 1 or self.lock.tool != "yarn" else ()
        recorded = bool(package.os or package.cpu) or self.lock.tool == "yarn"
        return fits and recorded and (not honoured or self.install.libc in honoured)

    def _is_other_variant(self, other: Locked, package: Locked, target: Target, libc: str) -> bool:
        """Whether the same addon for the other C library is installed beside it."""
        found = read_target(other.name) if other.name != package.name else None
        if found is None or (found.stem, found.cpu) != (target.stem, target.cpu) or not self.takes(other, found):
            return False
        return self.libc_of(other, found) not in (None, libc)


def _reachable(lock: Lockfile, manifest: Manifest | None) -> dict[str, Confidence]:
    """What the application needs, likely; what it may do without, or where there are further manifests, possibly."""
    if manifest is None or manifest.workspaces:
        return dict.fromkeys((each.name for each in lock.packages), Confidence.POSSIBLE)
    found: dict[str, Confidence] = {}
    queue = [(name, Confidence.LIKELY) for name in manifest.dependencies]
    queue += [(name, Confidence.POSSIBLE) for name in manifest.optional]
    by_name = {each.name: each for each in lock.packages}
    for name, confidence in queue:
        if name in found and found[name].rank <= confidence.rank:
            continue
        found[name] = confidence
        package = by_name.get(name)
        if package is not None:
            queue += [(need, confidence) for need in package.needs]
            queue += [(option, Confidence.POSSIBLE) for option in package.options]
    return found
