"""Binaries of macOS and Windows that COPY brings: what counts, and what is meant to be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

    from depscan.findings import Finding

MACH_O, PE = bytes.fromhex("cffaedfe0c000001").ljust(64, b"\0"), b"MZ".ljust(64, b"\0")
EXTENSION = "venv/lib/python3.12/site-packages/_cffi_backend.cpython-312-darwin.so"


def findings(tmp_path: Path, files: dict[str, bytes], dockerfile: str) -> list[Finding]:
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    (tmp_path / "Dockerfile").write_text(dockerfile)
    config = Config(cache=False, jobs=1, select=("host-binaries-in-context",))
    return list(scan([tmp_path / "Dockerfile"], config).scans[0].findings)


def test_one_finding_for_a_copy_speaks_of_the_surest_file(tmp_path: Path) -> None:
    files = {EXTENSION: MACH_O, "bin/helper": MACH_O}
    (found,) = findings(tmp_path, files, 'FROM python:3.12-slim\nCOPY . /app\nCMD ["python", "x.py"]\n')
    assert found.message == f"{EXTENSION} is a file for macOS (and 1 more), and the image runs Linux"
    assert (found.severity, found.confidence) == ("warning", "likely")
    assert (found.location.span.start.line, found.location.span.start.column) == (2, 6)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("tests/data/macho", id="test data"),
        pytest.param("bin/darwin/tool", id="a variant of several"),
        pytest.param("tool-windows", id="a variant by its name"),
        pytest.param("node_modules/x/y.node", id="told by another rule"),
        pytest.param("public/download/tool", id="a download for others"),
        pytest.param("lib/App.dll", id="an assembly of .NET"),
    ],
)
def test_what_is_meant_to_be_there_is_not_told(tmp_path: Path, path: str) -> None:
    assert findings(tmp_path, {path: MACH_O}, 'FROM debian:12\nCOPY . /app\nCMD ["sleep", "1"]\n') == []


@pytest.mark.parametrize(
    "dockerfile",
    [
        pytest.param("FROM debian:12\nCOPY tool /opt/tool\n", id="nothing is started"),
        pytest.param('FROM debian:12\nCOPY tool /opt/tool\nRUN make -C /opt\nCMD ["sleep"]\n', id="made anew later"),
        pytest.param(
            'FROM debian:12 AS b\nCOPY tool /opt/tool\nFROM scratch\nCOPY --from=b /etc /etc\nCMD ["/x"]\n',
            id="left behind",
        ),
    ],
)
def test_files_that_do_not_stay(tmp_path: Path, dockerfile: str) -> None:
    assert findings(tmp_path, {"tool": PE}, dockerfile) == []


def test_a_program_that_is_named_is_likely_meant(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, {"tool": PE}, 'FROM debian:12\nCOPY tool /opt/tool\nCMD ["sleep", "1"]\n')
    assert (found.message, found.confidence) == ("tool is a file for Windows, and the image runs Linux", "likely")
