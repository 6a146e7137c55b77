"""What goes when packages go: `apt-get purge`, `autoremove`, and what `apt-mark` says of them before.

In: an `Installation` that removes, and the tree. Out: `Uninstall`. A removed package takes its own libraries along, and
those packages that depend on it; where apt also removes what no other package needs, all goes that the packages which
were asked for do not draw in. What the base image brought stays. Nothing is said to be gone where a package that stays
may have it, and of what only may be gone nothing is certain any more.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.filesystem.effects import Disturb, Effect, Mark, Uninstall
from depscan.packages.installation import read_names, read_request
from depscan.packages.providers import names_needed, own_libraries, provides

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from depscan.filesystem.effects import Action
    from depscan.filesystem.tree import Tree
    from depscan.packages.installation import Installation

_KEEPS_NEEDED = frozenset({"apk"})  # these leave what another package depends on
_VERSION = re.compile(r"(:[a-z0-9]+)$")


def mark_packages(action: Action) -> Iterator[Effect]:
    """`apt-mark auto` and `manual`; where it is not known of which packages, any may stay or go later."""
    request = read_request(action.command.words[1:], frozenset({"-o", "-c", "--option", "--config-file", "-f"}))
    if request.verb not in {"auto", "manual"}:
        return
    names, complete = read_names(request.operands, _VERSION)
    if not complete or any(re.search(r"[^a-z0-9.+-]", name) for name in names):
        yield Disturb(("/lib", "/usr/lib"), foreign_libc=False)
    else:
        yield Mark(names, manual=request.verb == "manual")


def uninstall(installation: Installation, tree: Tree) -> Uninstall:
    """What a command that removes packages takes away."""
    manager, release = installation.manager, tree.profile.release
    virtual = {name: tree.virtuals[name] for name in installation.removed if name in tree.virtuals}
    removed = (*installation.removed, *(name for _, names in virtual.values() for name in names))
    going = frozenset(removed)
    needed = {name: names_needed(manager, release, name) for name in tree.packages if manager not in _KEEPS_NEEDED}
    kept = [name for name in tree.packages if name not in going and not (needed.get(name, frozenset()) & going)]
    gone = [name for name in dict.fromkeys([*removed, *tree.packages]) if name not in kept]
    stays, may_stay = _brought(manager, release, [*kept, *tree.perhaps_installed])
    own = frozenset(soname for name in gone for soname in own_libraries(manager, release, name))
    lost = own
    if installation.unneeded:
        brought = [each.possible or () for each in tree.changes if each.archive]
        lost = frozenset({*own, *tree.libraries}).union(*brought)
    lost -= frozenset(tree.profile.libraries)
    surely = lost - may_stay if may_stay is not None and installation.complete else frozenset()
    undone = frozenset(sequence for sequence, _ in virtual.values()) if may_stay is not None else frozenset()
    return Uninstall(tuple(gone), lost - stays, surely, undone)


def _brought(
    manager: str, release: str | None, packages: Iterable[str]
) -> tuple[frozenset[str], frozenset[str] | None]:
    """The libraries that packages bring for sure, and all that they may; None where one of them is not known."""
    known = [provides(manager, release, name) for name in packages]
    stays = frozenset(soname for each in known if each is not None for soname in each.libraries)
    possible = [None if each is None else each.possible for each in known]
    if None in possible:
        return stays, None
    return stays, frozenset().union(*(each for each in possible if each is not None))
