"""Files, sonames and run paths with control characters, quotes, line ends and bytes that are no UTF-8, end to end."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.reports.odd_names import assert_harmless

if TYPE_CHECKING:
    from tests.conftest import RunDepscan

ELF = Path(__file__).parents[2] / "fixtures" / "elf"
NOT_UTF8 = b"\xff\xfe"
NAMES = (b"a b", b"\"quote'`", b"line\nend", b"\x1b[31mred", "\u202egnp".encode(), NOT_UTF8, b"-dash")
SONAME = b"li \"'`$;q5"  # as long as libpq.so.5
REFUSED = (b"lib\x1b[31mq5", b"libpq\nso.5", b"libpq\xffso.5")  # no link editor writes these


def spoil(fixture: str, target: Path, old: bytes, new: bytes) -> None:
    """A copy of a fixture in which one string is another of the same length."""
    data = (ELF / fixture).read_bytes()
    assert len(old) == len(new) and old in data
    target.write_bytes(data.replace(old, new))
    target.chmod(0o755)


def run_both(run_depscan: RunDepscan, *arguments: str) -> tuple[str, str]:
    """Text and JSON, both harmless."""
    text = run_depscan(*arguments, "--isolated")
    document = run_depscan(*arguments, "--isolated", "--format", "json")
    for ran in (text, document):
        assert ran.code == 0, ran.err
        assert_harmless(ran.out)
    json.loads(document.out)
    return text.out, document.out


@pytest.mark.parametrize("name", NAMES)
def test_bases_of_an_oddly_named_file(name: bytes, tmp_path: Path, run_depscan: RunDepscan) -> None:
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
    shutil.copy(ELF / "needs-libpq", odd)
    shutil.copy(ELF / "hello-static", tmp_path / "other")
    _, alone = run_both(run_depscan, "bases", odd)
    assert json.loads(alone)["bases"][-1]["causes"][0]["file"] == odd
    text, _ = run_both(run_depscan, "bases", odd, str(tmp_path / "other"))
    assert "\nother" in text


def test_bases_of_a_file_with_an_odd_soname(tmp_path: Path, run_depscan: RunDepscan) -> None:
    spoil("needs-libpq", tmp_path / "api", b"libpq.so.5", SONAME)
    text, _ = run_both(run_depscan, "bases", str(tmp_path / "api"))
    assert f"library-missing {SONAME.decode()}\n" in text


@pytest.mark.parametrize("soname", REFUSED)
def test_a_soname_with_control_characters_or_no_utf8(soname: bytes, tmp_path: Path, run_depscan: RunDepscan) -> None:
    spoil("needs-libpq", tmp_path / "api", b"libpq.so.5", soname)
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nCOPY api /app/\n")
    for arguments in (("bases", str(tmp_path / "api")), ("why", "/app/api", str(tmp_path / "Dockerfile"))):
        ran = run_depscan(*arguments, "--isolated")
        assert (ran.code, ran.out) == (2, "")
        assert "api: corrupted: " in ran.err or "/app/api: api was skipped: corrupted: " in ran.err
        assert_harmless(ran.err)


@pytest.mark.parametrize("name", [name for name in NAMES if name != NOT_UTF8])
def test_why_of_an_oddly_named_file(name: bytes, tmp_path: Path, run_depscan: RunDepscan) -> None:
    (tmp_path / "context").mkdir()
    spoil("needs-libpq", Path(os.fsdecode(os.fsencode(tmp_path) + b"/context/" + name)), b"libpq.so.5", SONAME)
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nCOPY context /app/\n")
    path = os.fsdecode(b"/app/" + name)
    text, document = run_both(run_depscan, "why", path, str(tmp_path / "Dockerfile"), "--context", str(tmp_path))
    (binary,) = json.loads(document)["binaries"]
    assert (binary["path"], binary["cause"]) == (path, "library-missing")
    assert f"  {SONAME.decode()} missing\n" in text


def test_why_of_a_file_whose_name_is_not_utf8(tmp_path: Path, run_depscan: RunDepscan) -> None:
    (tmp_path / "context").mkdir()
    shutil.copy(ELF / "needs-libpq", tmp_path / "context" / os.fsdecode(NOT_UTF8))
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nCOPY context /app/\n")
    options = ("--isolated", "--context", str(tmp_path))
    ran = run_depscan("why", os.fsdecode(b"/app/" + NOT_UTF8), str(tmp_path / "Dockerfile"), *options)
    assert ran.err.endswith("context/\\udcff\\udcfe was skipped: its name is not UTF-8\n")


@pytest.mark.parametrize("name", [name for name in NAMES if b"\n" not in name])
def test_why_of_an_odd_search_path(name: bytes, tmp_path: Path, run_depscan: RunDepscan) -> None:
    shutil.copy(ELF / "needs-libpq", tmp_path / "api")
    value = name.decode("utf-8", "replace").replace('"', "").replace("`", "")
    (tmp_path / "Dockerfile").write_text(f'FROM debian:12\nENV LD_LIBRARY_PATH="/{value}"\nCOPY api /app/\n')
    text, document = run_both(run_depscan, "why", "/app/api", str(tmp_path / "Dockerfile"))
    (binary,) = json.loads(document)["binaries"]
    assert binary["libraries"][0]["looked_for"][0]["path"] == f"/{value}/libpq.so.5"
    assert "/libpq.so.5 (LD_LIBRARY_PATH)\n" in text


@pytest.mark.parametrize("name", NAMES)
def test_complaints(name: bytes, tmp_path: Path, run_depscan: RunDepscan) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:12\n")
    odd = os.fsdecode(b"/x" + name)
    for arguments in (("why", odd, str(tmp_path / "Dockerfile")), ("bases", odd), ("why", "/a", odd)):
        ran = run_depscan(*arguments, "--isolated")
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.count("\n") == 1
        assert_harmless(ran.err)
