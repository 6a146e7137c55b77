"""A platform that nobody named: what rests on it says so, and a build for another machine is asked about once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from depscan.config import Config
from depscan.platforms import parse_platform
from depscan.reports import FORMATS
from depscan.scan import scan

ELF = Path(__file__).parents[1] / "fixtures" / "elf"
NATIVE, FOREIGN = "hello-static", "hello-arm64"
ARM64, AMD64 = parse_platform("linux/arm64"), parse_platform("linux/amd64")
Told = tuple[str, int, int, str, str]


def told(root: Path, text: str, config: Config, **files: str) -> list[Told]:
    """(rule, line, column, severity, confidence) of each finding."""
    for name, fixture in files.items():
        shutil.copy(ELF / fixture, root / name)
        (root / name).chmod(0o755)
    (root / "Dockerfile").write_text(text)
    return [
        (
            each.rule,
            each.location.span.start.line,
            each.location.span.start.column,
            each.severity.value,
            each.confidence.value,
        )
        for each in scan([root / "Dockerfile"], config).reported
    ]


ONE = 'FROM debian:12-slim\nCOPY tool /usr/local/bin/\nENTRYPOINT ["tool"]\n'
TWO = 'FROM debian:12-slim\nCOPY tool /usr/local/bin/\nCOPY other /usr/local/bin/\nENTRYPOINT ["other"]\n'
ASKED = ("built-for-another-platform", 1, 6, "warning", "likely")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [ASKED]),
        ({"platforms": (AMD64,)}, [("wrong-architecture", 2, 6, "error", "certain")]),
        ({"default_platform": AMD64}, [("wrong-architecture", 2, 6, "error", "certain")]),
        ({"platforms": (ARM64,)}, []),
        ({"default_platform": ARM64}, []),
    ],
)
def test_all_programs_of_another_machine(tmp_path: Path, settings: dict[str, object], expected: list[Told]) -> None:
    assert told(tmp_path, ONE, Config(cache=False, jobs=1, **settings), tool=FOREIGN) == expected


def test_the_question_names_the_platform(tmp_path: Path) -> None:
    told(tmp_path, ONE, Config(), tool=FOREIGN)
    (finding,) = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).reported
    assert "linux/arm64" in finding.message
    assert "--platform linux/arm64" in finding.message


def test_one_of_another_machine_beside_the_started_one_is_likely_wrong(tmp_path: Path) -> None:
    found = told(tmp_path, TWO, Config(cache=False, jobs=1), tool=FOREIGN, other=NATIVE)
    assert found == [("wrong-architecture", 2, 6, "error", "likely")]


def test_a_download_for_another_machine_asks_nothing(tmp_path: Path) -> None:
    text = "FROM nginx:1.27\nCOPY tool /usr/share/nginx/html/tool\n"
    found = told(tmp_path, text, Config(cache=False, jobs=1, ignore=frozenset({"base-end-of-life"})), tool=FOREIGN)
    assert [each for each in found if each[0] == "built-for-another-platform" or each[3] == "error"] == []


def test_a_platform_in_from_is_named(tmp_path: Path) -> None:
    text = ONE.replace("FROM ", "FROM --platform=linux/amd64 ")
    found = told(tmp_path, text, Config(cache=False, jobs=1), tool=FOREIGN)
    assert found == [("wrong-architecture", 2, 6, "error", "certain")]


@pytest.mark.parametrize(("settings", "expected"), [({}, True), ({"platforms": (AMD64,)}, False)])
def test_json_says_that_it_was_assumed(tmp_path: Path, settings: dict[str, object], expected: bool) -> None:
    told(tmp_path, ONE, Config(), tool=NATIVE)
    result = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1, **settings))
    assert [each["platform_assumed"] for each in json.loads(FORMATS["json"](result))["scans"]] == [expected]


def test_the_finding_says_that_it_rests_on_an_assumption(tmp_path: Path) -> None:
    told(tmp_path, TWO, Config(), tool=FOREIGN, other=NATIVE)
    (finding,) = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).reported
    assert "linux/amd64 is assumed: nobody names a platform" in finding.evidence
