"""What a build command is predicted to make beside what it really makes on this machine's glibc.

In: a tool, a command, the path of a program below the sources. The stage's image is that of the host.
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
    from collections.abc import Mapping
    from pathlib import Path

    from depscan.artifacts.facts import ElfFacts


def compare(tool: str, command: str, path: str, sources: Mapping[str, str], directory: Path) -> None:
    """Predict and build one program, and compare machine, dynamic linker, needed libraries and versions."""
    if shutil.which(tool) is None:
        pytest.skip(f"needs {tool}")
    for name, text in sources.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
        (directory / name).chmod(0o755)
    predicted = predict(command, path, directory)
    built = build(command, path, directory)
    asked = {need.name for needs in built.version_needs.values() for need in needs}
    surely = {need.name for needs in predicted.version_needs.values() for need in needs}
    highest = max(tuple(map(int, name[6:].split("."))) for name in asked | {"GLIBC_0"} if name.startswith("GLIBC_"))
    print(f"{command}: {path}: predicted {_row(predicted)}; built {_row(built)}, up to {highest}")
    assert predicted.machine == built.machine
    assert predicted.interpreter == built.interpreter
    if built.interpreter is None:
        return
    assert set(predicted.needed) <= set(built.needed)
    assert surely <= asked, "a version that it may lack"
    assert highest <= tuple(map(int, platform.libc_ver()[1].split("."))), "above the ceiling"


def _row(facts: ElfFacts) -> str:
    return f"{facts.linkage.value if facts.linkage else None} {facts.libc} {' '.join(facts.needed)}"


def predict(command: str, path: str, directory: Path) -> ElfFacts:
    """The facts that depscan predicts of `path` in a stage that copies the sources and runs the command."""
    (directory / "Dockerfile").write_text(
        f"FROM builder AS build\nWORKDIR /src\nCOPY . .\nRUN {command}\n"
        f"FROM builder\nCOPY --from=build /src/{path} /out\n"
    )
    config = Config(cache=False, jobs=1, bases={"builder": f"glibc:{platform.libc_ver()[1]}"})
    (result,) = scan([directory / "Dockerfile"], config).scans
    (found,) = [item.artifact.facts for item in result.placements if item.path == "/out"]
    return found


def build(command: str, path: str, directory: Path) -> ElfFacts:
    """The facts of what the command makes at `path`, a pattern."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        command, shell=True, cwd=directory, env=environment, capture_output=True, timeout=600, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")[-2000:]
    (facts,) = read_facts(list(directory.glob(path)), jobs=1, cache=False).values()
    assert not isinstance(facts, str), facts
    return facts
