"""Predictions for jlink beside the runtime that Debian's jlink really makes on the same glibc.

Offline. The stage's image is that of the host.
"""

from __future__ import annotations

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

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("jlink") is None, reason="needs default-jdk-headless"),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the platform is linux/amd64"),
]


def test_prediction_is_what_jlink_makes(tmp_path: Path) -> None:
    output = tmp_path / "jre"
    command = ["jlink", "--add-modules", "java.base", "--output", str(output)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    install, version = "RUN apt-get install -y default-jdk-headless", platform.libc_ver()[1]
    (tmp_path / "Dockerfile").write_text(f"FROM builder\n{install}\nRUN {' '.join(command)}\n")
    config = Config(cache=False, jobs=1, bases={"builder": f"glibc:{version}"})

    (result,) = scan([tmp_path / "Dockerfile"], config).scans

    predicted = {item.path: item.artifact.facts for item in result.placements}
    assert predicted
    for path, facts in predicted.items():
        (built,) = read_facts([output / path.removeprefix(f"{output}/")], jobs=1, cache=False).values()
        assert not isinstance(built, str), built
        assert (facts.machine, facts.interpreter) == (built.machine, built.interpreter)
        assert set(facts.needed) <= set(built.needed)
        asked = {need.name for needs in built.version_needs.values() for need in needs}
        assert {need.name for needs in facts.version_needs.values() for need in needs} <= asked
