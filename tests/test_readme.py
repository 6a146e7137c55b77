"""What README and the hooks promise to other programs, tried on real output."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import RunDepscan

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CONCISE = [
    line
    for path in sorted((ROOT / "fixtures" / "projects").glob("*/expected.txt"))
    for line in path.read_text().splitlines()
    if not line.startswith("exit code ")
]


def test_the_problem_matcher_reads_every_concise_line() -> None:
    [block] = [text for text in re.findall(r"```json\n(.*?)```", README, re.DOTALL) if "problemMatcher" in text]
    pattern = json.loads(block)["tasks"][0]["problemMatcher"]["pattern"]
    assert CONCISE
    for line in CONCISE:
        match = re.match(pattern["regexp"], line)
        assert match, line
        assert match[pattern["file"]] == "Dockerfile"
        assert match[pattern["severity"]] in ("error", "warning", "note")
        assert match[pattern["message"]].endswith("]")


def test_the_finding_of_the_story_reads_as_shown(
    run_depscan: RunDepscan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "fixtures" / "dockerfiles" / "seed", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    [shown] = re.findall(r"```\n(error: .*?)```", README, re.DOTALL)
    assert run_depscan("--platform", "linux/amd64").out.startswith(shown)


def _hook_files(name: str) -> re.Pattern[str]:
    """The `files` pattern of a hook; a folded block of YAML joins its lines by spaces, which (?x) ignores."""
    text = (ROOT / ".pre-commit-hooks.yaml").read_text()
    hook = next(part for part in text.split("- id: ") if part.startswith(f"{name}\n"))
    value = re.search(r"^  files: (?:>-\n)?(.*?)(?=^  \w|\Z)", hook, re.DOTALL | re.MULTILINE)
    assert value
    return re.compile(" ".join(line.strip() for line in value[1].splitlines()))


@pytest.mark.parametrize(
    ("path", "wakes"),
    [
        ("Dockerfile", True),
        ("api/Dockerfile.prod", True),
        ("api/prod.Dockerfile", True),
        ("Containerfile", True),
        ("dockerfile", True),
        ("api/dockerfile", True),
        ("compose.yaml", True),
        ("deploy/docker-compose.prod.yml", True),
        ("docker-bake.hcl", True),
        ("Dockerfile.md", False),
        ("MyDockerfile.md", False),
        ("src/dockerfile.py", False),
        ("go.sum", False),
    ],
)
def test_files_of_the_dockerfile_hook(path: str, wakes: bool) -> None:
    assert bool(_hook_files("depscan-dockerfile").search(path)) is wakes


@pytest.mark.parametrize(
    ("path", "wakes"),
    [
        ("Dockerfile", True),
        ("dockerfile", True),
        ("Dockerfile.md", False),
        ("compose.yaml", True),
        ("docker-bake.hcl", True),
        (".github/workflows/publish.yml", True),
        (".devcontainer/devcontainer.json", True),
        ("Cargo.toml", True),
        ("api/Api.csproj", True),
        ("Makefile", True),
        ("dist/server", True),
        ("lib/libpq.so.5", True),
        ("lib/libfoo.so.1.2.3", True),
        ("node_modules/x/build/Release/x.node", True),
        ("package-lock.json", True),
        ("go.sum", True),
        (".dockerignore", True),
        ("api/Dockerfile.dockerignore", True),
        ("entrypoint.sh", True),
        ("release.tar.gz", True),
        ("depscan.toml", True),
        ("README.md", False),
        ("src/app.py", False),
        ("logo.png", False),
    ],
)
def test_files_of_the_hook_for_a_repository(path: str, wakes: bool) -> None:
    assert bool(_hook_files("depscan").search(path)) is wakes
