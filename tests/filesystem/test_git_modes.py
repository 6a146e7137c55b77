"""Execute bits of git's index where git says that the file system has none; real indexes of git."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from depscan.filesystem.context import BuildContext

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.mark.parametrize(
    ("filemode", "expected"),
    [
        ("false", {"run.sh": 0o755, "data.sh": 0o644, "deep/very-long-name.sh": 0o755, "new.sh": 0o700}),
        ("true", {"run.sh": 0o700, "data.sh": 0o700, "deep/very-long-name.sh": 0o700, "new.sh": 0o700}),
    ],
)
def test_modes_of_the_index(tmp_path: Path, filemode: str, expected: dict[str, int]) -> None:
    _repository(tmp_path, filemode)
    context = BuildContext(tmp_path / "app")
    found = {path: context.find(path).entry for path in expected}
    assert {path: entry.mode for path, entry in found.items() if entry is not None} == expected


def test_a_broken_index_says_nothing(tmp_path: Path) -> None:
    _repository(tmp_path, "false")
    index = tmp_path / ".git" / "index"
    index.write_bytes(index.read_bytes()[:90])
    entry = BuildContext(tmp_path / "app").find("run.sh").entry
    assert entry is not None
    assert entry.mode == 0o700


def _repository(root: Path, filemode: str) -> None:
    (root / "app" / "deep").mkdir(parents=True)
    (root / "other.sh").write_text("#!/bin/sh\n")
    for name in ("run.sh", "data.sh", "deep/very-long-name.sh"):
        (root / "app" / name).write_text("#!/bin/sh\n")
    _git(root, "init", "-q")
    _git(root, "add", "-A")
    _git(root, "update-index", "--chmod=+x", "app/run.sh", "app/deep/very-long-name.sh")
    _git(root, "config", "core.fileMode", filemode)
    (root / "app" / "new.sh").write_text("#!/bin/sh\n")
    for path in (root / "app").rglob("*.sh"):
        path.chmod(0o700)


def _git(root: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)
