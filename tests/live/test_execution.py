"""The harness itself: what it tells of programs whose fate is known."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.live.execution import execute
from tests.live.roots import root

if TYPE_CHECKING:
    from collections.abc import Iterator

ELF = Path(__file__).parents[2] / "fixtures" / "elf"


@pytest.fixture
def empty_root(tmp_path: Path) -> Iterator[Path]:
    shutil.copytree(root("empty"), tmp_path / "root")
    yield tmp_path / "root"


@pytest.mark.parametrize(
    ("program", "cause"),
    [
        ("hello-static", None),
        ("hello-static-pie", None),
        ("hello-glibc-dynamic", "interpreter-missing"),
        ("hello-arm64", "wrong-architecture"),
    ],
)
def test_the_kernel_alone(empty_root: Path, program: str, cause: str | None) -> None:
    shutil.copy(ELF / program, empty_root / "program")
    assert execute(empty_root, "/program").cause == cause
