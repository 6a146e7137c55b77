"""What RUN unpacks of the build context: tar, unzip, and the package managers that are given a package's file.

In: an `Action`, the path of an archive in the stage, and where its members go. Out: an entry for each member, with the
member's bytes behind it; None where the archive is not the context's, cannot be read whole, or is unpacked only on a
condition: what is there is then not known. Nothing is written; the archive is read within bounds (`archives`).
"""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from depscan.artifacts.facts import Origin
from depscan.filesystem.archives import read_member
from depscan.filesystem.entries import ArchiveMember, FileEntry, HostFile
from depscan.findings import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from depscan.artifacts.listing import Archive, Member
    from depscan.filesystem.effects import Action

_MAX_MANIFEST = 1 << 20
_PACKAGE = "package/package.json"  # what npm pack puts into a tarball
_HOOKS = ("preinstall", "install", "postinstall")  # which may build or fetch another addon
_LIBC = re.compile(r"(.*/)?(ld-|ld\.|libc\.|libc-|libgcompat).*")
_SCHEMES = {"purelib": "", "platlib": "", "scripts": "bin", "data": "."}  # of NAME.data/ in a wheel (PEP 427)


def unpack(
    action: Action, path: str, directory: str, *, strip: int = 0, names: Sequence[str] = (), flat: bool = False
) -> list[FileEntry] | None:
    """The members of an archive below `directory`; `names` are those asked for, `flat` drops their directories."""

    def place(member: Member) -> str | None:
        if names and not any(_is_asked_for(member.path, name) for name in names):
            return None
        parts = member.path.split("/")[strip:]
        if flat:
            return posixpath.join(directory, parts[-1]) if parts and member.kind == "file" else None
        return posixpath.join(directory, *parts) if parts else None

    return _enter(action, path, place)


def _is_asked_for(path: str, name: str) -> bool:
    name = posixpath.normpath(name)
    return path == name or path.startswith(f"{name}/") or fnmatchcase(path, name)


def install_package(action: Action, path: str) -> list[FileEntry] | None:
    """The files of a deb, rpm or apk; what lies at an apk's top is about the package."""
    return _enter(action, path, lambda member: None if member.path.startswith(".") else f"/{member.path}")


def brings_libc(entries: Iterable[FileEntry]) -> bool:
    """Whether a dynamic linker or C library is among what is unpacked."""
    return any(_LIBC.fullmatch(entry.path) for entry in entries)


def install_wheel(action: Action, path: str, packages: str) -> list[FileEntry] | None:
    """The files of a wheel below `packages`, its scripts in the bin of the same prefix."""
    prefix = packages.partition("/lib/python")[0]

    def place(member: Member) -> str | None:
        found = re.fullmatch(r"[^/]+\.data/([^/]+)/(.+)", member.path)
        if found is None:
            return posixpath.join(packages, member.path)
        below = _SCHEMES.get(found[1])
        if below == "":
            return posixpath.join(packages, found[2])
        return posixpath.normpath(posixpath.join(prefix, below, found[2])) if below is not None else None

    entries = _enter(action, path, place)
    return [
        msgspec.structs.replace(entry, mode=0o755) if entry.path.startswith(f"{prefix}/bin/") else entry
        for entry in entries or ()
    ] or entries


def install_module(action: Action, path: str, modules: str) -> list[FileEntry] | None:
    """The files of an npm tarball below its name; None too for a package that builds or fetches something."""
    found = _find(action, path)
    if found is None:
        return None
    content, archive = found[1], found[2]
    fields = _manifest(content)
    name, scripts = fields.get("name"), fields.get("scripts") or {}
    native = any(member.path == "package/binding.gyp" for member in archive.members)
    if not isinstance(name, str) or not isinstance(scripts, dict) or native or any(hook in scripts for hook in _HOOKS):
        return None
    if not re.fullmatch(r"(@[\w.-]+/)?[\w.-]*\w[\w.-]*", name):
        return None
    below = posixpath.join(modules, name)
    return _enter(action, path, lambda member: posixpath.join(below, *member.path.split("/")[1:]))


def _manifest(archive: Path) -> dict[str, object]:
    data = read_member(archive, _PACKAGE, _MAX_MANIFEST)
    try:
        fields = msgspec.json.decode(data) if data is not None else None
    except (msgspec.DecodeError, RecursionError):
        fields = None
    return fields if isinstance(fields, dict) else {}


def _find(action: Action, path: str) -> tuple[FileEntry, Path, Archive] | None:
    """An archive of the context at a path, whole; one that cannot be read whole is told of."""
    entry = action.tree.find(path)
    if entry is None or not isinstance(entry.content, HostFile) or action.command.conditional:
        return None
    archive = action.context.archives.read(entry.content.path)
    if archive is not None and archive.problem is not None:
        action.tree.skipped.append(Skipped(entry.source, archive.problem, entry.span))
        return None
    return (entry, entry.content.path, archive) if archive is not None else None


def _enter(action: Action, path: str, place: Callable[[Member], str | None]) -> list[FileEntry] | None:
    found = _find(action, path)
    if found is None:
        return None
    whole, content, archive = found
    entries = []
    for member in archive.members:
        where = place(member)
        if where is not None:
            source = f"{whole.source}:{member.path}"
            data = ArchiveMember(content, member.name, member.head) if member.kind == "file" else None
            entries.append(
                FileEntry(where, member.kind, member.mode, Origin.CONTEXT, source, action.span, 0, data, member.target)
            )
    return entries
