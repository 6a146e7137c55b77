"""GitLab Code Quality: the JSON array that merge requests show (a subset of the Code Climate issue).

In: a `ScanResult`. Out: one object per finding that is not ignored. GitLab wants unique fingerprints and paths relative
to the repository without a leading `./`.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from depscan.escaping import printable
from depscan.json_objects import dump

if TYPE_CHECKING:
    from depscan.findings import Finding
    from depscan.results import ScanResult

_SEVERITIES = {"error": "critical", "warning": "major", "note": "info"}


def render(result: ScanResult) -> str:
    """The array; `[]` when there is nothing to say."""
    return dump([_issue(finding) for finding in result.reported])


def _issue(finding: Finding) -> dict[str, object]:
    span = finding.location.span
    return {
        "description": printable(finding.message),
        "check_name": finding.rule,
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": printable(posixpath.normpath(finding.location.path)),
            "lines": {"begin": span.start.line, "end": span.end.line},
        },
    }
