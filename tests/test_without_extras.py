"""Without the packages of the extras: what cannot be read is a skipped row that names the extra, in every format.

Here the imports are refused in the process; tests/live/test_wheel.py runs the wheel in an environment without them.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import RunDepscan

zstandard = pytest.importorskip("zstandard")
EXTRAS = ("zstandard", "compression.zstd", "urllib3")
NEED = "pip install 'depscan-lint[zstd]'"
FORMATS = ("text", "json", "sarif", "concise", "github", "gitlab", "checkstyle", "junit")


@pytest.fixture
def zstd_tar(tmp_path: Path) -> Path:
    """A context with an archive that is packed by zstd."""
    raw = io.BytesIO()
    program = Path("fixtures/elf/needs-glibc-2.99").read_bytes()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        info = tarfile.TarInfo("opt/server")
        info.size, info.mode = len(program), 0o755
        tar.addfile(info, io.BytesIO(program))
    path = tmp_path / "app.tar.zst"
    path.write_bytes(zstandard.ZstdCompressor().compress(raw.getvalue()))
    return path


@pytest.fixture
def no_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in EXTRAS:
        monkeypatch.setitem(sys.modules, name, None)


DOCKERFILES = {
    "copied": 'FROM debian:12\nCOPY app.tar.zst /app/\nCMD ["/bin/sh"]\n',
    "unpacked": 'FROM debian:12\nADD app.tar.zst /\nCMD ["/opt/server"]\n',
    "unpacked by tar": 'FROM debian:12\nCOPY app.tar.zst /a/\nRUN tar -xf /a/app.tar.zst -C /\nCMD ["/opt/server"]\n',
}


@pytest.mark.usefixtures("no_extras")
@pytest.mark.parametrize("how", DOCKERFILES)
@pytest.mark.parametrize("name", FORMATS)
def test_a_zstd_archive(how: str, name: str, zstd_tar: Path, run_depscan: RunDepscan) -> None:
    dockerfile = zstd_tar.parent / "Dockerfile"
    dockerfile.write_text(DOCKERFILES[how])
    found = run_depscan("--isolated", f"--format={name}", str(dockerfile))
    assert (found.code, found.err) == (0, "")
    if name == "json":
        rows = [(row["line"], row["reason"]) for row in json.loads(found.out)["scans"][0]["skipped"]]
        assert any(line == 2 and NEED in reason for line, reason in rows)


@pytest.mark.parametrize("how", DOCKERFILES)
def test_the_same_archive_is_read_once_the_extra_is_there(
    how: str, zstd_tar: Path, run_depscan: RunDepscan, monkeypatch: pytest.MonkeyPatch
) -> None:
    dockerfile = zstd_tar.parent / "Dockerfile"
    dockerfile.write_text(DOCKERFILES[how])
    with monkeypatch.context() as patch:
        for name in EXTRAS:
            patch.setitem(sys.modules, name, None)
        assert NEED in run_depscan("--isolated", "--format=json", str(dockerfile)).out
    assert NEED not in run_depscan("--isolated", "--format=json", str(dockerfile)).out


@pytest.mark.usefixtures("no_extras")
def test_inspect_and_bases(zstd_tar: Path, run_depscan: RunDepscan) -> None:
    found = run_depscan("inspect", "--format=json", str(zstd_tar))
    assert (found.code, found.err) == (0, "")
    assert NEED in json.loads(found.out)["files"][0]["skipped"]


def test_online_names_its_extra(tmp_path: Path) -> None:
    """In a process of its own: tests of registries leave modules behind that this one must not find."""
    (tmp_path / "Dockerfile").write_text("FROM registry.invalid/x:1\n")
    block = "import sys; sys.modules['urllib3'] = None; from depscan.cli import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", block, "--isolated", "--online", str(tmp_path / "Dockerfile")]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == 2
    assert "pip install 'depscan-lint[registry]'" in found.stderr
