"""What findings speak of, so that those before and after a change can be compared.

In: findings. Out: `Alarm`s: a program with its root cause. A group of programs may lose some and stay the same trouble
for the others, and another rule may call the same trouble otherwise: neither is new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from depscan.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depscan.findings import Finding


class Alarm(NamedTuple):
    """One program, or one word of the text, of a finding: `root` is its root cause, `rule` what calls it so."""

    rule: str
    artifact: str
    root: str

    @property
    def trouble(self) -> tuple[str, str]:
        """What stays the same when another rule speaks of it."""
        return self.artifact, self.root


def alarms_of(finding: Finding) -> frozenset[Alarm]:
    """Those of a finding: a group of programs may lose some and stay the same trouble for the others."""
    if not finding.artifacts:
        return frozenset({Alarm(finding.rule, "", finding.identity)})
    root = finding.identity.split("\0")[-2]
    return frozenset(Alarm(finding.rule, artifact, root) for artifact in finding.artifacts)


def find_alarms(findings: Iterable[Finding], foresights: frozenset[str]) -> frozenset[Alarm]:
    """What findings that are more than notes, or of another day, speak of."""
    loud = (each for each in findings if each.severity is not Severity.NOTE and each.rule not in foresights)
    return frozenset(alarm for each in loud for alarm in alarms_of(each))
