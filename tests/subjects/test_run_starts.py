"""Files that RUN starts by their path are judged as the stage stood then."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from depscan.config import Config
from depscan.scan import scan

ELF = Path(__file__).parents[2] / "fixtures" / "elf"
CONFIG = Config(cache=False, jobs=1, ignore=("base-end-of-life", "base-tag-moves"))
TEXTS = {
    "bash.sh": "#!/bin/bash\nexec sleep 1\n",
    "windows.sh": "#!/bin/sh\r\nexec sleep 1\r\n",
    "bare.sh": "echo hello\n",
    "good.sh": "#!/bin/sh\nexec sleep 1\n",
}


@pytest.mark.parametrize(
    ("dockerfile", "expected"),
    [
        (
            "FROM debian:12\nCOPY --chmod=755 windows.sh /w\nRUN cd / && ./w build\n",
            {("crlf-shebang", "error", (2, 18), (3, 13), "/bin/sh: 1: /w: not found")},
        ),
        (
            "FROM debian:12\nCOPY --chmod=644 good.sh /g\nRUN /g\n",
            {("not-executable", "error", (2, 18), (3, 5), "/bin/sh: 1: /g: Permission denied")},
        ),
        (
            "FROM alpine:3.20\nCOPY --chmod=755 bash.sh /b\nRUN /b\n",
            {("shebang-interpreter-missing", "error", (2, 18), (3, 5), "/bin/sh: /b: not found")},
        ),
        ("FROM alpine:3.20\nCOPY --chmod=755 bash.sh /b\nRUN apk add --no-cache bash && /b\n", set()),
        (
            "FROM alpine:3.20\nCOPY --chmod=755 hello /h\nRUN /h\nCMD sleep 1\n",
            {("glibc-exec-on-musl", "error", (2, 18), (3, 5), "/bin/sh: /h: not found")},
        ),
        ("FROM debian:12\nCOPY --chmod=644 good.sh /g\nRUN chmod +x /g && /g\n", set()),
        ("FROM debian:12\nCOPY --chmod=644 good.sh /g\nRUN sh /g\n", set()),
        ("FROM debian:12\nCOPY --chmod=755 windows.sh /w\nRUN dos2unix /w && /w\n", set()),
        ("FROM debian:12\nCOPY needs-libpq /x\nCOPY libpq.so.5 /o/\nRUN LD_LIBRARY_PATH=/o /x\n", set()),
        ("FROM debian:12\nCOPY needs-libpq /x\nCOPY libpq.so.5 /o/\nRUN export LD_LIBRARY_PATH=/o && /x\n", set()),
        ("FROM debian:12\nARG LD_LIBRARY_PATH=/o\nCOPY needs-libpq /x\nCOPY libpq.so.5 /o/\nRUN /x\n", set()),
        ("FROM debian:12\nCOPY --chmod=755 bare.sh /b\nRUN /b\n", set()),  # the shell runs it itself
    ],
)
def test_what_run_starts(
    tmp_path: Path, dockerfile: str, expected: set[tuple[str, str, tuple[int, int], tuple[int, int], str]]
) -> None:
    assert _found(tmp_path, dockerfile) == expected


@pytest.mark.parametrize(
    "line",
    [
        "/g || true",
        "/g | cat",
        "/g; true",
        "/g && x || true",
        "/g && x; true",
        "! /g && x",
        "(/g && x) || true",
        "/g & x",
    ],
)
def test_a_failure_that_the_shell_passes_over_is_no_error(tmp_path: Path, line: str) -> None:
    found = _found(tmp_path, f"FROM debian:12\nCOPY --chmod=644 good.sh /g\nRUN {line}\n")
    assert {severity for _, severity, *_ in found} <= {"warning", "note"}


def _found(directory: Path, dockerfile: str) -> set[tuple[str, str, tuple[int, int], tuple[int, int], str]]:
    """Rule, severity, place of the finding, place of its first related span, message."""
    for name, text in TEXTS.items():
        (directory / name).write_bytes(text.encode())
    shutil.copy(ELF / "hello-glibc-dynamic", directory / "hello")
    for name in ("needs-libpq", "libpq.so.5"):
        shutil.copy(ELF / name, directory / name)
    (directory / "Dockerfile").write_text(dockerfile)
    (result,) = scan([directory / "Dockerfile"], CONFIG).scans
    return {
        (
            finding.rule,
            str(finding.severity),
            (finding.location.span.start.line, finding.location.span.start.column),
            (finding.related[0].location.span.start.line, finding.related[0].location.span.start.column),
            finding.runtime_message or "",
        )
        for finding in result.findings
    }
