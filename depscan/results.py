"""The outcome of a run: what every report renders.

In: nothing (types only). Out: `Scan` (one Dockerfile on one platform) and `ScanResult`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.findings import Confidence, Location, Related, Severity
from depscan.platforms import DEFAULT_PLATFORM
from depscan.source import Position, SourceText

if TYPE_CHECKING:
    from depscan.builds.build import Build
    from depscan.filesystem.entries import StageFilesystem
    from depscan.findings import Finding, Skipped
    from depscan.linking.placement import Placement
    from depscan.platforms import Platform
    from depscan.rulebook import Rule


_MOST_NAMED = 3  # builds or platforms, in one message


class Scan(Struct, frozen=True):
    """One Dockerfile on one platform.

    `target` is the name or index of the stage that is built; `in_target` are the indexes of the stages it needs.
    `context_reason` tells how the context was chosen. `notes` are remarks such as "no stage with a final file system".
    `build` is the declaration that settings come from; None for a Dockerfile that is checked by itself. A declaration
    that cannot be followed is a scan of its own file without stages, whose `skipped` tells why. `platform_assumed`:
    nobody named the platform. `run` are the indexes of the stages that somebody may start, whose files are judged.
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
    platform_assumed: bool = False
    run: frozenset[int] = frozenset()

    @property
    def build_name(self) -> str:
        """What reports call the build: `target app of docker-bake.hcl`; empty without a declaration."""
        build = self.build
        return f"{build.name} of {build.source}" if build is not None and build.source is not None else ""


def unfollowed(path: str, skipped: Skipped) -> Scan:
    """The scan of a declaration that leads to nothing."""
    return Scan(
        source=SourceText.of(path, ""),
        context=".",
        context_reason="no build",
        target=None,
        platform=DEFAULT_PLATFORM,
        stages=(),
        in_target=frozenset(),
        placements=(),
        findings=(),
        skipped=(skipped,),
    )


def say_where(finding: Finding, build: Build | None, platform: Platform) -> Finding:
    """With the place that declares the build and its platform."""
    if build is None or build.source is None or build.span is None:
        return finding
    declared = f" for {platform}" if platform in build.platforms else ""
    place = Related(Location(build.source, build.span), f"built{declared} as declared here: {build.name}")
    return replace(finding, related=(*finding.related, place))


class Told(Struct, frozen=True):
    """A finding as a report tells it: once, with the scan it is taken from.

    `where` names the builds and platforms that have it, where its Dockerfile was checked for several.
    """

    finding: Finding
    scan: Scan
    where: str

    @property
    def in_full(self) -> Finding:
        """The finding with a message that says where."""
        if not self.where:
            return self.finding
        return replace(self.finding, message=f"{self.finding.message} ({self.where})")


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
    def distinct(self) -> tuple[Told, ...]:
        """Every finding once, in order, also one that several builds or platforms share.

        It is told as in the first scan where it is gravest. Two of one scan are never one, though they read the same.
        """
        once: dict[tuple[object, ...], list[tuple[Finding, Scan]]] = {}
        by_file: dict[str, list[Scan]] = {}
        for scan in self.scans:
            by_file.setdefault(scan.source.path, []).append(scan)
            seen: Counter[object] = Counter()
            for finding in scan.findings:
                reads = (finding.rule, finding.location, finding.message)
                seen[reads] += 1
                once.setdefault((*reads, seen[reads]), []).append((finding, scan))
        return tuple(_share(shared, by_file[shared[0][1].source.path]) for shared in once.values())

    @property
    def reported(self) -> tuple[Finding, ...]:
        """The findings of `distinct` that are not ignored, each saying in which builds and on which platforms it is."""
        return tuple(told.in_full for told in self.distinct if not told.finding.ignored)

    @property
    def denied(self) -> tuple[tuple[str, Position, Skipped], ...]:
        """What may not be read, with the path of its Dockerfile and its place there, each once."""
        rows = ((scan.source.path, row) for scan in self.scans for row in scan.skipped if row.denied)
        places = ((path, row.span.start if row.span else Position(1, 1), row) for path, row in rows)
        return tuple(dict.fromkeys(places))


def _share(shared: list[tuple[Finding, Scan]], scans: list[Scan]) -> Told:
    """The finding that some of a Dockerfile's `scans` share."""
    finding, scan = min(shared, key=lambda each: (each[0].ignored, each[0].severity.rank, each[0].confidence.rank))
    builds, platforms = ({name(each): None for each in scans} for name in (_build_of, _platform_of))
    parts = []
    if len(builds) > 1:
        names = list(dict.fromkeys(_build_of(each) for _, each in shared))
        parts.append(f"in all {len(builds)} builds" if len(names) == len(builds) else f"in {_listed(names)}")
    named = list(dict.fromkeys(_platform_of(each) for _, each in shared))
    if len(platforms) > 1 and not (len(named) == 1 and named[0] in finding.message):
        parts.append(f"on {_listed(named)}")
    return Told(finding, scan, ", ".join(parts))


def _build_of(scan: Scan) -> str:
    return scan.build_name


def _platform_of(scan: Scan) -> str:
    return str(scan.platform)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
