"""Cells of root, program, copied linker and libraries, and start: composed from a seed, really started, then asked of.

`python -m tests.live.cells --seed N --number N [--list FILE]` writes the list with its digest before anything runs,
then prints how often depscan agrees, and each cell where it does not. cells.sh builds the programs, once.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.live.execution import Outcome
from tests.live.laws import LAWS, Law
from tests.live.roots import cache_folder

ROOTS = ("bullseye", "bookworm", "trixie", "musl", "musl-1.2.2", "musl-1.2.5", "scratch")
PROGRAMS = ("plain", "c", "cxx", "math", "musl", "musl-relr", "needs-a", "musl-needs-a")
LINKERS = ("none", "none", "bullseye", "bookworm", "trixie", "musl", "musl-1.2.2", "musl-1.2.5")
FOLDERS = ("/opt/g", "/lib64", "/lib/x86_64-linux-gnu", "/usr/lib", "/lib")
STARTS = ("direct", "direct", "library-path", "bare", "environment", "script", "script-beside", "inhibit-cache")
LIBRARIES = (
    "/usr/local/lib",
    "/opt/a",
    "/opt/a/x86_64",
    "/opt/a/tls/x86_64",
    "/opt/a/glibc-hwcaps/x86-64-v2",
    "dangling",
)
_LIBS = ("libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6")


class Cell(NamedTuple):
    """One case; `folder` is where the copied linker's libraries go."""

    root: str
    program: str
    linker: str
    folder: str
    start: str
    library: str
    ldconfig: bool


def compose(seed: int, number: int) -> list[Cell]:
    """Different cells, of which each could be anything."""
    chance, found = random.Random(seed), dict[Cell, None]()
    while len(found) < number:
        cell = Cell(
            chance.choice(ROOTS),
            chance.choice(PROGRAMS),
            chance.choice(LINKERS),
            chance.choice(FOLDERS),
            chance.choice(STARTS),
            chance.choice(LIBRARIES),
            chance.random() < 0.3,
        )
        if cell.linker == "none" and cell.start in ("library-path", "bare", "inhibit-cache"):
            continue  # nothing would be started
        shell = cell.root in ("bullseye", "bookworm", "trixie")
        if not shell and (cell.ldconfig or cell.start.startswith("script")):
            continue
        found[cell] = None
    return list(found)


def build_programs(folder: Path) -> Path:
    """All programs, once."""
    environment = {"OUT": str(folder), "PATH": "/usr/bin:/bin", "LAWS": str(LAWS)}
    script = '. "$LAWS/toolbox.sh"; set -- /p; . "$LAWS/../cells.sh"'
    subprocess.run(["sh", "-euc", script], env=environment, check=True, capture_output=True, text=True)
    return folder / "p"


def make_law(cell: Cell, programs: Path, files: Path) -> Law:
    """The files and the Dockerfile of a cell."""
    _put(programs / cell.program, files, "/app/bin/prog")
    if cell.program.endswith("needs-a"):
        if cell.library == "dangling":
            (files / "opt/a").mkdir(parents=True)
            (files / "opt/a/liba.so.1").symlink_to("liba.so.1.0")
        else:
            _put(programs / "liba.so.1", files, f"{cell.library}/liba.so.1")
    named = _copy_linker(cell, files)
    words, lines = ["/app/bin/prog"], [f"FROM {cell.root}", "COPY . /"]
    path = f"{cell.folder}:/opt/a"
    options = {"library-path": ["--library-path", path], "bare": [], "inhibit-cache": ["--inhibit-cache"]}
    if cell.start in options and named is not None:
        inhibits = cell.start == "inhibit-cache" and cell.linker.startswith("musl")
        words = [named, *([] if inhibits else options[cell.start]), *words]
    elif cell.start == "environment":
        lines.append(f"ENV LD_LIBRARY_PATH={path}")
    elif cell.start.startswith("script"):
        text = "/app/bin/prog" if cell.start == "script" else '"$(dirname "$0")/bin/prog"'
        (files / "app/run").write_text(f'#!/bin/sh\nset -e\nexec {text} "$@"\n')
        (files / "app/run").chmod(0o755)
        words = ["/app/run"]
    if cell.ldconfig:
        lines.append("RUN ldconfig")
    lines.append(f"CMD {json.dumps(words)}")
    return Law(str(cell), Outcome(None), tuple(lines), files)


def _put(source: Path, files: Path, path: str) -> None:
    (files / path[1:]).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, files / path[1:])


def _copy_linker(cell: Cell, files: Path) -> str | None:
    """Copy a linker with its libraries, to a place of its own or to the usual one; the path by which it is named."""
    if cell.linker == "none":
        return None
    root = cache_folder() / cell.linker
    own = cell.folder == "/opt/g"
    if cell.linker.startswith("musl"):
        path = "/opt/g/ld.so" if own else "/lib/ld-musl-x86_64.so.1"
        _put(root / "lib/ld-musl-x86_64.so.1", files, path)
        return path
    path = "/opt/g/ld.so" if own else "/lib64/ld-linux-x86-64.so.2"
    triplet = "x86_64-linux-gnu"
    _put(root / f"lib/{triplet}/ld-linux-x86-64.so.2", files, path)
    for name in _LIBS:
        for folder in (f"usr/lib/{triplet}", f"lib/{triplet}"):
            if (root / folder / name).exists():
                _put(root / folder / name, files, f"{cell.folder}/{name}")
                break
    if not (files / cell.folder[1:] / "libstdc++.so.6").exists():
        assert not (root / f"usr/lib/{triplet}/libstdc++.so.6").exists()
    return path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--number", type=int, default=200)
    parser.add_argument("--list", type=Path)
    given = parser.parse_args()
    cells = compose(given.seed, given.number)
    text = "".join(f"{json.dumps(cell)}\n" for cell in cells)
    if given.list is not None:
        given.list.write_text(text)
    print(f"{len(cells)} cells, sha256 {hashlib.sha256(text.encode()).hexdigest()}", flush=True)
    table: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o755)
        programs = build_programs(Path(scratch))
        for number, cell in enumerate(cells):
            files = Path(scratch, f"files{number}")
            files.mkdir(mode=0o755)
            law = make_law(cell, programs, files)
            verdict, words = _compare(law)
            table[verdict] += 1
            if verdict != "agree":
                print(verdict, json.dumps(cell), words, flush=True)
            shutil.rmtree(files)
    print(dict(table))


def _compare(law: Law) -> tuple[str, str]:
    try:
        real = law.perform()
    except subprocess.CalledProcessError as error:
        return "not performed", str(error)[:200]
    answer = law.ask(by_knowledge=False)
    found, said = f"{real.cause} {real.detail or ''} {real.message[:90]!r}", f"{answer.cause} {answer.detail or ''}"
    words = f"real {found} | depscan {said}: {answer.reason[:120]}"
    if answer.cause == "unknown":
        return "unknown", words
    if (real.cause is None) != (answer.cause is None):
        return ("missed" if answer.cause is None else "false alarm"), words
    same = real.cause in (answer.cause, "refused", "crashed") and (real.detail or "") in (answer.detail or "")
    return ("agree" if same else "other cause"), words


if __name__ == "__main__":
    main()
