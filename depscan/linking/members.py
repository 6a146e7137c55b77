"""Native files inside archives, linked as the program would that unpacks them there.

In: the members of a stage's archives for its machine, and the stage's `Root`. Out: `Placement`s of those that count.
A jar carries one library for each system, and the program that is in it picks by name: of variants for several C
libraries only the one for the image's counts, of several that remain one that loads is enough. Members lie beside each
other, as they do once they are unpacked, so one finds another by its $ORIGIN, or leaves it to its host.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.linking.linker import place
from depscan.linking.placement import Verdict
from depscan.linking.root import Root

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from depscan.artifacts.facts import Artifact
    from depscan.filesystem.entries import FileEntry
    from depscan.linking.placement import Placement

    Member = tuple[FileEntry, Artifact]

_OTHER_SYSTEMS = re.compile(
    r"(^|[/._-])(android|darwin|mac|macos|osx|windows|win32|win64|sunos|solaris|aix|\w*bsd)\b", re.I
)
_MUSL = re.compile(r"(^|[/._-])(linux[-_]?)?(musl|alpine)", re.I)
_JAR = re.compile(r"\.(jar|war|ear)!/[^!]*$", re.I)
# What stands in a path for a system, machine or C library: without it the variants of a library have one name.
_PLATFORM = re.compile(
    r"(?<![a-z])(linux(32|64|musl)?|gnu|musl|glibc|alpine|x86[-_]?64|amd64|x64|aarch[-_]?64|arm64|ppc64le|s390x|riscv64|"
    r"armv?\d?\w*|i[3-6]86|x86|64|32|fedora|v\d)(?![a-z])",
    re.I,
)


def place_members(members: Mapping[str, Member], root: Root, host_provided: tuple[str, ...]) -> Iterator[Placement]:
    """The placements of the members that the stage's platform and C library pick."""
    filesystem = root.filesystem
    family = filesystem.profile.libc.family
    picked = {path: member for group in _variants(members) for path, member in _pick(group, family).items()}
    entries = {path: entry for path, (entry, _) in picked.items()}
    artifacts = {path: artifact for path, (_, artifact) in picked.items()}
    unpacked = replace(filesystem, entries={**filesystem.entries, **entries})
    inside = Root(unpacked, {**root.artifacts, **artifacts}, root.read_symbols)
    platform = filesystem.stage.platform
    for group in _variants(picked):
        placed = [place(artifact, entry, inside, platform, host_provided) for entry, artifact in group.values()]
        loading = [each for each in placed if each.verdict is Verdict.LOADS]
        yield from loading or (each if _JAR.search(each.path) else _left_packed(each) for each in placed)


def _left_packed(placement: Placement) -> Placement:
    """Only Java loads from an archive as it stands; what unpacks another one, if anything does, is not known here."""
    unknown = replace(placement.link, failures=(), unknowns=("nothing that is known here unpacks its archive",))
    return replace(placement, link=unknown, verdict=Verdict.UNKNOWN, cause=None, detail=None)


def _variants(members: Mapping[str, Member]) -> Iterable[dict[str, Member]]:
    """The members in groups: builds of one library for several systems that came by one word of an instruction."""
    groups: dict[tuple[object, str], dict[str, Member]] = {}
    for path, member in members.items():
        inside = path.rpartition("!/")[2]
        if not _OTHER_SYSTEMS.search(inside) and member[1].facts.os_abi in (0, 3):
            groups.setdefault((member[0].span, bare_name(inside)), {})[path] = member
    return groups.values()


def bare_name(path: str) -> str:
    """A member's path without the words for systems, machines and C libraries, and without marks between words."""
    return re.sub(r"[/._-]+", "/", _PLATFORM.sub("", path)).lower()


def _pick(group: dict[str, Member], family: str) -> dict[str, Member]:
    """Those for a C library: by their own facts, else by their path; all where none is for it."""
    own = {path: member for path, member in group.items() if _is_for_musl(path, member[1]) == (family == "musl")}
    return own or group


def _is_for_musl(path: str, artifact: Artifact) -> bool:
    return artifact.facts.libc == "musl" or _MUSL.search(path.rpartition("!/")[2]) is not None
