"""Suggestions for what a stage starts: each, put into the Dockerfile, leaves no finding."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from depscan.config import Config
from depscan.packages import install_command
from depscan.scan import scan

FIXTURES = Path(__file__).parents[2] / "fixtures" / "elf"
CONFIG = Config(cache=False, jobs=1, ignore=("base-end-of-life", "base-tag-moves"))
TEXTS = {
    "bash.sh": "#!/bin/bash\nexec sleep 1\n",
    "windows.sh": "#!/bin/sh\r\nexec sleep 1\r\n",
    "bare.sh": "echo hello\n",
    "run.py": "#!/usr/bin/env python3\nprint()\n",
}


@pytest.mark.parametrize(
    ("dockerfile", "rule", "edit"),
    [
        (
            'FROM alpine:3.20\nCOPY --chmod=755 bash.sh /\nENTRYPOINT ["/bash.sh"]\n',
            "shebang-interpreter-missing",
            (2, 1, "RUN apk add --no-cache bash\n"),
        ),
        (
            'FROM debian:12\nCOPY --chmod=755 run.py /\nCMD ["/run.py"]\n',
            "shebang-interpreter-missing",
            (
                2,
                1,
                f"RUN {install_command('apt', ('python3',))}\n",
            ),
        ),
        (
            'FROM debian:12\nCOPY --chmod=755 windows.sh /opt/\nENTRYPOINT ["/opt/windows.sh"]\n',
            "crlf-shebang",
            (3, 1, "RUN sed -i 's/\\r$//' /opt/windows.sh\n"),
        ),
        (
            'FROM debian:12\nCOPY --chmod=644 windows.sh /opt/\nENTRYPOINT ["/opt/windows.sh"]\n',
            "crlf-shebang",
            (3, 1, "RUN sed -i 's/\\r$//' /opt/windows.sh && chmod +x /opt/windows.sh\n"),
        ),
        (
            'FROM scratch\nCOPY --chmod=644 server /\nENTRYPOINT ["/server"]\n',
            "not-executable",
            (2, 6, "--chmod=755"),
        ),
        (
            'FROM debian:12\nCOPY --chmod=755 server /\nRUN chmod 600 /server\nENTRYPOINT ["/server"]\n',
            "not-executable",
            (4, 1, "RUN chmod +x /server\n"),
        ),
        (
            'FROM debian:12\nCOPY --chmod=755 bare.sh /\nENTRYPOINT ["/bare.sh", "x"]\n',
            "not-runnable-entrypoint",
            (3, 13, '"sh", "/bare.sh"'),
        ),
        (
            'FROM scratch\nCOPY --chmod=755 server /bin/server\nENTRYPOINT ["/server", "-v"]\n',
            "entrypoint-not-found",
            (3, 13, '"/bin/server"'),
        ),
        (
            'FROM scratch\nCOPY --chmod=755 server /bin/\nCMD ["server -v"]\n',
            "entrypoint-not-found",
            (3, 6, '"server", "-v"'),
        ),
        (
            'FROM scratch\nCOPY --chmod=755 server /\nCMD /server "a b" -v\n',
            "shell-less-base",
            None,
        ),
        (
            "FROM scratch\nCOPY --chmod=755 server /\nENTRYPOINT /server --port 80\n",
            "shell-less-base",
            (3, 12, '["/server", "--port", "80"]'),
        ),
        (
            "FROM debian:12\nCOPY --chmod=755 server /\nCMD ['/server', \"-v\",]\n",
            "malformed-exec-form",
            (3, 5, '["/server", "-v"]'),
        ),
        ('FROM debian:12\nCOPY --chmod=755 server /\nCMD ["/server", -v]\n', "malformed-exec-form", None),
        ('FROM debian:12\nCOPY --chmod=755 loader.exe /\nCMD ["/loader.exe"]\n', "not-runnable-entrypoint", None),
    ],
)
def test_the_first_suggestion_mends(
    tmp_path: Path, dockerfile: str, rule: str, edit: tuple[int, int, str] | None
) -> None:
    for name, text in TEXTS.items():
        (tmp_path / name).write_bytes(text.encode())
    (tmp_path / "loader.exe").write_bytes(b"MZ" + bytes(300))
    shutil.copy(FIXTURES / "hello-static", tmp_path / "server")
    (tmp_path / "Dockerfile").write_text(dockerfile)

    (result,) = scan([tmp_path / "Dockerfile"], CONFIG).scans

    (finding,) = result.findings
    assert finding.rule == rule
    edits = [item.edits[0] for item in finding.suggestions[:1]]
    assert [(each.location.span.start.line, each.location.span.start.column, each.text) for each in edits] == (
        [edit] if edit is not None else []
    )
