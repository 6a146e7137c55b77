"""Small multi-stage projects: those that work get no finding, those that fail get the rule that tells why.

Each folder of `working/` and `broken/` is a Dockerfile with the manifests of its context and `expected.toml`:
`story` (one line), `thread` (where users met it), `platforms`, `allowed` (rules that may warn there, not fail),
`[elf]` (paths to lay out from fixtures/elf) and `[[findings]]` (`rule`, and as far as they matter `line`, `severity`,
`confidence`). They are written for this test after patterns seen in public, none is anybody's file.
"""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from depscan.config import Config
from depscan.findings import Severity
from depscan.platforms import parse_platform
from depscan.scan import scan
from tests.stages.awaited import AWAITED

if TYPE_CHECKING:
    from depscan.findings import Finding

HERE = Path(__file__).parent
FIXTURES = HERE.parents[1] / "fixtures" / "elf"
# Rules about a tag or its age, which every real Dockerfile meets: not what these cases are about.
ABOUT_TAGS = frozenset({"base-end-of-life", "base-tag-moves", "base-unresolved", "builder-tag-moves"})
NAMES = sorted(f"{kind}/{folder.name}" for kind in ("working", "broken") for folder in (HERE / kind).iterdir())
CASES = [
    pytest.param(
        name, marks=pytest.mark.xfail(strict=True, reason="its rule is not there yet") if name in AWAITED else ()
    )
    for name in NAMES
]


@pytest.mark.parametrize("name", CASES)
def test_case(name: str, tmp_path: Path) -> None:
    case = tomllib.loads((HERE / name / "expected.toml").read_text())
    findings = scan_case(name, case, tmp_path)
    expected: list[dict[str, Any]] = case.get("findings", [])
    assert [row for row in expected if not any(matches(finding, row) for finding in findings)] == [], findings
    known = {row["rule"] for row in expected}
    surplus = [finding for finding in findings if finding.rule not in known and not allowed(finding, case)]
    assert surplus == []


def test_every_awaited_case_is_there() -> None:
    assert sorted(AWAITED.difference(NAMES)) == []


def scan_case(name: str, case: dict[str, Any], root: Path) -> list[Finding]:
    """What depscan says of a case's copy, graver than a note."""
    shutil.copytree(HERE / name, root, dirs_exist_ok=True)
    (root / "expected.toml").unlink()
    for path, fixture in case.get("elf", {}).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(FIXTURES / fixture, root / path)
        (root / path).chmod(0o755)
    platforms = tuple(parse_platform(text) for text in case.get("platforms", []))
    result = scan([root / "Dockerfile"], Config(platforms=platforms, cache=False, jobs=1))
    return [
        finding
        for finding in result.reported
        if finding.severity is not Severity.NOTE and finding.rule not in ABOUT_TAGS
    ]


def matches(finding: Finding, row: dict[str, Any]) -> bool:
    said = {
        "rule": finding.rule,
        "line": finding.location.span.start.line,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
    }
    return said | row == said


def allowed(finding: Finding, case: dict[str, Any]) -> bool:
    """Whether the case lets the rule warn. One that fails is broken anyhow, so there its gravity is free."""
    return finding.rule in case.get("allowed", []) and (finding.severity is not Severity.ERROR or "findings" in case)
