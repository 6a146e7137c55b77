"""Predictions for `npm ci` beside what npm really installs, for either C library, without running scripts.

Needs npm and a registry. Each package is installed once for glibc and once for musl, on whichever this machine is.
"""

from __future__ import annotations

import fnmatch
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from depscan.artifacts.reading import read_facts
from depscan.config import Config
from depscan.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

    from depscan.artifacts.facts import ElfFacts

pytestmark = [pytest.mark.live, pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")]

BASES = {"glibc": "node:22-bookworm", "musl": "node:22-alpine"}
# What each is predicted to bring on glibc and on musl: the C libraries of its files, none where it fits either.
PACKAGES: dict[str, tuple[set[str], set[str]]] = {
    **dict.fromkeys(
        (
            "@biomejs/biome@2.2.5",
            "@napi-rs/canvas@0.1.80",
            "@node-rs/argon2@2.0.2",
            "@parcel/watcher@2.6.0",
            "@swc/core@1.3.100",
            "@tailwindcss/oxide@4.1.14",
            "lightningcss@1.22.0",
            "next@15.5.4",
            "rollup@4.24.0",
            "sharp@0.33.5",
            "snappy@7.3.3",
            "unrs-resolver@1.11.1",
        ),
        ({"glibc"}, {"musl"}),
    ),
    **dict.fromkeys(("onnxruntime-node@1.19.2", "sodium-native@5.0.9"), ({"glibc"}, {"glibc"})),
    **dict.fromkeys(
        (
            "argon2@0.45.1",
            "bcrypt@6.0.0",
            "better-sqlite3@13.2.0",
            "classic-level@3.0.0",
            "esbuild@0.28.2",
            "leveldown@6.1.1",
            "libsql@0.5.22",
            "msgpackr-extract@3.0.3",
            "turbo@2.5.8",
            "utf-8-validate@6.0.5",
        ),
        (set(), set()),
    ),
}


@pytest.mark.parametrize("libc", ["glibc", "musl"])
@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_prediction_is_what_npm_installs(package: str, libc: str, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "trial", "version": "1.0.0"}')
    command = ["npm", "install", package, "--os=linux", "--cpu=x64", f"--libc={libc}", "--ignore-scripts"]
    command += ["--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"npm cannot install it here: {done.stderr[-200:]}")
    predicted = predict(tmp_path, BASES[libc])
    real = native_files(tmp_path / "node_modules")
    assert set(predicted.values()) == PACKAGES[package][libc == "musl"]
    found = {path: {real[name].libc for name in real if fnmatch.fnmatch(name, path)} for path in predicted}
    assert found == {path: {family} for path, family in predicted.items()}
    if not predicted:
        assert fits_either(real)


def predict(directory: Path, base: str) -> dict[str, str]:
    """The C library of each predicted file, by its path below node_modules."""
    (directory / ".dockerignore").write_text("node_modules\n")
    (directory / "Dockerfile").write_text(f"FROM {base}\nWORKDIR /app\nCOPY . .\nRUN npm ci --ignore-scripts\n")
    (result,) = scan([directory / "Dockerfile"], Config(cache=False, jobs=1)).scans
    made = [each for each in result.placements if each.artifact.prediction is not None]
    return {each.path.removeprefix("/app/node_modules/"): each.artifact.facts.libc for each in made}


def native_files(directory: Path) -> dict[str, ElfFacts]:
    """The ELF files for x86_64, by their paths below a directory."""
    files = [path for path in directory.rglob("*") if path.is_file() and not path.is_symlink() and is_elf(path)]
    read = read_facts(files, jobs=1, cache=False)
    known = {str(path.relative_to(directory)): facts for path, facts in read.items() if not isinstance(facts, str)}
    return {path: facts for path, facts in known.items() if facts.machine == "x86_64"}


def is_elf(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4) == b"\x7fELF"


def fits_either(files: dict[str, ElfFacts]) -> bool:
    """Whether there are builds for both C libraries, or static programs alone."""
    families = {facts.libc for facts in files.values() if not str(facts.linkage).startswith("static")}
    return bool(files) and (families >= {"glibc", "musl"} or not families)
