"""Write depscan/knowledge/exports/: which symbols the C libraries and GCC's runtime libraries of releases define.

In: Debian's packages of bullseye, bookworm and trixie, fetched by an apt of its own, and gcompat_exports.json beside
this script (read by hand, with its source). Out: one file per library, compressed: the columns (releases, or versions
of musl by architecture) in the first line, then a sorted symbol a line, with the columns that have it as a hexadecimal
mask where not all have. For maintainers, never run by users; the same bytes for the same packages.

    python scripts/refresh_exports.py [MIRROR]      (Debian or Ubuntu, root; a minute)
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from debian_archive import find_mirror

from depscan.artifacts.elf import read_elf
from depscan.artifacts.symbols import base_name, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable

EXPORTS = Path(__file__).parent.parent / "depscan" / "knowledge" / "exports"
GCOMPAT = Path(__file__).with_name("gcompat_exports.json")
SUITES = {"bullseye": "debian:11", "bookworm": "debian:12", "trixie": "debian:13"}
MUSL = {"bullseye": "1.2.2", "bookworm": "1.2.3", "trixie": "1.2.5"}
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
LIBRARIES = {
    "libc6": ("ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "librt.so.1"),
    "libgcc-s1": ("libgcc_s.so.1",),
    "libstdc++6": ("libstdc++.so.6",),
}
# Where Debian's musl differs from upstream's, as a build of v1.2.3 and v1.2.5 shows: libfts is part of it, and before
# 1.2.5 it left the functions of crypt.h to libcrypt.
ONLY_DEBIAN = frozenset({"fts_children", "fts_close", "fts_open", "fts_read", "fts_set"})
NOT_DEBIAN = frozenset({"crypt", "crypt_r", "encrypt", "setkey"})
OPTIONS = """\
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}/cache";
APT::Architectures {{ "amd64"; "arm64"; }};
APT::Sandbox::User "root";
Acquire::Languages "none";
"""

Table = dict[str, set[str]]  # column -> symbols


def main(mirror: str) -> None:
    """Fetch, read, write; prints the size of each file."""
    tables: dict[str, Table] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare_apt(folder, mirror)
        for suite, release in SUITES.items():
            for package, sonames in LIBRARIES.items():
                root = unpack_package(folder, suite, package, "amd64")
                for soname in sonames:
                    tables.setdefault(soname, {})[release] = read_exports(root, soname)
            for architecture, machine in MACHINES.items():
                root = unpack_package(folder, suite, "musl", architecture)
                column = f"{MUSL[suite]}-{machine}"
                tables.setdefault("musl", {})[column] = read_musl(root, machine)
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


def run(folder: Path, *command: str, cwd: Path | None = None) -> None:
    """Run a command with the apt of `folder`."""
    environment = {"APT_CONFIG": f"{folder}/apt.conf", "PATH": "/usr/bin:/bin"}
    subprocess.run(command, cwd=cwd, env=environment, check=True)  # noqa: S603 - the commands above


def read_exports(root: Path, soname: str) -> set[str]:
    """The names that a library defines, without their versions."""
    path = next(path for path in sorted(root.rglob(soname)) if path.exists())
    symbols = unpack(read_elf(path.resolve()).symbols or b"")
    assert symbols is not None
    return {base_name(name) for name in symbols.exports}


def read_musl(root: Path, machine: str) -> set[str]:
    """What musl defines, and the names with 64 that its dynamic linker answers since 1.2.4 (ldso/dynlink.c, get_lfs64).

    Those stand in its constant data as one run of names without the 64.
    """
    name = f"ld-musl-{machine}.so.1"
    names = read_exports(root, name)
    data = next(path for path in sorted(root.rglob(name)) if path.exists()).read_bytes()
    start = data.find(b"aio_cancel\0aio_error\0")
    if start >= 0:
        listed = data[start : data.index(b"\0\0", start)].decode().split("\0")
        names |= {f"{word}64" for word in listed if word in names} | {"readdir64_r"}
    return (names - ONLY_DEBIAN) | NOT_DEBIAN


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
    main(sys.argv[1] if len(sys.argv) > 1 else find_mirror())
