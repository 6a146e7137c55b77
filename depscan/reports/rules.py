"""What `depscan rules` prints: every rule in force on one line, or as JSON.

In: `Rule`s. Out: text or JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.reports.escaping import printable
from depscan.reports.objects import dump

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depscan.rulebook import Rule


def render_json(rules: Sequence[Rule]) -> str:
    """The document with schema_version 1."""
    return dump({"schema_version": 1, "rules": [_rule(rule) for rule in rules]})


def render_text(rules: Sequence[Rule]) -> str:
    """One line per rule: id, severity, and what goes wrong."""
    width = max((len(rule.id) for rule in rules), default=0)
    return "".join(f"{rule.id:<{width}}  {rule.severity:<7}  {printable(rule.summary)}\n" for rule in rules)


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "severity": rule.severity,
        "for": rule.kind,
        "summary": rule.summary,
        "why": rule.why.strip(),
        "fix": rule.fix.strip(),
        "references": list(rule.references),
    }
