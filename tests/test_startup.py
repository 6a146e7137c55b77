"""What a run that parses no new binary must not load: each of these costs more than the rest of the run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROJECTS = Path(__file__).parents[1] / "fixtures" / "projects"
SLOW = {"lief", "tabulate", "oras", "rich", "multiprocessing", "concurrent", "jsonschema", "pygls"}
PROBE = """
import json, sys
from depscan.cli import run
code = run(sys.argv[1:])
sys.stderr.write(json.dumps([code, sorted(sys.modules)]))
"""


def test_a_warm_run_loads_nothing_slow(tmp_path: Path) -> None:
    project = PROJECTS / "static-on-scratch" / "Dockerfile"

    _, cold = _modules(tmp_path, str(project))
    code, warm = _modules(tmp_path, str(project))

    assert code == 0
    assert "lief" in cold, "the first run parses the project's binaries"
    assert warm & SLOW == set()


def test_a_warm_run_with_a_finding_loads_no_parser(tmp_path: Path) -> None:
    project = PROJECTS / "too-new-for-debian-11" / "Dockerfile"

    _modules(tmp_path, str(project))
    code, warm = _modules(tmp_path, "--format", "concise", str(project))

    assert code == 1
    assert warm & SLOW == set()


def test_a_cold_run_leaves_standard_error_empty(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "depscan", str(PROJECTS / "static-on-scratch" / "Dockerfile")],
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""


def test_the_version_loads_no_engine(tmp_path: Path) -> None:
    code, modules = _modules(tmp_path, "--version")

    assert code == 0
    assert modules & (SLOW | {"depscan.scan", "tree_sitter", "e2b_dockerfile_utils"}) == set()


def _modules(cache: Path, *arguments: str) -> tuple[int, set[str]]:
    """Exit code and top-level modules (depscan's own in full) after a run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(done.stderr.rpartition("\n")[2])
    return code, {name if name.startswith("depscan.") else name.partition(".")[0] for name in modules}
