"""Many cases performed, some at a time, each kept as a row so that a stopped run goes on.

In: cases, what to do with each, and where rows are kept. Out: the rows. Used by the modules that print tables.
"""

from __future__ import annotations

import argparse
import contextlib
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from msgspec import json

from tests.live.performed.cases import Case, generate
from tests.live.performed.layers import forget_layers
from tests.live.performed.special import special_cases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BATCH = 40
_ROOM = 25 << 30  # bytes that a batch may need on the disk


class KeptRow(Protocol):
    """What a table is made of: msgspec's Structs of one case each."""

    @property
    def case(self) -> Case:
        """Whose row it is."""

    @property
    def summary(self) -> str:
        """A line that says how it went."""


Row = TypeVar("Row", bound=KeptRow)


def parse_arguments(description: str | None) -> argparse.Namespace:
    """The options that all tables have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, default=200, help="generated Dockerfiles, beside the written ones")
    parser.add_argument("--rows", type=Path, help="where rows are kept, one in a line")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="cases whose name has this in it")
    return parser.parse_args()


def perform_many(given: argparse.Namespace, work: Callable[[Case], Row], kind: type[Row]) -> list[Row]:
    """The rows of all cases that `given` asks for; those that are kept already are not performed again."""
    cases = [case for case in (*special_cases(), *generate(given.seed, given.number)) if given.only in case.name]
    known = {row.case.name: row for row in _read_rows(given.rows, kind)}
    rows = [known[case.name] for case in cases if case.name in known]
    todo = [case for case in cases if case.name not in known]
    with ProcessPoolExecutor(given.jobs) as pool, _kept(given.rows) as keep:
        for batch in _batched(todo):
            forget_layers(_ROOM)
            for done in as_completed([pool.submit(work, case) for case in batch]):
                row = done.result()
                keep(row)
                rows.append(row)
                print(f"{row.case.name}: {row.summary}", flush=True)
    return rows


def _batched(cases: list[Case]) -> Iterator[list[Case]]:
    """Between batches layers may be forgotten."""
    yield from (cases[start : start + _BATCH] for start in range(0, len(cases), _BATCH))


def _read_rows(path: Path | None, kind: type[Row]) -> list[Row]:
    if path is None or not path.exists():
        return []
    return [json.decode(line, type=kind) for line in path.read_bytes().splitlines()]


@contextlib.contextmanager
def _kept(path: Path | None) -> Iterator[Callable[[Any], None]]:
    if path is None:
        yield lambda row: None
        return
    with path.open("ab") as file:

        def keep(row: Any) -> None:
            file.write(json.encode(row) + b"\n")
            file.flush()

        yield keep
