"""Checkstyle XML, which Jenkins, reviewdog and many editors read.

In: a `ScanResult`. Out: one `<file>` per Dockerfile with one `<error>` per finding that is not ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from depscan.reports.escaping import printable

if TYPE_CHECKING:
    from depscan.findings import Finding
    from depscan.results import ScanResult

_SEVERITIES = {"error": "error", "warning": "warning", "note": "info"}


def render(result: ScanResult) -> str:
    """The document."""
    files: dict[str, list[Finding]] = {scan.source.path: [] for scan in result.scans}
    for finding in result.reported:
        files.setdefault(finding.location.path, []).append(finding)
    body = "".join(_file(path, findings) for path, findings in files.items())
    return f'<?xml version="1.0" encoding="utf-8"?>\n<checkstyle version="4.3">\n{body}</checkstyle>\n'


def _file(path: str, findings: list[Finding]) -> str:
    errors = "".join(f"    {_error(finding)}\n" for finding in findings)
    return f"  <file name={quoteattr(printable(path))}>\n{errors}  </file>\n"


def _error(finding: Finding) -> str:
    start = finding.location.span.start
    attributes = {
        "line": str(start.line),
        "column": str(start.column),
        "severity": _SEVERITIES[finding.severity],
        "message": finding.message,
        "source": f"depscan.{finding.rule}",
    }
    return f"<error {' '.join(f'{name}={quoteattr(printable(value))}' for name, value in attributes.items())}/>"
