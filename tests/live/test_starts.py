"""Scripts and start commands in real roots: the kernel's and the shell's own answer beside depscan's verdict and words.

Each case is one file of a context, copied to /s/NAME and started there; depscan is given the root as base image. So the
laws of `artifacts/script.py` (what the kernel reads of a first line) are held to the kernel that runs the tests.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.scan import scan

from . import execution, roots

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(roots.why_not() is not None, reason=roots.why_not() or "")

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CASES: dict[str, bytes] = {
    "sh": b"#!/bin/sh\n",
    "bash": b"#!/bin/bash\n",
    "absent": b"#!/bin/nosuch\n",
    "env": b"#!/usr/bin/env bash\n",
    "env-absent": b"#!/usr/bin/env node\n",
    "env-two-words": b"#!/usr/bin/env bash -e\n",
    "env-split": b"#!/usr/bin/env -S bash -e\n",
    "returns": b"#!/bin/sh\r\n",
    "env-returns": b"#!/usr/bin/env bash\r\n",
    "env-split-returns": b"#!/usr/bin/env -S bash -e\r\n",
    "option-returns": b"#!/bin/sh -e\r\n",
    "perl-returns": b"#!/usr/bin/perl -w\r\n",
    "mark": b"\xef\xbb\xbf#!/bin/sh\n",
    "bare": b"exit 0\n",
    "empty": b"",
    "long": b"#!/" + b"a" * 300 + b"\n",
    "long-argument": b"#!/bin/sh -e " + b" " * 300 + b"\n",
    "no-end": b"#!/bin/sh",
    "nameless": b"#!  \n",
    "nul": b"#!/bin/sh\0x\n",
    "mac": b"\xcf\xfa\xed\xfe" + b"\0" * 100,
    "windows": b"MZ" + b"\0" * 200,
    "archive": b"PK\x03\x04" + b"\0" * 100,
    "denied": b"#!/bin/sh\n",
}


# Where depscan and the kernel differ, on purpose: what env -S makes of a carriage return depends on its version, so
# nothing is said; and a missing permission is told last, since what else is wrong stays wrong after a chmod.
DIFFERENT = {("bullseye", "env-split-returns"), ("musl", "denied"), ("empty", "denied")}


@pytest.mark.parametrize("name", ["bookworm", "bullseye", "musl", "empty"])
def test_the_answer_of_the_kernel(name: str, tmp_path: Path) -> None:
    differences = []
    with roots.copy_root(name) as root:
        (root / "s").mkdir()
        for case, content in CASES.items():
            mode = 0o644 if case == "denied" else 0o755
            for folder in (root / "s", tmp_path):
                (folder / case).write_bytes(content)
                (folder / case).chmod(mode)
            real, told = _real(root, case), _told(tmp_path, case, name)
            if real != told and (name, case) not in DIFFERENT:
                differences.append((case, real, told))
    assert differences == []


def _real(root: Path, case: str) -> str | None:
    """What the start says, in runc's words where it is the kernel that refuses; None where the script ran."""
    ran = execution.run(root, (f"/s/{case}",), {"PATH": PATH})
    if ran.error:
        words = os.strerror(ran.error)
        return f"exec /s/{case}: {words[0].lower()}{words[1:]}"
    lines = ran.err.splitlines()
    return lines[0].rstrip("\r") if ran.code and lines else None


def _told(context: Path, case: str, name: str) -> str | None:
    base = "scratch" if name == "empty" else "base"
    text = f'FROM {base}\nCOPY {case} /s/{case}\nENV PATH={PATH}\nENTRYPOINT ["/s/{case}"]\n'
    (context / "Dockerfile").write_text(text)
    config = Config(bases={"base": str(roots.root(name))}, cache=False, jobs=1)
    (result,) = scan([context / "Dockerfile"], config).scans
    said = [found.runtime_message for found in result.findings if found.severity == "error"]
    return said[0] if said else None


@pytest.mark.parametrize("scripts", [1, 4, 5, 6])
def test_how_many_scripts_may_start_each_other(scripts: int, tmp_path: Path) -> None:
    with roots.copy_root("bookworm") as root:
        (root / "s").mkdir()
        before = "/bin/sh"
        for number in range(1, scripts + 1):
            for folder in (root / "s", tmp_path):
                (folder / str(number)).write_text(f"#!{before}\n")
                (folder / str(number)).chmod(0o755)
            before = f"/s/{number}"
        refused = execution.run(root, (f"/s/{scripts}",)).error != 0
    names = " ".join(str(number) for number in range(1, scripts + 1))
    (tmp_path / "Dockerfile").write_text(f'FROM debian:12\nCOPY {names} /s/\nCMD ["/s/{scripts}"]\n')
    (result,) = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).scans
    placement = next(each for each in result.placements if each.path == f"/s/{scripts}")
    assert (placement.verdict == "fails") == refused == (scripts > 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nosuch --x", "/bin/sh: 1: nosuch: not found"),
        ("/nosuch --x", "/bin/sh: 1: /nosuch: not found"),
        ("['nginx', '-g']", "/bin/sh: 1: [nginx,: not found"),
        ('["nginx", "-g",]', "/bin/sh: 1: [nginx,: not found"),
    ],
)
def test_what_a_shell_says(text: str, said: str) -> None:
    ran = execution.run(roots.root("bookworm"), ("/bin/sh", "-c", text), {"PATH": PATH})
    assert (ran.code, ran.err.strip()) == (127, said)
