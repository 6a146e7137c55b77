"""What a command costs: processor time, wall time, peak memory.

In: a command line. Out: `Cost`, medians over several runs. Processor time is user plus system time of the process and
its descendants (wait4). On Linux a child's peak memory is never below that of the process that started it (exec keeps
the high-water mark), so this program stays small: read no figure as less than that of the bare interpreter.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Cost(NamedTuple):
    """Medians: `cpu` and `wall` in milliseconds, `memory` in MiB (the largest single process)."""

    cpu: float
    wall: float
    memory: float


def measure(
    command: Sequence[str],
    *,
    runs: int,
    environment: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> Cost:
    """Run `command` once to warm the file cache, then `runs` times; `before` is called ahead of each, unmeasured."""
    costs = []
    for _ in range(runs + 1):
        if before:
            before()
        costs.append(_run(command, environment))
    return Cost(*(statistics.median(column) for column in zip(*costs[1:], strict=True)))


def measure_in_turn(
    commands: Sequence[Sequence[str]], *, runs: int, environment: Mapping[str, str] | None = None
) -> list[Cost]:
    """The same for several commands, one run of each in turn: a machine that slows down slows all of them."""
    rounds = [[_run(command, environment) for command in commands] for _ in range(runs + 1)]
    return [Cost(*map(statistics.median, zip(*costs, strict=True))) for costs in zip(*rounds[1:], strict=True)]


def _run(command: Sequence[str], environment: Mapping[str, str] | None) -> Cost:
    start = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - the commands of run.py
        command, env={**_inherited(), **(environment or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command[:4])} ... ended with {process.returncode}")
    return Cost((usage.ru_utime + usage.ru_stime) * 1000, wall * 1000, usage.ru_maxrss / 1024)


def _inherited() -> dict[str, str]:
    """This process's environment; bytecode is kept between runs, as an installed package's is, and no wish counts."""
    wishes = ("PYTHONDONTWRITEBYTECODE", "DEPSCAN_")
    return {name: value for name, value in os.environ.items() if not name.startswith(wishes)}
