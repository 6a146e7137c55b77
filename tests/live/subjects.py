"""The subjects: real programs and libraries, pinned in subjects.json and kept unpacked in the cache.

In: `subjects.json`, one row for each package: the request that brings it, its file name, sha256, which of its ELF
files are tried. Out: `Package`s; `unpacked` gives the folder with all ELF files of a package, and links to them, where
the package has them.
`python -m tests.live.subjects REQUEST...` downloads packages anew and writes their rows.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

from depscan.artifacts.elf import explain_elf
from depscan.artifacts.facts import ElfFacts, Linkage
from tests.live.downloads import DownloadError, digest, download
from tests.live.roots import cache_folder

PINS = Path(__file__).with_name("subjects.json")
_PROGRAMS, _LIBRARIES = 3, 5  # tried of one package


class Package(NamedTuple):
    """A row of subjects.json. `subjects` are paths in the package; `quick` ones are tried by `make test` too."""

    request: str
    file: str
    sha256: str
    subjects: tuple[str, ...]
    quick: bool = False

    @property
    def name(self) -> str:
        """Name and version, for reports."""
        return self.file.removesuffix(".whl").removesuffix(".tgz").removesuffix(".deb")


def packages(*, quick: bool = False) -> list[Package]:
    """All pinned packages, or the quick ones."""
    rows = [Package(**{**row, "subjects": tuple(row["subjects"])}) for row in json.loads(PINS.read_text())]
    return [package for package in rows if package.quick or not quick]


def unpacked(package: Package) -> Path:
    """The folder with the package's ELF files; raises DownloadError where it cannot be had or is another file now."""
    folder = cache_folder() / "subjects" / package.sha256[:16]
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            file = _fetch(package.request, Path(scratch))
            if digest(file) != package.sha256:
                raise DownloadError(f"{package.request}: {file.name} is another file than the pinned one")
            _unpack(file, Path(scratch) / "files").rename(folder)
    return folder


def _fetch(request: str, scratch: Path) -> Path:
    (scratch / "download").mkdir()
    return download(request, scratch / "download")


def _unpack(file: Path, target: Path) -> Path:
    target.mkdir()
    target.chmod(0o755)
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as archive:
            archive.extractall(target)
    elif file.suffix == ".tgz":
        with tarfile.open(file) as archive:
            archive.extractall(target, filter="data")
    else:
        subprocess.run(["dpkg-deb", "--extract", file, target], check=True, capture_output=True)
    _keep_elf_files(target)
    return target


def _keep_elf_files(folder: Path) -> None:
    """Remove all other files; a wheel's programs get their execute bits, as pip gives them."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                wanted = file.read(4) == b"\x7fELF"
            path.chmod(0o755) if wanted else path.unlink()
        elif path.is_dir():
            path.chmod(0o755)
    for path in folder.rglob("*"):
        if path.is_symlink() and not path.exists():
            path.unlink()
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()


def record(request: str) -> Package:
    """The row of a package as it is now: a few of its programs and libraries, such that their needs differ."""
    with tempfile.TemporaryDirectory() as scratch:
        file = _fetch(request, Path(scratch))
        folder = _unpack(file, Path(scratch) / "files")
        pinned = _pin(request, file)
        package = Package(pinned, file.name, digest(file), tuple(_choose(folder)))
        kept = cache_folder() / "subjects" / package.sha256[:16]
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(folder, kept)
        return package


def _pin(request: str, file: Path) -> str:
    """Debian's requests name no version: the file does, with %3a for the colon of an epoch."""
    if not request.startswith("debian") or "=" in request:
        return request
    return f"{request}={file.name.split('_')[1].replace('%3a', ':')}"


def _choose(folder: Path) -> list[str]:
    chosen: dict[bool, dict[object, str]] = {True: {}, False: {}}
    for path in sorted(folder.rglob("*"), key=lambda path: (".libs/" in str(path), path)):
        facts = explain_elf(path) if path.is_file() and not path.is_symlink() else None
        if not isinstance(facts, ElfFacts) or facts.linkage is None:
            continue
        is_program = facts.linkage is not Linkage.SHARED_OBJECT
        chosen[is_program].setdefault((facts.machine, facts.linkage, facts.needed), str(path.relative_to(folder)))
    return [*list(chosen[True].values())[:_PROGRAMS], *list(chosen[False].values())[:_LIBRARIES]]


def main(requests: list[str]) -> None:
    """Record packages into subjects.json, in place of rows of the same package."""
    rows = {package.request: package for package in packages()}
    for request in requests:
        try:
            package = record(request)
        except DownloadError as error:
            print(error, file=sys.stderr)
            continue
        if not package.subjects:
            print(package.name, "has no ELF file", file=sys.stderr)
            continue
        old = rows.get(package.request)
        rows[package.request] = package._replace(quick=old is not None and old.quick)
        print(package.name, len(package.subjects))
        _write(rows)


def _write(rows: dict[str, Package]) -> None:
    shown = [rows[request]._asdict() for request in sorted(rows)]
    PINS.write_text(json.dumps(shown, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
