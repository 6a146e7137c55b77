"""Many subjects with one root cause, told as one.

In: the subjects of one finding. Out: the one that speaks for all, its views and label in words for many: `59 libraries
below /opt/app cannot be loaded: libGL.so.1 and 5 more are not installed`. The best proved speaks, since one certain
failure is enough; among these the one that has what most of them lack, and of versions the highest; then a module that
an interpreter loads, in whose words the failure is met.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.subjects import ArtifactView, NeedView, VersionView
from depscan.subjects.runtime_words import AT_LOAD
from depscan.subjects.wording import label_many

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depscan.subjects import Subject

_MOST_NAMED = 2


def speak(members: Sequence[Subject]) -> Subject:
    """The subject that a finding on `members` is told as."""
    if len(members) == 1:
        return members[0]
    lacking = Counter(need.soname for each in members if (need := _need(each)) is not None)
    best = min(member.confidence.rank for member in members)
    first = min(
        (member for member in members if member.confidence.rank == best),
        key=lambda member: (-_weight(member, lacking), member.moment == AT_LOAD, member.artifact or ""),
    )
    names = _with_needs(first.names, lacking)
    paths = sorted({member.artifact for member in members if member.artifact is not None})
    artifact = names.get("artifact")
    if len(paths) < 2 or not isinstance(artifact, ArtifactView):
        return replace(first, names=names)
    many = replace(artifact, who=_who(members, paths), it_needs="they need", it_is="they are")
    return replace(first, names={**names, "artifact": many}, label=label_many([*map(posixpath.basename, paths)]))


def _need(subject: Subject) -> NeedView | None:
    view = subject.names.get("need")
    return view if isinstance(view, NeedView) else None


def _weight(subject: Subject, lacking: Counter[str]) -> float:
    """How much it stands for the others: by what most lack, or by how high a version it needs."""
    need, version = _need(subject), subject.names.get("version")
    if need is not None:
        return lacking[need.soname]
    if not isinstance(version, VersionView):
        return 0
    return sum(int(part) * 1000.0**-place for place, part in enumerate(_numbers(version.name)))


def _numbers(version: str) -> list[str]:
    return [part for part in version.rpartition("_")[2].split(".") if part.isdigit()]


def _with_needs(names: Mapping[str, object], lacking: Counter[str]) -> Mapping[str, object]:
    need = names.get("need")
    if not isinstance(need, NeedView) or len(lacking) < 2:
        return names
    sonames = [soname for soname, _ in sorted(lacking.items(), key=lambda item: (-item[1], item[0]))]
    more = f"{sonames[0]} and {len(sonames) - 1} more"
    told = " and ".join(sonames) if len(sonames) <= _MOST_NAMED else more
    return {**names, "need": replace(need, names=told, verb="are")}


def _who(members: Sequence[Subject], paths: Sequence[str]) -> str:
    """`59 libraries below /opt/app`."""
    views = [view for each in members if isinstance(view := each.names.get("artifact"), ArtifactView)]
    kinds = {"script" if "script" in each.names else "program" for each in members}
    libraries = {not view.executable for view in views}
    noun = {frozenset({True}): "libraries", frozenset({False}): f"{kinds.pop()}s"}.get(frozenset(libraries), "files")
    folder = posixpath.commonpath([posixpath.dirname(path) for path in paths])
    return f"{len(paths)} {noun} below {folder}" if folder != "/" else f"{len(paths)} {noun}"
