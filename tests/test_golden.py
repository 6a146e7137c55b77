"""Golden projects: every folder of fixtures/projects is a Dockerfile, its build context, and what depscan says of it.

A new case: drop a folder there, run `pytest --update-golden`, review the diff. `arguments.json` holds further options.
`expected.txt` is the concise report with the exit code, `expected.json` what the JSON report says without its prose.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import RunDepscan

PROJECTS = Path(__file__).parents[1] / "fixtures" / "projects"


@pytest.mark.parametrize("name", sorted(folder.name for folder in PROJECTS.iterdir()))
def test_project(
    name: str, run_depscan: RunDepscan, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    project = PROJECTS / name
    monkeypatch.chdir(project)
    options = _options(project)

    concise = run_depscan(*options, "--format", "concise", "Dockerfile")
    report = run_depscan(*options, "--format", "json", "Dockerfile")

    text = f"{concise.out}exit code {concise.code}\n".replace(f"fixtures/projects/{name}/", "")
    extract = json.dumps(_extract(json.loads(report.out)), indent=1) + "\n"
    if request.config.getoption("--update-golden"):
        (project / "expected.txt").write_text(text)
        (project / "expected.json").write_text(extract)
    assert text == (project / "expected.txt").read_text()
    assert extract == (project / "expected.json").read_text()


def _options(project: Path) -> list[str]:
    path = project / "arguments.json"
    options: list[str] = json.loads(path.read_text()) if path.exists() else []
    return options


def _extract(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The verdicts, findings and what was skipped; not the sentences, which the reports' own tests hold."""
    return [
        {
            "platform": scan["platform"],
            "bases": [f"{stage['base']}: {_libc(stage)}" for stage in scan["stages"]],
            "placements": [_placement(row) for row in scan["placements"]],
            "findings": [_finding(row) for row in scan["findings"]],
            "skipped": [[row["subject"], row["line"]] for row in scan["skipped"]],
        }
        for scan in report["scans"]
    ]


def _libc(stage: dict[str, Any]) -> str:
    libc = stage["image"]["libc"]
    return f"{libc['family']} {libc['version'] or '?'}"


def _placement(row: dict[str, Any]) -> str:
    said = [row["verdict"], row["cause"], row["detail"], row["confidence"]]
    return f"stage {row['stage']}, line {row['line']}, {row['path']}: " + ", ".join(word for word in said if word)


def _finding(row: dict[str, Any]) -> dict[str, Any]:
    where = row["location"]
    return {
        "rule": row["rule"],
        "at": f"{where['line']}:{where['column']}-{where['end_line']}:{where['end_column']}",
        "related": [f"{place['line']}:{place['column']}" for place in row["related"]],
        "artifact": row["artifact"],
        "ignored": row["ignored"],
        "suggestions": [f"{item['kind']}: {item['title']}" for item in row["suggestions"]],
    }
