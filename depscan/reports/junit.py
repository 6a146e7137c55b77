"""JUnit XML, which every CI server shows: a test case per binary, and one per finding without a binary.

In: a `ScanResult`. Out: a `<testsuite>` per scan. A case fails exactly when a finding on it makes the exit code 1, so
that the two never disagree; other findings stand in `<system-out>`, and a binary with an unknown verdict is skipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from depscan.reports.escaping import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.findings import Finding
    from depscan.linking.placement import Placement
    from depscan.results import Scan, ScanResult

_TAGS = ("failure", "skipped")


def render(result: ScanResult) -> str:
    """The document."""
    suites = "".join(_suite(result, scan) for scan in result.scans)
    return f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="depscan">\n{suites}</testsuites>\n'


def _suite(result: ScanResult, scan: Scan) -> str:
    name = f"{scan.source.path} on {scan.platform}" + (f", {scan.build_name}" if scan.build_name else "")
    cases = list(_cases(result, scan, name))
    failures, skipped = (sum(f"<{tag}" in case for case in cases) for tag in _TAGS)
    counts = f'tests="{len(cases)}" failures="{failures}" errors="0" skipped="{skipped}"'
    return f"  <testsuite name={_attribute(name)} {counts}>\n{''.join(cases)}  </testsuite>\n"


def _cases(result: ScanResult, scan: Scan, suite: str) -> Iterator[str]:
    reported = [finding for finding in scan.findings if not finding.ignored]
    told: set[int] = set()
    for placement in scan.placements:
        own = [finding for finding in reported if _concerns(finding, placement)]
        told.update(id(finding) for finding in own)
        unknown = next(iter(placement.link.unknowns), "not known") if placement.verdict == "unknown" else None
        yield _case(suite, placement.path, _outcome(result, own, unknown))
    for finding in reported:
        if id(finding) not in told:
            yield _case(
                suite, f"{finding.rule} at line {finding.location.span.start.line}", _outcome(result, [finding])
            )
    denied = [row for row in scan.skipped if row.denied]
    yield from (_case(suite, row.subject, f"<skipped message={_attribute(row.reason)}/>") for row in denied)
    if not scan.placements and not reported and not denied:
        yield _case(suite, "nothing to report", "")


def _concerns(finding: Finding, placement: Placement) -> bool:
    paths = finding.artifacts or ((finding.artifact,) if finding.artifact else ())
    return finding.stage == placement.filesystem.stage.index and placement.path in paths


def _case(suite: str, name: str, outcome: str) -> str:
    head = f"    <testcase classname={_attribute(suite)} name={_attribute(name)}"
    return f"{head}>{outcome}</testcase>\n" if outcome else f"{head}/>\n"


def _outcome(result: ScanResult, findings: list[Finding], unknown: str | None = None) -> str:
    failing = [finding for finding in findings if result.fails(finding)]
    if failing:
        first = failing[0]
        head = f"<failure type={_attribute(first.rule)} message={_attribute(first.message)}>"
        return f"{head}{_body(findings)}</failure>"
    told = f"<system-out>{_body(findings)}</system-out>" if findings else ""
    return (f"<skipped message={_attribute(unknown)}/>" if unknown else "") + told


def _body(findings: list[Finding]) -> str:
    return escape("\n".join(printable(line) for finding in findings for line in _lines(finding)))


def _lines(finding: Finding) -> Iterator[str]:
    start = finding.location.span.start
    yield f"{finding.location.path}:{start.line}:{start.column}: {finding.severity} {finding.rule} {finding.message}"
    if finding.runtime_message:
        yield f"{finding.moment}: {finding.runtime_message}"
    yield from finding.evidence
    yield from (f"fix: {suggestion.title}" for suggestion in finding.suggestions)


def _attribute(text: str) -> str:
    return quoteattr(printable(text))
