"""Many new files to facts, in processes of their own where that pays.

In: paths of regular files. Out: facts or the reason, for each. Little work is done in this process; much is shared out
to workers, one file at a time, so that a file on which LIEF crashes or never ends costs its own facts and no other's.
A process pool of the standard library would not tell which file killed it, and would import the caller's main module.
"""

from __future__ import annotations

import os
import struct
import sys
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from depscan.artifacts.elf import explain_elf
from depscan.artifacts.facts import ElfFacts

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from pathlib import Path

LENGTH = struct.Struct("<I")  # of each message to and from a worker
_FEW_FILES = 4
# Parsing costs about 1 ms a file and 2 ms a MB; a worker's start costs about 500 ms.
_LITTLE_WORK_MS = 500
_TIMEOUT_S = 60.0


def parse_files(sizes: Mapping[Path, int], jobs: int) -> dict[Path, ElfFacts | str]:
    """Parse the files, given with their sizes in bytes; `jobs` is the number of processes, 0 for one per CPU.

    A str is the reason why a file has no facts. One job means this process.
    """
    work_ms = sum(1 + size / 500_000 for size in sizes.values())
    jobs = min(jobs or os.cpu_count() or 1, len(sizes))
    if len(sizes) < _FEW_FILES or work_ms < _LITTLE_WORK_MS or jobs == 1 or not sys.executable:
        return {path: explain_elf(path) for path in sizes}
    return _share_out(sorted(sizes, key=lambda path: sizes[path], reverse=True), jobs)


def _share_out(paths: list[Path], jobs: int) -> dict[Path, ElfFacts | str]:
    """Let `jobs` threads, each with a worker, empty one queue; an interrupt empties it too, and ends the workers."""
    import threading  # noqa: PLC0415 - only where much is parsed

    queue = deque(paths)
    results: dict[Path, ElfFacts | str] = {}
    workers = [Worker() for _ in range(jobs)]
    threads = [threading.Thread(target=_drain, args=(queue, worker, results), daemon=True) for worker in workers]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        queue.clear()
        for worker in workers:
            worker.stop()
    return results


def _drain(queue: deque[Path], worker: Worker, results: dict[Path, ElfFacts | str]) -> None:
    while True:
        try:
            path = queue.popleft()
        except IndexError:
            return
        results[path] = worker.explain(path)


class Worker:
    """A process that parses one file after another; it is started when first asked, and again after a crash."""

    def __init__(self, timeout: float = _TIMEOUT_S) -> None:
        """Allow `timeout` seconds for a file."""
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None

    def explain(self, path: Path) -> ElfFacts | str:
        """Give the facts of a file; the reason where it has none, or where its parser crashed or did not end."""
        try:
            if self._process is None:
                self._process = _start(self._timeout)
            return _ask(self._process, path)
        except (OSError, EOFError, ValueError):  # ValueError: an interrupt closed its pipes
            self.stop()
            return f"its parser crashed, or did not end within {self._timeout:g} s"

    def stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def _start(timeout: float) -> subprocess.Popen[bytes]:
    """Start a worker with this process's module path; -P keeps the current directory, a foreign one, out of it."""
    import subprocess  # noqa: PLC0415 - see _share_out

    folders = [folder for folder in sys.path if os.path.isabs(folder)]  # noqa: PTH117 - no Path is needed
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
        [sys.executable, "-P", "-m", "depscan.artifacts.worker", str(timeout)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(folders)},
    )


def _ask(process: subprocess.Popen[bytes], path: Path) -> ElfFacts | str:
    """Send one path and read the answer; raises EOFError or OSError when the worker is gone."""
    assert process.stdin is not None
    assert process.stdout is not None
    request = os.fsencode(path)
    process.stdin.write(LENGTH.pack(len(request)) + request)
    process.stdin.flush()
    prefix = process.stdout.read(LENGTH.size)
    if len(prefix) < LENGTH.size:
        raise EOFError
    (length,) = LENGTH.unpack(prefix)
    answer = process.stdout.read(length)
    if len(answer) < length:
        raise EOFError
    facts: ElfFacts | str = msgspec.msgpack.decode(answer, type=ElfFacts | str)
    return facts
