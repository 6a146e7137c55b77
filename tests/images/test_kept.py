"""`depscan image --add`: a company's own base, known in later runs without its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.images.lookup import profile
from depscan.platforms import DEFAULT_PLATFORM, parse_platform
from tests.images.handmade import A_ROOT, docker_archive, image, write_layout

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunDepscan

NAME = "corp.example/base:1"


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPSCAN_DATA_DIR", str(tmp_path / "data"))


def test_kept_and_found_without_the_source(tmp_path: Path, run_depscan: RunDepscan) -> None:
    archive = docker_archive(tmp_path / "base.tar", A_ROOT)
    run = run_depscan("image", "--isolated", "--add", str(archive), "--as", NAME)
    assert (run.code, run.err) == (0, "")
    archive.unlink()

    found = profile(NAME, DEFAULT_PLATFORM, {})
    assert (found.libc.version, found.source) == ("2.36", "archive")
    assert found.why.startswith(f"kept by depscan image --add, read from {archive}, sha256:")
    assert profile(NAME, DEFAULT_PLATFORM, {NAME: "none"}).libc.family == "none", "an override is stronger"
    assert profile(NAME, parse_platform("linux/arm64"), {}).libc.family == "unknown", "it is of one platform"
    assert profile("corp.example/base:2", DEFAULT_PLATFORM, {}).libc.family == "unknown"


def test_a_damaged_file_counts_as_none(tmp_path: Path, run_depscan: RunDepscan) -> None:
    run_depscan("image", "--isolated", "--add", str(write_layout(tmp_path / "i", image(A_ROOT))), "--as", NAME)
    (kept,) = (tmp_path / "data" / "bases").iterdir()
    kept.write_bytes(b"damaged")
    assert profile(NAME, DEFAULT_PLATFORM, {}).libc.family == "unknown"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "depscan image: of which? Pass a reference, e.g. depscan image debian:12"),
        (["--add", "{}"], "which image is it? Name it: --as registry.example/base:1"),
        (["--add", "{}", "--as", "Corp/Base"], "--as Corp/Base: not an image reference: "),
        (["--add", "{}", "--as", NAME], "--add {}: no whole tar archive: empty file"),
        (["--add", "{}/none", "--as", NAME], "the source of corp.example/base:1: Not a directory; name an OCI layout"),
    ],
)
def test_wrong_use(tmp_path: Path, run_depscan: RunDepscan, arguments: list[str], message: str) -> None:
    (tmp_path / "empty.tar").touch()
    place = str(tmp_path / "empty.tar")
    run = run_depscan("image", "--isolated", *(argument.format(place) for argument in arguments))
    assert (run.code, run.out) == (2, "")
    assert message.format(place) in run.err


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, run_depscan: RunDepscan, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DEPSCAN_DATA_DIR", str(tmp_path / "file"))
    archive = docker_archive(tmp_path / "base.tar", A_ROOT)
    run = run_depscan("image", "--isolated", "--add", str(archive), "--as", NAME)
    assert run.code == 2
    assert "cannot be written (Not a directory); set DEPSCAN_DATA_DIR to a folder" in run.err
