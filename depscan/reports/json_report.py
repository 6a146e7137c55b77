"""The JSON report: everything a run knows, in a shape that other programs may rely on (schema_version 1).

In: a `ScanResult`. Out: the document that `schema.json` in this folder describes, fields in this
order. A field is added with a new minor version of depscan; none changes its meaning without a new schema_version.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from depscan.reports.objects import dump, elf_object, image_object
from depscan.version import __version__

if TYPE_CHECKING:
    from depscan.builds.build import Build
    from depscan.filesystem.entries import StageFilesystem
    from depscan.findings import Edit, Finding, Location, Related, Skipped, Suggestion
    from depscan.linking.placement import Placement
    from depscan.results import Scan, ScanResult


def render(result: ScanResult) -> str:
    """The document."""
    return dump(
        {
            "schema_version": 1,
            "tool": {"name": "depscan", "version": __version__, "knowledge_as_of": result.knowledge_as_of},
            "scans": [_scan(scan) for scan in result.scans],
            "summary": _summary(result),
        }
    )


def _scan(scan: Scan) -> dict[str, object]:
    return {
        "dockerfile": scan.source.path,
        "context": scan.context,
        "target": scan.target,
        "platform": str(scan.platform),
        "platform_assumed": scan.platform_assumed,
        **_build(scan.build),
        "stages": [_stage(stage, scan) for stage in scan.stages],
        "placements": [_placement(placement) for placement in scan.placements],
        "findings": [_finding(finding) for finding in scan.findings],
        "skipped": [_skipped(skipped) for skipped in scan.skipped],
    }


def _build(build: Build | None) -> dict[str, object]:
    """Where the settings come from: the file, what the build is called there, its line; nothing where none says so."""
    if build is None or build.source is None:
        return {}
    line = build.span.start.line if build.span else None
    return {"build": {"source": build.source, "name": build.name, "line": line}}


def _stage(filesystem: StageFilesystem, scan: Scan) -> dict[str, object]:
    stage = filesystem.stage
    return {
        "index": stage.index,
        "name": stage.name,
        "line": stage.instruction.span.start.line,
        "base": stage.base,
        "in_target": stage.index in scan.in_target,
        "image": image_object(filesystem.profile),
    }


def _placement(placement: Placement) -> dict[str, object]:
    artifact = placement.artifact
    return {
        "path": placement.path,
        "stage": placement.filesystem.stage.index,
        "line": placement.entry.span.start.line,
        "kind": artifact.kind,
        "origin": artifact.origin,
        "source": artifact.source,
        "verdict": placement.verdict,
        "cause": placement.cause,
        "detail": placement.detail,
        "confidence": placement.confidence,
        "elf": elf_object(artifact.facts) if artifact.kind != "script" else None,
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "message": finding.message,
        "location": _location(finding.location),
        "related": [_related(related) for related in finding.related],
        "stage": finding.stage,
        "artifact": finding.artifact,
        "runtime_message": finding.runtime_message,
        "evidence": list(finding.evidence),
        "fingerprint": finding.fingerprint,
        "ignored": finding.ignored,
        "suggestions": [_suggestion(suggestion) for suggestion in finding.suggestions],
    }


def _location(location: Location) -> dict[str, object]:
    span = location.span
    return {
        "path": location.path,
        "line": span.start.line,
        "column": span.start.column,
        "end_line": span.end.line,
        "end_column": span.end.column,
    }


def _related(related: Related) -> dict[str, object]:
    return {**_location(related.location), "message": related.message}


def _suggestion(suggestion: Suggestion) -> dict[str, object]:
    return {
        "kind": suggestion.kind,
        "title": suggestion.title,
        "proved": True,
        "safety": suggestion.safety,
        "base": suggestion.base,
        "edits": [_edit(edit) for edit in suggestion.edits],
    }


def _edit(edit: Edit) -> dict[str, object]:
    return {**_location(edit.location), "text": edit.text}


def _skipped(skipped: Skipped) -> dict[str, object]:
    line = skipped.span.start.line if skipped.span else None
    return {"subject": skipped.subject, "reason": skipped.reason, "line": line}


def _summary(result: ScanResult) -> dict[str, int]:
    findings = [finding for scan in result.scans for finding in scan.findings]
    counts = Counter("ignored" if finding.ignored else f"{finding.severity}s" for finding in findings)
    return {
        **{name: counts[name] for name in ("errors", "warnings", "notes", "ignored")},
        "skipped": sum(len(scan.skipped) for scan in result.scans),
        "exit_code": result.exit_code,
    }
