"""GitHub Actions workflow commands: a finding becomes an annotation on its line of the Dockerfile.

In: a `ScanResult`. Out: one `::error file=...::message` line per finding that is not ignored. Escaping as the runner
decodes it (actions/toolkit, packages/core/src/command.ts): `%`, CR and LF everywhere, `:` and `,` in properties too.
"""

from __future__ import annotations

from itertools import starmap
from typing import TYPE_CHECKING

from depscan.reports.escaping import printable, printable_lines

if TYPE_CHECKING:
    from depscan.findings import Finding, Skipped
    from depscan.results import ScanResult
    from depscan.source import Position

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(result: ScanResult) -> str:
    """The commands; empty when there is nothing to say."""
    return "".join([*map(_command, result.reported), *starmap(_skipped, result.denied)])


def _skipped(path: str, at: Position, row: Skipped) -> str:
    fields = f"file={_property(path)},line={at.line},col={at.column},title={_property('depscan: skipped')}"
    return f"::notice {fields}::{_data(row.message)}\n"


def _command(finding: Finding) -> str:
    span = finding.location.span
    properties: dict[str, object] = {"file": finding.location.path, "line": span.start.line}
    if span.end.line == span.start.line:  # the runner takes columns for one line only
        properties |= {"col": span.start.column, "endColumn": span.end.column}
    properties |= {"endLine": span.end.line, "title": f"depscan: {finding.rule}"}
    fields = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {fields}::{_data(_message(finding))}\n"


def _message(finding: Finding) -> str:
    lines = [finding.message]
    if finding.runtime_message:
        lines.append(f"{finding.moment}: {finding.runtime_message}")
    lines += [f"Fix: {suggestion.title}" for suggestion in finding.suggestions[:3]]
    return "\n".join(lines)


def _data(text: str) -> str:
    return printable_lines(text).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return printable(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
