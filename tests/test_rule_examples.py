"""Every example of every rule, through the whole program: what it expects, on the lines it expects, nothing else."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.findings import Severity
from depscan.platforms import parse_platform
from depscan.rulebook import load_rules
from depscan.scan import scan

if TYPE_CHECKING:
    from depscan.rulebook import Rule
    from depscan.rulebook.rule import Example

FIXTURES = Path(__file__).parent.parent / "fixtures" / "elf"
RULES = load_rules(examples=True)
CASES = [
    pytest.param(rule, example, id=f"{rule.id}-{number}")
    for rule in RULES
    for number, example in enumerate(rule.examples, 1)
]


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_example(rule: Rule, example: Example, tmp_path: Path) -> None:
    lay_out(example, tmp_path)
    result = scan([tmp_path / "Dockerfile"], config_of(example)).scans[0]
    fired = {(finding.location.span.start.line, finding.rule) for finding in result.findings if not finding.ignored}
    about_rule = {(line, name) for line, name in fired if name == rule.id}
    expected = {(line, name) for line, names in example.expected.items() for name in names}
    assert about_rule == expected, result.skipped
    graver = {
        (finding.rule, finding.message)
        for finding in result.findings
        if finding.severity is not Severity.NOTE and not finding.ignored and finding.rule != rule.id
    }
    assert graver == set(), "an example shows one rule"


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.severity is Severity.ERROR], ids=lambda rule: rule.id)
def test_findings_of_errors_fail_the_run(rule: Rule, tmp_path: Path) -> None:
    example = next(example for example in rule.examples if example.fires)
    lay_out(example, tmp_path)
    assert scan([tmp_path / "Dockerfile"], config_of(example)).exit_code == 1


def lay_out(example: Example, root: Path) -> None:
    for path, fixture in example.files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(FIXTURES / fixture, root / path)
        (root / path).chmod(0o755)
    for path, text in example.texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    for path, head in example.heads.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(bytes.fromhex(head).ljust(64, b"\0"))
    for path, held in example.archives.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(pack({name: (FIXTURES / fixture).read_bytes() for name, fixture in held.items()}))
    (root / "Dockerfile").write_text(example.dockerfile)


def pack(members: dict[str, bytes]) -> bytes:
    """A zip file; of members with `!/` in their names those of one archive make a zip in it."""
    inner: dict[str, dict[str, bytes]] = {}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            outer, mark, rest = name.partition("!/")
            if mark:
                inner.setdefault(outer, {})[rest] = data
            else:
                archive.writestr(name, data)
        for name, held in inner.items():
            archive.writestr(name, pack(held))
    return buffer.getvalue()


def config_of(example: Example) -> Config:
    return Config(
        platforms=tuple(map(parse_platform, example.platform.split(","))) if example.platform else (),
        bases=example.bases,
        build_arguments=dict(example.build_arguments),
        target=example.target,
        cpu_floor=example.cpu_floor,
        cache=False,
        jobs=1,
    )
