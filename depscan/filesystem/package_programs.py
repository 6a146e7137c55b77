"""A distribution's package manager in RUN.

In: an `Action`. Out: the packages it installs with what they are known to bring, and an unknown change where packages
put files. Such a change brings no other libc than the distribution's own, unless a package is a compat layer or a glibc
for Alpine, comes from elsewhere, or is not known by name. One of apt with the sources that the base image came with
brings nothing that the release's archive does not have, and if all its packages are known, nothing else than theirs.
"""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from depscan import packages
from depscan.filesystem.effects import Disturb, Effect, Install

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.filesystem.effects import Action
    from depscan.filesystem.entries import FileEntry
    from depscan.filesystem.tree import Tree
    from depscan.images.profile import ImageProfile
    from depscan.packages.installation import Installation
    from depscan.packages.providers import Provision
    from depscan.shell.commands import ShellWord

# Where packages put files: FHS 3.0 without /usr/local, /home and /srv, which Debian policy 9.1.2, Alpine's abuild and
# Fedora's guidelines forbid to packages alike.
_LIBRARIES = ("lib", "lib32", "lib64", "libx32", "libexec")
PACKAGE_ROOTS = (
    *(f"/{name}" for name in ("bin", "boot", "etc", "opt", "sbin", "var", *_LIBRARIES[:4])),
    *(f"/usr/{name}" for name in ("bin", "games", "include", "sbin", "share", "src", *_LIBRARIES)),
)

_APT_SOURCES, _APT_SETTINGS = "/etc/apt/sources.list.d", "/etc/apt/apt.conf"


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
    if installation.outside and (found := _given(action)) is not None:
        yield from _install_given(installation, found, action.tree.profile)
        return
    if not (installation.only_removes and installation.manager == "apk"):  # it brings nothing
        archive = _is_of_the_archive(installation, action.tree)
        yield Disturb(
            ("/",) if installation.outside else roots,
            foreign_libc=_may_be_foreign(installation),
            archive=archive,
            possible=_possible(installation, action.tree.profile) if archive else None,
            programs=_programs(installation, action.tree.profile),
        )
    if installation.removed or installation.unneeded:
        from depscan.filesystem.package_removal import uninstall  # noqa: PLC0415 - few commands remove packages

        yield uninstall(installation, action.tree)
    if installation.installed:
        yield _install(installation, action.tree.profile)


def _given(action: Action) -> list[FileEntry] | None:
    """The files of the packages of the build context that a command is given; None where one of them is not known."""
    words = [word for word in action.command.words[1:] if re.fullmatch(r".*\.(deb|rpm|apk)", word.text or "")]
    paths = [_expand(action, word) for word in words]
    if not all(paths) or not paths or any("://" in (word.text or "") for word in action.command.words):
        return None
    from depscan.filesystem.unpacking import install_package  # noqa: PLC0415 - few commands are given files

    found = [install_package(action, path) for each in paths for path in each]
    return None if None in found else [entry for entries in found for entry in entries or ()]


def _expand(action: Action, word: ShellWord) -> list[str]:
    """The paths of the stage that a word stands for: its pattern's, else its own."""
    path = action.path(word.text)
    if path is None or not word.glob:
        return [] if path is None else [path]
    beside = posixpath.dirname(path)
    return [each.path for each in action.tree.below(beside) if fnmatchcase(each.path, path) and each.kind == "file"]


def _install_given(installation: Installation, found: list[FileEntry], profile: ImageProfile) -> Iterator[Effect]:
    """Packages by their files: what they depend on comes from the distribution, or is there already."""
    from depscan.filesystem.unpacking import brings_libc  # noqa: PLC0415 - as above
    from depscan.packages.providers import may_bring_libc  # noqa: PLC0415 - as above

    named = [name for name in installation.installed if may_bring_libc(installation.manager, name)]
    yield Disturb(PACKAGE_ROOTS, foreign_libc=bool(named) or brings_libc(found))
    yield from found
    yield _install(installation, profile)


def _changes(installation: Installation) -> bool:
    named = installation.installed or installation.removed or installation.outside
    return bool(named) or installation.upgrades or installation.unneeded or not installation.complete


def _is_of_the_archive(installation: Installation, tree: Tree) -> bool:
    known = installation.complete or installation.only_removes
    if installation.manager != "apt" or not known or installation.outside:
        return False
    return _asks_its_archive(tree)


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


def _programs(installation: Installation, profile: ImageProfile) -> frozenset[str] | None:
    """The names of all interpreters that the packages may bring; None where one of them is not known."""
    from depscan.packages.providers import may_bring_programs  # noqa: PLC0415 - as above

    if installation.only_removes:
        return frozenset()
    if installation.outside or installation.upgrades or not installation.complete:
        return None
    names: set[str] = set()
    for package in installation.installed:
        found = may_bring_programs(installation.manager, profile.release, package, recommends=installation.recommends)
        if found is None:
            return None
        names |= found
    return frozenset(names)


def add_source(action: Action) -> Iterator[Effect]:  # noqa: ARG001 - a reader like the others
    """`add-apt-repository`: what is installed later may come from anywhere."""
    yield Disturb((_APT_SOURCES,), foreign_libc=False)


def _asks_its_archive(tree: Tree) -> bool:
    """Whether apt still asks the sources alone that the official image has: its release's main, updates, security.

    Any other file below /etc/apt, a key too, tells of another source; what a private image has there is not known.
    """
    changed = [root for change in tree.changes if not change.archive for root in change.roots]
    below = [path for path in (*changed, *tree.entries) if path.startswith("/etc/apt/")]
    if any(not path.startswith(_APT_SETTINGS) for path in below) or not {"/", "/etc", "/etc/apt"}.isdisjoint(changed):
        return False
    image = tree.profile.tree
    if image is None:
        return True
    added = [
        path for path in image.files if path.startswith(f"{_APT_SOURCES}/") and path != f"{_APT_SOURCES}/debian.sources"
    ]
    return tree.profile.reference.startswith("docker.io/library/") and not added


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
        tuple(path for provision in provisions for path in provision.interpreters),
        virtual=installation.virtual,
    )


def _loaders(provision: Provision, profile: ImageProfile) -> Iterator[tuple[str, str]]:
    """The dynamic linkers that a layer adds on this image's architecture, which its own dynamic linker tells."""
    for native, paths in provision.loaders.items():
        if native in profile.loaders:
            yield from ((path, provision.compat or "unknown") for path in paths)
