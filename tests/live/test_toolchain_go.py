"""Predictions for `go build` beside what Debian's go really builds on the same glibc.

Offline: the programs have no requirements beyond Go's own library. The stage's image is that of the host.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from depscan.artifacts.reading import read_facts
from depscan.config import Config
from depscan.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

    from depscan.artifacts.facts import ElfFacts

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("go") is None or shutil.which("gcc") is None, reason="needs golang-go and gcc"),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the commands name x86_64"),
]

SOURCES = {
    "pure": 'package main\nimport "fmt"\nfunc main() { fmt.Println("x") }\n',
    "net": 'package main\nimport "net/http"\nfunc main() { http.ListenAndServe(":0", nil) }\n',
    "user": 'package main\nimport "os/user"\nfunc main() { user.Current() }\n',
    "c": 'package main\n// #include <math.h>\n// #cgo LDFLAGS: -lm\nimport "C"\nfunc main() { println(C.cos(1)) }\n',
}
COMMANDS = (
    "go build -o app .",
    "CGO_ENABLED=0 go build -o app .",
    "CGO_ENABLED=1 go build -o app .",
    "go build -buildmode=pie -o app .",
    "go build -tags netgo,osusergo -o app .",
    "go build -ldflags '-linkmode external -extldflags \"-static\"' -o app .",
    "GOARCH=arm64 go build -o app .",
    "GOARCH=386 go build -o app .",
)
NOT_BUILDABLE = {("c", COMMANDS[1]), ("c", COMMANDS[6]), ("c", COMMANDS[7])}  # cgo is off: no Go file is left


@pytest.fixture(scope="module")
def go_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What go compiled once need not be compiled again."""
    return tmp_path_factory.mktemp("go-cache")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("source", sorted(SOURCES))
def test_prediction_is_what_go_builds(source: str, command: str, tmp_path: Path, go_cache: Path) -> None:
    if (source, command) in NOT_BUILDABLE:
        pytest.skip("does not build")
    (tmp_path / "go.mod").write_text("module example.org/app\n")
    (tmp_path / "main.go").write_text(SOURCES[source])
    predicted = _predict(command, tmp_path)
    built = _build(command, tmp_path, go_cache)
    if predicted is None:
        pytest.fail("nothing was predicted")
    assert (predicted.machine, predicted.interpreter is None) == (built.machine, built.interpreter is None)
    if predicted.interpreter is None:
        return
    assert predicted.interpreter == built.interpreter
    assert set(predicted.needed) <= set(built.needed)
    asked = {need.name for needs in built.version_needs.values() for need in needs}
    surely = {need.name for needs in predicted.version_needs.values() for need in needs}
    assert surely <= asked, "a version that it may lack"


def _predict(command: str, directory: Path) -> ElfFacts | None:
    version = platform.libc_ver()[1]
    (directory / "Dockerfile").write_text(
        f"FROM builder\nRUN apt-get install -y gcc golang\nWORKDIR /src\nCOPY go.mod main.go ./\nRUN {command}\n"
    )
    config = Config(cache=False, jobs=1, bases={"builder": f"glibc:{version}"})
    (result,) = scan([directory / "Dockerfile"], config).scans
    found = [item.artifact.facts for item in result.placements if item.path == "/src/app"]
    return found[0] if found else None


def _build(command: str, directory: Path, cache: Path) -> ElfFacts:
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "GOCACHE": str(cache), "GOTOOLCHAIN": "local"}
    subprocess.run(command, shell=True, cwd=directory, env=environment, check=True, capture_output=True, timeout=300)
    (facts,) = read_facts([directory / "app"], jobs=1, cache=False).values()
    assert not isinstance(facts, str), facts
    return facts
