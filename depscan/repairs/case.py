"""What a repair is asked about, and what it offers: the types of this room.

In: nothing (types only). Out: `Case`, `Offer` and its parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from depscan.findings import Location, Suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depscan.artifacts.facts import ElfFacts
    from depscan.artifacts.prediction import Prediction
    from depscan.dockerfile.instructions import Instruction, Stage
    from depscan.filesystem.entries import StageFilesystem
    from depscan.findings import Edit, Finding
    from depscan.linking.placement import Placement
    from depscan.repairs.alarms import Alarm
    from depscan.source import SourceText, Span


class Change(Struct, frozen=True):
    """A changed input.

    `edits` are those of the Dockerfile and of other files; `assumed` are facts that a rebuilt binary (by source) would
    have; `ignored` are lines at the end of the context's ignore file.
    """

    edits: tuple[Edit, ...] = ()
    assumed: Mapping[str, ElfFacts] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


class Outcome(Struct, frozen=True):
    """What an examination found. `ignore_file` is the context's, `ignore_end` line and column of its end."""

    stages: tuple[StageFilesystem, ...]
    placements: tuple[Placement, ...]
    findings: tuple[Finding, ...]
    ignore_file: str = ".dockerignore"
    ignore_end: tuple[int, int] = (1, 1)


class Offer(Struct, frozen=True):
    """A suggestion, and the change to try for it."""

    suggestion: Suggestion
    change: Change


class Case(Struct, frozen=True):
    """Findings of one rule in one stage that one change may mend; `placements` are those of their artifacts.

    `alarms` are those of all findings before the change.
    """

    findings: tuple[Finding, ...]
    filesystem: StageFilesystem
    placements: tuple[Placement, ...]
    before: Outcome
    source: SourceText
    alarms: frozenset[Alarm] = frozenset()

    @property
    def finding(self) -> Finding:
        """The first of them."""
        return self.findings[0]

    @property
    def path(self) -> str:
        """That of the Dockerfile."""
        return self.finding.location.path

    @property
    def stages(self) -> tuple[StageFilesystem, ...]:
        """All that were replayed."""
        return self.before.stages

    @property
    def predictions(self) -> list[Prediction]:
        """What the artifacts that are not built yet rest on."""
        made = (placement.artifact.prediction for placement in self.placements)
        return [each for each in made if each is not None]

    @property
    def instruction(self) -> Instruction | None:
        """The instruction that the first finding stands in."""
        return instruction_at(self.finding.location.span, self.stages)

    def bottom(self, stage: Stage) -> Stage:
        """The stage with the image that a stage stands on."""
        by_index = {each.stage.index: each.stage for each in self.stages}
        while stage.base_stage is not None and stage.base_stage in by_index:
            stage = by_index[stage.base_stage]
        return stage

    def place(self, span: Span) -> Location:
        """A place in the Dockerfile."""
        return Location(self.path, span)


def instruction_at(span: Span, stages: Sequence[StageFilesystem]) -> Instruction | None:
    """The instruction of a stage in which a place lies."""
    instructions = (each for stage in stages for each in stage.stage.instructions)
    return next((each for each in instructions if each.span.start <= span.start <= each.span.end), None)


def offer(
    kind: str,
    title: str,
    edits: tuple[Edit, ...],
    *,
    safe: bool = False,
    base: str | None = None,
    remark: str | None = None,
    ignored: tuple[str, ...] = (),
) -> Offer:
    """A change of the text; `safe` where no base, package or flag of a build changes."""
    suggestion = Suggestion(kind, title, base=base, edits=edits, safety="safe" if safe else "unsafe", remark=remark)
    return Offer(suggestion, Change(edits=edits, ignored=ignored))
