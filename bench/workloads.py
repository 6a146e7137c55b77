"""The projects that are measured, made anew in a folder of their own.

In: an empty folder and the fixtures. Out: `Workload`s: no binary, one, many small ones (what a binary costs), a few
big ones (what a MiB costs). Every file is different, so that no cache by content can help. Big files are small
programs with data after the last section: the same facts, more bytes to read.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
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


def make_failing(folder: Path, count: int, *, causes: int) -> Workload:
    """`count` programs in one directory that do not start: each needs one of `causes` libraries that are not there."""
    binaries = folder / "bin"
    binaries.mkdir(parents=True)
    program = (ELF / "needs-libpq").read_bytes()
    for number in range(count):
        soname = f"lib{number % causes:04}.so".encode()  # as long as the name that it takes the place of
        path = binaries / f"program-{number:04}"
        path.write_bytes(program.replace(b"libpq.so.5", soname[:10]) + number.to_bytes(2, "big"))
        path.chmod(0o755)
    return _as_workload(folder, binaries, "FROM debian:12-slim\nCOPY bin/ /opt/app/bin/\n")


def fetch_wheel(folder: Path, wheel: str) -> Workload | None:
    """The libraries of a wheel in Debian 12 as pip gives it; None where pip cannot fetch it."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), wheel]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:  # noqa: S603 - pip itself
        return None
    (archive,) = folder.glob("*.whl")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder / "unpacked")
    archive.unlink()
    return _as_workload(folder, folder / "unpacked", "FROM debian:12\nCOPY unpacked/ /opt/app/\n")


def _as_workload(folder: Path, binaries: Path, dockerfile: str) -> Workload:
    (folder / "Dockerfile").write_text(dockerfile)
    files = tuple(sorted(path for path in binaries.rglob("*") if path.is_file()))
    return Workload(folder.name, folder / "Dockerfile", files, sum(path.stat().st_size for path in files) / MIB)
