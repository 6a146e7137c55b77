"""Instructions that compile for newer CPUs than the configuration's oldest.

In: the Dockerfile and `cpu-floor`. Out: `Problem`s, one for each instruction that says so in its own text: a level of
x86-64 above the floor, or the builder's own CPU (native), which may be anything. What flags a build script chooses is
not seen here; the note in the finished binary tells it (cpu-level-raised).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.dockerfile.instructions import Problem
from depscan.findings import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.dockerfile.instructions import Dockerfile

CPU_CHOICE = "cpu-choice"
_KEYWORDS = frozenset({"RUN", "ENV", "ARG"})
# GCC's and clang's -march, rustc's -C target-cpu, zig's -Dcpu, Go's GOAMD64 (v2 for x86-64-v2).
_FLAG = re.compile(
    r"(?:-march=|target-cpu=|-Dcpu=)(?P<cpu>native|x86[-_]64[-_]v[234])\b|\bGOAMD64=[\"']?(?P<go>v[234])\b"
)


def find_cpu_choices(dockerfile: Dockerfile, floor: str) -> Iterator[Problem]:
    """The problems of all stages; `floor` is x86-64, x86-64-v2, ..."""
    for stage in dockerfile.stages:
        for instruction in stage.instructions if stage.platform.architecture == "amd64" else ():
            found = _FLAG.search(instruction.text) if instruction.keyword.upper() in _KEYWORDS else None
            level = _level(found) if found is not None else None
            if found is not None and (level is None or level > floor):  # x86-64 < x86-64-v2 < x86-64-v3 as texts too
                demand = f"for {level}" if level is not None else "for the CPU of the machine that builds"
                detail = (
                    f"{found[0]} compiles {demand}, and {floor} is configured as the oldest that must run the image"
                )
                span = instruction.offsets.span(*found.span())
                yield Problem(CPU_CHOICE, detail, span, stage.index, Confidence.LIKELY, word=found[0])


def _level(found: re.Match[str]) -> str | None:
    """The level that a flag names; None for native."""
    if found["go"]:
        return f"x86-64-{found['go']}"
    return None if found["cpu"] == "native" else str(found["cpu"]).replace("_", "-")
