"""SARIF 2.1.0, for code scanning and editors; valid against the OASIS schema.

In: a `ScanResult`. Out: one run. Columns count code points and the run says so. Ignored findings stay, as suppressed
results; what was skipped becomes a notification of the invocation; edits become fixes. Section numbers in the
comments are those of the OASIS standard (SARIF v2.1.0, errata 01).
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from depscan.reports.escaping import printable, printable_lines
from depscan.reports.objects import dump
from depscan.version import HOME, __version__

if TYPE_CHECKING:
    from depscan.findings import Edit, Finding, Location, Suggestion
    from depscan.results import Scan, ScanResult
    from depscan.rulebook import Rule
    from depscan.source import Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"  # 3.14.14: the name by convention for the root of the sources
Json = dict[str, object]


def render(result: ScanResult) -> str:
    """The log file."""
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(result)]})


def _run(result: ScanResult) -> Json:
    indexes = {rule.id: index for index, rule in enumerate(result.rules)}
    driver = {
        "name": "depscan",
        "version": __version__,
        "semanticVersion": __version__,
        "informationUri": HOME,
        "rules": [_rule(rule) for rule in result.rules],
        "properties": {"knowledgeAsOf": result.knowledge_as_of},
    }
    return {
        "tool": {"driver": driver},
        "invocations": [_invocation(result)],
        "originalUriBaseIds": {
            ROOT: {"description": {"text": "The root of the repository, else the directory of the run."}}
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(told.in_full, told.scan, indexes) for told in result.distinct],
    }


def _rule(rule: Rule) -> Json:
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.id.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why.strip()},
        "helpUri": f"{HOME}rules/{rule.id}",
        "help": {"text": _help_text(rule), "markdown": _help_markdown(rule)},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": ["container", "linking"], "problem.severity": _problem_severity(rule.severity)},
    }


def _problem_severity(severity: str) -> str:
    """The word that GitHub code scanning reads: it says recommendation where SARIF says note."""
    return "recommendation" if severity == "note" else severity


def _help_text(rule: Rule) -> str:
    return "\n\n".join([rule.why.strip(), f"Fix: {rule.fix.strip()}", *rule.references])


def _help_markdown(rule: Rule) -> str:
    references = "\n".join(f"- {reference}" for reference in rule.references)
    parts = [f"## {rule.id}", rule.why.strip(), "### Fix", rule.fix.strip()]
    return "\n\n".join([*parts, "### References", references] if references else parts)


def _invocation(result: ScanResult) -> Json:
    return {
        "executionSuccessful": True,  # 3.20.14: the tool ran; findings do not make it fail
        "exitCode": result.exit_code,
        "toolExecutionNotifications": [
            _notification(f"skipped {skipped.subject}: {skipped.reason}", scan, skipped.span)
            for scan in result.scans
            for skipped in scan.skipped
        ],
        "toolConfigurationNotifications": [
            _notification(note, scan, None) for scan in result.scans for note in scan.notes
        ],
    }


def _notification(text: str, scan: Scan, span: Span | None) -> Json:
    place: Json = {"artifactLocation": _artifact(scan.source.path)}
    if span is not None:
        place["region"] = _region(span)
    return {"level": "note", "message": {"text": printable(text)}, "locations": [{"physicalLocation": place}]}


def _result(finding: Finding, scan: Scan, indexes: dict[str, int]) -> Json:
    document: Json = {
        "ruleId": finding.rule,
        "level": finding.severity,
        "message": {"text": _message(finding)},
        "locations": [{"physicalLocation": _physical(finding.location)}],
        "relatedLocations": [
            {"id": number, "physicalLocation": _physical(related.location), **_said(related.message)}
            for number, related in enumerate(finding.related, 1)
        ],
        "partialFingerprints": {"depscan/v1": finding.fingerprint},
        "fixes": [_fix(suggestion) for suggestion in finding.suggestions if suggestion.edits],
        "suppressions": _suppressions(finding),
        "properties": _properties(finding, scan),
    }
    if finding.rule in indexes:
        document["ruleIndex"] = indexes[finding.rule]
    return document


def _properties(finding: Finding, scan: Scan) -> Json:
    build = {"build": scan.build_name} if scan.build_name else {}
    return {"confidence": finding.confidence, "platform": str(scan.platform), **build}


def _message(finding: Finding) -> str:
    lines = [finding.message]
    if finding.runtime_message:
        lines.append(f"{finding.moment}: {finding.runtime_message}")
    lines += finding.evidence
    lines += [f"Fix: {suggestion.title}" for suggestion in finding.suggestions]
    return printable_lines("\n".join(lines))


def _suppressions(finding: Finding) -> list[Json]:
    """3.27.23: an empty array says that the result is not suppressed, an absent one that nobody looked."""
    if not finding.ignored:
        return []
    justification = {"justification": printable(finding.ignore_reason)} if finding.ignore_reason else {}
    return [{"kind": "inSource", **justification}]


def _fix(suggestion: Suggestion) -> Json:
    changes: dict[str, list[Edit]] = {}
    for edit in suggestion.edits:
        changes.setdefault(edit.location.path, []).append(edit)
    return {
        "description": _text(suggestion.title),
        "artifactChanges": [
            {"artifactLocation": _artifact(path), "replacements": [_replacement(edit) for edit in edits]}
            for path, edits in changes.items()
        ],
    }


def _replacement(edit: Edit) -> Json:
    return {"deletedRegion": _region(edit.location.span), "insertedContent": {"text": edit.text}}


def _physical(location: Location) -> Json:
    return {"artifactLocation": _artifact(location.path), "region": _region(location.span)}


def _artifact(path: str) -> Json:
    """A relative path stays relative to the root of the repository."""
    pure = PurePath(path)
    if pure.is_absolute():
        return {"uri": pure.as_uri()}
    return {"uri": quote(pure.as_posix(), errors="surrogateescape"), "uriBaseId": ROOT}


def _region(span: Span) -> Json:
    return {
        "startLine": span.start.line,
        "startColumn": span.start.column,
        "endLine": span.end.line,
        "endColumn": span.end.column,
    }


def _said(message: str) -> Json:
    return {"message": _text(message)} if message else {}


def _text(text: str) -> Json:
    return {"text": printable(text)}
