"""The projects that are measured, made anew in a folder of their own.

In: an empty folder and the fixtures. Out: `Workload`s: no binary, one, many small ones (what a binary costs), a few
big ones (what a MiB costs). Every file is different, so that no cache by content can help. Big files are small
programs with data after the last section: the same facts, more bytes to read.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

FIXTURES = Path(__file__).parents[1] / "fixtures"
SEED = FIXTURES / "dockerfiles" / "seed"
ELF = FIXTURES / "elf"
MIB = 1 << 20
_DOCKERFILE = """\
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY bin/ /opt/app/bin/
CMD ["/opt/app/bin/program-000"]
"""
_PROGRAMS = ("hello-glibc-dynamic", "needs-cxx", "needs-libpq", "rust-glibc")


class Workload(NamedTuple):
    """A Dockerfile whose context holds `files`; `size` is their total size in MiB."""

    name: str
    dockerfile: Path
    files: tuple[Path, ...]
    size: float


def make_workloads(folder: Path, *, many: int, big: int, big_size: int) -> tuple[Workload, ...]:
    """`many` small files, and `big` files of `big_size` MiB."""
    return (
        _make(folder / "none", count=0, padding=0),
        _make(folder / "one", count=1, padding=0),
        _make(folder / f"{many} small", count=many, padding=0),
        _make(folder / f"{big} of {big_size} MiB", count=big, padding=big_size),
    )


def copy_seed(folder: Path) -> Path:
    """The Dockerfile of a glibc program on Alpine, away from this repository's configuration: one finding."""
    return Path(shutil.copytree(SEED, folder)) / "Dockerfile"


def _make(folder: Path, *, count: int, padding: int) -> Workload:
    """`count` programs, each followed by `padding` MiB."""
    binaries = folder / "bin"
    binaries.mkdir(parents=True)
    (binaries / "README").write_text("so that COPY has a source\n")
    for number in range(count):
        program = (ELF / _PROGRAMS[number % len(_PROGRAMS)]).read_bytes()
        path = binaries / f"program-{number:03}"
        with path.open("wb") as stream:
            stream.write(program + number.to_bytes(2, "big"))
            for _ in range(padding):  # piece by piece: this program's own memory is the floor of what it measures
                stream.write(os.urandom(MIB))
        path.chmod(0o755)
    dockerfile = folder / "Dockerfile"
    dockerfile.write_text(_DOCKERFILE)
    files = tuple(sorted(binaries.glob("program-*")))
    return Workload(folder.name, dockerfile, files, sum(path.stat().st_size for path in files) / MIB)
