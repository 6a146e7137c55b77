"""Many files at once: what cannot be read has a reason, and no bad file costs another its facts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest  # noqa: TC002 - fixtures are typed by it

from depscan.artifacts import parsing
from depscan.artifacts.elf import read_elf
from depscan.artifacts.facts import ElfFacts
from depscan.artifacts.parsing import Worker, parse_files
from depscan.artifacts.reading import read_facts, read_facts_from_bytes
from tests.artifacts.samples import ELF, NAMES

HELLO = ELF / "hello-glibc-dynamic"


def test_results_stand_in_the_order_of_the_paths(tmp_path: Path) -> None:
    paths = [ELF / "truncated", HELLO, tmp_path, ELF / "hello-static", HELLO]
    results = read_facts(paths, cache=False)
    assert list(results) == [ELF / "truncated", HELLO, tmp_path, ELF / "hello-static"]
    assert results[HELLO] == read_elf(HELLO)


def _sparse(path: Path, size: int, head: bytes = b"") -> Path:
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)
    return path


def test_what_cannot_be_read_has_a_reason(tmp_path: Path) -> None:
    fifo, link, empty, text = tmp_path / "fifo", tmp_path / "link", tmp_path / "empty", tmp_path / "text"
    os.mkfifo(fifo)
    link.symlink_to("nowhere")
    empty.touch()
    text.write_text("hello")
    huge = _sparse(tmp_path / "huge", 600 << 20, HELLO.read_bytes())
    hollow = _sparse(tmp_path / "hollow", 300 << 20)
    reasons = {
        fifo: "is a FIFO",
        link: "cannot be read: No such file or directory",
        empty: "not an ELF file",
        text: "not an ELF file",
        huge: "larger than 512 MB",
        hollow: "not an ELF file",
        tmp_path: "is a directory",
        Path("/dev/null"): "is a device",
        Path("/nul\0byte"): "cannot be read: embedded null byte",
    }
    assert read_facts(list(reasons), cache=False) == reasons


def test_permission_denied_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "pread", deny)
    assert read_facts([HELLO], cache=False) == {HELLO: "cannot be read: Permission denied"}


def test_a_path_that_is_not_utf_8(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/h\xe9llo"))
    path.write_bytes(HELLO.read_bytes())
    assert read_facts([path], cache=False) == {path: read_elf(HELLO)}


def test_archive_members() -> None:
    assert read_facts_from_bytes(HELLO.read_bytes()) == read_elf(HELLO)
    assert read_facts_from_bytes(b"PK\x03\x04") == "not an ELF file"


def test_workers_give_what_this_process_gives(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lief.py").write_text("raise SystemExit('the current directory was imported')")
    sizes = {ELF / name: 1 for name in NAMES}
    here = parse_files(sizes, jobs=1)
    monkeypatch.setattr(parsing, "_LITTLE_WORK_MS", 0)
    assert parse_files(sizes, jobs=2) == here


def test_a_file_whose_parsing_does_not_end_costs_no_other(tmp_path: Path) -> None:
    """Opening a FIFO waits for a writer: it stands for a file on which LIEF never ends."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    worker = Worker(timeout=0.3)
    try:
        assert worker.explain(fifo) == "its parser crashed, or did not end within 0.3 s"
    finally:
        worker.stop()
    patient = Worker()
    try:
        assert patient.explain(HELLO) == read_elf(HELLO)
    finally:
        patient.stop()


def test_an_interrupt_ends_the_workers(tmp_path: Path) -> None:
    for name in "abcd":
        os.mkfifo(tmp_path / name)
    code = (
        "from pathlib import Path; from depscan.artifacts import parsing\n"
        "parsing._LITTLE_WORK_MS = 0\n"
        f"sizes = {{path: 1 for path in Path({str(tmp_path)!r}).iterdir()}}\n"
        "print('begun', flush=True)\n"
        "try: parsing.parse_files(sizes, jobs=2)\n"
        "except KeyboardInterrupt: print('interrupted')\n"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdout=pipe, stderr=pipe, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "begun\n"
        time.sleep(0.5)
        run.send_signal(signal.SIGINT)
        assert run.communicate(timeout=20) == ("interrupted\n", "")


def test_a_worker_that_was_killed_is_replaced() -> None:
    worker = Worker()
    try:
        assert isinstance(worker.explain(HELLO), ElfFacts)
        assert worker._process is not None
        worker._process.kill()
        assert worker.explain(HELLO) == "its parser crashed, or did not end within 60 s"
        assert worker.explain(HELLO) == read_elf(HELLO)
    finally:
        worker.stop()
