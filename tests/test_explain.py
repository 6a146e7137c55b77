"""The page of a rule and the index; and that no generated file of the repository is stale."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from depscan.reports.explain import explain, index
from depscan.rulebook import load_rules

ROOT = Path(__file__).parent.parent


def test_a_page_tells_all_that_the_rule_file_says() -> None:
    rule = next(rule for rule in load_rules(examples=True) if rule.id == "glibc-exec-on-musl")
    page = explain(rule)
    assert page.startswith("# glibc-exec-on-musl\n\nSeverity error, judges each artifact.\n")
    for part in [rule.why.strip(), rule.fix.strip(), rule.when.strip(), *rule.references]:
        assert part in page
    assert "## Fires\n\n- `hello`: hello-glibc-dynamic\n\n```Dockerfile\nFROM alpine:3.20\n# expect" in page
    assert "## Stays silent\n\n- `hello`: hello-static\n" in page
    assert "# depscan: ignore[glibc-exec-on-musl] the reason" in page


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_a_page_without_examples_has_no_empty_parts(rule: object) -> None:
    page = explain(rule)  # type: ignore[arg-type]
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    assert "## Fires" not in headings
    assert "\n\n\n" not in page


def test_the_index_has_a_row_for_each_rule_errors_first() -> None:
    rules = load_rules()
    rows = [line for line in index(reversed(rules)).splitlines() if line.startswith("| [")]
    assert len(rows) == len(rules)
    assert all(f"| [{rule.id}]({rule.id}.toml) | {rule.severity} | {rule.kind} | " in "\n".join(rows) for rule in rules)
    severities = [row.split(" | ")[1] for row in rows]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)


def test_generated_files_are_fresh() -> None:
    result = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "generate.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, ""), result.stderr


def test_a_stale_file_fails_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: object) -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    import generate

    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "GENERATED", (("page.md", lambda current: current + "."),))
    assert generate.main(["--check"]) == 1
    assert not (tmp_path / "page.md").exists()
    assert generate.main([]) == 0
    assert (tmp_path / "page.md").read_text() == "."
    assert capsys.readouterr().out == (  # type: ignore[attr-defined]
        "page.md is stale; run scripts/generate.py\npage.md written\n"
    )
