"""Dynamic linkers: whose a path is, and which one a program or library meets in a stage.

In: PT_INTERP and the `Root`. Out: `Loader`, with the libc family whose laws apply and the part of the image it belongs
to. The kernel opens PT_INTERP in the image's own file system, links followed (binfmt_elf); a file that is not there is
ENOENT, reported for the program's own path.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.filesystem.content import read_head
from depscan.filesystem.entries import Presence
from depscan.findings import Confidence
from depscan.linking.starts import invocations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.artifacts.facts import ElfFacts
    from depscan.filesystem.entries import FileEntry
    from depscan.images.dynamic_linkers import BuiltIn
    from depscan.images.profile import ImageProfile
    from depscan.linking.root import Root, Sighting

_ANSWERED_BY_MUSL = ("gcompat", "libc6-compat", "a link to musl's dynamic linker")
_MAX_LINKER = 16 << 20
_GLIBC_NAMES = ("ld-linux", "ld64.so.", "ld.so.1", "ld-2.")  # facts: loaders.glibc; ld-2.NN.so is the file behind


class Loader(Struct, frozen=True, eq=False):
    """The dynamic linker at work: one object for all files of a stage that meet it.

    `family` glibc or musl gives the laws, None when these are not known; `profile` the image's part whose libraries and
    search paths it uses; `copied` says that the Dockerfile brought it, and `built_in` is what its bytes tell then.
    `compat` names the layer that answers for glibc on musl (gcompat, libc6-compat). The kernel refuses one that is not
    `executable`, or a directory in its place. Of one that is started by its name, `library_path` takes the place of
    LD_LIBRARY_PATH, `preload` comes beside LD_PRELOAD, and without `cache` ld.so.cache is not read.
    """

    presence: Presence
    path: str
    family: str | None
    profile: ImageProfile
    copied: bool = False
    compat: str | None = None
    executable: bool = True
    reason: str | None = None
    confidence: Confidence = Confidence.CERTAIN
    built_in: BuiltIn | None = None
    library_path: str | None = None
    preload: str = ""
    cache: bool = True

    @property
    def version(self) -> str | None:
        """The release of its C library, its own where it was copied."""
        own = self.built_in.version if self.built_in is not None else None
        return own if self.copied else self.profile.libc.version

    @property
    def directories(self) -> tuple[str, ...]:
        """The directories that it is known to search by itself; () where that is not known."""
        if self.copied:
            return self.built_in.directories if self.built_in is not None else ()
        return self.profile.search_paths


def interpreter_family(path: str) -> str:
    """Whose dynamic linker a path names, by its file name: glibc, musl or other."""
    name = posixpath.basename(path)
    if name.startswith("ld-musl-"):
        return "musl"
    return "glibc" if name.startswith(_GLIBC_NAMES) else "other"


def _is_musl(path: str) -> bool:
    return posixpath.basename(path).startswith(("ld-musl-", "libc.musl-"))


def _is_musls(path: str, root: Root) -> bool:
    """Whether a real path is musl's dynamic linker, by its name or since musl's standard path leads there."""
    return _is_musl(path) or any(
        root.filesystem.resolve(known) == path for known in root.profile.loaders if _is_musl(known)
    )


def find_interpreter(root: Root, facts: ElfFacts) -> Loader:
    """Look PT_INTERP up as the kernel does. `facts.interpreter` must not be None."""
    assert facts.interpreter is not None
    if not facts.interpreter.startswith("/"):
        reason = "a relative PT_INTERP depends on the working directory"
        return Loader(Presence.UNKNOWN, facts.interpreter, None, root.profile, reason=reason)
    return _loader_at(root, facts.interpreter, facts.machine)


def invoked_loader(root: Root, path: str) -> Loader | None:
    """The dynamic linker that a start command names to load the program at `path`; None where it names none."""
    return root.once(("invoked programs",), lambda: _invoked(root)).get(path)


def library_loader(root: Root, facts: ElfFacts, path: str) -> Loader:
    """The dynamic linker that would load a shared object: one that is started with its directory, else the stage's."""
    folder = posixpath.dirname(path)
    for loader in root.once(("invoked programs",), lambda: _invoked(root)).values():
        folders = (posixpath.dirname(loader.path), *(loader.library_path or "").split(":"))
        if any(root.resolve(each) == folder for each in folders if each.startswith("/")):
            return loader
    return native_loader(root, facts)


def _invoked(root: Root) -> Mapping[str, Loader]:
    """The dynamic linkers that are started by their names, by the programs that they load."""
    found: dict[str, Loader] = {}
    for each in invocations(root.filesystem):
        linker, program = (_path_of(name, root) for name in (each.linker, each.program))
        machine = root.artifacts[program].facts.machine if program is not None and program in root.artifacts else None
        loader = _loader_at(root, linker, machine) if linker and machine else None
        if program is None or loader is None or loader.presence is Presence.MISSING:
            continue  # it is not reached
        reason = f"what {each.others[0]} changes is not known" if each.others else loader.reason
        found[program] = replace(
            loader,
            presence=Presence.UNKNOWN if each.others else loader.presence,
            reason=reason,
            library_path=each.library_path,
            preload=each.preload,
            cache=each.cache,
        )
    return found


def _path_of(name: str, root: Root) -> str | None:
    """Where a start command's path leads; a name without a slash is looked for elsewhere."""
    workdir = root.filesystem.workdir
    return root.resolve(posixpath.join(workdir, name)) if "/" in name and workdir is not None else None


def _loader_at(root: Root, path: str, machine: str) -> Loader:
    """The dynamic linker at an absolute path, as programs of a machine meet it."""
    return root.once(("loader", path, machine), lambda: _find_loader(root, path, machine))


def _find_loader(root: Root, path: str, machine: str) -> Loader:
    profile, family = _owner(root, path), interpreter_family(path)
    foreign = _cannot_be_packaged(root, machine, family)
    seen = root.file(path, foreign=foreign, profile=profile)
    compat = root.filesystem.loaders.get(path) or root.filesystem.loaders.get(seen.path)
    if seen.presence is Presence.PROVIDED and family == "glibc" and _is_musls(seen.path, root):
        compat = "a link to musl's dynamic linker"
    if seen.presence is Presence.PROVIDED and compat in _ANSWERED_BY_MUSL:
        return Loader(seen.presence, seen.path, "musl", root.profile, compat=compat, confidence=root.confidence)
    if seen.presence is Presence.PROVIDED and not _is_executable(seen, root):
        return Loader(seen.presence, seen.path, None, profile, executable=False)
    if seen.presence is Presence.PROVIDED and seen.entry is not None:
        if family == "other" and seen.facts is not None and seen.facts.soname:
            family = interpreter_family(seen.facts.soname)  # a copied dynamic linker may have any name
        return _copied(root, seen.path, family, seen.entry if seen.facts is not None else None)
    laws = family if family != "other" else None
    confidence = root.confidence if seen.presence is Presence.MISSING or laws else Confidence.CERTAIN
    return Loader(seen.presence, seen.path, laws, profile, reason=seen.reason, confidence=confidence)


def _is_executable(seen: Sighting, root: Root) -> bool:
    """Whether the kernel may execute what was seen, as far as is known."""
    if seen.entry is not None:
        later = any(
            change.sequence > seen.entry.sequence and change.touches(seen.path) for change in root.filesystem.changes
        )
        return later or (seen.entry.kind == "file" and bool(seen.entry.mode & 0o111))
    file = root.profile.tree.files.get(seen.path) if root.profile.tree else None
    return file is None or (file.kind == "file" and bool(file.mode & 0o111))


def _owner(root: Root, interpreter: str) -> ImageProfile:
    second = root.profile.secondary
    return second if second is not None and interpreter in second.loaders else root.profile


def _cannot_be_packaged(root: Root, machine: str, family: str) -> bool:
    """Whether a distribution's ordinary packages cannot bring this dynamic linker.

    Those of the distribution's own libc they can (libc6-i386 on amd64), another family's only under a compat name,
    which `foreign_libc` of the change tells.
    """
    return family != root.profile.libc.family or machine == _native(root)


def _native(root: Root) -> str | None:
    from depscan.platforms import MACHINES  # noqa: PLC0415 - one table

    return MACHINES.get(root.filesystem.stage.platform.architecture)


def _copied(root: Root, path: str, family: str, entry: FileEntry | None) -> Loader:
    """A dynamic linker that the Dockerfile brought; what is built into it counts, whosever place it takes.

    `entry` is None where its bytes are not known.
    """
    from depscan.images.dynamic_linkers import family_of_bytes, read_built_in  # noqa: PLC0415 - few bring one

    data = read_head(entry, _MAX_LINKER) if entry is not None else None
    if data is not None and family == "other":
        family = family_of_bytes(data) or family  # musl's soname is not always its linker's
    if family == "other" or entry is None:
        reason = f"{path} was put there by the Dockerfile and cannot be read"
        known = path in root.profile.loaders
        return Loader(Presence.PROVIDED, path, None if not known else family, root.profile, copied=True, reason=reason)
    built_in = read_built_in(data, family) if data is not None else None
    return Loader(Presence.PROVIDED, path, family, root.profile, copied=True, built_in=built_in)


def native_loader(root: Root, facts: ElfFacts) -> Loader:
    """The dynamic linker that would load a shared object: the stage's own, by the object's libc where there are two."""
    return root.once(("native loader", facts.libc), lambda: _native_loader(root, facts))


def _native_loader(root: Root, facts: ElfFacts) -> Loader:
    profile = root.profile
    second = profile.secondary
    if second is not None and facts.libc == second.libc.family:
        profile = second
    family = profile.libc.family
    brought = next((path for path in sorted(root.artifacts) if interpreter_family(path) == facts.libc), None)
    standard = root.resolve(profile.loaders[0]) if profile.loaders else None
    if standard is not None and standard in root.artifacts and family in ("glibc", "musl"):
        return _copied(root, standard, family, root.filesystem.entries[standard])
    if brought is not None and family in ("glibc", "musl") and family != facts.libc:
        reason = f"{brought}, which the Dockerfile brought, may load it, or the image's own dynamic linker"
        return Loader(Presence.UNKNOWN, brought, None, profile, copied=True, reason=reason)
    if family in ("glibc", "musl"):
        path = profile.loaders[0] if profile.loaders else ""
        return Loader(Presence.PROVIDED, path, family, profile, confidence=root.confidence)
    if brought is not None:
        return _copied(root, brought, facts.libc, root.filesystem.entries[brought])
    change = root.change("/lib", foreign=True)
    if family == "unknown" or change is not None:
        reason = change.reason + " may have brought a dynamic linker" if change else profile.why
        return Loader(Presence.UNKNOWN, "", None, profile, reason=reason)
    return Loader(Presence.MISSING, "", None, profile, confidence=root.confidence)
