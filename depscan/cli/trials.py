"""What `depscan bases` and `depscan why` ask of the engine.

In: paths and a `Config`. Out: what their reports print; raises UsageError where there is nothing to tell of.
"""

from __future__ import annotations

import posixpath
from difflib import get_close_matches
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.artifacts.reading import read_facts, read_symbols
from depscan.cli.image_programs import place_image_program
from depscan.errors import UsageError
from depscan.images.candidates import all_bases
from depscan.linking.bases import BaseTrial, try_bases
from depscan.linking.placement import Verdict
from depscan.platforms import DEFAULT_PLATFORM, platform_of_machine
from depscan.reports.escaping import printable
from depscan.reports.why import Explained
from depscan.scan import scan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from depscan.artifacts.facts import ElfFacts
    from depscan.config import Config
    from depscan.linking.placement import Placement
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
    machine = next(iter(facts.values())).machine
    platform = config.platforms[0] if config.platforms else platform_of_machine(machine) or DEFAULT_PLATFORM
    trials = try_bases(
        facts,
        all_bases(platform),
        platform,
        config.host_provided,
        read_symbols=lambda path: facts[path].symbols or read_symbols(path, cache=config.cache),
    )
    return sorted(trials, key=lambda trial: _VERDICTS.index(trial.verdict))


def explain_binary(path: str, dockerfiles: Sequence[str], config: Config) -> list[Explained]:
    """The binary at `path` in the stages that are run, on each platform: the Dockerfile's or the image's own.

    No rule runs: their suggestions would cost more than the answer.
    """
    result = scan(dockerfiles, replace(config, select=frozenset({"dockerfile-syntax"})))
    answers = [_find(path, each, config) for each in result.scans]
    found = [
        Explained(answer, _needed(answer, each))
        for answer, each in zip(answers, result.scans, strict=True)
        if not isinstance(answer, str)
    ]
    if not found:
        raise UsageError(next(answer for answer in answers if isinstance(answer, str)))
    return found


def _find(path: str, scan_: Scan, config: Config) -> Placement | str:
    """The placement at `path` in the last stage of the target; a str tells why there is none."""
    last = max(scan_.in_target, default=None)
    filesystem = next((each for each in scan_.stages if each.stage.index == last), None)
    if filesystem is None:
        return f"{path}: {scan_.source.path} has no stage with a final file system; nothing can be looked for"
    where = filesystem.resolve(posixpath.join(filesystem.workdir or "/", path))
    if where is None:
        return f"{path}: a loop of symbolic links in {filesystem.profile.name}"
    there = {each.path: each for each in scan_.placements if each.filesystem.stage.index == last}
    if where in there:
        return there[where]
    own = place_image_program(where, filesystem, {key: each.artifact for key, each in there.items()}, config)
    name = posixpath.basename(where)
    if isinstance(own, str) and (row := next((row for row in scan_.skipped if _is_named(row.subject, name)), None)):
        return f"{path}: {row.subject} was skipped: {row.reason}"
    if isinstance(own, str) and (close := get_close_matches(where, there, n=1)):
        return f"{path}: no binary that the Dockerfile puts there; did you mean {close[0]!r}?"
    return own


def _is_named(subject: str, name: str) -> bool:
    """Whether a skipped row tells of a file of this name, which it may write with escapes."""
    return bool(name) and posixpath.basename(subject) in (name, printable(name))


def _needed(placement: Placement, scan_: Scan) -> dict[str, tuple[str, ...]]:
    """What each object of the process needs, by path: the Dockerfile's files and, of a real image, its own."""
    filesystem = placement.filesystem
    index = filesystem.stage.index
    facts = {each.path: each.artifact.facts for each in scan_.placements if each.filesystem.stage.index == index}
    own = filesystem.profile.tree.facts if filesystem.profile.tree else {}
    found = {placement.path: placement.artifact.facts.needed}
    for need in placement.link.needs:
        real = filesystem.resolve(need.provider) if need.provider else None
        known = facts.get(real or "") or own.get(real or "")
        if need.provider and known is not None:
            found[need.provider] = known.needed
    return found
