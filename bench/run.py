"""`make bench`: what depscan costs, beside other tools on the same files in the same run.

In: the number of runs per figure, 11 by default. Out: four tables on standard output. Figures are medians; ratios are
ratios of medians of this run, the only figures that may be compared across machines. A tool that is not installed is
left out with a note.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tabulate import tabulate

from bench.measure import Cost, measure, measure_in_turn
from bench.workloads import Workload, copy_seed, fetch_wheel, make_failing, make_workloads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BIN = Path(sys.executable).parent
WHEEL = "PySide6-Essentials==6.9.1"
PYELFTOOLS = [sys.executable, str(Path(__file__).with_name("pyelftools_needs.py"))]


class Bench(NamedTuple):
    """`runs` per figure; `home` keeps depscan's caches, emptied before each cold run."""

    runs: int
    home: Path

    def cold(self, command: Sequence[str]) -> Cost:
        """With empty caches."""
        return self._measure(command, lambda: shutil.rmtree(self.home, ignore_errors=True))

    def warm(self, command: Sequence[str]) -> Cost:
        """With what the run before kept."""
        return self._measure(command, None)

    def in_turn(self, commands: Sequence[Sequence[str]]) -> list[Cost]:
        """With what the run before kept, one command after the other, so that they may be compared."""
        return measure_in_turn(commands, runs=self.runs, environment={"XDG_CACHE_HOME": str(self.home)})

    def _measure(self, command: Sequence[str], before: Callable[[], None] | None) -> Cost:
        return measure(command, runs=self.runs, environment={"XDG_CACHE_HOME": str(self.home)}, before=before)


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    with tempfile.TemporaryDirectory(prefix="depscan-bench-") as folder:
        bench = Bench(runs, Path(folder, "cache"))
        none, one, many, big = make_workloads(Path(folder, "projects"), many=200, big=4, big_size=32)
        _write(f"depscan {runs} runs each, medians, Python {sys.version.split()[0]}\n")
        bare = _print_startup(bench, one, copy_seed(Path(folder, "seed")))
        _print_checks(bench, bare, (none, one, many, big))
        _print_readers(bench, many, big)
        _print_advice(Bench(min(runs, 3), bench.home), bare, Path(folder, "failing"))


def _print_startup(bench: Bench, one: Workload, seed: Path) -> Cost:
    """Print the first table; gives the bare interpreter's cost, the unit of all."""
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -c 'import typer'": [sys.executable, "-c", "import typer"],
        "depscan --version": [_own(), "--version"],
        "depscan, 1 binary, warm": [_own(), str(one.dockerfile)],
        "depscan, 1 binary, warm, concise": [_own(), "--format", "concise", str(one.dockerfile)],
        "depscan, 1 finding, warm, concise": [_own(), "--format", "concise", str(seed)],
    }
    if hadolint := _tool("hadolint"):
        commands["hadolint"] = [hadolint, str(one.dockerfile)]
    rows = list(zip(commands, bench.in_turn(list(commands.values())), strict=True))
    bare = rows[0][1]
    rows.append(("depscan, 1 binary, cold", bench.cold([_own(), str(one.dockerfile)])))
    _print_table("Start-up (the bare interpreter is the unit)", rows, bare)
    return bare


def _print_checks(bench: Bench, bare: Cost, workloads: Sequence[Workload]) -> None:
    rows, cold_by_name = [], {}
    for work in workloads:
        cold = bench.cold([_own(), str(work.dockerfile)])
        warm = bench.warm([_own(), str(work.dockerfile)])
        cold_by_name[work.name] = cold
        rows += [(f"{work.name}, cold", cold), (f"{work.name}, warm", warm)]
    _print_table("A whole check, by what the context holds", rows, bare)


def _print_advice(bench: Bench, bare: Cost, folder: Path) -> None:
    """What many files cost that fail, advice included, and how it grows with their number."""
    wheel = fetch_wheel(folder / "247 libraries", WHEEL)
    if wheel is None:
        _write(f"{WHEEL} cannot be fetched: left out\n")
    works = [make_failing(folder / f"{count} failing", count, causes=min(count, 140)) for count in (10, 100, 600, 1000)]
    rows = []
    for work in (*works, *((wheel,) if wheel is not None else ())):
        rows.append((f"{work.name}, cold", bench.cold([_own(), str(work.dockerfile)])))
        rows.append((f"{work.name}, warm", bench.warm([_own(), str(work.dockerfile)])))
    _print_table("Files that fail, with advice", rows, bare)


def _print_readers(bench: Bench, many: Workload, big: Workload) -> None:
    readers: dict[str, list[str]] = {
        "depscan inspect": [_own(), "inspect"],
        "pyelftools (auditwheel's reader)": PYELFTOOLS,
    }
    for name, options in (("readelf", ["-W", "-l", "-d", "-V"]), ("libtree", [])):
        if path := _tool(name):
            readers[name] = [path, *options]
    table: list[list[str | float]] = []
    for name, command in readers.items():
        start = bench.cold([*command, str(many.files[0])])
        small = bench.cold([*command, *map(str, many.files)])
        large = bench.cold([*command, *map(str, big.files)])
        each = (small.cpu - start.cpu) / (len(many.files) - 1)
        per_mib = (large.cpu - start.cpu - each * (len(big.files) - 1)) / big.size
        table.append([name, start.cpu, each, per_mib, max(small.memory, large.memory)])
    headers = ["reader, cold", "1 file: CPU ms", "each further file: ms", "each MiB: ms", "peak MiB"]
    _write(
        "\nReading ELF files\n" + tabulate(_with_ratio(table), [*headers, "further file, ratio"], floatfmt=".2f") + "\n"
    )


def _with_ratio(table: list[list[str | float]]) -> list[list[str | float]]:
    own = float(table[0][2])
    return [[*row, f"{float(row[2]) / own:.2f}"] for row in table]


def _print_table(title: str, rows: Sequence[tuple[str, Cost]], unit: Cost) -> None:
    body = [(name, cost.cpu, f"{cost.cpu / unit.cpu:.1f}", cost.wall, cost.memory) for name, cost in rows]
    headers = ["command", "CPU ms", "ratio", "wall ms", "peak MiB"]
    _write(f"\n{title}\n{tabulate(body, headers, floatfmt='.1f')}\n")


def _own() -> str:
    return str(BIN / "depscan")


def _tool(name: str) -> str | None:
    found = shutil.which(name, path=str(BIN)) or shutil.which(name)
    if found is None:
        _write(f"{name} is not installed: left out\n")
    return found


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
