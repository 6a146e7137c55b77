"""What `depscan bases` and `depscan why` ask of the engine.

In: paths and a `Config`. Out: what their reports print; raises UsageError where there is nothing to tell of.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.artifacts.reading import read_facts, read_symbols
from depscan.errors import UsageError, did_you_mean
from depscan.images.candidates import all_bases
from depscan.linking.bases import BaseTrial, try_bases
from depscan.linking.placement import Verdict
from depscan.platforms import DEFAULT_PLATFORM, MACHINES, parse_platform
from depscan.scan import scan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from depscan.artifacts.facts import ElfFacts
    from depscan.config import Config
    from depscan.linking.placement import Placement
    from depscan.platforms import Platform
    from depscan.results import Scan

_VERDICTS = (Verdict.LOADS, Verdict.UNKNOWN, Verdict.FAILS)


def try_files(paths: Sequence[Path], config: Config) -> list[BaseTrial]:
    """The files on every known base, by verdict, the smallest kinds of bases first."""
    facts: dict[Path, ElfFacts] = {}
    for path, found in read_facts(list(dict.fromkeys(paths)), jobs=config.jobs, cache=config.cache).items():
        if isinstance(found, str) or found.linkage is None:
            reason = found if isinstance(found, str) else "an object file, which is linked first"
            raise UsageError(f"{path}: {reason}; pass programs or shared libraries, e.g. depscan bases build/server")
        facts[path] = found
    platform = config.platforms[0] if config.platforms else _platform_of(next(iter(facts.values())))
    trials = try_bases(
        facts,
        all_bases(platform),
        platform,
        config.host_provided,
        read_symbols=lambda path: facts[path].symbols or read_symbols(path, cache=config.cache),
    )
    return sorted(trials, key=lambda trial: _VERDICTS.index(trial.verdict))


def _platform_of(facts: ElfFacts) -> Platform:
    """The platform whose kernel runs the file natively."""
    name = next((name for name, machine in MACHINES.items() if machine == facts.machine), None)
    return parse_platform(name) if name else DEFAULT_PLATFORM


def find_placements(path: str, dockerfiles: Sequence[str], config: Config) -> list[Placement]:
    """The binary at `path` in the stages that are run, on each platform.

    No rule runs: their suggestions would cost more than the answer.
    """
    result = scan(dockerfiles, replace(config, select=frozenset({"dockerfile-syntax"})))
    there = [placement for each in result.scans for placement in _of_target(each)]
    found = [placement for placement in there if placement.path == _canonical(path, placement)]
    if not found:
        known = sorted({placement.path for placement in there})
        remedy = did_you_mean(path, known, "they are " + ", ".join(known[:5])) if known else "there is none"
        raise UsageError(f"{path}: no binary that the Dockerfile puts there; {remedy}")
    return found


def _of_target(scan_: Scan) -> list[Placement]:
    last = max(scan_.in_target, default=None)
    return [placement for placement in scan_.placements if placement.filesystem.stage.index == last]


def _canonical(path: str, placement: Placement) -> str | None:
    """The path as the stage has it: relative to its working directory, links followed."""
    filesystem = placement.filesystem
    return filesystem.resolve(posixpath.join(filesystem.workdir or "/", path))
