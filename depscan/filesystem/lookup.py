"""Whether a program stands at a path of a stage, as the kernel would find it.

In: a `StageFilesystem` and a path, or a name and PATH. Out: `Sighted`: provided, missing or unknown, with the reason.
Missing needs a proof: all files of the image are known, or all its interpreters and the path names one, or nothing of
a distribution stands there; and nothing that RUN did may have brought it. Of packages the interpreters that they and
what they draw in may bring are known, where they are.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.filesystem.entries import ArchiveMember, HostFile, InlineFile, Presence
from depscan.findings import Confidence
from depscan.images.absences import image_lacks_program

if TYPE_CHECKING:
    from depscan.filesystem.entries import FileEntry, StageFilesystem, UnknownChange
    from depscan.images.profile import ImageProfile

# The names of which `ImageProfile.interpreters` lists all that an image has (scripts/refresh_packages.py, profiling).
_LISTED = re.compile(
    r"(?:ba|da|z|k|mk|fi|tc)sh|sh|ash|env|python[23]?(?:\.\d+)?|pypy3?|perl|ruby|node|nodejs|php|lua5\.\d|tclsh|pwsh"
    r"|Rscript|java|expect|make"
)
# Directories that distributions and makers of official images fill (FHS 3.0); in others stands what a build put there.
_FILLED = frozenset(
    "bin boot dev etc home lib lib32 lib64 libx32 media mnt opt proc root run sbin srv sys tmp usr var".split()  # noqa: SIM905
)
_LEFT_TO_OTHERS = frozenset({"home", "media", "mnt", "opt", "srv"})  # of those, what a bare distribution leaves empty
_READABLE = (HostFile, InlineFile, ArchiveMember)  # contents whose entry has the mode of the real file
_OFFICIAL = ("docker.io/library/",)


class Sighted(Struct, frozen=True):
    """What stands at `path`, links followed; `entry` where the Dockerfile put it. `reason` explains an unknown."""

    presence: Presence
    path: str
    entry: FileEntry | None = None
    reason: str | None = None
    confidence: Confidence = Confidence.CERTAIN


def find_program(filesystem: StageFilesystem, path: str) -> Sighted:
    """Look an absolute path up, links followed."""
    resolved = filesystem.resolve(path)
    if resolved is None:
        return Sighted(Presence.MISSING, path, reason="a loop of symbolic links")
    entry = filesystem.entry(resolved)
    if entry is not None:
        return Sighted(Presence.PROVIDED, resolved, entry)
    profile = filesystem.profile
    gone = _is_removed(resolved, filesystem)
    if not gone and _stands(path, resolved, filesystem):
        return Sighted(Presence.PROVIDED, resolved)
    changes = [each for each in filesystem.changes if each.touches(resolved) or each.touches(path)]
    for change in reversed(changes):
        if _may_bring(change, resolved):
            return Sighted(Presence.UNKNOWN, resolved, reason=f"{change.reason} may have put it there")
    known = Confidence.CERTAIN if gone else _knows(profile, path, resolved)
    if known is None:
        return Sighted(Presence.UNKNOWN, resolved, reason=f"the files of {profile.name} are not completely known")
    return Sighted(
        Presence.MISSING, resolved, confidence=Confidence.weakest(known, Confidence.LIKELY) if changes else known
    )


def search_program(filesystem: StageFilesystem, name: str) -> Sighted:
    """Look a name without slash up along PATH; a file without execute bit is passed over, as execvp(3) does.

    What is passed over is the `entry` of an answer that is not "provided".
    """
    path = filesystem.environment.get("PATH")
    if path is None:
        return Sighted(Presence.UNKNOWN, name, reason="PATH is not known")
    answers = []
    for directory in path.split(":"):
        where = posixpath.join(filesystem.workdir or "/", directory or ".", name)
        seen = find_program(filesystem, posixpath.normpath(where))
        if seen.presence is Presence.PROVIDED and may_run(seen, filesystem):
            return seen
        answers.append(seen)
    bare = next((seen for seen in answers if seen.presence is Presence.PROVIDED), Sighted(Presence.MISSING, name))
    unknown = next((seen for seen in answers if seen.presence is Presence.UNKNOWN), None)
    if unknown is not None:
        path = bare.path if bare.entry is not None else unknown.path
        return Sighted(Presence.UNKNOWN, path, bare.entry, unknown.reason)
    confidence = Confidence.weakest(*(seen.confidence for seen in answers))
    return Sighted(Presence.MISSING, bare.path, bare.entry, confidence=confidence)


def may_run(seen: Sighted, filesystem: StageFilesystem) -> bool:
    """Whether a program that was found may have an execute bit: what an image or a command made is taken to have it."""
    entry = seen.entry
    if entry is None or (entry.kind == "file" and not isinstance(entry.content, _READABLE)):
        return True
    return entry.kind != "directory" and (bool(entry.mode & 0o111) or changed_later(entry, filesystem))


def changed_later(entry: FileEntry, filesystem: StageFilesystem) -> bool:
    """Whether a later command may have changed an entry in a way that is not known."""
    return any(change.sequence > entry.sequence and change.touches(entry.path) for change in filesystem.changes)


def image_may_hold(profile: ImageProfile, path: str) -> bool:
    """Whether the image may have a file at a path, so that what is written there keeps bits that are not known.

    A bare distribution has none below /usr/local nor in the root directory; of other official images the root has the
    script that is their entrypoint.
    """
    if profile.reference == "scratch" or profile.tree is not None:
        return profile.tree is not None and path in profile.tree.files
    _, top, *below = path.split("/")
    if profile.interpreters_complete and not profile.layers:
        return top in _FILLED - _LEFT_TO_OTHERS and bool(below) and not path.startswith("/usr/local/")
    if profile.interpreters_complete or (profile.reference.startswith(_OFFICIAL) and profile.layers):
        return top in _FILLED if below else "entrypoint" in top
    return True


def _is_removed(path: str, filesystem: StageFilesystem) -> bool:
    while path not in ("/", ""):
        if path in filesystem.removed:
            return True
        path = posixpath.dirname(path)
    return False


def _stands(path: str, resolved: str, filesystem: StageFilesystem) -> bool:
    """Whether the image, or a package by name, is known to have it."""
    profile, here = filesystem.profile, {path, resolved}
    if profile.tree is not None and resolved in profile.tree.files:
        return True
    known = {*profile.interpreters, *filesystem.interpreters, *profile.loaders}
    return not here.isdisjoint(known) or resolved in {filesystem.resolve(each) for each in known}


def _may_bring(change: UnknownChange, path: str) -> bool:
    """Whether a change may have brought a program: packages that are known bring their interpreters alone."""
    if change.programs is None or not _LISTED.fullmatch(posixpath.basename(path)):
        return True
    return posixpath.basename(path) in change.programs


def _knows(profile: ImageProfile, path: str, resolved: str) -> Confidence | None:
    """How sure it is that the image has no file at a path that is not known of; None where that cannot be told."""
    if profile.reference == "scratch" or profile.tree is not None:
        return Confidence.CERTAIN
    if profile.windows or _may_be_merged(profile, resolved):
        return None
    if profile.interpreters_complete and _LISTED.fullmatch(posixpath.basename(path)):
        return profile.confidence
    if image_lacks_program(profile, path):
        return Confidence.weakest(profile.confidence, Confidence.LIKELY)
    official = profile.interpreters_complete or (profile.reference.startswith(_OFFICIAL) and profile.layers)
    filled = _FILLED - _LEFT_TO_OTHERS if profile.interpreters_complete and not profile.layers else _FILLED
    if official and resolved.split("/")[1] not in filled and resolved.count("/") > 1:
        return Confidence.POSSIBLE  # a mount may bring it
    return None


def _may_be_merged(profile: ImageProfile, path: str) -> bool:
    """Whether the image has the program in the other of /bin and /usr/bin, which a later point release may merge."""
    other = path.removeprefix("/usr") if path.startswith("/usr/") else f"/usr{path}"
    return not profile.links_complete and other in profile.interpreters
