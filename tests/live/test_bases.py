"""`depscan bases` of real programs, each started in every root that stands for a base.

The roots are those of `trials.STANDS` that an official image is made of, and musl's by the Alpine release with the same
musl. Where depscan says `loads` the program must start, where `fails` it must not; `unknown` says nothing.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.live.downloads import DownloadError
from tests.live.execution import execute
from tests.live.roots import copy_root
from tests.live.subjects import packages, unpacked

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunDepscan

# The bases of knowledge/suggestions.json whose files the root has: debootstrap makes Debian's images. Alpine 3.16 has
# musl 1.2.3, 3.20 to 3.22 have 1.2.5; the root has nothing beside it, Alpine's images have libcrypto and zlib, which
# none of the programs here needs.
ROOTS = {
    "debian:bullseye-slim": "bullseye",
    "debian:bookworm-slim": "bookworm",
    "debian:trixie-slim": "trixie",
    "alpine:3.16": "musl",
    "alpine:3.20": "musl-1.2.5",
    "alpine:3.22": "musl-1.2.5",
    "scratch": "empty",
}

# A package by the beginning of its file name, the program; `quick` ones are tried by `make test` too.
PROGRAMS = {
    "quick: ninja, C++ of manylinux1": ("ninja-1.11.1.1-py2.py3-none-manylinux1", "ninja/data/bin/ninja"),
    "quick: ninja, C++ of musllinux": ("ninja-1.11.1.1-py2.py3-none-musllinux", "ninja/data/bin/ninja"),
    "quick: ripgrep, Rust of Debian 12": ("ripgrep_13.0.0-4+b2_amd64", "usr/bin/rg"),
    "quick: hello, C of Debian 13": ("hello_2.10-5_amd64", "usr/bin/hello"),
    "quick: tini, static": ("tini_0.19.0-1+b3_amd64", "usr/bin/tini-static"),
    "btop, C++ of Debian 13": ("btop_1.3.2", "usr/bin/btop"),
    "esbuild, Go": ("esbuild-linux-x64-0.21.5", "package/bin/esbuild"),
    "uv, Rust": ("uv-0.5.11-py3-none-manylinux", "uv-0.5.11.data/scripts/uv"),
    "curl of Debian 11": ("curl_7.74.0-1.3+deb11u13_amd64", "usr/bin/curl"),
    "biome, Rust for musl": ("biomejs-cli-linux-x64-musl-1.9.4", "package/biome"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_where_it_says_that_a_program_loads(name: str, request: pytest.FixtureRequest, run_depscan: RunDepscan) -> None:
    if request.config.getoption("-m") != "live" and not name.startswith("quick"):
        pytest.skip("large packages, which `make live` tries")
    start, program = PROGRAMS[name]
    try:
        file = unpacked(next(package for package in packages() if package.file.startswith(start))) / program
    except DownloadError as error:
        pytest.skip(str(error))
    ran = run_depscan("bases", str(file), "--isolated", "--format", "json")
    assert ran.code == 0, ran.err
    told = {row["reference"]: row for row in json.loads(ran.out)["bases"]}

    verdicts = {base: told[base]["verdict"] for base in ROOTS}
    known = {base: verdict for base, verdict in verdicts.items() if verdict != "unknown"}
    assert known == {base: _outcome(file, ROOTS[base]) for base in known}
    assert len(known) >= len(ROOTS) - 1


def _outcome(file: Path, stand: str) -> str:
    """What really happens, in the words of the verdicts."""
    with copy_root(stand) as here:
        shutil.copy(file, here / "program")
        (here / "program").chmod(0o755)
        return "loads" if execute(here, "/program").cause is None else "fails"
