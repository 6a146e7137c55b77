"""What rests on a platform that nobody named.

In: the placements in stages whose platform is an assumption. Out: by stage, the platform that its programs are for
where all are of one other machine. A build on an arm64 machine without --platform makes an arm64 image: its programs
are no mistake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.artifacts.facts import MEMBER, Linkage
from depscan.platforms import COMPATIBLE_MACHINES, MACHINES, Platform, platform_of_machine
from depscan.subjects.purpose import is_on_path, is_started

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from depscan.linking.placement import Placement


def likelier_platforms(placements: Iterable[Placement]) -> Mapping[int, Platform]:
    """By stage, the platform of the one other machine that all started programs are for; without any, those on PATH."""
    programs: dict[int, list[Placement]] = {}
    for placement in placements:
        if placement.artifact.kind != MEMBER and placement.artifact.facts.linkage not in (None, Linkage.SHARED_OBJECT):
            programs.setdefault(placement.filesystem.stage.index, []).append(placement)
    found = {index: _common_platform(members) for index, members in programs.items()}
    return {index: platform for index, platform in found.items() if platform is not None}


def _common_platform(programs: list[Placement]) -> Platform | None:
    started = [each for each in programs if is_started(each.entry, each.filesystem)]
    meant = started or [each for each in programs if is_on_path(each.path, each.filesystem)]  # the rest may be data
    machines = {each.artifact.facts.machine for each in meant}
    architecture = programs[0].platform.architecture
    own = {MACHINES.get(architecture), *COMPATIBLE_MACHINES.get(architecture, ())}
    return platform_of_machine(machines.pop()) if len(machines) == 1 and not machines & own else None
