"""One line per finding, for editors and grep: `path:line:column: severity rule-id message [confidence]`.

In: a `ScanResult`. Out: lines that a VS Code problem matcher reads. Ignored findings are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.reports.escaping import printable

if TYPE_CHECKING:
    from depscan.findings import Finding
    from depscan.results import ScanResult


def render(result: ScanResult) -> str:
    """The lines; empty when there is nothing to say."""
    lines = [_line(finding) for finding in result.reported]
    rows = () if result.quiet else result.denied
    lines += [printable(f"{path}:{at.line}:{at.column}: note skipped {row.message}") + "\n" for path, at, row in rows]
    return "".join(lines)


def _line(finding: Finding) -> str:
    start = finding.location.span.start
    place = f"{finding.location.path}:{start.line}:{start.column}"
    return printable(f"{place}: {finding.severity} {finding.rule} {finding.message} [{finding.confidence}]") + "\n"
