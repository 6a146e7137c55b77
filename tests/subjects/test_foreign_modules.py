"""Extension modules of the context for another Python: told where the image's own Python looks, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

OTHER, OWN = "m/_x.cpython-311-x86_64-linux-gnu.so", "m/_x.cpython-312-x86_64-linux-gnu.so"


@pytest.mark.parametrize(
    ("base", "files", "setting", "told"),
    [
        ("python:3.12-slim", (OTHER,), "ENV PYTHONPATH=/app", [(3, 6)]),
        ("python:3.12-slim", (OTHER,), "ENV X=1", []),
        ("python:3.12-slim", (OTHER, OWN), "ENV PYTHONPATH=/app", []),
        ("python:3.12-slim", (OTHER, "m/_x.py"), "ENV PYTHONPATH=/app", []),
        ("python:3.11-slim", (OTHER,), "ENV PYTHONPATH=/app", []),
        ("python:slim", (OTHER,), "ENV PYTHONPATH=/app", []),
        ("debian:12", (OTHER,), "ENV PYTHONPATH=/app", []),
    ],
)
def test_what_the_images_python_does_not_look_at(
    tmp_path: Path, base: str, files: tuple[str, ...], setting: str, told: list[tuple[int, int]]
) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "Dockerfile").write_text(f"FROM {base}\n{setting}\nCOPY m /app/m\n")
    found = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).scans[0].findings
    starts = [each.location.span.start for each in found if each.rule == "extension-of-another-python"]
    assert [(start.line, start.column) for start in starts] == told
