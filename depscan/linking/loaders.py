"""Dynamic linkers: whose a path is, and which one a program or library meets in a stage.

In: PT_INTERP and the `Root`. Out: `Loader`, with the libc family whose laws apply and the part of the image it belongs
to. The kernel opens PT_INTERP in the image's own file system, links followed (binfmt_elf); a file that is not there is
ENOENT, reported for the program's own path.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.filesystem.entries import Presence
from depscan.findings import Confidence

if TYPE_CHECKING:
    from depscan.artifacts.facts import ElfFacts
    from depscan.images.profile import ImageProfile
    from depscan.linking.root import Root, Sighting

_ANSWERED_BY_MUSL = ("gcompat", "libc6-compat", "a link to musl's dynamic linker")
_GLIBC_NAMES = ("ld-linux", "ld64.so.", "ld.so.1", "ld-2.")  # facts: loaders.glibc; ld-2.NN.so is the file behind


class Loader(Struct, frozen=True, eq=False):
    """The dynamic linker at work: one object for all files of a stage that meet it.

    `family` glibc or musl gives the laws, None when these are not known; `profile` the image's part whose libraries and
    search paths it uses; `copied` says that the Dockerfile brought it, so that its built-in search path is not known;
    `compat` names the layer that answers for glibc on musl (gcompat, libc6-compat). The kernel refuses one that is not
    `executable`, or a directory in its place.
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
    return root.once(("interpreter", facts.interpreter, facts.machine), lambda: _find_interpreter(root, facts))


def _find_interpreter(root: Root, facts: ElfFacts) -> Loader:
    assert facts.interpreter is not None
    profile, family = _owner(root, facts.interpreter), interpreter_family(facts.interpreter)
    if not facts.interpreter.startswith("/"):
        reason = "a relative PT_INTERP depends on the working directory"
        return Loader(Presence.UNKNOWN, facts.interpreter, None, profile, reason=reason)
    foreign = _cannot_be_packaged(root, facts, family)
    seen = root.file(facts.interpreter, foreign=foreign, profile=profile)
    compat = root.filesystem.loaders.get(facts.interpreter) or root.filesystem.loaders.get(seen.path)
    if seen.presence is Presence.PROVIDED and family == "glibc" and _is_musls(seen.path, root):
        compat = "a link to musl's dynamic linker"
    if seen.presence is Presence.PROVIDED and compat in _ANSWERED_BY_MUSL:
        return Loader(seen.presence, seen.path, "musl", root.profile, compat=compat, confidence=root.confidence)
    if seen.presence is Presence.PROVIDED and not _is_executable(seen, root):
        return Loader(seen.presence, seen.path, None, profile, executable=False)
    if seen.presence is Presence.PROVIDED and seen.entry is not None:
        if family == "other" and seen.facts is not None and seen.facts.soname:
            family = interpreter_family(seen.facts.soname)  # a copied dynamic linker may have any name
        return _copied(root, seen.path, family, readable=seen.facts is not None)
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


def _cannot_be_packaged(root: Root, facts: ElfFacts, family: str) -> bool:
    """Whether a distribution's ordinary packages cannot bring this dynamic linker.

    Those of the distribution's own libc they can (libc6-i386 on amd64), another family's only under a compat name,
    which `foreign_libc` of the change tells.
    """
    return family != root.profile.libc.family or facts.machine == _native(root)


def _native(root: Root) -> str | None:
    from depscan.platforms import MACHINES  # noqa: PLC0415 - one table

    return MACHINES.get(root.filesystem.stage.platform.architecture)


def _copied(root: Root, path: str, family: str, *, readable: bool) -> Loader:
    """A dynamic linker that the Dockerfile brought: a real file, or a link to the image's own."""
    if family == "other" or not readable:
        reason = f"{path} was put there by the Dockerfile and cannot be read"
        known = path in root.profile.loaders
        return Loader(Presence.PROVIDED, path, None if not known else family, root.profile, copied=True, reason=reason)
    return Loader(Presence.PROVIDED, path, family, root.profile, copied=path not in root.profile.loaders)


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
    if brought is not None and family in ("glibc", "musl") and family != facts.libc:
        reason = f"{brought}, which the Dockerfile brought, may load it, or the image's own dynamic linker"
        return Loader(Presence.UNKNOWN, brought, None, profile, copied=True, reason=reason)
    if family in ("glibc", "musl"):
        path = profile.loaders[0] if profile.loaders else ""
        return Loader(Presence.PROVIDED, path, family, profile, confidence=root.confidence)
    if brought is not None:
        return Loader(Presence.PROVIDED, brought, facts.libc, profile, copied=True)
    change = root.change("/lib", foreign=True)
    if family == "unknown" or change is not None:
        reason = change.reason + " may have brought a dynamic linker" if change else profile.why
        return Loader(Presence.UNKNOWN, "", None, profile, reason=reason)
    return Loader(Presence.MISSING, "", None, profile, confidence=root.confidence)
