"""GitLab Code Quality: the JSON array that merge requests show (a subset of the Code Climate issue).

In: a `ScanResult`. Out: one object per finding that is not ignored. GitLab wants unique fingerprints and paths relative
to the repository without a leading `./`.
"""

from __future__ import annotations

import posixpath
import zlib
from collections import Counter
from itertools import starmap
from typing import TYPE_CHECKING

from depscan.reports.escaping import printable
from depscan.reports.objects import dump

if TYPE_CHECKING:
    from depscan.findings import Finding, Skipped
    from depscan.results import ScanResult
    from depscan.source import Position

_SEVERITIES = {"error": "critical", "warning": "major", "note": "info"}


def render(result: ScanResult) -> str:
    """The array; `[]` when there is nothing to say."""
    seen: Counter[str] = Counter()
    return dump([*(_issue(finding, seen) for finding in result.reported), *starmap(_skipped, result.denied)])


def _skipped(path: str, at: Position, row: Skipped) -> dict[str, object]:
    identity = zlib.crc32(f"{path} {row.message} {at.line}".encode("utf-8", "surrogateescape"))
    return {
        "description": printable(row.message),
        "check_name": "skipped",
        "fingerprint": f"skipped-{identity:08x}",
        "severity": "info",
        "location": {"path": printable(posixpath.normpath(path)), "lines": {"begin": at.line, "end": at.line}},
    }


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
