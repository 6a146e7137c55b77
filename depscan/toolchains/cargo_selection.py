"""What a cargo command builds: which packages, with which features, and which of their programs.

In: the command's arguments and the workspace. Out: a `Selection`. Laws: cargo-build(1), "Package Selection", "Target
Selection" and "Feature Selection"; cargo's core/workspace.rs (members_with_features): with resolver 1 the features are
those of the current package alone, which is then always resolved.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.toolchains.cargo_manifests import resolver_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.arguments import Arguments
    from depscan.toolchains.crates import Package, Workspace

_TARGETS = ("--lib", "--example", "--examples", "--test", "--tests", "--bench", "--benches")


class Asked(Struct, frozen=True):
    """The features that a command asks of a package: these, or `every` one and these."""

    package: Package
    features: tuple[str, ...]
    default: bool
    every: bool


class Selection(Struct, frozen=True):
    """The packages that are built, and those that are resolved with the features asked of them.

    `known` says that the command's features are; `separate` that resolver 2 or later resolves.
    """

    packages: tuple[Package, ...]
    asked: tuple[Asked, ...]
    known: bool
    separate: bool


def select(arguments: Arguments, workspace: Workspace) -> Selection:
    """Read -p, --workspace, --exclude, --features, --all-features and --no-default-features."""
    packages = tuple(_packages(arguments, workspace))
    separate = resolver_of(workspace.top) > 1
    current = workspace.current
    alike = separate or current is None  # the features are asked of each package
    values = arguments.values("--features", "-F")
    features = tuple(name for text in values for name in re.split(r"[\s,]+", text or "") if name)
    default, every = not arguments.has("--no-default-features"), arguments.has("--all-features")
    asked = tuple(
        Asked(each, _of(each, features, workspace, alike=alike), default or not (alike or each is current), every)
        for each in (packages if alike or current in packages or current is None else (current, *packages))
    )
    return Selection(packages, asked, None not in values and not arguments.unknown, separate)


def _of(package: Package, features: tuple[str, ...], workspace: Workspace, *, alike: bool) -> tuple[str, ...]:
    """The features that hold for one package: NAME/FEATURE names a member, or a dependency of the package."""
    own: list[str] = []
    members = {member.name for member in workspace.packages}
    current = workspace.current
    for text in features:
        name, slash, feature = text.partition("/")
        plain = name.removesuffix("?")
        if slash and plain == package.name and (alike or package is not current):
            own.append(feature)
        elif alike or (package is current and not (slash and plain in members)):
            own.append(text)
    return tuple(own)


def _packages(arguments: Arguments, workspace: Workspace) -> Iterator[Package]:
    """The packages of -p and --workspace, or those that are built without."""
    excluded = [text or "" for text in arguments.values("--exclude")]
    if arguments.has("--workspace", "--all"):
        yield from (each for each in workspace.packages if not any(_is(each, text) for text in excluded))
        return
    names = arguments.values("-p", "--package")
    if names:
        yield from (each for each in workspace.packages if any(_is(each, name or "*") for name in names))
        return
    yield from workspace.default or workspace.packages


def _is(package: Package, text: str) -> bool:
    """Whether a package is the one that `NAME`, `NAME@1.2.3`, a pattern or `path+file:///DIR#NAME` means."""
    if "://" in text:
        place, _, name = text.rpartition("#")
        return place.endswith(package.directory) if place else text.endswith(package.directory or name)
    return fnmatchcase(package.name or "", re.split("[@:]", text, maxsplit=1)[0])


def programs(arguments: Arguments, package: Package) -> tuple[str, ...]:
    """The names of a package's programs that the command builds, whatever features they require."""
    chosen = arguments.values("--bin")
    if chosen:
        return tuple(name for name in package.programs if any(fnmatchcase(name, text or "*") for text in chosen))
    limited = arguments.has(*_TARGETS) and not arguments.has("--bins", "--all-targets")
    return () if limited else tuple(package.programs)
