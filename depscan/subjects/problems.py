"""What is wrong beyond single programs: with the text, the choice of platforms, and what the context brings along.

In: a Dockerfile, its stages, the placements in those that are run. Out: `Told`: the problems, and the placements that
these do not tell of already. Each search is loaded only where the stages have something for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.subjects.platform_choice import KINDS as PLATFORM_KINDS
from depscan.subjects.platform_choice import Told, find_platform_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.dockerfile.instructions import Dockerfile, Problem
    from depscan.filesystem.entries import StageFilesystem
    from depscan.linking.placement import Placement

_BINARIES = (".so", ".dylib", ".node", ".bin", ".bundle")


def find_problems(
    dockerfile: Dockerfile,
    stages: Sequence[StageFilesystem],
    placements: Sequence[Placement],
    *,
    target: int | None,
    cpu_floor: str | None,
) -> Told:
    """All problems; `target` and `cpu_floor` as for `collect`."""
    problems = [*dockerfile.problems, *(problem for stage in stages for problem in stage.problems)]
    problems += find_platform_problems(dockerfile, stages, target)
    problems += [*_host_files(stages, placements), *_cpu_choices(dockerfile, cpu_floor)]
    told = _told_once(problems, placements, dockerfile)
    modules, others = _host_modules(stages, _published(told.placements))
    return replace(told, problems=(*told.problems, *modules), placements=tuple(others))


def _told_once(problems: Sequence[Problem], placements: Sequence[Placement], dockerfile: Dockerfile) -> Told:
    """Programs for another machine are told where their cause stands, if it does."""
    if any(problem.kind in PLATFORM_KINDS for problem in problems):
        from depscan.subjects.platform_causes import tell_once  # noqa: PLC0415 - few Dockerfiles have such a problem

        return tell_once(problems, placements, dockerfile)
    return Told(tuple(problems), (), tuple(placements))


def _host_files(stages: Sequence[StageFilesystem], placements: Sequence[Placement]) -> Iterator[Problem]:
    """Environments and binaries of another machine; few images have any, and none loads the search for them."""
    known = {placement.path for placement in placements}
    paths = [path for stage in stages for path, entry in stage.entries.items() if entry.kind != "directory"]
    if any(path.endswith("/bin/python") for path in paths):
        from depscan.subjects.virtual_environments import find_broken_environments  # noqa: PLC0415 - see above

        yield from find_broken_environments(stages)
    if any(".cpython-3" in path for path in paths):
        from depscan.subjects.foreign_modules import find_foreign_modules  # noqa: PLC0415 - see above

        yield from find_foreign_modules(stages)
    if any("vendor/bundle/ruby/" in path for path in paths):
        from depscan.subjects.vendored_gems import find_vendored_gems  # noqa: PLC0415 - see above

        yield from find_vendored_gems(stages, placements)
    if any(path not in known and ("." not in path or path.endswith(_BINARIES)) for path in paths):
        from depscan.subjects.host_binaries import find_host_binaries  # noqa: PLC0415 - see above

        yield from find_host_binaries(stages, placements)


def _published(placements: Sequence[Placement]) -> Sequence[Placement]:
    """The placements without files of .NET publish folders that nothing starts or loads here."""
    if not any(
        "/runtimes/" in placement.path or f"{placement.path}.dll" in placement.filesystem.entries
        for placement in placements
    ):
        return placements
    from depscan.subjects.published import counting  # noqa: PLC0415 - few images have .NET

    return tuple(counting(placements))


def _cpu_choices(dockerfile: Dockerfile, cpu_floor: str | None) -> Iterator[Problem]:
    if cpu_floor is not None:
        from depscan.subjects.cpu_choice import find_cpu_choices  # noqa: PLC0415 - few configure one

        yield from find_cpu_choices(dockerfile, cpu_floor)


def _host_modules(
    stages: Sequence[StageFilesystem], placements: Sequence[Placement]
) -> tuple[Sequence[Problem], Sequence[Placement]]:
    """What is wrong with node_modules of the context, and the placements that this does not tell of already."""
    if not any("/node_modules/" in path for stage in stages for path in stage.entries):
        return (), placements
    from depscan.subjects.node_modules import find_host_modules, untold  # noqa: PLC0415 - few have any

    problems = tuple(find_host_modules(stages, placements))
    return problems, tuple(untold(placements, problems))
