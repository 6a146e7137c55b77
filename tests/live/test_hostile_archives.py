"""Bombs and archives with very many members: each is named in the report, and memory stays under 200 MB."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.live.hostile_archives import make

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live


def test_hostile_archives_are_named_and_cheap(tmp_path: Path) -> None:
    make(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    command = [sys.executable, "-m", "tests.live.hostile_archives", str(tmp_path)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    print(printed)
    told = {name for name in names if re.search(rf"(?m)^{re.escape(name)}: ", printed)}
    assert told == names
    peak = re.search(r"peak (\d+) MB", printed)
    assert peak is not None
    assert int(peak[1]) < 200
