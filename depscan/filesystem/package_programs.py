"""A distribution's package manager in RUN.

In: an `Action`. Out: the packages it installs with what they are known to bring, and an unknown change where packages
put files. Such a change brings no other libc than the distribution's own, unless a package is a compat layer or a glibc
for Alpine, comes from elsewhere, or is not known by name.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from depscan import packages
from depscan.filesystem.effects import Disturb, Effect, Install, Uninstall

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.filesystem.effects import Action
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
    yield Disturb(("/",) if installation.outside else roots, foreign_libc=_may_be_foreign(installation))
    if installation.removed:
        yield Uninstall(installation.removed)
    if installation.installed:
        yield _install(installation, action.tree.profile)


def _changes(installation: Installation) -> bool:
    named = installation.installed or installation.removed or installation.outside
    return bool(named) or installation.upgrades or not installation.complete


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
