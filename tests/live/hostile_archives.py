"""Hostile archives and what a run on them costs: `python -m tests.live.hostile_archives DIRECTORY` makes, then scans.

Prints one row for each archive (what the Skipped row says of it) and the peak of memory in MB, both of which
tests/live/test_hostile_archives.py checks.
"""

from __future__ import annotations

import gzip
import io
import sys
import tarfile
import zipfile
from pathlib import Path

from depscan.config import Config
from depscan.scan import scan

MANY = 150_000  # more members than are read of one archive
LARGE = 300 << 20


def make(folder: Path) -> None:
    """A zip and a tar with many members, bombs of each packing, one in another, and one that leads elsewhere."""
    with zipfile.ZipFile(folder / "many.zip", "w") as archive:
        for number in range(MANY):
            archive.writestr(f"{number}.class", b"")
    for name, mode in (("many.tar", "w"), ("many.tgz", "w:gz")):
        with tarfile.open(folder / name, mode) as archive:
            for number in range(MANY):
                archive.addfile(tarfile.TarInfo(f"d{number % 100}/{number}"))
    for name, mode in (("bomb.tgz", "w:gz"), ("bomb.tar.xz", "w:xz"), ("bomb.tar.bz2", "w:bz2")):
        with tarfile.open(folder / name, mode) as archive:
            info = tarfile.TarInfo("lib/big.so")
            info.size = LARGE
            archive.addfile(info, _Zeros())
    with (
        zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("big.so", "w") as file,
    ):
        for _ in range(LARGE >> 20):
            file.write(bytes(1 << 20))
    with zipfile.ZipFile(folder / "nested.jar", "w") as archive:
        archive.writestr("lib/bomb.zip", (folder / "bomb.zip").read_bytes())
    with tarfile.open(folder / "away.tar", "w") as archive:
        for name in ("../../etc/passwd", "/etc/shadow"):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
        link = tarfile.TarInfo("lib.so")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    (folder / "zeros.gz").write_bytes(gzip.compress(bytes(LARGE)))


class _Zeros(io.RawIOBase):
    def read(self, size: int = -1) -> bytes:
        return bytes(size)


def peak() -> int:
    """The peak of this process's memory in MB; getrusage would count that of the process that started it too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) >> 10


def main(folder: Path) -> None:
    """Scan the archives of a folder that `make` filled, copied, added and unpacked."""
    names = sorted(path.name for path in folder.iterdir() if path.name != "Dockerfile")
    unpacked = "\n".join(f"RUN tar xf /a/{name} -C /b || unzip /a/{name}" for name in names if "zip" not in name)
    added = "\n".join(f"ADD {name} /c/" for name in names)
    certain = "\n".join(f"RUN {'unzip' if name.endswith('p') else 'tar xf'} /a/{name}" for name in names)
    (folder / "Dockerfile").write_text(f"FROM debian:12\nCOPY . /a/\n{unpacked}\n{added}\n{certain}\n")
    result = scan([folder / "Dockerfile"], Config(cache=False, jobs=1))
    for row in result.scans[0].skipped:
        print(f"{row.subject}: {row.reason}")
    print(f"peak {peak()} MB")


if __name__ == "__main__":
    where = Path(sys.argv[1])
    if not any(where.iterdir()):
        make(where)
    else:
        main(where)
