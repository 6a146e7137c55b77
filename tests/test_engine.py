"""Rules x subjects -> findings: grouping, confidence, severity, order, fingerprints, path ignores."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from depscan.config import Config, PathIgnore
from depscan.engine import judge, order
from depscan.errors import UsageError
from depscan.findings import Confidence, Finding, Severity
from depscan.rulebook import load_rules
from depscan.source import Span
from depscan.subjects import InstructionView, Subject

if TYPE_CHECKING:
    from depscan.rulebook import Rule

BUILT_IN = {rule.id: rule for rule in load_rules()}
COPY = Span.at(3, 1, 3, 20)
WORD = Span.at(3, 6, 3, 10)
FROM = Span.at(1, 6, 1, 12)


def rules(**changes: object) -> tuple[Rule, ...]:
    """copy-source-missing (warning) and dockerfile-syntax (error), the former with `changes`."""
    return (replace(BUILT_IN["copy-source-missing"], **changes), BUILT_IN["dockerfile-syntax"])


def subject(artifact: str | None = "/app/a", problem: str = "source-missing", **facts: object) -> Subject:
    plain = {
        "kind": "instruction",
        "names": {"instruction": InstructionView("COPY", problem, f"{artifact} is missing")},
        "span": WORD,
        "instruction_span": COPY,
        "root": "missing",
        "artifact": artifact,
        "source": artifact and artifact.removeprefix("/app/"),
    }
    return Subject(**{**plain, **facts})  # type: ignore[arg-type]


def run(*subjects: Subject, config: Config | None = None, **changes: object) -> tuple[Finding, ...]:
    return judge(rules(**changes), subjects, path="Dockerfile", config=config or Config(), today=date(2026, 1, 1))


def test_a_finding_carries_the_facts_of_its_subject() -> None:
    (finding,) = run(
        subject(related=((FROM, "the base"),), stage=2, evidence=("seen",), runtime_message="exec: no"),
    )
    assert (finding.rule, finding.severity, finding.message) == (
        "copy-source-missing",
        Severity.WARNING,
        "/app/a is missing",
    )
    assert (finding.location.path, finding.location.span) == ("Dockerfile", WORD)
    assert [(item.location.path, item.location.span, item.message) for item in finding.related] == [
        ("Dockerfile", FROM, "the base")
    ]
    assert (finding.stage, finding.artifact, finding.artifacts) == (2, "/app/a", ("/app/a",))
    assert (finding.evidence, finding.runtime_message, finding.ignored) == (("seen",), "exec: no", False)


def test_a_condition_that_does_not_hold_gives_nothing() -> None:
    assert run(subject(problem="other")) == ()


def test_one_root_cause_at_one_instruction_is_one_finding_with_a_count() -> None:
    many = [subject(f"/app/plugin{number:02}.so") for number in range(40)]
    (finding,) = run(*many)
    assert finding.message == "/app/plugin00.so is missing (and 39 more files)"
    assert len(finding.artifacts) == 40
    (two,) = run(*many[:2])
    assert two.message.endswith("(and 1 more file)")


@pytest.mark.parametrize(
    "other", [{"root": "other"}, {"instruction_span": Span.at(4, 1, 4, 9)}, {"names": subject(problem="syntax").names}]
)
def test_another_cause_instruction_or_rule_is_another_finding(other: dict[str, object]) -> None:
    assert len(run(subject("/app/a"), subject("/app/b", **other))) == 2


def test_the_same_artifact_twice_does_not_count_twice() -> None:
    (finding,) = run(subject(), subject())
    assert (finding.message, finding.artifacts) == ("/app/a is missing", ("/app/a",))


def test_the_best_proved_member_speaks_for_the_group() -> None:
    members = (subject("/app/a", confidence=Confidence.POSSIBLE), subject("/app/b", confidence=Confidence.LIKELY))
    (finding,) = run(*members)
    assert (finding.artifact, finding.confidence) == ("/app/b", Confidence.LIKELY)


@pytest.mark.parametrize("stated", [{}, {"copy-source-missing": Severity.ERROR}])
@pytest.mark.parametrize(("fact", "expected"), [(Confidence.POSSIBLE, "warning"), (Confidence.LIKELY, "error")])
def test_what_is_only_possible_is_no_error(fact: Confidence, expected: str, stated: dict[str, Severity]) -> None:
    found = run(subject(confidence=fact), severity=Severity.ERROR, config=Config(severity=stated))
    assert [str(each.severity) for each in found] == [expected]


@pytest.mark.parametrize(
    ("fact", "cap", "expected"),
    [
        (Confidence.CERTAIN, Confidence.LIKELY, Confidence.LIKELY),
        (Confidence.POSSIBLE, Confidence.LIKELY, Confidence.POSSIBLE),
        (Confidence.CERTAIN, Confidence.CERTAIN, Confidence.CERTAIN),
    ],
)
def test_a_rule_may_only_cap_confidence(fact: Confidence, cap: Confidence, expected: Confidence) -> None:
    (finding,) = run(subject(confidence=fact), max_confidence=cap)
    assert finding.confidence is expected


def test_severity_is_the_rules_unless_the_user_says_otherwise() -> None:
    config = Config(severity={"copy-source-missing": Severity.ERROR})
    assert run(subject(), config=config)[0].severity is Severity.ERROR


def test_a_stage_that_only_carries_files_has_notes() -> None:
    config = Config(severity={"copy-source-missing": Severity.ERROR})
    assert run(subject(gravest=Severity.NOTE), config=config)[0].severity is Severity.NOTE


def test_runtime_message_of_the_rule_serves_subjects_without_one() -> None:
    template = "{instruction.keyword} stops"
    assert run(subject(), runtime=template)[0].runtime_message == "COPY stops"
    assert run(subject(runtime_message="own"), runtime=template)[0].runtime_message == "own"


def test_select_and_ignore() -> None:
    both = (subject(), subject(problem="syntax"))
    assert [finding.rule for finding in run(*both)] == ["copy-source-missing", "dockerfile-syntax"]
    assert [f.rule for f in run(*both, config=Config(select=frozenset({"dockerfile-syntax"})))] == ["dockerfile-syntax"]
    assert [f.rule for f in run(*both, config=Config(ignore=frozenset({"dockerfile-syntax"})))] == [
        "copy-source-missing"
    ]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            Config(select=frozenset({"dockerfile-syntx"})),
            "select: unknown rule 'dockerfile-syntx'; did you mean 'docker",
        ),
        (Config(ignore=frozenset({"x"})), "ignore: unknown rule 'x'; known: copy-source-missing, dockerfile-syntax"),
        (Config(severity={"x": Severity.NOTE}), "severity: unknown rule 'x'"),
    ],
)
def test_a_rule_that_does_not_exist_is_wrong_use(config: Config, message: str) -> None:
    with pytest.raises(UsageError) as error:
        run(config=config)
    assert str(error.value).startswith(message)


def test_minimum_confidence_is_not_applied_here() -> None:
    """What `--min-confidence` hides has still happened: suggestions must see it."""
    weak = subject(confidence=Confidence.POSSIBLE)
    assert len(run(weak, config=Config(min_confidence=Confidence.CERTAIN))) == 1


def test_order_is_that_of_the_file() -> None:
    late = subject("/z", span=Span.at(9, 1, 9, 2), instruction_span=Span.at(9, 1, 9, 2))
    early = subject("/y", span=Span.at(2, 1, 2, 2), instruction_span=Span.at(2, 1, 2, 2))
    right = subject("/x", span=Span.at(2, 7, 2, 9), instruction_span=Span.at(2, 1, 2, 9))
    findings = run(late, right, early)
    assert [finding.artifact for finding in findings] == ["/y", "/x", "/z"]


@settings(deadline=None)
@given(st.permutations([subject(f"/app/{name}", root=root) for name in "abc" for root in "xy"]))
def test_findings_do_not_depend_on_the_order_of_subjects(subjects: list[Subject]) -> None:
    assert run(*subjects) == run(*(subject(f"/app/{name}", root=root) for name in "abc" for root in "xy"))


def moved(item: Subject) -> Subject:
    down = Span.at(33, 6, 33, 10)
    return replace(item, span=down, instruction_span=down)


def test_fingerprints_survive_moved_lines_and_tell_findings_apart() -> None:
    one, other = subject("/app/a"), subject("/app/b", root="other")
    findings = run(one, other)
    assert len({finding.fingerprint for finding in findings}) == 2
    assert run(moved(one))[0].fingerprint == run(one)[0].fingerprint
    twins = run(one, moved(one))
    assert twins[0].fingerprint != twins[1].fingerprint
    assert twins[0].fingerprint == run(one)[0].fingerprint
    assert all(len(finding.fingerprint) == 32 for finding in findings)


@pytest.mark.parametrize(
    ("pattern", "rule", "until", "ignored"),
    [
        ("vendor/**", "*", None, True),
        ("vendor/**", "copy-source-missing", None, True),
        ("vendor/**", "dockerfile-syntax", None, False),
        ("/app/vendor/*", "*", None, True),
        ("other/**", "*", None, False),
        ("vendor/**", "*", date(2026, 1, 1), True),
        ("vendor/**", "*", date(2025, 12, 31), False),
    ],
)
def test_path_ignores(pattern: str, rule: str, until: date | None, ignored: bool) -> None:
    config = Config(path_ignores=(PathIgnore(pattern, rule, "not ours", until),))
    (finding,) = run(subject("/app/vendor/a"), config=config)
    assert (finding.ignored, finding.ignore_reason) == ((True, "not ours") if ignored else (False, None))


def test_a_path_ignore_splits_a_group() -> None:
    config = Config(path_ignores=(PathIgnore("vendor/**", "*"),))
    findings = run(subject("/app/vendor/a"), subject("/app/vendor/b"), subject("/app/own"), config=config)
    assert [(finding.artifacts, finding.ignored) for finding in findings] == [
        (("/app/own",), False),
        (("/app/vendor/a", "/app/vendor/b"), True),
    ]


def test_order_is_stable_for_findings_without_artifact() -> None:
    findings = run(subject(None, root="b"), subject(None, root="a"))
    assert order(findings) == findings
