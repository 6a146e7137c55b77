"""Which native files of a .NET publish folder count.

In: placements. Out: those that something would start or load. `dotnet App.dll` starts no apphost, so the file App
beside App.dll counts only where the stage starts it by name. Of runtimes/RID/native the host takes a library from the
first identifier of the platform's own chain that has it, which ends at linux, unix, any
(learn.microsoft.com/dotnet/core/rid-catalog; on musl the chain goes through linux-musl and then the identifiers of
glibc, as in dotnet/runtime's runtimeGroups.props).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.artifacts.facts import Linkage
from depscan.subjects.purpose import is_started

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from depscan.filesystem.entries import StageFilesystem
    from depscan.linking.placement import Placement

_NATIVE = re.compile(r"(?P<folder>.*)/runtimes/[^/]+/native/(?P<name>.+)")
_ARCHITECTURES = {"amd64": "x64", "386": "x86", "arm64": "arm64", "arm": "arm", "s390x": "s390x", "ppc64le": "ppc64le"}


def counting(placements: Iterable[Placement]) -> Iterator[Placement]:
    """The placements without starters that nothing starts and without libraries for other systems."""
    folders: dict[int, set[str]] = {}
    for placement in placements:
        filesystem = placement.filesystem
        index = filesystem.stage.index
        if index not in folders:
            folders[index] = {posixpath.dirname(path) for path in filesystem.entries if path.endswith(".deps.json")}
        if not _is_idle_starter(placement) and not _is_for_another(placement, folders[index]):
            yield placement


def _is_idle_starter(placement: Placement) -> bool:
    entries = placement.filesystem.entries
    beside = f"{placement.path}.dll" in entries and f"{placement.path}.runtimeconfig.json" in entries
    program = placement.artifact.facts.linkage is not Linkage.SHARED_OBJECT and placement.artifact.prediction is None
    return beside and program and not is_started(placement.entry, placement.filesystem)


def _is_for_another(placement: Placement, folders: set[str]) -> bool:
    found = _NATIVE.fullmatch(placement.path)
    if found is None or found["folder"] not in folders:
        return False
    below = (f"{found['folder']}/runtimes/{each}/native/{found['name']}" for each in _chain(placement.filesystem))
    return placement.path != next((path for path in below if path in placement.filesystem.entries), None)


def _chain(filesystem: StageFilesystem) -> tuple[str, ...]:
    """The runtime identifiers that a stage takes libraries from, the nearest first."""
    machine = _ARCHITECTURES.get(filesystem.stage.platform.architecture, filesystem.stage.platform.architecture)
    musl = (f"linux-musl-{machine}", "linux-musl") if filesystem.profile.libc.family == "musl" else ()
    return (*musl, f"linux-{machine}", "linux", f"unix-{machine}", "unix", "any")
