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
    from depscan.source import Position

_SEVERITIES = {"error": "error", "warning": "warning", "note": "info"}


def render(result: ScanResult) -> str:
    """The document."""
    files: dict[str, list[str]] = {scan.source.path: [] for scan in result.scans}
    for finding in result.reported:
        files.setdefault(finding.location.path, []).append(_finding(finding))
    for path, at, row in result.denied:
        files[path].append(_error(at, "info", row.message, "depscan.skipped"))
    body = "".join(_file(path, errors) for path, errors in files.items())
    return f'<?xml version="1.0" encoding="utf-8"?>\n<checkstyle version="4.3">\n{body}</checkstyle>\n'


def _file(path: str, errors: list[str]) -> str:
    body = "".join(f"    {error}\n" for error in errors)
    return f"  <file name={quoteattr(printable(path))}>\n{body}  </file>\n"


def _finding(finding: Finding) -> str:
    start, severity = finding.location.span.start, _SEVERITIES[finding.severity]
    return _error(start, severity, finding.message, f"depscan.{finding.rule}")


def _error(at: Position, severity: str, message: str, source: str) -> str:
    attributes = {
        "line": str(at.line),
        "column": str(at.column),
        "severity": severity,
        "message": message,
        "source": source,
    }
    return f"<error {' '.join(f'{name}={quoteattr(printable(value))}' for name, value in attributes.items())}/>"
