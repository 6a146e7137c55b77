"""GitLab Code Quality: the JSON array that merge requests show (a subset of the Code Climate issue).

In: a `ScanResult`. Out: one object per finding that is not ignored. GitLab wants unique fingerprints and paths relative
to the repository without a leading `./`.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import TYPE_CHECKING

from depscan.reports.escaping import printable
from depscan.reports.objects import dump

if TYPE_CHECKING:
    from depscan.findings import Finding
    from depscan.results import ScanResult

_SEVERITIES = {"error": "critical", "warning": "major", "note": "info"}


def render(result: ScanResult) -> str:
    """The array; `[]` when there is nothing to say."""
    seen: Counter[str] = Counter()
    return dump([_issue(finding, seen) for finding in result.reported])


def _issue(finding: Finding, seen: Counter[str]) -> dict[str, object]:
    fingerprint = finding.fingerprint
    seen[fingerprint] += 1
    again = f"-{seen[fingerprint]}" if seen[fingerprint] > 1 else ""
    span = finding.location.span
    return {
        "description": printable(finding.message),
        "check_name": finding.rule,
        "fingerprint": fingerprint + again,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": printable(posixpath.normpath(finding.location.path)),
            "lines": {"begin": span.start.line, "end": span.end.line},
        },
    }
