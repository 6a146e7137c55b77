"""Native members of real wrappings beside real loads: pyspark's jars, wheels of both libcs, npm packages.

pip and npm download; pyspark (456 MB) is kept in the cache of the live tests. Each member that depscan picks is taken
out and opened with dlopen by a program of this machine's glibc, and by one of musl (Debian's packages gcc, musl-tools),
or by Node; each wheel is shown to this machine's pip. A verdict of unknown is neither right nor wrong.
"""

from __future__ import annotations

import io
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from depscan.config import Config
from depscan.linking.placement import Verdict
from depscan.scan import scan
from tests.live.roots import cache_folder

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the packages are for x86_64"),
    pytest.mark.skipif(not Path("/lib/ld-musl-x86_64.so.1").exists(), reason="needs Debian's musl-tools"),
]

PYSPARK = "pyspark==4.3.0"
BASES = {"gcc": "debian:12-slim", "musl-gcc": "alpine:3.17"}  # glibc 2.36 and musl 1.2.3, as on Debian 12
LOADER = "#include <dlfcn.h>\n#include <stdio.h>\nint main(int n, char **a) { return dlopen(a[1], RTLD_NOW) == 0; }\n"
WHEELS = "numpy psutil cffi lxml pydantic-core orjson cryptography pillow regex msgspec".split()  # noqa: SIM905
PLATFORMS = {"glibc": ("manylinux_2_28", "manylinux2014", "manylinux_2_17"), "musl": ("musllinux_1_2", "musllinux_1_1")}
NPM = """
@swc/core-linux-x64-gnu @rollup/rollup-linux-x64-gnu lightningcss-linux-x64-gnu bufferutil utf-8-validate bcrypt
sodium-native classic-level @parcel/watcher-linux-x64-glibc @img/sharp-linux-x64
""".split()  # noqa: SIM905


@pytest.fixture(scope="module")
def jars() -> Path:
    folder = cache_folder() / "jars" / PYSPARK
    if not folder.exists():
        scratch = folder.with_name("downloading")
        run(
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-binary=:all:",
            "-d",
            str(scratch),
            PYSPARK,
        )
        with tarfile.open(next(scratch.iterdir())) as archive:
            for member in (each for each in archive if each.name.endswith(".jar") and "/deps/jars/" in each.name):
                content = archive.extractfile(member)
                assert content is not None
                (scratch / PurePosixPath(member.name).name).write_bytes(content.read())
        next(scratch.glob("*.tar.gz")).unlink()
        scratch.rename(folder)
    return folder


@pytest.mark.parametrize("compiler", BASES)
def test_jars_load_as_said(compiler: str, jars: Path, tmp_path: Path) -> None:
    (tmp_path / "load.c").write_text(LOADER)
    run(compiler, "load.c", "-o", "load", cwd=tmp_path)
    outcomes = {
        name: (verdict, subprocess.run([tmp_path / "load", file], check=False).returncode == 0)
        for name, verdict, file in picked(BASES[compiler], sorted(jars.glob("*.jar")), tmp_path)
    }
    print("\n".join(f"{BASES[compiler]} {name}: {said} {real}" for name, (said, real) in outcomes.items()))
    assert len(outcomes) >= 10
    assert {
        name: said for name, (said, real) in outcomes.items() if said not in (as_verdict(real), Verdict.UNKNOWN)
    } == {}


@pytest.mark.skipif(shutil.which("node") is None or shutil.which("npm") is None, reason="needs node and npm")
def test_addons_load_as_said(tmp_path: Path) -> None:
    run("npm", "pack", "--silent", *NPM, cwd=tmp_path)
    script = "process.dlopen({exports: {}}, process.argv[1])"
    outcomes = {
        name: (verdict, subprocess.run(["node", "-e", script, file], check=False, capture_output=True).returncode == 0)
        for name, verdict, file in picked(BASES["gcc"], sorted(tmp_path.glob("*.tgz")), tmp_path)
    }
    print("\n".join(f"{name}: {said} {real}" for name, (said, real) in outcomes.items()))
    assert len(outcomes) == len(NPM)
    assert {
        name: said for name, (said, real) in outcomes.items() if said not in (as_verdict(real), Verdict.UNKNOWN)
    } == {}


@pytest.mark.parametrize("libc", PLATFORMS)
@pytest.mark.parametrize("name", WHEELS)
def test_pip_takes_the_wheels_that_are_said_to_fit(name: str, libc: str, tmp_path: Path) -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    options = [f"--platform={each}_x86_64" for each in PLATFORMS[libc]]
    fixed = ("--no-deps", "--only-binary=:all:", f"--python-version={version}", "--implementation=cp")
    run("pip", "download", "-q", "-d", str(tmp_path), *fixed, *options, name)
    (wheel,) = tmp_path.glob("*.whl")
    offered = run(
        "pip", "install", "--dry-run", "--no-deps", "--no-index", "--ignore-installed", str(wheel), check=False
    )
    (tmp_path / "Dockerfile").write_text(
        f"FROM python:{version}-slim-bookworm\nCOPY *.whl /w/\nRUN pip install --no-deps /w/*.whl\n"
    )
    rules = {finding.rule for finding in scan([tmp_path / "Dockerfile"], Config(cache=False)).scans[0].findings}
    refused = bool(rules & {"wheel-tag-mismatch", "wheel-or-site-packages-on-musl"})
    assert refused == bool(re.search("is not a supported wheel", offered))


def picked(base: str, archives: list[Path], folder: Path) -> list[tuple[str, Verdict, Path]]:
    """The members that count in these archives on a base, with their verdicts and a copy on disk."""
    context = folder / "context"
    context.mkdir()
    for archive in archives:
        shutil.copy(archive, context / archive.name)
    (context / "Dockerfile").write_text(f"FROM {base}\nCOPY . /app/\n")
    found = []
    for placement in scan([context / "Dockerfile"], Config(cache=False)).scans[0].placements:
        archive, _, inside = placement.path.partition("!/")
        file = folder / str(len(found)) / PurePosixPath(inside).name
        file.parent.mkdir()
        file.write_bytes(take_out((context / PurePosixPath(archive).name).read_bytes(), inside))
        found.append((placement.path, placement.verdict, file))
    return found


def take_out(data: bytes, path: str) -> bytes:
    for name in path.split("!/"):
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                data = archive.read(name)
        else:
            with tarfile.open(fileobj=io.BytesIO(data)) as stream:
                content = stream.extractfile(name)
                assert content is not None
                data = content.read()
    return data


def as_verdict(real: bool) -> Verdict:
    return Verdict.LOADS if real else Verdict.FAILS


def run(*command: str, cwd: Path | None = None, check: bool = True) -> str:
    full = [sys.executable, "-m", *command] if command[0] == "pip" else list(command)
    done = subprocess.run(full, cwd=cwd, check=check, capture_output=True, text=True)
    return done.stdout + done.stderr
