"""Ignore comments of a Dockerfile against the findings, and what is wrong with the comments themselves.

In: findings, comments, the spans of all instructions. Out: the same findings, those that a comment covers marked as
ignored (a reader of JSON or SARIF still sees them), and findings on comments that are unused, expired or wrong.

    # depscan: ignore[rule-id, ...] reason until=YYYY-MM-DD     the next instruction, as primary or related place
    # depscan: file-ignore[rule-id] reason                      the whole file
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.engine import judge, order, select_rules
from depscan.rulebook.vocabulary import did_you_mean
from depscan.subjects import DirectiveView, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from depscan.config import Config
    from depscan.dockerfile.instructions import Comment
    from depscan.findings import Finding
    from depscan.rulebook import Rule
    from depscan.source import Span

_MARK = r"(?i)\s*depscan\s*:"
_DIRECTIVE = r"(?s)\s*depscan:\s*(?P<scope>ignore|file-ignore)\s*\[(?P<rules>[^\]]*)\](?P<rest>.*)"
_UNTIL = r"(?:^|\s)until=(\S*)"
_DATE = r"\d{4}-\d{2}-\d{2}"  # `fromisoformat` alone would take weeks and dates without hyphens too


class Directive(Struct, frozen=True):
    """One ignore comment. `instruction` is what it binds to: None for the whole file, or where nothing follows."""

    span: Span
    rules: tuple[str, ...]
    whole_file: bool
    instruction: Span | None
    reason: str
    until: date | None
    problem: str | None = None

    def covers(self, finding: Finding, today: date) -> bool:
        """Whether it makes `finding` an ignored one, today."""
        if finding.rule not in self.rules or self.problem or self.expired(today):
            return False
        places = [finding.location, *(related.location for related in finding.related)]
        return self.whole_file or any(
            self.instruction is not None
            and place.path == finding.location.path
            and self.instruction.start.line <= place.span.start.line <= self.instruction.end.line
            for place in places
        )

    def expired(self, today: date) -> bool:
        """Whether its date has passed; the day named still counts."""
        return self.until is not None and self.until < today


def apply_ignores(
    findings: Iterable[Finding],
    comments: Iterable[Comment],
    instructions: Iterable[Span],
    *,
    rules: Sequence[Rule],
    path: str,
    config: Config,
    today: date,
) -> tuple[Finding, ...]:
    """`findings` with the ignored ones marked, and those on the comments; below `config.min_confidence` dropped.

    `instructions` are the spans of all instructions of the file, FROM included; `rules` all rules that exist; `path`
    the Dockerfile as the user named it.
    """
    findings = tuple(findings)
    directives = read_directives(comments, instructions)
    marked = (_mark(finding, directives, today) for finding in findings)
    subjects = [
        _subject(directive, view)
        for directive in directives
        for view in _complaints(directive, findings, rules, config, today)
    ]
    on_comments = judge(rules, subjects, path=path, config=config, today=today)
    lowest = config.min_confidence.rank
    return order(finding for finding in (*marked, *on_comments) if finding.confidence.rank <= lowest)


def read_directives(comments: Iterable[Comment], instructions: Iterable[Span]) -> tuple[Directive, ...]:
    """The comments that speak to depscan, each bound to the instruction around it or after it."""
    spans = sorted(instructions)
    return tuple(
        _directive(comment, next((span for span in spans if span.end.line > comment.span.start.line), None))
        for comment in comments
        if re.match(_MARK, comment.text)
    )


def _directive(comment: Comment, following: Span | None) -> Directive:
    found = re.match(_DIRECTIVE, comment.text)
    if not found:
        return _malformed(
            comment, "write '# depscan: ignore[rule-id] reason' or '# depscan: file-ignore[rule-id] reason'"
        )
    rules = tuple(rule.strip() for rule in found["rules"].split(",") if rule.strip())
    if not rules:
        return _malformed(comment, "name a rule between the brackets")
    limit = re.search(_UNTIL, found["rest"])
    until = _date(limit[1]) if limit else None
    if limit and until is None:
        return _malformed(comment, f"until={limit[1]} is not a date of the form YYYY-MM-DD")
    whole_file = found["scope"] == "file-ignore"
    reason = re.sub(_UNTIL, "", found["rest"]).strip()
    return Directive(comment.span, rules, whole_file, None if whole_file else following, reason, until)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(_DATE, text) else None
    except ValueError:
        return None


def _malformed(comment: Comment, problem: str) -> Directive:
    return Directive(comment.span, (), False, None, "", None, problem)


def _mark(finding: Finding, directives: Iterable[Directive], today: date) -> Finding:
    for directive in directives:
        if not finding.ignored and directive.covers(finding, today):
            return replace(finding, ignored=True, ignore_reason=directive.reason)
    return finding


def _complaints(
    directive: Directive, findings: Sequence[Finding], rules: Iterable[Rule], config: Config, today: date
) -> Iterable[DirectiveView]:
    """What is wrong with a directive, for each rule that it names."""
    rules = tuple(rules)
    known = {rule.id for rule in rules}
    in_force = {rule.id for rule in select_rules(rules, config)}
    if directive.problem:
        yield DirectiveView("", "malformed", directive.problem)
    for rule in directive.rules:
        if rule not in known:
            yield DirectiveView(rule, "unknown-rule", f"there is no rule {rule!r}{did_you_mean(rule, known)}")
        elif directive.expired(today):
            yield DirectiveView(rule, "expired", f"{directive.until}")
        elif rule in in_force and not any(f.rule == rule and directive.covers(f, today) for f in findings):
            yield DirectiveView(rule, "unused", "the whole file" if directive.whole_file else "the next instruction")


def _subject(directive: Directive, view: DirectiveView) -> Subject:
    return Subject(
        kind="directive",
        names={"directive": view},
        span=directive.span,
        instruction_span=directive.span,
        root=f"{view.status}:{view.rule or view.detail}",
    )
