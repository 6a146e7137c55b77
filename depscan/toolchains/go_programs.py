"""Where `go build` and `go install` put their programs, and which packages those are.

In: a `Build`, the stage, the modules and sources at hand. Out: paths with their packages; a path is `DIRECTORY/*` where
the name cannot be known. The names are those of `go help build` and `go help install`.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.toolchains.go_constraints import Target
from depscan.toolchains.go_imports import Reach, Sources, follow_imports
from depscan.toolchains.go_modules import Modules, find_modules, is_own

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.platforms import Platform
    from depscan.toolchains.go_command import Build
    from depscan.toolchains.workplace import Workplace


class Tree(Struct, frozen=True):
    """The modules and sources that a command builds from; nothing where its go.mod is not at hand."""

    build: Build
    place: Workplace
    modules: Modules | None
    sources: Sources | None

    @classmethod
    def of(cls, build: Build, place: Workplace, target: Target) -> Tree:
        """Those of the directory that the command works in."""
        here = build.directory(place)
        modules = find_modules(place.files, here, build.settings.get("GOWORK", "")) if here is not None else None
        if modules is None:
            return cls(build, place, None, None)
        release = max(target.release, modules.main.release() or 0)
        chosen = Target(target.architecture, target.cgo, target.tags, release, target.exact)
        return cls(build, place, modules, Sources(place.files, modules.roots(), chosen))

    def reach(self, package: str | None) -> Reach | None:
        """What a program reaches; None where its sources are not at hand.

        A package with a version suffix is built without the go.mod at hand (`go help install`).
        """
        if self.modules is None or self.sources is None or "@" in (package or ""):
            return None
        directory = self.directory_of(package)
        files = [path for path in map(self._path, self.build.files) if path is not None]
        return follow_imports(self.sources, self.modules, directory, files) if directory is not None else None

    def directory_of(self, package: str | None) -> str | None:
        """The directory of a package of these modules, or of the files that make one; None for all others."""
        if package is None or "..." in package or "@" in package:
            return None
        if package.endswith(".go"):
            return self._path(posixpath.dirname(package) or ".")
        if package.startswith((".", "/")):
            return self._path(package)
        found = self.modules.places(package) if self.modules is not None else ()
        known = self.sources.by_directory if self.sources is not None else {}
        return next((each for each in found if each in known), None)

    def _path(self, text: str) -> str | None:
        return self.place.path(text, self.build.directory(self.place))

    def is_program(self, package: str | None) -> bool:
        """Whether a package may be a program: none of Go's own is, and none whose sources say otherwise."""
        directory = self.directory_of(package)
        if directory is None or self.sources is None or self.build.files:
            return package is None or not is_own(package)
        return self.sources.is_program(directory) is not False


def outputs(tree: Tree, platform: Platform) -> Iterator[tuple[str, str | None]]:
    """The paths of the programs and their packages."""
    build, place = tree.build, tree.place
    here = build.directory(place)
    packages: tuple[str | None, ...] = build.files[:1] or tuple(_each_package(tree))
    if build.verb == "install":
        directory: str | None = _bin_directory(build, place, platform)
    elif build.output is None:
        directory = here if len(packages) <= 1 else None
    elif "$" in build.output or "`" in build.output:
        return
    else:
        directory = place.path(build.output, here)
        if directory is not None and not _is_directory(directory, build, place):
            yield from ((directory, package) for package in packages[:1] if tree.is_program(package))
            return
    if directory is None:
        return
    named = build.verb == "build" and build.output is None  # in the directory of the sources a star would mean too much
    for package in packages:
        name = _package_name(package, tree)
        if (name or not named) and tree.is_program(package):
            yield posixpath.join(directory, name or "*"), package


def _is_directory(output: str, build: Build, place: Workplace) -> bool:
    """Whether -o names a directory. Several packages need one; a pattern does not, as long as it names one program."""
    written = build.output is not None and build.output.endswith("/")
    several = len(build.packages) > 1 and not build.files
    return written or several or place.files.is_directory(output)


def _each_package(tree: Tree) -> Iterator[str | None]:
    """The package operands; `./cmd/...` as the programs that it matches, where their sources are at hand."""
    build, place = tree.build, tree.place
    for package in build.packages or (".",):
        directory, wildcard, rest = (package or "").partition("/...")
        where = place.path(directory, build.directory(place)) if wildcard and not rest else None
        inside = re.match(r"\.{0,2}/|\.\Z", f"{directory}/") is not None
        written = build.verb == "install" or build.output is not None  # go throws away what it builds of several
        known = where is not None and inside and written and tree.sources is not None
        found = tree.sources.programs(where) if known and tree.sources is not None and where is not None else []
        yield from found or (package,)


def _bin_directory(build: Build, place: Workplace, platform: Platform) -> str:
    """Where go install puts programs: GOBIN, else bin below GOPATH; a cross build's in a folder of their own."""
    given = build.settings.get("GOBIN")
    if given:
        return given
    directory = posixpath.join((build.settings.get("GOPATH") or _go_path(place)).partition(":")[0], "bin")
    cross = platform.architecture != place.platform.architecture
    return posixpath.join(directory, f"linux_{platform.architecture}") if cross else directory


def _go_path(place: Workplace) -> str:
    """Where GOPATH is without being set: below HOME for a distribution's go; the official images set it to /go."""
    packaged = any(re.fullmatch(r"go(lang(-go|-\d[.\d]*(-go)?)?)?", name) for name in place.packages)
    return posixpath.join(place.environment.get("HOME") or "/root", "go") if packaged else "/go"


def _package_name(package: str | None, tree: Tree) -> str | None:
    """The name that the go command gives a program: the last element of its import path; a version suffix is none."""
    if package is None or "..." in package:
        return None
    text = package.partition("@")[0].rstrip("/")
    if text.endswith(".go"):
        return posixpath.basename(text).removesuffix(".go")
    directory = tree.directory_of(text or ".")
    known = tree.modules.path_of(directory) if tree.modules is not None and directory is not None else None
    elements = (known or text).split("/")
    if len(elements) > 1 and re.fullmatch(r"v[2-9]\d*", elements[-1]):
        elements.pop()
    return elements[-1] if elements[-1] not in ("", ".", "..") else None
