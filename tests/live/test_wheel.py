"""The wheel in a clean environment without extras: it is whole, and what it cannot read there is a row, not a bug.

Needs the network, for the dependencies. It runs every golden project and every rule example by the installed program.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PROJECTS = sorted(path.parent for path in (REPOSITORY / "fixtures" / "projects").glob("*/Dockerfile"))
ELF = REPOSITORY / "fixtures" / "elf"

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed command, in an environment that has the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip"]
    subprocess.run([*pip, "wheel", "--no-deps", "-q", "-w", str(folder), str(REPOSITORY)], check=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    subprocess.run([str(folder / "venv/bin/pip"), "install", "-q", str(wheel)], check=True)
    listed = subprocess.run([str(folder / "venv/bin/pip"), "list"], check=True, capture_output=True, text=True).stdout
    assert not {"zstandard", "urllib3"} & set(listed.split())
    return folder / "venv/bin/depscan"


def run(program: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    found = subprocess.run([program, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=120)
    assert found.returncode in (0, 1), found.stderr
    return found


def test_golden_projects(program: Path) -> None:
    for project in PROJECTS:
        run(program, "--isolated", "--format=json", "Dockerfile", cwd=project)
    assert len(PROJECTS) > 10


def test_rule_examples(program: Path, tmp_path: Path) -> None:
    count = 0
    for rule in sorted((REPOSITORY / "rules").glob("*.toml")):
        for number, example in enumerate(tomllib.loads(rule.read_text())["examples"]):
            folder = tmp_path / f"{rule.stem}-{number}"
            folder.mkdir()
            (folder / "Dockerfile").write_text(example["dockerfile"])
            run(program, "--isolated", "--format=json", "Dockerfile", cwd=folder)
            count += 1
    assert count > 100


def test_a_zstd_archive_names_the_extra(program: Path, tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    from tests.artifacts.test_containers import tarred

    (tmp_path / "a.tar.zst").write_bytes(
        zstandard.ZstdCompressor().compress(tarred({"x/p": (ELF / "hello-static").read_bytes()}))
    )
    for instruction in ("COPY", "ADD"):
        (tmp_path / "Dockerfile").write_text(f"FROM debian:12\n{instruction} a.tar.zst /a/\n")
        (scan,) = json.loads(run(program, "--isolated", "--format=json", "Dockerfile", cwd=tmp_path).stdout)["scans"]
        assert [("depscan-lint[zstd]" in row["reason"]) for row in scan["skipped"]] == [True]
    assert "depscan-lint[zstd]" in run(program, "inspect", "a.tar.zst", cwd=tmp_path).stdout
