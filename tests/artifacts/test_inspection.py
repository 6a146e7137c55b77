"""`depscan inspect` reads the ELF files in archives, of every machine and under every name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.artifacts.test_containers import FIXTURES, debian, rpm, tarred, zipped

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunDepscan

PLUGIN = (FIXTURES / "plugin.so").read_bytes()
FOREIGN = (FIXTURES / "hello-arm64").read_bytes()
MEMBERS = {"lib/a.so": PLUGIN, "prog-1.2": FOREIGN, "notes.txt": b"hello"}

ARCHIVES = {
    "a.jar": zipped(MEMBERS),
    "a.zip": zipped(MEMBERS),
    "a-1-py3-none-any.whl": zipped(MEMBERS),
    "a.tar": tarred(MEMBERS),
    "a.tar.gz": tarred(MEMBERS, "w:gz"),
    "a.tar.bz2": tarred(MEMBERS, "w:bz2"),
    "a.tar.xz": tarred(MEMBERS, "w:xz"),
    "a.apk": tarred({".PKGINFO": b"x"}, "w:gz") + tarred(MEMBERS, "w:gz"),
    "a.deb": debian(MEMBERS),
    "a.rpm": rpm(MEMBERS),
    "packed": tarred(MEMBERS, "w:gz"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_the_members_of_an_archive(name: str, tmp_path: Path, run_depscan: RunDepscan) -> None:
    path = tmp_path / name
    path.write_bytes(ARCHIVES[name])
    found = run_depscan("inspect", "--format=json", str(path))
    assert (found.code, found.err) == (0, "")
    files = json.loads(found.out)["files"]
    assert [file["path"] for file in files] == [f"{path}!/lib/a.so", f"{path}!/prog-1.2"]
    assert files[0]["elf"]["linkage"] == "shared-object"
    assert run_depscan("inspect", str(path)).out.count(f"{path}!/") == 2


def test_an_archive_in_an_archive_and_what_is_wrong(tmp_path: Path, run_depscan: RunDepscan) -> None:
    path = tmp_path / "a.war"
    path.write_bytes(zipped({"lib/b.jar": zipped({"x.so": PLUGIN}), "c.so": PLUGIN[:900], "d.zip": b"PK\x03\x04junk"}))
    files = json.loads(run_depscan("inspect", "--format=json", str(path)).out)["files"]
    assert files[0]["path"] == f"{path}!/lib/b.jar!/x.so"
    assert files[1]["path"] == str(path)
    assert files[1]["skipped"].startswith("c.so: ")
    assert files[1]["skipped"].endswith(", and 1 more")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.zip", zipped({"notes.txt": b"x"}), "an archive without ELF programs or libraries"),
        ("a.tar.gz", b"\x1f\x8bjunk", "it cannot be unpacked: "),
        ("a", b"BZhjunk", "it cannot be unpacked: "),
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "a 7z archive, which is not opened"),
        ("a.txt", b"hello", "not an ELF file"),
    ],
)
def test_why_there_is_nothing(name: str, data: bytes, reason: str, tmp_path: Path, run_depscan: RunDepscan) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    (file,) = json.loads(run_depscan("inspect", "--format=json", str(path)).out)["files"]
    assert file["path"] == str(path)
    assert file["skipped"].startswith(reason)
