"""Ignore comments: what they bind to, what they cover, and the findings on those that do not."""

from __future__ import annotations

from datetime import date

import pytest

from depscan.config import Config
from depscan.dockerfile.instructions import Comment
from depscan.findings import Confidence, Finding, Location, Related, Severity
from depscan.ignores import apply_ignores
from depscan.rulebook import load_rules
from depscan.source import Span

RULES = load_rules()
TODAY = date(2026, 6, 1)
# FROM on line 1, RUN over lines 4 to 6, COPY on line 8
FROM, RUN, COPY = Span.at(1, 1, 1, 20), Span.at(4, 1, 6, 10), Span.at(8, 1, 8, 20)


def comment(line: int, text: str) -> Comment:
    return Comment(text, Span.at(line, 1, line, len(text) + 2))


def finding(line: int, rule: str = "wrong-architecture", **facts: object) -> Finding:
    plain = {"severity": Severity.ERROR, "confidence": Confidence.CERTAIN, "message": "no"}
    return Finding(rule=rule, location=at(line), **{**plain, **facts})  # type: ignore[arg-type]


def at(line: int, path: str = "Dockerfile") -> Location:
    return Location(path, Span.at(line, 6, line, 9))


def run(findings: list[Finding], *comments: Comment, config: Config | None = None) -> tuple[Finding, ...]:
    return apply_ignores(
        findings,
        comments,
        [COPY, FROM, RUN],
        rules=RULES,
        path="Dockerfile",
        config=config or Config(),
        today=TODAY,
    )


def told(findings: tuple[Finding, ...]) -> list[tuple[int, str, str]]:
    return [
        (item.location.span.start.line, item.rule, item.message) for item in findings if item.rule.endswith("-ignore")
    ]


@pytest.mark.parametrize("line", [7, 2])
def test_the_comment_binds_to_the_next_instruction(line: int) -> None:
    """Other comments and empty lines may stand between; another instruction may not."""
    result = run([finding(8)], comment(line, " depscan: ignore[wrong-architecture] runs under qemu"))
    marked = [item for item in result if item.rule == "wrong-architecture"]
    assert [(item.ignored, item.ignore_reason) for item in marked] == (
        [(True, "runs under qemu")] if line == 7 else [(False, None)]
    )


@pytest.mark.parametrize("line", [4, 5, 6])
def test_every_line_of_the_instruction_is_covered(line: int) -> None:
    (result,) = run([finding(line)], comment(3, " depscan: ignore[wrong-architecture]"))
    assert (result.ignored, result.ignore_reason) == (True, "")


def test_a_comment_inside_an_instruction_binds_to_it() -> None:
    (result,) = run([finding(4)], comment(5, " depscan: ignore[wrong-architecture]"))
    assert result.ignored


def test_a_related_place_is_enough() -> None:
    related = (Related(at(1), "this base"),)
    text = comment(0, " depscan: ignore[wrong-architecture]")
    assert run([finding(8, related=related)], text)[0].ignored
    assert not run([finding(8, related=(Related(at(1, "entry.sh"), "elsewhere"),))], text)[-1].ignored


@pytest.mark.parametrize(
    "text",
    [
        " depscan: ignore[second-libc-hack, wrong-architecture] two",
        " depscan: ignore[ wrong-architecture,second-libc-hack ]two",
        "depscan:ignore[second-libc-hack,wrong-architecture,]  two  ",
        " depscan: ignore[second-libc-hack, wrong-architecture] two until=2026-06-01",
        " depscan: ignore[second-libc-hack, wrong-architecture] until=2030-01-01 two",
    ],
)
def test_several_rules_and_a_date(text: str) -> None:
    result = run([finding(8), finding(8, "second-libc-hack")], comment(7, text))
    assert [(item.ignored, item.ignore_reason) for item in result] == [(True, "two"), (True, "two")]


def test_the_whole_file() -> None:
    text = comment(9, " depscan: file-ignore[wrong-architecture] emulated")
    result = run([finding(8), finding(4), finding(4, "second-libc-hack")], text)
    assert [item.ignored for item in result] == [False, True, True]
    assert [item.rule for item in result] == ["second-libc-hack", "wrong-architecture", "wrong-architecture"]


def test_another_rule_stays() -> None:
    result = run([finding(8, "second-libc-hack")], comment(7, " depscan: ignore[wrong-architecture]"))
    assert not any(item.ignored for item in result)
    assert told(result) == [
        (7, "unused-ignore", "no finding of wrong-architecture to ignore in the next instruction; remove the name")
    ]


def test_each_unused_name_is_told() -> None:
    result = run([finding(8)], comment(7, " depscan: ignore[wrong-architecture, second-libc-hack, musl-exec-on-glibc]"))
    assert [rule for _, rule, message in told(result)] == ["unused-ignore", "unused-ignore"]
    assert all(item.severity is Severity.NOTE for item in result if item.rule == "unused-ignore")


def test_a_name_that_is_not_in_force_is_not_unused() -> None:
    text = comment(7, " depscan: ignore[wrong-architecture]")
    assert run([], text, config=Config(ignore=frozenset({"wrong-architecture"}))) == ()
    assert run([], text, config=Config(select=frozenset({"second-libc-hack", "unused-ignore"}))) == ()


def test_a_path_ignored_finding_still_uses_the_comment() -> None:
    (result,) = run(
        [finding(8, ignored=True, ignore_reason="vendored")], comment(7, " depscan: ignore[wrong-architecture] x")
    )
    assert result.ignore_reason == "vendored"


def test_a_date_that_has_passed() -> None:
    result = run([finding(8)], comment(7, " depscan: ignore[wrong-architecture] until=2026-05-31 soon"))
    assert [(item.rule, item.ignored) for item in result] == [("expired-ignore", False), ("wrong-architecture", False)]
    assert told(result) == [
        (
            7,
            "expired-ignore",
            "this ignore of wrong-architecture ended on 2026-05-31; fix the cause, or set a later date",
        )
    ]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (" depscan: ignore[wrong-arch]", "there is no rule 'wrong-arch'; "),
        (
            " depscan: ignore[wrong-architectur]",
            "there is no rule 'wrong-architectur'; did you mean 'wrong-architecture'?",
        ),
        (" depscan: ignore[]", "name a rule between the brackets"),
        (" depscan: ignore[ , ]", "name a rule between the brackets"),
        (" depscan: ignore wrong-architecture", "write '# depscan: ignore[rule-id] reason' or"),
        (" depscan: disable", "write '# depscan: ignore[rule-id] reason' or"),
        (" DepScan: ignore[wrong-architecture]", "write '# depscan: ignore[rule-id] reason' or"),
        (" depscan: ignore[wrong-architecture", "write '# depscan: ignore[rule-id] reason' or"),
        (" depscan: ignore[wrong-architecture] until=tomorrow", "until=tomorrow is not a date of the form YYYY-MM-DD"),
        (" depscan: ignore[wrong-architecture] until=2026-02-30", "until=2026-02-30 is not a date"),
        (" depscan: ignore[wrong-architecture] until=20260601", "until=20260601 is not a date"),
    ],
)
def test_what_is_not_understood_ignores_nothing_and_is_told(text: str, detail: str) -> None:
    result = run([finding(8)], comment(7, text))
    assert not any(item.ignored for item in result)
    ((line, rule, message),) = told(result)
    assert (line, rule) == (7, "invalid-ignore")
    assert message.startswith(f"this ignore comment has no effect: {detail}")


@pytest.mark.parametrize(
    "text", [" about depscan: it ignores", " syntax=docker/dockerfile:1", "", " depscan is a linter"]
)
def test_other_comments_say_nothing_to_depscan(text: str) -> None:
    assert told(run([finding(8)], comment(7, text))) == []


def test_a_comment_after_the_last_instruction_binds_to_nothing() -> None:
    result = run([finding(8)], comment(9, " depscan: ignore[wrong-architecture]"))
    assert [(item.rule, item.ignored) for item in result] == [("wrong-architecture", False), ("unused-ignore", False)]


def test_minimum_confidence_hides_last() -> None:
    """A comment on a finding that is hidden is not unused."""
    weak = finding(8, confidence=Confidence.POSSIBLE)
    config = Config(min_confidence=Confidence.LIKELY)
    assert run([weak], comment(7, " depscan: ignore[wrong-architecture]"), config=config) == ()
    assert run([weak], config=config) == ()
    assert len(run([finding(8, confidence=Confidence.LIKELY)], config=config)) == 1


def test_the_span_of_a_finding_on_a_comment_is_the_comment() -> None:
    text = comment(7, " depscan: ignore[]")
    (result,) = run([], text)
    assert result.location == Location("Dockerfile", text.span)
