"""Repairs as rules name them: the table, what a wrong name is told, what a broken repair costs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.repairs import table
from depscan.rulebook import built_in_folder, load_rules
from depscan.rulebook.repair_names import REPAIRS
from depscan.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.repairs.case import Case, Offer
    from tests.conftest import RunDepscan

ROOM = Path(table.__file__).parent
ELF = Path(__file__).parents[2] / "fixtures" / "elf"


def test_every_name_has_its_repair() -> None:
    assert set(table.REPAIRS) == set(REPAIRS)


def test_every_repair_is_named_by_a_rule() -> None:
    assert {name for rule in load_rules() for name in rule.repair} == set(REPAIRS)


def test_no_repair_knows_a_rule() -> None:
    ids = "|".join(path.stem for path in built_in_folder().glob("*.toml"))
    texts = {path.name: re.findall(rf"\b(?:{ids})\b", path.read_text()) for path in ROOM.glob("*.py")}
    assert {name: found for name, found in texts.items() if found} == {}


RULE = """id = "no-hello"
severity = "error"
for = "artifact"
repair = ["static-build", "{name}"]
when = 'artifact.cause == "interpreter-missing"'
message = "no"
why = "Because."
fix = "Do."

[[examples]]
files = {{ "app" = "hello-glibc-dynamic" }}
dockerfile = '''
FROM alpine:3.20
# expect: no-hello
COPY app /app
'''

[[examples]]
dockerfile = '''
FROM alpine:3.20
'''
"""


@pytest.mark.parametrize("name", ["base", "bse"])
def test_a_users_rule_names_repairs(tmp_path: Path, run_depscan: RunDepscan, name: str) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "no-hello.toml").write_text(RULE.format(name=name))
    (tmp_path / "depscan.toml").write_text('rules = ["rules"]\nselect = ["no-hello"]\n')
    shutil.copy(ELF / "hello-glibc-dynamic", tmp_path / "app")
    (tmp_path / "Dockerfile").write_text('FROM alpine:3.20\nCOPY app /app\nENTRYPOINT ["/app"]\n')

    done = run_depscan("--config", str(tmp_path / "depscan.toml"), str(tmp_path / "Dockerfile"))

    if name == "base":
        assert (done.code, "debian:bookworm-slim" in done.out) == (1, True)
    else:
        assert done.code == 2
        assert "no-hello.toml:4:1: unknown repair 'bse'; did you mean 'base'?" in done.err


def test_a_repair_that_breaks_down_costs_its_advice_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(case: Case) -> Iterator[Offer]:
        raise ZeroDivisionError(case.path)
        yield

    shutil.copy(ELF / "hello-glibc-dynamic", tmp_path / "app")
    (tmp_path / "Dockerfile").write_text('FROM alpine:3.20\nCOPY app /app\nENTRYPOINT ["/app"]\n')
    monkeypatch.setattr(table, "REPAIRS", {**table.REPAIRS, "static-build": broken})

    (result,) = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).scans

    (finding,) = [each for each in result.findings if each.artifact == "/app"]
    assert {each.kind for each in finding.suggestions} == {"base"}
    (row,) = [each for each in result.skipped if "static-build" in each.reason]
    assert (row.subject, row.span) == ("glibc-exec-on-musl", finding.location.span)
    assert row.reason.startswith("its advice is left out: the repair static-build broke down (ZeroDivisionError")


@pytest.mark.parametrize(
    ("format_", "advised"), [("text", True), ("json", True), ("concise", False), ("checkstyle", False)]
)
def test_advice_is_worked_out_for_formats_that_show_it(tmp_path: Path, format_: str, advised: bool) -> None:
    shutil.copy(ELF / "hello-glibc-dynamic", tmp_path / "app")
    (tmp_path / "Dockerfile").write_text('FROM alpine:3.20\nCOPY app /app\nENTRYPOINT ["/app"]\n')

    (result,) = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1, formats=((format_, None),))).scans

    assert any(each.suggestions for each in result.findings) is advised
