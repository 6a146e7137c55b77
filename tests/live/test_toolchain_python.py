"""Predictions for `pip install` beside the wheels that PyPI really has, for glibc and musl.

pip downloads each wheel; nothing is installed. A prediction holds where the file is in the wheel under its very name,
is for the same C library and machine, and where the libraries that it leaves to the system are those predicted, besides
what every manylinux platform promises (PEP 600: policies of auditwheel).
"""

from __future__ import annotations

import platform
import posixpath
import re
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from depscan.artifacts.reading import read_facts_from_bytes
from depscan.config import Config
from depscan.scan import scan
from depscan.toolchains.python_packages import find_known

if TYPE_CHECKING:
    from pathlib import Path

    from depscan.artifacts.facts import Artifact, ElfFacts

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("pip") is None, reason="needs pip and an index"),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the wheels are for x86_64"),
]

BOTH = tuple(
    """
    argon2-cffi-bindings asyncpg bcrypt cffi cryptography greenlet h5py hiredis httptools jiter kiwisolver lxml
    matplotlib nh3 numpy orjson pandas pillow psutil psycopg2-binary psycopg-binary pydantic-core pynacl pyodbc pyzmq
    regex rpds-py safetensors shapely tiktoken tokenizers uvloop watchfiles xmlsec
    """.split()  # noqa: SIM905 - read as prose
)
GLIBC_ONLY = ("confluent-kafka", "lz4", "onnxruntime", "opencv-python", "opencv-python-headless", "pycurl")
SOURCE_ONLY = ("psycopg2", "psycopg-c", "mysqlclient", "python-ldap")
BASES = {"glibc": "python:3.12-slim-bookworm", "musl": "python:3.12-alpine3.20"}
PLATFORMS = {
    "glibc": ("manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux_2_24_x86_64", "manylinux_2_28_x86_64"),
    "musl": ("musllinux_1_1_x86_64", "musllinux_1_2_x86_64"),
}
PROMISED = re.compile(
    r"(libc|libm|libpthread|libdl|librt|libutil|libresolv|libnsl|libz|libstdc\+\+|libgcc_s|libexpat|ld-linux-x86-64"
    r"|libc\.musl-x86_64|libglib-2\.0|libX\w+|libxcb|libICE|libSM)\.so(\.\d+)*"
)


@pytest.mark.parametrize(
    ("name", "libc"),
    [*((name, libc) for name in BOTH for libc in BASES), *((name, "glibc") for name in GLIBC_ONLY)],
)
def test_wheel_is_as_predicted(name: str, libc: str, tmp_path: Path) -> None:
    wheel = download(name, libc, tmp_path)
    assert wheel is not None
    path, artifact = predict(name, libc, tmp_path)
    facts, left = read_wheel(wheel, path)
    assert facts.libc == artifact.facts.libc == libc
    assert facts.machine == artifact.facts.machine
    assert left == set(artifact.facts.needed[:-1])


@pytest.mark.parametrize("name", SOURCE_ONLY)
@pytest.mark.parametrize("libc", list(BASES))
def test_source_only_packages_have_no_wheel(name: str, libc: str, tmp_path: Path) -> None:
    assert download(name, libc, tmp_path) is None


@pytest.mark.parametrize("name", GLIBC_ONLY)
def test_packages_without_a_wheel_for_musl(name: str, tmp_path: Path) -> None:
    assert download(name, "musl", tmp_path) is None


def test_an_environment_links_the_interpreter_that_made_it(tmp_path: Path) -> None:
    """As `make_environment` has it: bin/python is a link to that program, bin/python3 a link to bin/python or back."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "v"], check=True)
    found = {each.name: each.readlink() for each in (tmp_path / "v" / "bin").iterdir() if each.is_symlink()}
    outside = [target for target in found.values() if target.is_absolute()]
    assert set(found) >= {"python", "python3", f"python3.{sys.version_info.minor}"}
    assert len(outside) == 1
    assert outside[0].resolve() == (tmp_path / "v" / "bin" / "python").resolve()


def download(name: str, libc: str, directory: Path) -> Path | None:
    """The wheel of the newest release for CPython 3.12; None where the index has none."""
    platforms = [word for tag in PLATFORMS[libc] for word in ("--platform", tag)]
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", *platforms]
    command += ["--python-version", "3.12", "--implementation", "cp", "--abi", "cp312", "--abi", "abi3"]
    done = subprocess.run([*command, "-d", directory / "wheel", name], check=False, capture_output=True, text=True)
    if done.returncode != 0 and "No matching distribution" not in done.stderr:
        pytest.skip(f"the index does not answer: {done.stderr[-200:]}")
    return next(iter((directory / "wheel").glob("*.whl")), None) if done.returncode == 0 else None


def predict(name: str, libc: str, directory: Path) -> tuple[str, Artifact]:
    """The file that is predicted, below the target, and its artifact."""
    (directory / "Dockerfile").write_text(f"FROM {BASES[libc]}\nRUN pip install -t /deps {name}\n")
    (result,) = scan([directory / "Dockerfile"], Config(cache=False, jobs=1)).scans
    (item,) = result.placements
    return posixpath.relpath(item.path, "/deps"), item.artifact


def read_wheel(wheel: Path, path: str) -> tuple[ElfFacts, set[str]]:
    """The facts of a member (a star stands for any name), and what all libraries of a wheel leave to the system."""
    needed: set[str] = set()
    with zipfile.ZipFile(wheel) as archive:
        members = [name for name in archive.namelist() if re.search(r"\.so(\.[\d.]+)*$", name)]
        read = {name: read_facts_from_bytes(archive.read(name)) for name in members}
    facts = {name: found for name, found in read.items() if not isinstance(found, str)}
    for found in facts.values():
        needed.update(found.needed)
    bundled = {posixpath.basename(name) for name in members} | {str(found.soname) for found in facts.values()}
    left = {soname for soname in needed - bundled if not PROMISED.fullmatch(soname)}
    member = next(iter(facts)) if "*" in path else path
    return facts[member], left


GLIBC_ALONE = ("mediapipe", "open3d", "ray", "shiboken6", "tensorflow", "torchaudio", "triton", "vtk")


@pytest.mark.parametrize("name", GLIBC_ALONE)
def test_package_has_nothing_for_musl(name: str, tmp_path: Path) -> None:
    """No version has a wheel for musl, and none has a source: pip says that there is no matching distribution."""
    known = find_known(name, None)
    assert known is not None
    assert known.comes == "glibc"
    for choice in (["--only-binary=:all:", "--platform=musllinux_1_2_x86_64", "--platform=any"], ["--no-binary=:all:"]):
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--python-version=3.12", *choice, name]
        if "--no-binary=:all:" in choice:
            command.remove("--python-version=3.12")
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert "No matching distribution found" in done.stderr, done.stderr[-400:]
