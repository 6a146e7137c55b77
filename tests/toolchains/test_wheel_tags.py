"""Wheels that pip is given by their files: which of them the stage's Python takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.platforms import parse_platform
from depscan.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

GLIBC, MUSL = "python:3.12-slim-bookworm", "python:3.12-alpine3.20"


def refusal(tmp_path: Path, base: str, tags: str, platform: str = "linux/amd64") -> str | None:
    (tmp_path / f"fast-1.0-{tags}.whl").touch()
    (tmp_path / "Dockerfile").write_text(f"FROM {base}\nCOPY *.whl /w/\nRUN pip install /w/*.whl\n")
    config = Config(cache=False, platforms=(parse_platform(platform),), select=("wheel-tag-mismatch",))
    found = scan([tmp_path / "Dockerfile"], config).scans[0].findings
    return next((finding.message.removeprefix("the wheel of fast 1.0 ") for finding in found), None)


@pytest.mark.parametrize(
    ("base", "tags"),
    [
        (GLIBC, "cp312-cp312-manylinux_2_36_x86_64"),
        (GLIBC, "cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64"),
        (GLIBC, "cp312-cp312-manylinux1_x86_64"),
        (GLIBC, "py3-none-linux_x86_64"),
        (GLIBC, "py2.py3-none-any"),
        (GLIBC, "cp312-none-any"),
        (MUSL, "cp312-cp312-musllinux_1_2_x86_64"),
        (MUSL, "cp312-cp312-linux_x86_64"),
        ("python:slim", "cp311-cp311-manylinux_2_17_x86_64"),
    ],
)
def test_taken(tmp_path: Path, base: str, tags: str) -> None:
    assert refusal(tmp_path, base, tags) is None


@pytest.mark.parametrize(
    ("base", "tags", "reason"),
    [
        (GLIBC, "cp311-cp311-manylinux_2_17_x86_64", f"is for cp311-cp311, and {GLIBC} has Python 3.12"),
        (GLIBC, "cp313-abi3-manylinux_2_17_x86_64", f"is for cp313-abi3, and {GLIBC} has Python 3.12"),
        (GLIBC, "cp312-cp312t-manylinux_2_17_x86_64", f"is for cp312-cp312t, and {GLIBC} has Python 3.12"),
        (GLIBC, "pp310-pypy310_pp73-manylinux_2_17_x86_64", f"is for pp310-pypy310_pp73, and {GLIBC} has Python 3.12"),
        (
            GLIBC,
            "cp312-cp312-manylinux_2_39_x86_64",
            f"asks for glibc 2.39 (manylinux_2_39_x86_64), and {GLIBC} has glibc 2.36",
        ),
        (GLIBC, "cp312-cp312-manylinux_2_17_aarch64", f"is for manylinux_2_17_aarch64, and {GLIBC} is linux on x86_64"),
        (GLIBC, "cp312-cp312-win_amd64", f"is for win_amd64, and {GLIBC} is linux on x86_64"),
        (
            MUSL,
            "cp312-cp312-musllinux_1_3_x86_64",
            f"asks for musl 1.3 (musllinux_1_3_x86_64), and {MUSL} has musl 1.2.5",
        ),
    ],
)
def test_refused(tmp_path: Path, base: str, tags: str, reason: str) -> None:
    assert refusal(tmp_path, base, tags) == reason


def test_the_platform_counts(tmp_path: Path) -> None:
    assert refusal(tmp_path, GLIBC, "cp312-cp312-manylinux_2_17_aarch64", "linux/arm64") is None


def test_wheels_that_are_not_made_yet_are_not_held_to_their_tags(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.11-slim AS b\nRUN pip wheel -w /w psutil==6.0.0\n"
        "FROM python:3.12-slim\nCOPY --from=b /w /w\nRUN pip install /w/*.whl\n"
    )
    config = Config(cache=False, select=("wheel-tag-mismatch",))
    assert scan([tmp_path / "Dockerfile"], config).scans[0].findings == ()
