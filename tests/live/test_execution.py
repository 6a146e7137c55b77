"""The harness itself: what it tells of programs whose fate is known."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.live.execution import Outcome, execute
from tests.live.roots import root

if TYPE_CHECKING:
    from collections.abc import Iterator

ELF = Path(__file__).parents[2] / "fixtures" / "elf"


@pytest.fixture
def empty_root(tmp_path: Path) -> Iterator[Path]:
    shutil.copytree(root("empty"), tmp_path / "root")
    yield tmp_path / "root"


@pytest.mark.parametrize(
    ("program", "outcome"),
    [
        ("hello-static", Outcome(None)),
        ("hello-static-pie", Outcome(None)),
        ("hello-glibc-dynamic", Outcome("interpreter-missing")),
        ("hello-arm64", Outcome("wrong-architecture")),
    ],
)
def test_the_kernel_alone(empty_root: Path, program: str, outcome: Outcome) -> None:
    shutil.copy(ELF / program, empty_root / "program")
    assert execute(empty_root, "/program") == outcome
