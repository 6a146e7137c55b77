"""The outcome of a run: what every report renders.

In: nothing (types only). Out: `Scan` (one Dockerfile on one platform) and `ScanResult`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.findings import Confidence, Severity

if TYPE_CHECKING:
    from depscan.builds.build import Build
    from depscan.filesystem.entries import StageFilesystem
    from depscan.findings import Finding, Skipped
    from depscan.linking.placement import Placement
    from depscan.platforms import Platform
    from depscan.rulebook import Rule
    from depscan.source import SourceText


class Scan(Struct, frozen=True):
    """One Dockerfile on one platform.

    `target` is the name or index of the stage that is built; `in_target` are the indexes of the stages it needs.
    `context_reason` tells how the context was chosen. `notes` are remarks such as "no stage with a final file system".
    `build` is the declaration that settings come from; None for a Dockerfile that is checked by itself. A declaration
    that cannot be followed is a scan of its own file without stages, whose `skipped` tells why.
    """

    source: SourceText
    context: str
    context_reason: str
    target: str | None
    platform: Platform
    stages: tuple[StageFilesystem, ...]
    in_target: frozenset[int]
    placements: tuple[Placement, ...]
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...] = ()
    build: Build | None = None


class ScanResult(Struct, frozen=True):
    """All scans of a run, the rules in force (reports describe them), and the date of the knowledge."""

    scans: tuple[Scan, ...]
    rules: tuple[Rule, ...]
    knowledge_as_of: str
    fail_on: Severity | None = Severity.ERROR
    verbose: bool = False
    quiet: bool = False

    def fails(self, finding: Finding) -> bool:
        """Whether the finding makes the exit code 1: grave enough, likely or better, not ignored."""
        return (
            self.fail_on is not None
            and finding.severity.rank <= self.fail_on.rank
            and finding.confidence.rank <= Confidence.LIKELY.rank
            and not finding.ignored
        )

    @property
    def exit_code(self) -> int:
        """1 when a finding fails the run, else 0."""
        return int(any(self.fails(finding) for scan in self.scans for finding in scan.findings))

    @property
    def reported(self) -> tuple[Finding, ...]:
        """The findings that are not ignored, in order; one that several platforms share stands once."""
        once: dict[tuple[object, ...], Finding] = {}
        for scan in self.scans:
            for finding in scan.findings:
                if not finding.ignored:
                    once.setdefault((finding.rule, finding.location, finding.message, finding.identity), finding)
        return tuple(once.values())
