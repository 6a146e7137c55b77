"""Findings to findings with suggestions: what their rules' repairs offer, tried.

In: findings, what was found before, a `Laboratory`. Out: each finding with the suggestions after which it is gone, in
the order of its rule. Few findings of one rule in a stage are advised one by one, many by one change for all: what this
costs does not grow with their number. Before the whole is examined, the files that speak of the findings are looked at
alone: most changes that help nothing end there.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from depscan.findings import Severity, Skipped
from depscan.images.candidates import image_name
from depscan.linking.placement import Verdict
from depscan.repairs import table
from depscan.repairs.alarms import find_alarms
from depscan.repairs.case import Case
from depscan.repairs.trial import STARTS, failing_otherwise, mends, try_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from depscan.findings import Edit, Finding, Suggestion
    from depscan.linking.placement import Placement
    from depscan.repairs.case import Change, Offer, Outcome
    from depscan.repairs.trial import Laboratory, Trial
    from depscan.rulebook import Rule
    from depscan.source import SourceText

MAX_TRIED = 24
MAX_BASES = 5
SHOWN = 3
_ALONE = 4  # findings of one rule in a stage that are advised one by one
_GLANCED = 8  # files looked at before the whole is examined


class Advised(Struct, frozen=True):
    """The findings with their suggestions, and rows for the repairs that broke down."""

    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]


def advise(
    findings: Sequence[Finding],
    before: Outcome,
    laboratory: Laboratory,
    *,
    source: SourceText,
    rules: Sequence[Rule],
    everything: bool,
) -> Advised:
    """Advise those that are neither ignored nor mere notes; of each the first few unless `everything` is wanted."""
    named = {rule.id: rule.repair for rule in rules if rule.repair}
    desk = _Desk(before, laboratory, frozenset(rule.id for rule in rules if rule.foresight), everything)
    advice: dict[str, tuple[Suggestion, ...]] = {}
    for case in _cases([each for each in findings if needs_advice(each) and each.rule in named], before, source):
        for identity, suggestions in desk.work_out(case, named[case.finding.rule]).items():
            advice[identity] = suggestions
    advised = (replace(each, suggestions=advice.get(each.identity, ())) for each in findings)
    return Advised(tuple(advised), tuple(dict.fromkeys(desk.skipped)))


def needs_advice(finding: Finding) -> bool:
    """Whether somebody would act on it."""
    return not finding.ignored and finding.severity is not Severity.NOTE


def _cases(findings: Sequence[Finding], before: Outcome, source: SourceText) -> Iterator[Case]:
    stages = {each.stage.index: each for each in before.stages}
    by_place = {(each.filesystem.stage.index, each.path): each for each in before.placements}
    alarms = find_alarms(before.findings, frozenset())
    groups: dict[tuple[str, int], list[Finding]] = {}
    for finding in findings:
        if finding.stage in stages:
            groups.setdefault((finding.rule, finding.stage), []).append(finding)
    for (_, stage), group in groups.items():
        for members in [group] if len(group) > _ALONE else [[each] for each in group]:
            paths = dict.fromkeys(path for member in members for path in member.artifacts)
            placements = tuple(by_place[stage, path] for path in paths if (stage, path) in by_place)
            yield Case(tuple(members), stages[stage], placements, before, source, alarms)


class _Found(Struct):
    """What one finding was given so far: suggestions with the place of their repair in the rule's list."""

    finding: Finding
    suggestions: list[tuple[int, Suggestion]] = field(default_factory=list)

    def adds(self, suggestion: Suggestion, own: str) -> bool:
        """Whether it is not there yet; of an image's name one stands, of the failing image's own releases two."""
        if suggestion.base is None:
            return all(suggestion.edits != kept.edits or not kept.edits for _, kept in self.suggestions)
        name = image_name(suggestion.base)
        alike = [kept.base for _, kept in self.suggestions if kept.kind == suggestion.kind and kept.base is not None]
        if suggestion.kind == "base" and len(alike) >= MAX_BASES:
            return False
        return sum(image_name(base) == name for base in alike) < (2 if name == image_name(own) else 1)


class _Desk:
    """Tries offers; what one change comes to is kept, since many findings may ask for it."""

    def __init__(self, before: Outcome, laboratory: Laboratory, foresights: frozenset[str], everything: bool) -> None:
        self._before = before
        self._laboratory = laboratory
        self._foresights = foresights
        self._most = None if everything else SHOWN
        self._trials: dict[tuple[tuple[Edit, ...], tuple[str, ...]], Trial] = {}
        self._places = {(each.filesystem.stage.index, each.path): each for each in before.placements}
        self.skipped: list[Skipped] = []

    def work_out(self, case: Case, repairs: Sequence[str]) -> Mapping[str, tuple[Suggestion, ...]]:
        """The suggestions of each finding: the first that helps of each repair, then further ones."""
        found = {finding.identity: _Found(finding) for finding in case.findings}
        queues = {number: self._guarded(name, case) for number, name in enumerate(repairs)}
        tried = 0
        for further in (False, True):
            for number, queue in queues.items():
                for offer in queue:
                    if self._is_enough(found) or tried >= MAX_TRIED:
                        break
                    added, cost = self._try(offer, number, case, found)
                    tried += cost
                    if added and not further:
                        break
        return {identity: self._ordered(each) for identity, each in found.items()}

    def _try(self, offer: Offer, number: int, case: Case, found: Mapping[str, _Found]) -> tuple[bool, int]:
        """Whether a finding was given the suggestion, and how many whole examinations that took."""
        own = case.filesystem.profile.reference
        asking = [each for each in found.values() if each.adds(offer.suggestion, own)]
        if not asking or self._fails_still(offer, case):
            return False, 0
        trial = self._trial(offer.change)
        kind = offer.suggestion.kind
        helped = [each for each in asking if mends(trial, each.finding, case, kind)]
        size = trial.sizes.get(case.filesystem.stage.index) if offer.suggestion.kind == "base" else None
        for each in helped:
            each.suggestions.append((number, replace(offer.suggestion, size=size)))
        return bool(helped), 1

    def _trial(self, change: Change) -> Trial:
        key = change.edits, change.ignored
        known = self._trials.get(key) if not change.assumed else None
        trial = known or try_out(self._before, self._laboratory.examine(change), self._foresights)
        if not change.assumed:
            self._trials[key] = trial
        return trial

    def _fails_still(self, offer: Offer, case: Case) -> bool:
        """Whether none of a few files that speak of the findings fares better, or one fails for a new reason."""
        change = offer.change
        if offer.suggestion.kind == "edit":  # an edit is found by what is wrong, and mostly helps
            return False
        if not change.assumed and (change.edits, change.ignored) in self._trials:
            return False
        stage = case.filesystem.stage.index
        failing = [each.path for each in case.placements if self._speaks(stage, each.path)]
        paths = frozenset(islice(failing, 0, None, max(1, len(failing) // _GLANCED)))
        instruction = case.instruction
        if not paths or (instruction is not None and instruction.keyword in STARTS):
            return False
        alone = self._needed(case, failing)
        if alone is not None and self._fared(change, stage, frozenset({alone})) in ([None], [False]):
            return True
        fared = self._fared(change, stage, paths)
        return bool(fared) and (False in fared or True not in fared)

    @staticmethod
    def _needed(case: Case, failing: Sequence[str]) -> str | None:
        """A file without which no offer helps: of a single finding one that no other finding names."""
        excused = failing_otherwise(case.finding, case.before.findings) if len(case.findings) == 1 else set(failing)
        return next((path for path in failing if path not in excused), None)

    def _fared(self, change: Change, stage: int, paths: frozenset[str]) -> list[bool | None]:
        """How files fare after a change; empty where one of them is not there any more."""
        seen = {each.path: each for each in self._laboratory.glance(change, stage, paths)}
        return [_fares(seen[path], self._places[stage, path]) for path in paths] if paths <= seen.keys() else []

    def _speaks(self, stage: int, path: str) -> bool:
        """Whether a program or library fails there as the stage is at its end."""
        known = self._places.get((stage, path))
        if known is None or known.artifact.kind != "elf" or known.verdict is not Verdict.FAILS:
            return False
        start = known.filesystem.entrypoint
        return start is None or start.keyword != "RUN"

    def _guarded(self, name: str, case: Case) -> Iterator[Offer]:
        """What a repair offers until it breaks down: a lost piece of advice is no lost finding."""
        try:
            yield from table.REPAIRS[name](case)
        except Exception as error:
            reason = f"its advice is left out: the repair {name} broke down ({type(error).__name__}: {error})"
            self.skipped.append(Skipped(case.finding.rule, reason, case.finding.location.span))

    def _is_enough(self, found: Mapping[str, _Found]) -> bool:
        return self._most is not None and all(len(each.suggestions) >= self._most for each in found.values())

    def _ordered(self, found: _Found) -> tuple[Suggestion, ...]:
        ordered = sorted(found.suggestions, key=lambda each: each[0])
        return tuple(suggestion for _, suggestion in ordered[: self._most])


def _fares(after: Placement, before: Placement) -> bool | None:
    """True where a file loads, or fails for fewer reasons than before; False where it fails for another one."""
    if after.verdict is not Verdict.FAILS:
        return True if after.verdict is Verdict.LOADS else None
    left, had = ({(each.cause, each.detail) for each in item.link.failures} for item in (after, before))
    return False if left - had else (True if left < had else None)
