"""A distribution's package manager in RUN.

In: an `Action`. Out: the packages it installs with what they are known to bring, and an unknown change where packages
put files. Such a change brings no other libc than the distribution's own, unless a package is a compat layer or a glibc
for Alpine, comes from elsewhere, or is not known by name. One of apt with the sources that the base image came with
brings nothing that the release's archive does not have, and if all its packages are known, nothing else than theirs.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from depscan import packages
from depscan.filesystem.effects import Disturb, Effect, Install, Uninstall

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.filesystem.effects import Action
    from depscan.filesystem.tree import Tree
    from depscan.images.profile import ImageProfile
    from depscan.packages.installation import Installation
    from depscan.packages.providers import Provision

# Where packages put files: FHS 3.0 without /usr/local, /home and /srv, which Debian policy 9.1.2, Alpine's abuild and
# Fedora's guidelines forbid to packages alike.
_LIBRARIES = ("lib", "lib32", "lib64", "libx32", "libexec")
PACKAGE_ROOTS = (
    *(f"/{name}" for name in ("bin", "boot", "etc", "opt", "sbin", "var", *_LIBRARIES[:4])),
    *(f"/usr/{name}" for name in ("bin", "games", "include", "sbin", "share", "src", *_LIBRARIES)),
)

_APT_SOURCES = "/etc/apt/sources.list.d"


def run_manager(action: Action) -> Iterator[Effect]:
    """apt-get, apk, dnf and the others of the table in `packages`."""
    installation = packages.read(action.command)
    if installation is None or not _changes(installation):
        return
    root = action.path(installation.root) if installation.root else None
    roots = tuple(posixpath.join(root, path[1:]) for path in PACKAGE_ROOTS) if root else PACKAGE_ROOTS
    if root:
        yield Disturb((root,))
        return
    archive = _is_of_the_archive(installation, action.tree)
    yield Disturb(
        ("/",) if installation.outside else roots,
        foreign_libc=_may_be_foreign(installation),
        archive=archive,
        possible=_possible(installation, action.tree.profile) if archive else None,
    )
    if installation.removed:
        yield Uninstall(installation.removed)
    if installation.installed:
        yield _install(installation, action.tree.profile)


def _changes(installation: Installation) -> bool:
    named = installation.installed or installation.removed or installation.outside
    return bool(named) or installation.upgrades or not installation.complete


def _is_of_the_archive(installation: Installation, tree: Tree) -> bool:
    known = installation.complete or installation.only_removes
    if installation.manager != "apt" or not known or installation.outside:
        return False
    from depscan.filesystem.package_sources import asks_its_archive  # noqa: PLC0415 - other managers need none of it

    return asks_its_archive(tree)


def _possible(installation: Installation, profile: ImageProfile) -> frozenset[str] | None:
    """All libraries that the packages may bring; None where one of them is not known, and for an upgrade."""
    from depscan.packages.providers import provides  # noqa: PLC0415 - needed where packages are named only

    if installation.only_removes:
        return frozenset()
    if installation.upgrades:
        return None
    names: set[str] = set()
    for package in installation.installed:
        found = provides(installation.manager, profile.release, package, recommends=installation.recommends)
        if found is None or found.possible is None:
            return None
        names |= found.possible
    return frozenset(names)


def add_source(action: Action) -> Iterator[Effect]:  # noqa: ARG001 - a reader like the others
    """`add-apt-repository`: what is installed later may come from anywhere."""
    yield Disturb((_APT_SOURCES,), foreign_libc=False)


def _may_be_foreign(installation: Installation) -> bool:
    from depscan.packages.providers import may_bring_libc  # noqa: PLC0415 - needed where packages are named only

    by_name = any(may_bring_libc(installation.manager, name) for name in installation.installed)
    return installation.outside or not installation.complete or by_name


def _install(installation: Installation, profile: ImageProfile) -> Install:
    from depscan.packages.providers import provides  # noqa: PLC0415 - as above

    known = [provides(installation.manager, profile.release, name) for name in installation.installed]
    provisions = [provision for provision in known if provision is not None]
    return Install(
        installation.manager,
        installation.installed,
        {soname: library for provision in provisions for soname, library in provision.libraries.items()},
        {path: layer for provision in provisions for path, layer in _loaders(provision, profile)},
    )


def _loaders(provision: Provision, profile: ImageProfile) -> Iterator[tuple[str, str]]:
    """The dynamic linkers that a layer adds on this image's architecture, which its own dynamic linker tells."""
    for native, paths in provision.loaders.items():
        if native in profile.loaders:
            yield from ((path, provision.compat or "unknown") for path in paths)
