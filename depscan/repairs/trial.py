"""What an examination of a changed input says of the change.

In: what was found before and after. Out: `Trial`: little, so that many can be kept; whether it mends a finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from depscan.linking.placement import Verdict
from depscan.repairs.alarms import alarms_of, find_alarms
from depscan.repairs.keeping import find_losses
from depscan.repairs.loading import INTERPRETERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from depscan.findings import Finding
    from depscan.linking.placement import Placement
    from depscan.repairs.alarms import Alarm
    from depscan.repairs.case import Case, Change, Outcome

STARTS = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK"})


class Laboratory(Protocol):
    """Runs the engine on changed inputs."""

    def glance(self, change: Change, stage: int, paths: frozenset[str]) -> list[Placement]:
        """A few placements of the changed stage: what rejects a change cheaply."""
        ...

    def examine(self, change: Change) -> Outcome:
        """The whole examination; what the change does not touch is not done again."""
        ...


class Trial(Struct, frozen=True):
    """`verdicts` are by stage and path, `alarms` what findings that are more than notes speak of.

    `losses` are by stage what the rest of the Dockerfile uses and the changed image no longer has, `sizes` those of the
    images.
    """

    verdicts: Mapping[tuple[int, str], Verdict]
    alarms: frozenset[Alarm]
    losses: Mapping[int, tuple[str, ...]]
    sizes: Mapping[int, int | None]


def try_out(before: Outcome, after: Outcome, foresights: frozenset[str]) -> Trial:
    """What the outcome of a changed input says of the change.

    `foresights` are the rules that tell of another day: that is nothing against a change that mends today.
    """
    return Trial(
        verdicts={(item.filesystem.stage.index, item.path): _verdict(item) for item in after.placements},
        alarms=find_alarms(after.findings, foresights),
        losses={index: lost for index, lost in find_losses(before, after) if lost},
        sizes={filesystem.stage.index: filesystem.profile.size for filesystem in after.stages},
    )


def _verdict(placement: Placement) -> Verdict:
    """That of the engine; unknown where it rests on a library that COPY took along and nobody read."""
    filesystem = placement.filesystem
    paths = (filesystem.resolve(need.provider) for need in placement.link.needs if need.provider)
    files = (filesystem.entries.get(path) for path in paths if path is not None)
    closed = any(each is not None and each.kind == "file" and each.content is None for each in files)
    return Verdict.UNKNOWN if closed and placement.verdict is Verdict.LOADS else placement.verdict


def mends(trial: Trial, finding: Finding, case: Case, kind: str) -> bool:
    """Every program of the finding loads, it is gone, and nothing that was quiet before speaks now.

    One that only may fail loads before the change, too. Packages for another C library may lie at other paths: then
    each that is new must load in place of those. What RUN starts may change all that comes after it: then it is enough
    that it starts. One that fails for another reason, too, has a finding for that. A package only adds
    to the image: what failed before and now fails at something further on is not made to fail by it. An edit of words
    that are wrong in any case need not make all known: it is enough that nothing is found.
    """
    if not _silences(trial, finding, case, adds=kind == "package"):
        return False
    if kind == "edit" or not finding.artifacts or not case.placements or _is_about_text(case):
        return True
    start = case.filesystem.entrypoint if not case.placements else case.placements[0].filesystem.entrypoint
    if start is not None and start.keyword == "RUN":
        return True
    return _loads(trial, finding, case)


def _is_about_text(case: Case) -> bool:
    return case.instruction is not None and case.instruction.keyword in STARTS


def _loads(trial: Trial, finding: Finding, case: Case) -> bool:
    stage = case.filesystem.stage.index
    excused = failing_otherwise(finding, case.before.findings)
    verdicts = {trial.verdicts.get((stage, path)) for path in finding.artifacts if path not in excused}
    others = {trial.verdicts.get((stage, path)) for path in excused}
    verdicts |= others - ({Verdict.FAILS, Verdict.UNKNOWN} if Verdict.LOADS in others | verdicts else {Verdict.FAILS})
    made = {each.product.tool for each in case.predictions}
    if None in verdicts and made and made <= INTERPRETERS.keys():
        old = {(item.filesystem.stage.index, item.path) for item in case.before.placements}
        verdicts |= {verdict for place, verdict in trial.verdicts.items() if place[0] == stage and place not in old}
        verdicts.discard(None)
    return verdicts <= {Verdict.LOADS}


def failing_otherwise(finding: Finding, findings: Iterable[Finding]) -> frozenset[str]:
    """The programs of a finding that others name as well."""
    own = set(finding.artifacts)
    others = (each.artifacts for each in findings if each.stage == finding.stage and each.identity != finding.identity)
    return frozenset(path for artifacts in others for path in artifacts if path in own)


def _silences(trial: Trial, finding: Finding, case: Case, *, adds: bool) -> bool:
    """The finding is gone, nothing that was quiet before speaks now, and nothing that is used is lost."""
    if trial.losses:
        return False
    new = trial.alarms - case.alarms
    own = alarms_of(finding)
    if not own.isdisjoint(trial.alarms) or not {each.trouble for each in own}.isdisjoint(each.trouble for each in new):
        return False
    troubles, failing = {each.trouble for each in case.alarms}, {each.artifact for each in case.alarms} - {""}
    return all(each.trouble in troubles or (adds and each.artifact in failing) for each in new)
