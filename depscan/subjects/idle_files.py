"""Programs in a stage that are data there: for whoever takes them out again, not to be started.

In: placements. Out: whether one is a build for another machine beside others of its name (app-linux-amd64,
app-linux-arm64), or a program from the context without execute bit (firmware, downloads, test data).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from depscan.artifacts.facts import MEMBER, Linkage
from depscan.filesystem.entries import HostFile
from depscan.linking.placement import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depscan.linking.placement import Placement


class IdleFiles:
    """Knows the machines for which builds of one name stand beside each other."""

    def __init__(self, placements: Iterable[Placement]) -> None:
        self._placements = placements
        self._machines: dict[tuple[int, str, str], set[str]] = {}

    def has_sibling(self, placement: Placement) -> bool:
        """Whether a program for another machine stands beside its build for this one, or for a third."""
        culprit = placement.culprit
        if culprit is None or culprit.cause is not Cause.WRONG_ARCHITECTURE or placement.artifact.kind == MEMBER:
            return False
        if not self._machines:
            for each in self._placements:
                self._machines.setdefault(_build_name(each), set()).add(each.artifact.facts.machine)
        return len(self._machines.get(_build_name(placement), ())) > 1

    @staticmethod
    def is_inert(placement: Placement) -> bool:
        """Whether it is a program from the context without execute bit, which no later command may have set."""
        entry, program = placement.entry, placement.artifact.facts.linkage not in (None, Linkage.SHARED_OBJECT)
        if not program or not isinstance(entry.content, HostFile) or entry.mode & 0o111:
            return False
        from depscan.filesystem.lookup import changed_later  # noqa: PLC0415 - few programs lack the bit

        return not changed_later(entry, placement.filesystem)


def _build_name(placement: Placement) -> tuple[int, str, str]:
    """What builds of one program for several machines have in common: stage, directory, name but for the machine."""
    from depscan.linking.members import bare_name  # noqa: PLC0415 - where something is for another machine

    directory, name = posixpath.split(placement.path)
    return placement.filesystem.stage.index, bare_name(directory), bare_name(name)
