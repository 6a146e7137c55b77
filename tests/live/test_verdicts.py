"""depscan's verdicts beside what happens: the same files in an image on paper and in a real root, really started.

A verdict that differs from the outcome fails here. `unknown` is an honest answer, but for these bases, whose libraries
depscan knows, it must be named.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.live.execution import Outcome, execute
from tests.live.roots import cache_folder, root

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.conftest import RunDepscan

ELF = Path(__file__).parents[2] / "fixtures" / "elf"

# The root that stands for a base image. Debian's package of musl 1.2.3 is that of Alpine 3.17.
BASES = {"bookworm": "debian:12-slim", "bullseye": "debian:11-slim", "musl": "alpine:3.17", "empty": "scratch"}

# Whether a kernel runs x32 programs is a matter of its configuration.
PROGRAMS = sorted(
    path.name
    for path in ELF.iterdir()
    if path.name.startswith(("hello-", "needs-", "go-", "rust-", "interp-", "isa-", "no-needed"))
    and path.name != "hello-x32"
)

# Where depscan says that it does not know.
UNKNOWN = {("bullseye", "needs-libssl-1.1")}


class Layout(NamedTuple):
    """Files of an image by path, the environment, and the program that is started."""

    files: Mapping[str, str]
    environment: Mapping[str, str]
    program: str


LAYOUTS = {
    "beside by RUNPATH $ORIGIN": Layout(
        {"/app/bin/api": "needs-runpath-origin", "/app/lib/libfoo.so.1": "libfoo.so.1"}, {}, "/app/bin/api"
    ),
    "beside by RPATH $ORIGIN": Layout(
        {"/app/bin/api": "needs-rpath-origin", "/app/lib/libfoo.so.1": "libfoo.so.1"}, {}, "/app/bin/api"
    ),
    "elsewhere by RPATH": Layout(
        {"/usr/bin/api": "needs-rpath-origin", "/opt/lib/libfoo.so.1": "libfoo.so.1"}, {}, "/usr/bin/api"
    ),
    "elsewhere, not by RUNPATH": Layout(
        {"/usr/bin/api": "needs-runpath-origin", "/opt/lib/libfoo.so.1": "libfoo.so.1"}, {}, "/usr/bin/api"
    ),
    "LD_LIBRARY_PATH": Layout(
        {"/app/api": "needs-libpq", "/app/lib/libpq.so.5": "libpq.so.5"}, {"LD_LIBRARY_PATH": "/x:/app/lib"}, "/app/api"
    ),
    "LD_LIBRARY_PATH that misses": Layout(
        {"/app/api": "needs-libpq", "/app/lib/libpq.so.5": "libpq.so.5"}, {"LD_LIBRARY_PATH": "/app"}, "/app/api"
    ),
    "/usr/lib": Layout({"/app/api": "needs-libpq", "/usr/lib/libpq.so.5": "libpq.so.5"}, {}, "/app/api"),
    "/lib": Layout({"/app/api": "needs-libpq", "/lib/libpq.so.5": "libpq.so.5"}, {}, "/app/api"),
    "multiarch path": Layout(
        {"/app/api": "needs-libpq", "/usr/lib/x86_64-linux-gnu/libpq.so.5": "libpq.so.5"}, {}, "/app/api"
    ),
    "/usr/local/lib without ldconfig": Layout(
        {"/app/api": "needs-libpq", "/usr/local/lib/libpq.so.5": "libpq.so.5"}, {}, "/app/api"
    ),
    "glibc-hwcaps of an old level": Layout(
        {"/app/api": "needs-libpq", "/usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v2/libpq.so.5": "libpq.so.5"},
        {},
        "/app/api",
    ),
    "a library of another machine is passed over": Layout(
        {"/app/api": "needs-libpq", "/a/libpq.so.5": "hello-arm64", "/b/libpq.so.5": "libpq.so.5"},
        {"LD_LIBRARY_PATH": "/a:/b"},
        "/app/api",
    ),
}


@pytest.fixture
def copy_root() -> Iterator[Any]:
    """Copies of roots by hard links, so that a test may add files."""
    copies: list[Path] = []

    def copy(name: str) -> Path:
        target = cache_folder() / f".copy-{len(copies)}-{id(copies)}"
        subprocess.run(["cp", "-al", root(name), target], check=True)
        copies.append(target)
        return target

    yield copy
    for target in copies:
        shutil.rmtree(target)


@pytest.mark.parametrize("name", BASES)
def test_programs(name: str, copy_root: Any, run_depscan: RunDepscan, tmp_path: Path) -> None:
    layout = Layout({f"/programs/{program}": program for program in PROGRAMS}, {}, "")
    verdicts = _verdicts(layout, BASES[name], run_depscan, tmp_path)
    real = _install(layout, copy_root(name))

    outcomes = {program: execute(real, program) for program in layout.files}
    differing = [
        f"{program}: depscan says {verdicts[program]}, in truth {outcome}"
        for program, outcome in outcomes.items()
        if not _agree(verdicts[program], outcome)
        and not (verdicts[program].cause == "unknown" and (name, layout.files[program]) in UNKNOWN)
    ]
    assert not differing, "\n".join(differing)


@pytest.mark.parametrize("name", ["bookworm", "bullseye"])
@pytest.mark.parametrize("case", LAYOUTS)
def test_layouts(name: str, case: str, copy_root: Any, run_depscan: RunDepscan, tmp_path: Path) -> None:
    layout = LAYOUTS[case]
    verdict = _verdicts(layout, BASES[name], run_depscan, tmp_path)[layout.program]
    outcome = execute(_install(layout, copy_root(name)), layout.program, layout.environment)
    assert _agree(verdict, outcome), f"depscan says {verdict}, in truth {outcome}"


def _verdicts(layout: Layout, base: str, run_depscan: RunDepscan, folder: Path) -> dict[str, Outcome]:
    """What depscan says of each file of an image with this layout, as an outcome."""
    lines = [f"FROM {base}", *(f"ENV {name}={value}" for name, value in layout.environment.items())]
    for number, (path, fixture) in enumerate(layout.files.items()):
        shutil.copy(ELF / fixture, folder / f"{number}-{fixture}")
        lines.append(f"COPY {number}-{fixture} {path}")
    (folder / "Dockerfile").write_text("\n".join([*lines, f'CMD ["{layout.program or "/x"}"]', ""]))
    report = json.loads(run_depscan("--isolated", "--format", "json", str(folder / "Dockerfile")).out)
    return {row["path"]: _outcome(row) for row in report["scans"][0]["placements"]}


def _outcome(row: dict[str, Any]) -> Outcome:
    cause = {"loads": None, "fails": row["cause"], "unknown": "unknown"}[row["verdict"]]
    return Outcome(cause, row["detail"])


def _install(layout: Layout, real: Path) -> Path:
    for path, fixture in layout.files.items():
        target = real / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy(ELF / fixture, target)
    return real


def _agree(verdict: Outcome, outcome: Outcome) -> bool:
    """Same cause; where the dynamic linker names a library, version or symbol, depscan names it too."""
    return verdict.cause == outcome.cause and (outcome.detail is None or outcome.detail in (verdict.detail or ""))
