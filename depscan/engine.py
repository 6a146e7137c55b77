"""Rules x subjects -> findings.

In: rules, subjects, the Dockerfile's path and the configuration. Out: findings in the order of the file, one for each
root cause at one instruction, however many artifacts it makes fail. Severity comes from the rule and the user, and is
at most a warning for what is only possible; confidence comes from the facts. `--min-confidence` and ignore comments are
not applied here but in `ignores`: what they hide has still happened, and `suggest` must see it.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.errors import UsageError
from depscan.findings import Confidence, Finding, Location, Related, Severity
from depscan.rulebook.conditions import path_matches
from depscan.rulebook.vocabulary import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from depscan.config import Config, PathIgnore
    from depscan.rulebook import Rule
    from depscan.source import Position, Span
    from depscan.subjects import Subject

_NAMES_ALL = "{artifact.who}"  # in a message that is as true of many files


def judge(
    rules: Iterable[Rule], subjects: Sequence[Subject], *, path: str, config: Config, today: date | None = None
) -> tuple[Finding, ...]:
    """The findings on `subjects`, ordered by line, column, rule and artifact.

    `path` is the Dockerfile as the user named it; `today` decides which path ignores have expired. Raises UsageError
    for a rule name in the configuration that does not exist.
    """
    by_kind: dict[str, list[Subject]] = {}
    for subject in subjects:
        by_kind.setdefault(subject.kind, []).append(subject)
    ignores = _ignores_in_force(config, today or date.today())
    findings = [
        _finding(rule, members, path, config.severity.get(rule.id, rule.severity), ignore)
        for rule in select_rules(rules, config)
        for (_, _, ignore), members in _group(rule, by_kind.get(rule.kind, []), ignores).items()
    ]
    findings.sort(key=lambda finding: finding.identity)  # what `order` takes for equal, in the same order each run
    return _number_twins(order(findings))


def select_rules(rules: Iterable[Rule], config: Config) -> tuple[Rule, ...]:
    """The rules that the configuration leaves in force; raises UsageError for a name that does not exist."""
    rules = tuple(rules)
    known = {rule.id for rule in rules}
    for option, names in (("select", config.select), ("ignore", config.ignore), ("severity", config.severity)):
        for name in sorted(set(names) - known):
            raise UsageError(f"{option}: unknown rule {name!r}{did_you_mean(name, known)}")
    return tuple(
        rule for rule in rules if rule.id not in config.ignore and (not config.select or rule.id in config.select)
    )


def order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """As a reader meets them in the file."""

    def place(finding: Finding) -> tuple[Position, str, str]:
        return finding.location.span.start, finding.rule, finding.artifact or ""

    return tuple(sorted(findings, key=place))


def _group(
    rule: Rule, subjects: Iterable[Subject], ignores: Sequence[PathIgnore]
) -> dict[tuple[Span, str, PathIgnore | None], list[Subject]]:
    """What is one finding: the same instruction, the same root cause, and the same path ignore or none."""
    groups: dict[tuple[Span, str, PathIgnore | None], list[Subject]] = {}
    for subject in subjects:
        if rule.holds(subject.names):
            key = (subject.instruction_span, subject.root, _path_ignore(rule.id, subject, ignores))
            groups.setdefault(key, []).append(subject)
    return groups


def _finding(
    rule: Rule, members: Sequence[Subject], path: str, severity: Severity, ignore: PathIgnore | None
) -> Finding:
    """One finding for `members`, of which one speaks."""
    first = members[0]
    if len(members) > 1:
        from depscan.subjects.groups import speak  # noqa: PLC0415 - most findings are on one thing

        first = speak(members)
    confidence = Confidence.weakest(first.confidence, rule.max_confidence)
    gravest = max(min((member.gravest for member in members), key=_rank), _gravest_of(confidence), key=_rank)
    artifacts = tuple(sorted({member.artifact for member in members if member.artifact is not None}))
    return Finding(
        rule=rule.id,
        severity=max(severity, gravest, key=_rank),
        confidence=confidence,
        message=rule.tell(first.names) + ("" if _NAMES_ALL in rule.message else _count(len(artifacts) - 1)),
        location=Location(path, first.span),
        related=tuple(Related(Location(path, span), message) for span, message in first.related),
        stage=first.stage,
        artifact=first.artifact,
        artifacts=artifacts,
        runtime_message=first.runtime_message or rule.tell_runtime(first.names),
        evidence=first.evidence,
        label=first.label,
        moment=first.moment,
        identity="\0".join([path, rule.id, first.artifact or "", first.source or "", first.root]),
        ignored=ignore is not None,
        ignore_reason=ignore.reason if ignore else None,
    )


def _gravest_of(confidence: Confidence) -> Severity:
    """What is only possible never makes the exit code 1, so no format calls it an error."""
    return Severity.WARNING if confidence is Confidence.POSSIBLE else Severity.ERROR


def _rank(severity: Severity) -> int:
    return severity.rank


def _count(others: int) -> str:
    if others <= 0:
        return ""
    return f" (and {others} more file{'s' if others > 1 else ''})"


def _number_twins(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Make identities unique."""
    seen: dict[str, int] = {}
    done = []
    for finding in findings:
        number = seen[finding.identity] = seen.get(finding.identity, 0) + 1
        done.append(replace(finding, identity=f"{finding.identity}\0{number}"))
    return tuple(done)


def _ignores_in_force(config: Config, today: date) -> tuple[PathIgnore, ...]:
    return tuple(ignore for ignore in config.path_ignores if ignore.until is None or today <= ignore.until)


def _path_ignore(rule: str, subject: Subject, ignores: Iterable[PathIgnore]) -> PathIgnore | None:
    """The first `[[ignore]]` that names the rule and matches the artifact, as the context or the image calls it."""
    places = [place for place in (subject.source, subject.artifact) if place is not None]
    for ignore in ignores:
        if ignore.rule in ("*", rule) and any(path_matches(ignore.path, place) for place in places):
            return ignore
    return None
