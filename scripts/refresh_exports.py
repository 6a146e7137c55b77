"""Write depscan/knowledge/exports/: which symbols the C libraries and GCC's runtime libraries of releases define.

In: Debian's packages of bullseye, bookworm and trixie, fetched by an apt of its own; wheels with Alpine's libraries
(WHEELS), fetched by pip; gcompat_exports.json beside this script (read by hand, with its source); a clone of
alpinelinux/docker-alpine, whose branches hold Alpine's root file systems and so each musl. Out: one file per library,
compressed: the columns (releases, or versions of musl by architecture) in the first line, then a sorted symbol a line,
with the columns that have it as a hexadecimal mask where not all have. For maintainers, never run by users; the same
bytes for the same packages. Without a clone musl's file stays as it is.

    python scripts/refresh_exports.py [--alpine CLONE] [MIRROR]      (Debian or Ubuntu, root; a minute)
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from debian_archive import find_mirror

from depscan.artifacts.elf import read_elf
from depscan.artifacts.symbols import base_name, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable

EXPORTS = Path(__file__).parent.parent / "depscan" / "knowledge" / "exports"
GCOMPAT = Path(__file__).with_name("gcompat_exports.json")
SUITES = {"bullseye": "debian:11", "bookworm": "debian:12", "trixie": "debian:13"}
MACHINES = ("x86_64", "aarch64")
# musl's version by the last Alpine that has it (lib/apk/db/installed); 1.2.4 and 1.2.5 are snapshots with its fixes.
MUSL = {
    "1.1.16": "v3.6",
    "1.1.18": "v3.7",
    "1.1.19": "v3.8",
    "1.1.20": "v3.9",
    "1.1.22": "v3.10",
    "1.1.24": "v3.12",
    "1.2.2": "v3.15",
    "1.2.3": "v3.17",
    "1.2.4": "v3.19",
    "1.2.5": "v3.20",
}
LIBRARIES = {
    "libc6": ("ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "librt.so.1"),
    "libgcc-s1": ("libgcc_s.so.1",),
    "libstdc++6": ("libstdc++.so.6",),
    "libcurl4": ("libcurl.so.4",),  # all its symbols, old and new, have one version
}
RENAMED = {("trixie", "libcurl4"): "libcurl4t64"}


class Wheel(NamedTuple):
    """A wheel that brings GCC's libraries of an Alpine release, on which it was built."""

    requirement: str
    platform: str
    sha256: str


# By the images of pypa/manylinux (build.sh: musllinux_1_1 is alpine:3.12; musllinux_1_2 was 3.19 from 2024-05, 3.20
# from 2024-10, 3.22 from 2025-06) and the compiler that each library names: 9.3.0, 13.2.1_git20231014,
# 13.2.1_git20240309, 14.2.0 (its package, 14.2.0-r6, stands in the wheel's SBOM).
WHEELS = {
    "alpine:3.12": Wheel(
        "ujson==5.9.0", "musllinux_1_1_x86_64", "829b824953ebad76d46e4ae709e940bb229e8999e40881338b3cc94c771b876c"
    ),
    "alpine:3.19": Wheel(
        "ujson==5.10.0", "musllinux_1_2_x86_64", "604a046d966457b6cdcacc5aa2ec5314f0e8c42bae52842c1e6fa02ea4bda42e"
    ),
    "alpine:3.20": Wheel(
        "clang-format==19.1.6",
        "musllinux_1_2_x86_64",
        "090ee6fbbf7d086ad6d160e0b38f1f99030ad89c8ac5a3b57b57ebfab850a78a",
    ),
    "alpine:3.22": Wheel(
        "contourpy==1.4.0", "musllinux_1_2_x86_64", "3863ef2e2b13fe93f8c0ebb08ee400cb07153b8b0e91c5acb26e4537f283634f"
    ),
}
OPTIONS = """\
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}/cache";
APT::Architectures {{ "amd64"; }};
APT::Sandbox::User "root";
Acquire::Languages "none";
"""

Table = dict[str, set[str]]  # column -> symbols


def main(mirror: str, alpine: Path | None) -> None:
    """Fetch, read, write; prints the size of each file."""
    tables: dict[str, Table] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare_apt(folder, mirror)
        for suite, release in SUITES.items():
            for package, sonames in LIBRARIES.items():
                root = unpack_package(folder, suite, RENAMED.get((suite, package), package), "amd64")
                for soname in sonames:
                    tables.setdefault(soname, {})[release] = read_exports(root, soname)
        for release, wheel in WHEELS.items():
            for soname, path in unpack_wheel(folder, wheel).items():
                tables.setdefault(soname, {})[release] = read_file(path)
    if alpine is not None:
        tables["musl"] = dict(read_musls(alpine))
    tables["gcompat"] = {version: set(names) for version, names in json.loads(GCOMPAT.read_text())["exports"].items()}
    write(tables)


def prepare_apt(folder: Path, mirror: str) -> None:
    """An apt that knows the three suites and leaves the machine's own alone."""
    (folder / "sources.list").write_text("".join(f"deb {mirror} {suite} main\n" for suite in SUITES))
    (folder / "apt.conf").write_text(OPTIONS.format(folder=folder))
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    run(folder, "apt-get", "update")


def unpack_package(folder: Path, suite: str, package: str, architecture: str) -> Path:
    """The files of one package."""
    place = folder / f"{suite}-{package}-{architecture}"
    place.mkdir()
    run(folder, "apt-get", "download", f"{package}:{architecture}/{suite}", cwd=place)
    (archive,) = place.glob("*.deb")
    run(folder, "dpkg-deb", "--extract", str(archive), str(place))
    return place


def unpack_wheel(folder: Path, wheel: Wheel) -> dict[str, Path]:
    """GCC's two libraries of a wheel, by their sonames; auditwheel put a hash into their names."""
    place = folder / wheel.sha256
    options = ("--quiet", "--no-deps", "--only-binary=:all:", "--python-version=312", f"--platform={wheel.platform}")
    run(folder, sys.executable, "-m", "pip", "download", *options, f"--dest={place}", wheel.requirement)
    (archive,) = place.glob("*.whl")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != wheel.sha256:
        sys.exit(f"{archive.name} is another file than the one that was looked at")
    with zipfile.ZipFile(archive) as files:
        files.extractall(place)  # noqa: S202 - held to its sha256
    names = {"libstdc++.so.6": "libstdc++-*.so.6*", "libgcc_s.so.1": "libgcc_s-*.so.1"}
    return {soname: next(place.rglob(pattern)) for soname, pattern in names.items()}


def run(folder: Path, *command: str, cwd: Path | None = None) -> None:
    """Run a command with the apt of `folder`."""
    environment = {**os.environ, "APT_CONFIG": f"{folder}/apt.conf"}
    subprocess.run(command, cwd=cwd, env=environment, check=True)  # noqa: S603 - the commands above


def read_exports(root: Path, soname: str) -> set[str]:
    """The names that a library defines, without their versions."""
    return read_file(next(path for path in sorted(root.rglob(soname)) if path.exists()).resolve())


def read_file(source: Path | bytes) -> set[str]:
    """The names that one file defines."""
    symbols = unpack(read_elf(source).symbols or b"")
    assert symbols is not None
    return {base_name(name) for name in symbols.exports}


def read_musls(clone: Path) -> Iterable[tuple[str, set[str]]]:
    """Each version of musl on each machine, out of the root file systems in the branches of docker-alpine."""
    for machine in MACHINES:
        for version, branch in MUSL.items():
            listed = read_git(clone, "ls-tree", "--name-only", branch, f"{machine}/").decode().split()
            archive = next(name for name in listed if name.endswith(".tar.gz"))
            with tarfile.open(fileobj=io.BytesIO(read_git(clone, "show", f"{branch}:{archive}"))) as files:
                file = files.extractfile(f"./lib/ld-musl-{machine}.so.1")
                assert file is not None
                yield f"{version}-{machine}", read_musl(file.read())


def read_git(clone: Path, *words: str) -> bytes:
    """The output of a git command."""
    command = ("git", "-C", str(clone), *words)
    return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 - no shell


def read_musl(data: bytes) -> set[str]:
    """What musl defines, and the names with 64 that its dynamic linker answers since 1.2.4 (ldso/dynlink.c, get_lfs64).

    Those stand in its constant data as one run of names without the 64.
    """
    names = read_file(data)
    start = data.find(b"aio_cancel\0aio_error\0")
    if start >= 0:
        listed = data[start : data.index(b"\0\0", start)].decode().split("\0")
        names |= {f"{word}64" for word in listed if word in names} | {"readdir64_r"}
    return names


def write(tables: dict[str, Table]) -> None:
    """One file per library."""
    EXPORTS.mkdir(exist_ok=True)
    for library, table in sorted(tables.items()):
        data = zlib.compress("\n".join(lines(table)).encode(), 9)
        (EXPORTS / f"{library}.z").write_bytes(data)
        sizes = ", ".join(f"{column} {len(names)}" for column, names in table.items())
        sys.stderr.write(f"{len(data):7} {library}: {sizes}\n")


def lines(table: Table) -> Iterable[str]:
    """The text of one file."""
    yield " ".join(table)
    for name in sorted(set().union(*table.values())):
        mask = sum(1 << index for index, names in enumerate(table.values()) if name in names)
        yield name if mask == (1 << len(table)) - 1 else f"{name} {mask:x}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--alpine", type=Path)
    parser.add_argument("mirror", nargs="?")
    options = parser.parse_args()
    main(options.mirror or find_mirror(), options.alpine)
