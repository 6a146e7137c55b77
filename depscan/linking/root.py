"""The root file system of a stage as the kernel and the dynamic linker see it.

In: a `StageFilesystem` (what the Dockerfile put there, what RUN may have changed) on its `ImageProfile`, and the
artifacts read from its entries. Out: `Root.file` answers provided, missing or unknown with the reason. Missing needs a
complete list below and no later change that could have brought the file; apt cannot bring what its archive does not
have. Else the answer is unknown. Of a real image every file is known (`ImageProfile.tree`), of the others what the
knowledge has.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from depscan.artifacts.symbols import unpack
from depscan.filesystem.entries import Presence
from depscan.findings import Confidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from depscan.artifacts.facts import Artifact, ElfFacts
    from depscan.artifacts.symbols import Symbols
    from depscan.filesystem.entries import FileEntry, StageFilesystem, UnknownChange
    from depscan.images.profile import ImageProfile, Library

T = TypeVar("T")


class Sighting(Struct, frozen=True):
    """What stands at a path, its links followed.

    `entry` is set where the Dockerfile put it there, `facts` where it was read as an ELF file (of the stage or of a
    real image). `reason` explains an unknown. `confidence` is less than certain for what an archive is known to lack.
    """

    presence: Presence
    path: str
    entry: FileEntry | None = None
    facts: ElfFacts | None = None
    reason: str | None = None
    confidence: Confidence = Confidence.CERTAIN


class Root:
    """One stage's root file system; `artifacts` are those read from its entries, by canonical path.

    `read_symbols` gives the blob of an entry's dynamic symbols, where its facts came without.
    """

    def __init__(
        self,
        filesystem: StageFilesystem,
        artifacts: Mapping[str, Artifact],
        read_symbols: Callable[[FileEntry], bytes | None] = lambda _: None,
    ) -> None:
        self.read_symbols = read_symbols
        self.filesystem = filesystem
        self.profile = filesystem.profile
        self.artifacts = artifacts
        self._paths: dict[str, list[str]] | None = None
        self._configuration: list[FileEntry] | None = None
        self._by_soname: dict[tuple[str, str], str] | None = None
        self._special: frozenset[str] | None = None
        self._resolved: dict[str, str | None] = {}
        self._lacking: dict[str, bool] = {}
        self._loaders: dict[str, frozenset[str]] = {}
        self._stems: dict[str, dict[str, list[str]]] = {}
        self._worked_out: dict[tuple[object, ...], object] = {}

    def once(self, key: tuple[object, ...], work_out: Callable[[], T]) -> T:
        """What the files of the stage share: worked out for the first that asks. A key begins with who asks."""
        try:
            return self._worked_out[key]  # type: ignore[return-value]  # one asker puts one type there
        except KeyError:
            found = self._worked_out[key] = work_out()
            return found

    def resolve(self, path: str) -> str | None:
        """As the stage's file system does; every search asks the same directories, so each is resolved once."""
        folder, name = posixpath.split(path)
        if folder not in self._resolved:
            self._resolved[folder] = self.filesystem.resolve(folder)
        resolved = self._resolved[folder]
        if resolved is None or name in ("", ".", ".."):
            return self.filesystem.resolve(path)
        where = f"{resolved}/{name}" if resolved != "/" else f"/{name}"
        return self.filesystem.resolve(where) if where in self.filesystem.links else where

    @property
    def linker_configuration(self) -> list[FileEntry]:
        """What the Dockerfile put at /etc/ld*: looked up once, since every library search asks."""
        if self._configuration is None:
            entries = self.filesystem.entries.items()
            self._configuration = [entry for path, entry in entries if path.startswith("/etc/ld")]
        return self._configuration

    def file(self, path: str, *, foreign: bool = False, profile: ImageProfile | None = None) -> Sighting:
        """Look a path up as the kernel does, links followed.

        `foreign` says that only something that may bring another libc could have put it there (see `UnknownChange`).
        `profile` is the image's part to ask, its own or its second libc's.
        """
        resolved = self.resolve(path)
        if resolved is None:
            return Sighting(Presence.MISSING, path, reason="a loop of symbolic links")
        entry = self.filesystem.entries.get(resolved)
        if entry is not None:
            artifact = self.artifacts.get(resolved)
            return Sighting(Presence.PROVIDED, resolved, entry, artifact.facts if artifact else None)
        return self._in_image(path, resolved, profile or self.profile, foreign=foreign)

    def _in_image(self, path: str, resolved: str, profile: ImageProfile, *, foreign: bool) -> Sighting:
        if not self._deleted(resolved) and self._brought(path, resolved, profile):
            return Sighting(
                Presence.PROVIDED, resolved, facts=profile.tree.facts.get(resolved) if profile.tree else None
            )
        complete = self._deleted(resolved) or self._list_complete(profile, foreign=foreign)
        complete = complete or _is_known_absent(profile, posixpath.basename(path))
        change = self.change(resolved, foreign=foreign) or self.change(path, foreign=foreign)
        if change is not None and complete and self._archive_lacks(path, resolved, profile, foreign=foreign):
            return Sighting(Presence.MISSING, resolved, confidence=Confidence.LIKELY)
        if change is not None:
            return Sighting(Presence.UNKNOWN, resolved, reason=f"{change.reason} may have put it there")
        if complete:
            return Sighting(Presence.MISSING, resolved)
        return Sighting(Presence.UNKNOWN, resolved, reason=f"the files of {profile.reference} are not completely known")

    def _brought(self, path: str, resolved: str, profile: ImageProfile) -> bool:
        """Whether the image, or a package by name, is known to have a file at this very path."""
        here = {path, resolved}
        if profile.tree is not None and resolved in profile.tree.files:
            return True
        if not here.isdisjoint(self._known_loaders(profile)):
            return True
        named = (self._by_name(posixpath.basename(name), profile) for name in here)
        return any(library is not None and library.path in here for library in named)

    def _known_loaders(self, profile: ImageProfile) -> frozenset[str]:
        """The dynamic linkers of the image and of packages, by every path and by the real one."""
        key = f"{profile.reference} {profile.libc.family}"
        if key not in self._loaders:
            known = {*self.filesystem.loaders, *(profile.loaders if profile.tree is None else ())}
            self._loaders[key] = frozenset(known | {self.resolve(loader) or loader for loader in known})
        return self._loaders[key]

    def _by_name(self, soname: str, profile: ImageProfile) -> Library | None:
        """A library whose name is known but, in the knowledge, often not its path; a real image has only paths."""
        own = profile.libraries.get(soname) if profile.tree is None else None
        return self.filesystem.libraries.get(soname) or own

    def _deleted(self, path: str) -> bool:
        removed = self.filesystem.removed
        while removed and path != "/" and path:
            if path in removed:
                return True
            path = posixpath.dirname(path)
        return False

    def _list_complete(self, profile: ImageProfile, *, foreign: bool) -> bool:
        return profile.loaders_complete if foreign else profile.libraries_complete

    def change(self, path: str, *, foreign: bool = False) -> UnknownChange | None:
        """The last change that may have put `path` there."""
        return next(self._changes(path, foreign=foreign), None)

    def _changes(self, path: str, *, foreign: bool) -> Iterator[UnknownChange]:
        changes = reversed(self.filesystem.changes)
        return (each for each in changes if each.touches(path) and (each.foreign_libc or not foreign))

    def _archive_lacks(self, path: str, resolved: str, profile: ImageProfile, *, foreign: bool) -> bool:
        """Whether all that may have put a file there installed packages none of which has that name.

        Either none of the whole archive has it, or all these packages are known, and others have it.
        """
        changes = [*self._changes(resolved, foreign=foreign), *self._changes(path, foreign=foreign)]
        if not all(change.archive for change in changes) or profile is not self.profile:
            return False
        names = {posixpath.basename(path), posixpath.basename(resolved)}
        return all(self._is_lacking(name, changes) for name in names)

    def _is_lacking(self, name: str, changes: Sequence[UnknownChange]) -> bool:
        """A name that no package has in a default directory may yet come in by a link that a package makes."""
        from depscan.images.sonames import archive_has  # noqa: PLC0415 - only where packages are installed
        from depscan.packages.providers import who_provides  # noqa: PLC0415 - as above

        if name not in self._lacking:
            has = archive_has(self.profile.release, self.filesystem.stage.platform.architecture, name)
            elsewhere = bool(has) and all(change.lacks(name) for change in changes)
            others = elsewhere and bool(who_provides("apt", self.profile.release, name))
            self._lacking[name] = has is False or others
        return self._lacking[name]

    def installed(self, soname: str, profile: ImageProfile) -> Library | None:
        """A library of the image or of a named package that lies on the default path, by name."""
        library = self._by_name(soname, profile)
        if library is None or (library.path is not None and self._deleted(library.path)):
            return None
        return library

    def copied(self, path: str) -> FileEntry | None:
        """The stage's own entry at a path, links followed; None for the image's files."""
        return self.filesystem.entries.get(self.resolve(path) or path)

    def symbols(self, path: str, facts: ElfFacts) -> Symbols | None:
        """The dynamic symbols of the ELF file with these facts that stands at `path`; None where they are not known."""
        blob, entry = facts.symbols, self.copied(path)
        if blob is None and entry is not None:
            blob = self.read_symbols(entry)
        return unpack(blob) if blob else None

    def folders_named(self, names: frozenset[str]) -> frozenset[str]:
        """The directories with one of a few `names` (always the same) into which the stage put a file."""
        if self._special is None:
            folders = {posixpath.dirname(path) for path in self.filesystem.entries}
            self._special = frozenset(folder for folder in folders if posixpath.basename(folder) in names)
        return self._special

    def linked_by_ldconfig(self, directory: str, soname: str) -> Sighting | None:
        """The stage's library in `directory` with this soname under another file name: ldconfig makes a link to it."""
        if self._by_soname is None:
            self._by_soname = {
                (posixpath.dirname(path), artifact.facts.soname): path
                for path, artifact in self.artifacts.items()
                if artifact.facts.soname and ".so" in posixpath.basename(path)
            }
        path = self._by_soname.get((self.resolve(directory) or directory, soname))
        if path is None or self.filesystem.ldconfig is None:
            return None
        entry = self.filesystem.entries[path]
        if entry.sequence > self.filesystem.ldconfig:
            return None
        return Sighting(Presence.PROVIDED, path, entry, self.artifacts[path].facts)

    def elsewhere(self, soname: str) -> str | None:
        """A path of the stage at which a file of this name stands, wherever; None when none does."""
        if self._paths is None:
            self._paths = {}
            for path, entry in self.filesystem.entries.items():
                if entry.kind != "directory":
                    self._paths.setdefault(posixpath.basename(path), []).append(path)
        return next(iter(self._paths.get(soname, ())), None)

    def of_stem(self, stem: str, profile: ImageProfile) -> list[str]:
        """All library names known to be present that begin with `stem` and .so., the stage's own files included."""
        key = f"{profile.reference} {profile.libc.family}"
        if key not in self._stems:
            self.elsewhere("")
            index: dict[str, list[str]] = {}
            for name in {*profile.libraries, *self.filesystem.libraries, *(self._paths or ())}:
                start, dot, number = name.partition(".so.")
                if dot and number:
                    index.setdefault(start, []).append(name)
            self._stems[key] = index
        return self._stems[key].get(stem, [])

    @property
    def confidence(self) -> Confidence:
        """How sure the image's profile is."""
        return self.profile.confidence if self.profile.libc.family != "unknown" else Confidence.POSSIBLE


def _is_known_absent(profile: ImageProfile, soname: str) -> bool:
    from depscan.images.absences import image_lacks  # noqa: PLC0415 - for images that add to a distribution's

    return bool(profile.layers) and image_lacks(profile, soname)
