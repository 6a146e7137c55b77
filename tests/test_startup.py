"""What a run that parses no new binary must not load: each of these costs more than the rest of the run."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

FIXTURES = Path(__file__).parents[1] / "fixtures"
PROJECTS = FIXTURES / "projects"
SLOW = {"lief", "tabulate", "oras", "httpx", "urllib3", "rich", "multiprocessing", "concurrent", "jsonschema", "pygls"}
# What a run pays for only when it meets the cause: a configuration file or rules that changed; a JSON report; a
# directory or a file that declares builds; quotes, variables or here-documents in the Dockerfile; shell text beyond
# plain words; a binary or image that is new.
ON_DEMAND = {
    "tomllib",
    "json",
    "hashlib",
    "e2b_dockerfile_utils",
    "tree_sitter",
    "yaml",
    "pathspec",
    "tree_sitter_hcl",
    "depscan.builds",
    "depscan.rulebook.checks",
    "depscan.artifacts.elf",
    "depscan.artifacts.header",
    "depscan.filesystem.archives",
    "depscan.filesystem.carrying",
    "depscan.images.sources",
    "depscan.images.contents",
}
MOST_MODULES = 133  # of depscan: each costs 0.2 ms or more
PROBE = """
import sys
from depscan.cli import run
code = run(sys.argv[1:])
sys.stderr.write(repr((code, sorted(sys.modules))))
"""
CLEAN = """\
FROM debian:12
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY hello /hello
CMD ["/hello"]
"""


def test_a_warm_run_loads_only_what_it_meets(tmp_path: Path) -> None:
    dockerfile = _project(tmp_path, CLEAN)

    _, cold = _modules(tmp_path / "cache", "--format", "concise", str(dockerfile))
    code, warm = _modules(tmp_path / "cache", "--format", "concise", str(dockerfile))

    assert code == 0
    assert {"lief", "tomllib"} <= cold, "the first run parses the program and the rules"
    assert warm & (SLOW | ON_DEMAND | {"depscan.repairs.advice"}) == set()
    assert sum(name.startswith("depscan.") for name in warm) <= MOST_MODULES


def test_a_warm_run_with_a_finding_loads_only_what_it_meets(tmp_path: Path) -> None:
    dockerfile = _project(tmp_path, (FIXTURES / "dockerfiles" / "seed" / "Dockerfile").read_text())

    _modules(tmp_path / "cache", "--format", "concise", str(dockerfile))
    code, warm = _modules(tmp_path / "cache", "--format", "concise", str(dockerfile))

    assert code == 1
    assert warm & (SLOW | ON_DEMAND | {"depscan.filesystem.run", "depscan.shell.parser"}) == set()
    assert sum(name.startswith("depscan.") for name in warm) <= MOST_MODULES


def test_a_warm_run_of_a_project_loads_nothing_slow(tmp_path: Path) -> None:
    for project, expected in (("static-on-scratch", 0), ("too-new-for-debian-11", 1)):
        dockerfile = str(PROJECTS / project / "Dockerfile")
        _modules(tmp_path, dockerfile)
        code, warm = _modules(tmp_path, "--format", "concise", dockerfile)
        assert code == expected
        assert warm & SLOW == set()


def test_a_directory_loads_the_readers_of_what_is_in_it(tmp_path: Path) -> None:
    folder = _project(tmp_path, CLEAN).parent
    _, plain = _modules(tmp_path / "cache", str(folder))
    (folder / "compose.yaml").write_text("services: {web: {build: .}}\n")
    code, declared = _modules(tmp_path / "cache", str(folder))
    readers = {"yaml", "pathspec", "tree_sitter_hcl"}
    assert (code, plain & readers, declared & readers) == (0, set(), {"yaml"})


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


def _project(folder: Path, dockerfile: str) -> Path:
    """A project with the program `hello`, away from this repository's configuration."""
    (folder / "Dockerfile").write_text(dockerfile)
    shutil.copy(FIXTURES / "elf" / "hello-glibc-dynamic", folder / "hello")
    time.sleep(0.03)  # a file as young as the clock's tick is not kept in the cache
    return folder / "Dockerfile"


def _modules(cache: Path, *arguments: str) -> tuple[int, set[str]]:
    """Exit code and top-level modules (depscan's own in full) after a run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = ast.literal_eval(done.stderr.rpartition("\n")[2])
    return code, {name if name.startswith("depscan.") else name.partition(".")[0] for name in modules}
