"""Input without end: what is read of a Dockerfile is bounded before anything looks at it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DEPSCAN = [sys.executable, "-m", "depscan", "--format", "concise"]
TOO_LARGE = "larger than 16 MB; the rest is not read"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev/zero here")
def test_standard_input_without_end() -> None:
    with open("/dev/zero", "rb") as zeros:
        done = subprocess.run([*DEPSCAN, "-"], stdin=zeros, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert f"-:1:1: error dockerfile-syntax - is {TOO_LARGE}" in done.stdout


def test_a_file_larger_than_memory(tmp_path: Path) -> None:
    with (tmp_path / "Dockerfile").open("wb") as file:
        file.write(b"FROM scratch\n")
        file.truncate(1 << 40)  # a hole: it takes no room on the disk
    done = subprocess.run(
        [*DEPSCAN, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=Path(__file__).parents[1],
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert f"error dockerfile-syntax Dockerfile is {TOO_LARGE}" in done.stdout
