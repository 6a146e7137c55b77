"""Every format on every golden project: what the program really prints is valid, not only what tests make up."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import jsonschema
import pytest

import depscan.reports

if TYPE_CHECKING:
    from tests.conftest import RunDepscan

TESTS = Path(__file__).parent
PROJECTS = TESTS.parent / "fixtures" / "projects"
SCHEMA = json.loads((Path(depscan.reports.__file__).parent / "schema.json").read_text())
SARIF = json.loads((TESTS / "data" / "sarif-schema-2.1.0.json").read_text())
NAMES = sorted(folder.name for folder in PROJECTS.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_machine_formats_are_valid(
    name: str, run_depscan: RunDepscan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(PROJECTS / name)
    formats = ("json", "sarif", "gitlab", "github", "checkstyle", "junit")
    asked = [word for each in formats for word in ("--format", f"{each}={tmp_path / each}")]
    code = run_depscan(*asked, "--format", "concise").code

    texts = {each: (tmp_path / each).read_text() for each in formats}
    report = json.loads(texts["json"])
    jsonschema.validate(report, SCHEMA)
    jsonschema.Draft4Validator(SARIF, format_checker=jsonschema.FormatChecker()).validate(json.loads(texts["sarif"]))
    shown = [finding for scan in report["scans"] for finding in scan["findings"] if not finding["ignored"]]
    assert len(json.loads(texts["gitlab"])) == texts["github"].count("\n") == len(shown)
    assert len(ElementTree.fromstring(texts["checkstyle"]).findall(".//error")) == len(shown)
    failures = ElementTree.fromstring(texts["junit"]).findall(".//failure")
    assert bool(failures) is bool(code) is bool(report["summary"]["exit_code"])


@pytest.mark.parametrize("name", NAMES)
def test_text_is_readable_at_100_columns(name: str, run_depscan: RunDepscan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECTS / name)
    for options in ((), ("--verbose",)):
        lines = run_depscan(*options).out.splitlines()
        assert any(" judged" in line for line in lines[-3:])
        assert max(map(len, lines)) <= 100


def test_standard_input_and_quiet(run_depscan: RunDepscan, monkeypatch: pytest.MonkeyPatch) -> None:
    project = PROJECTS / "too-new-for-debian-11"
    monkeypatch.chdir(project)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((project / "Dockerfile").read_bytes())))
    ran = run_depscan("--quiet", "-")
    assert ran.code == 1
    assert ran.out.startswith("error: /usr/bin/server will not start: it needs glibc 2.34, ")
    assert "\n  -:2 " in ran.out
    assert "judged" not in ran.out
