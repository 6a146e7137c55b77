"""Packages that a stage installs and removes again: what they had brought goes with them.

In: the tree, the names that are removed, whether what nothing needs any more goes too (`apk del`, `apt-get purge
--auto-remove`, `apt-get autoremove`). Out: the tree's libraries, dynamic linkers and interpreters are those of the
packages that stay. A library that came in as a dependency alone is then gone for sure where all packages that stay are
known: none of them needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.filesystem.package_programs import added_loaders
from depscan.packages.providers import provides

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depscan.filesystem.entries import Installed, UnknownChange
    from depscan.filesystem.tree import Tree
    from depscan.packages.providers import Provision


def uninstall(tree: Tree, names: Sequence[str], *, sweeps: bool) -> None:
    """Take packages away, by name or under the name that apk keeps them under."""
    before = sum(len(each.packages) for each in tree.installs)
    tree.installs = [_without(each, names) for each in tree.installs]
    if not sweeps or tree.marked:
        return
    empty = [each for each in tree.installs if not each.packages]
    if empty or sum(len(each.packages) for each in tree.installs) < before:
        _sweep(tree)


def _without(installed: Installed, names: Sequence[str]) -> Installed:
    if installed.virtual is not None:
        gone = installed.virtual in names
        return replace(installed, packages=()) if gone else installed
    return replace(installed, packages=tuple(name for name in installed.packages if name not in names))


def _sweep(tree: Tree) -> None:
    release = tree.profile.release
    kept = {
        each.sequence: [provides(each.manager, release, name, recommends=each.recommends) for name in each.packages]
        for each in tree.installs
    }
    known = [provision for provisions in kept.values() for provision in provisions if provision is not None]
    tree.libraries = {soname: library for each in known for soname, library in each.libraries.items()}
    tree.loaders = {path: layer for each in known for path, layer in added_loaders(each, tree.profile)}
    tree.interpreters = {path for each in known for path in each.interpreters}
    if all(_is_known(provision) for provisions in kept.values() for provision in provisions):
        tree.changes = [left for each in tree.changes if (left := _left_of(each, kept)) is not None]
    tree.installs = [each for each in tree.installs if each.packages]


def _is_known(provision: Provision | None) -> bool:
    return provision is not None and provision.possible is not None


def _left_of(change: UnknownChange, kept: Mapping[int, list[Provision | None]]) -> UnknownChange | None:
    """What remains of a change that installed packages; None where none of these stays."""
    provisions = kept.get(change.sequence)
    if provisions is None:
        return change
    names = (each.possible for each in provisions if each is not None and each.possible is not None)
    return replace(change, possible=frozenset().union(*names)) if provisions else None
