"""What the user may not read, and what is no file: a row with the reason or one line, never a bug report.

The command line runs in a process of its own; root's right to read everything is dropped there.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[1]
PROGRAM = (REPOSITORY / "fixtures" / "elf" / "hello-glibc-dynamic").read_bytes()
FORMATS = ("text", "concise", "json", "sarif", "github", "gitlab", "checkstyle", "junit")
_RIGHTS = "-dac_override,-dac_read_search"


class Run(NamedTuple):
    code: int
    out: str
    err: str


def run(*arguments: str, cwd: Path, **variables: str) -> Run:
    """The command line as a user who may read only what its mode allows."""
    drop = ["setpriv", f"--bounding-set={_RIGHTS}", f"--inh-caps={_RIGHTS}"] if os.geteuid() == 0 else []
    if drop and shutil.which("setpriv") is None:
        pytest.skip("root reads everything, and there is no setpriv")
    command = [*drop, sys.executable, "-m", "depscan", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "NO_COLOR": "1", **variables}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=60)
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Path]:
    """A context whose paths become readable again, so that pytest can remove them."""
    yield tmp_path
    for folder, directories, files in os.walk(tmp_path):
        for name in directories:
            Path(folder, name).chmod(0o755)
        for name in files:
            if not Path(folder, name).is_symlink():
                Path(folder, name).chmod(0o644)


def write(context: Path, dockerfile: str, mode: int = 0o000) -> None:
    """A Dockerfile beside an unreadable program, an unreadable directory and one that may be listed but not entered."""
    (context / "Dockerfile").write_text(dockerfile)
    (context / "server").write_bytes(PROGRAM)
    (context / "server").chmod(mode)
    for name, bits in (("locked", 0o000), ("listed", 0o444)):
        (context / name).mkdir()
        (context / name / "file").write_bytes(PROGRAM)
        (context / name).chmod(bits)


def test_an_unreadable_file_that_copy_names(context: Path) -> None:
    write(context, 'FROM debian:12\nCOPY server /server\nENTRYPOINT ["/server"]\n')
    found = run("--isolated", "--verbose", *(f"--format={name}=out.{name}" for name in FORMATS), ".", cwd=context)
    assert (found.code, found.out, found.err) == (0, "", "")
    for name in FORMATS:
        assert "Permission denied" in (context / f"out.{name}").read_text(), name
    (row,) = json.loads((context / "out.json").read_text())["scans"][0]["skipped"]
    assert row == {"subject": "server", "reason": "cannot be read: Permission denied", "line": 2}


def test_plain_text_tells_what_may_not_be_read(context: Path) -> None:
    names = [f"tool{number}" for number in range(5)]
    write(context, "FROM debian:12\nCOPY server /server\n" + "".join(f"COPY {name} /{name}\n" for name in names))
    for name in names:
        (context / name).write_bytes(PROGRAM)
        (context / name).chmod(0)
    found = run("--isolated", "Dockerfile", cwd=context)
    lines = [line for line in found.out.splitlines() if line.startswith("skipped")]
    assert (found.code, found.err) == (0, "")
    assert lines == [
        "skipped: server (Dockerfile:2): cannot be read: Permission denied",
        "skipped: tool0 (Dockerfile:3): cannot be read: Permission denied",
        "skipped: tool1 (Dockerfile:4): cannot be read: Permission denied",
        "skipped: 3 more that cannot be read: --verbose",
    ]
    told = run("--isolated", "--verbose", "Dockerfile", cwd=context).out
    assert sum(line.startswith("skipped: ") for line in told.splitlines()) == 6


@pytest.mark.parametrize("source", ["locked", "listed", "locked/file", "l*", "."])
def test_an_unreadable_directory_in_the_context(source: str, context: Path) -> None:
    write(context, f"FROM debian:12\nCOPY {source} /to/\n")
    found = run("--isolated", "--format=json", ".", cwd=context)
    assert (found.code, found.err) in [(0, ""), (1, "")]
    assert "Permission denied" in found.out


def test_an_unreadable_ignore_file(context: Path) -> None:
    write(context, "FROM debian:12\nCOPY server /server\n", 0o755)
    (context / ".dockerignore").write_text("x")
    (context / ".dockerignore").chmod(0)
    found = run("--isolated", "--format=json", "Dockerfile", cwd=context)
    assert (found.code, "Permission denied" in found.out + found.err) == (0, True)


@pytest.mark.parametrize(
    ("mode", "arguments"),
    [(0o000, ["Dockerfile"]), (0o444, ["Dockerfile"]), (0o000, ["inspect", "server"]), (0o444, ["bases", "server"])],
)
def test_a_context_that_may_not_be_entered(mode: int, arguments: list[str], context: Path) -> None:
    inside = context / "inside"
    inside.mkdir()
    write(inside, "FROM debian:12\nCOPY server /s\n")
    inside.chmod(mode)
    found = run(*arguments[:-1], str(inside / arguments[-1]), cwd=context)
    assert (found.code, "Permission denied" in found.err, "bug" in found.err) == (2, True, False)
    found = run("--verbose", str(inside), cwd=context)
    told = " ".join(f"{found.out} {found.err}".split())  # text is wrapped
    assert ("Permission denied" in told, "bug" in told) == (True, False)


@pytest.mark.parametrize(
    ("variable", "mode"),
    [
        ("XDG_DATA_HOME", 0),
        ("XDG_CACHE_HOME", 0),
        ("HOME", 0),
        ("DEPSCAN_DATA_DIR", 0o444),
        ("DEPSCAN_CACHE_DIR", 0o444),
    ],
)
def test_an_unreadable_folder_of_the_users_own(variable: str, mode: int, context: Path) -> None:
    write(context, "FROM debian:12\nCOPY server /server\n", 0o755)
    folder = context / "own"
    (folder / "depscan" / "bases").mkdir(parents=True)
    folder.chmod(mode)
    gone = {"XDG_DATA_HOME": "", "XDG_CACHE_HOME": ""} if variable == "HOME" else {}
    found = run("Dockerfile", "--format=json", cwd=context, **gone, **{variable: str(folder)})
    assert (found.code, found.err) == (0, "")


def test_an_unreadable_configuration(context: Path) -> None:
    write(context, "FROM debian:12\n")
    (context / "depscan.toml").write_text('format = ["json"]\n')
    (context / "depscan.toml").chmod(0)
    found = run("Dockerfile", cwd=context)
    assert (found.code, "Permission denied" in found.err) == (2, True)


def test_what_is_no_file(context: Path) -> None:
    (context / "Dockerfile").write_text("FROM debian:12\nCOPY . /all\nCOPY pipe loop /x/\nCOPY round/a/b /y/\n")
    (context / "sub").mkdir()
    os.mkfifo(context / "pipe")
    (context / "loop").symlink_to("loop")
    (context / "round").symlink_to("round/a")
    (context / "sub" / "up").symlink_to("..")
    (context / "sub" / ("n" * 255)).write_text("x")
    (context / "device").symlink_to("/dev/zero")
    here = Path.cwd()
    os.chdir(context)  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind("socket")
            found = run("--isolated", *(f"--format={name}=out.{name}" for name in FORMATS), "Dockerfile", cwd=context)
    finally:
        os.chdir(here)
    assert (found.code in (0, 1), found.err) == (True, "")


@pytest.mark.parametrize("name", ["a" * 300, "/".join(["d"] * 3_000), "x" * 70_000])
def test_names_that_no_file_can_have(name: str, context: Path) -> None:
    (context / "Dockerfile").write_text(f"FROM debian:12\nCOPY {name} /x\nADD {name}.tar /y/\nCMD ['/{name}']\n")
    found = run("--isolated", "--format=json", "Dockerfile", cwd=context)
    assert (found.code in (0, 1), found.err) == (True, "")


def test_a_path_is_asked_by_functions_that_do_not_raise() -> None:
    """Path.is_dir and its kin raise PermissionError where a directory may not be entered (until Python 3.14)."""
    asking = {"is_dir", "is_file", "exists"}
    of_entries = {"builds/walk.py", "artifacts/zips.py"}  # of os.scandir and zipfile
    package = REPOSITORY / "depscan"
    found = [
        f"{path.relative_to(package)}:{node.lineno}"
        for path in sorted(package.rglob("*.py"))
        if str(path.relative_to(package)) not in of_entries
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in asking and ast.unparse(node.func.value) not in ("os.path", "self")
    ]
    assert found == []
