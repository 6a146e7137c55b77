"""The packages that real images list, by dpkg, apk and rpm; the databases of rpm are real (tests/data/rpm)."""

from __future__ import annotations

import gzip
import json
import sqlite3
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depscan.images.contents import Contents
from depscan.images.installed import Installed, find_installed
from depscan.images.profile import Package
from depscan.images.reference import parse_reference
from depscan.images.sources import read_source
from depscan.platforms import DEFAULT_PLATFORM
from tests.images.handmade import docker_archive, file, image, link, write_layout

if TYPE_CHECKING:
    from tests.conftest import RunDepscan

DATA = Path(__file__).parents[1] / "data" / "rpm"
SQLITE, BERKELEY = (gzip.decompress((DATA / f"{name}.gz").read_bytes()) for name in ("rpmdb.sqlite", "Packages"))
THREE = (
    Package("bash", "5.1.8-9.el9", "noarch"),
    Package("glibc", "2.34-100.el9", "noarch"),
    Package("openssl-libs", "1:3.0.7-28.el9", "noarch"),
)


def headers() -> list[bytes]:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(SQLITE[:18] + b"\1\1" + SQLITE[20:])
    return [blob for (blob,) in connection.execute("SELECT blob FROM Packages")]


def ndb(blobs: list[bytes]) -> bytes:
    """A Packages.db as rpm's lib/backend/ndb/rpmpkg.c writes it: slots, then each blob between its head and tail."""
    head, body = struct.pack("<4s4I", b"RpmP", 0, 1, 1, len(blobs) + 1).ljust(32, b"\0"), b""
    for number, blob in enumerate(blobs, 1):
        packed = struct.pack("<4s3I", b"BlbS", number, 0, len(blob)) + blob + bytes(-(len(blob) + 12) % 16)
        packed += struct.pack("<2I4s", zlib.adler32(blob), len(blob), b"BlbE")
        head += struct.pack("<4s3I", b"Slot", number, (4096 + len(body)) // 16, len(packed) // 16)
        body += packed
    return head + struct.pack("<4s3I", b"Slot", 0, 0, 0) * ((4096 - len(head)) // 16) + body


NDB = ndb(headers())


def installed(tmp_path: Path, databases: dict[str, bytes], **texts: bytes) -> Installed:
    places = {path: tmp_path / str(number) for number, path in enumerate(databases)}
    for path, place in places.items():
        place.write_bytes(databases[path])
    return find_installed(Contents({}, {}, {}, texts, places))


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/var/lib/rpm/rpmdb.sqlite", SQLITE),
        ("/usr/lib/sysimage/rpm/rpmdb.sqlite", SQLITE),
        ("/var/lib/rpm/Packages", BERKELEY),
        ("/usr/lib/sysimage/rpm/Packages.db", NDB),
    ],
)
def test_each_database_of_rpm(path: str, data: bytes, tmp_path: Path) -> None:
    from depscan.images.contents import is_database

    found = installed(tmp_path, {path: data})
    assert is_database(path)
    assert (found.packages, found.unread) == (THREE, None)
    assert found.libc == "glibc 2.34-100.el9"


def test_a_header_that_fits_on_a_page_of_berkeley_db() -> None:
    """Shorter ones than a quarter of a page stand on it; the entry that counts the others does too."""
    from depscan.images.rpm_databases import read_blobs

    page = bytearray(512)
    page[20:22], page[25] = struct.pack("<H", 2), 13
    page[26:30] = struct.pack("<2H", 507, 499)
    page[499:512] = b"\1a header\1\1\0\0\0"[:13].ljust(13, b"\0")
    first = bytearray(512)
    first[12:16], first[20:24], first[32:36] = (struct.pack("<I", value) for value in (0x061561, 512, 1))
    assert list(read_blobs(bytes(first + page))) == [b"a heade"]


LOOP = (
    "CREATE VIEW Packages AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT {} AS blob FROM n"
)


def sqlite_of(script: str) -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.executescript(script)
    return connection.serialize()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"garbage", "neither SQLite, ndb nor a hash of Berkeley DB"),
        (b"", "neither SQLite, ndb nor a hash of Berkeley DB"),
        (SQLITE[:5000], "damaged: database disk image is malformed"),
        (sqlite_of("CREATE TABLE other (x)"), "damaged: no such table: Packages"),
        (sqlite_of("CREATE TABLE Packages (blob); INSERT INTO Packages VALUES ('text')"), "damaged: "),
        (sqlite_of(LOOP.format("x")), "damaged: a row that is no header"),
        (sqlite_of(LOOP.format("zeroblob(9)")), "more than 100000 packages"),
        (sqlite_of(LOOP.format("zeroblob(9)") + " WHERE x < 0"), "damaged: interrupted"),
        (NDB[:4200], "damaged: "),
        (NDB.replace(b"BlbS", b"BlbX"), "damaged: a blob is not where its slot says"),
        (BERKELEY[:6000], "damaged: "),
        (BERKELEY[:20] + b"\1\0\0\0" + BERKELEY[24:], "damaged: pages of 1 bytes"),
    ],
)
def test_a_damaged_database_is_named_and_lists_nothing(data: bytes, reason: str, tmp_path: Path) -> None:
    found = installed(tmp_path, {"/var/lib/rpm/Packages": data})
    assert found.packages is None
    assert (found.unread or "").startswith(f"/var/lib/rpm/Packages: {reason}")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([SQLITE, BERKELEY, NDB]), st.integers(0, 30_000), st.binary(min_size=1, max_size=8))
def test_no_change_of_bytes_ends_in_an_error(tmp_path: Path, data: bytes, at: int, change: bytes) -> None:
    found = installed(tmp_path, {"/var/lib/rpm/x": data[:at] + change + data[at + len(change) :]})
    assert found.packages is not None or found.unread is not None


def test_changes_that_are_not_merged(tmp_path: Path) -> None:
    place = "/var/lib/rpm/rpmdb.sqlite"
    found = installed(tmp_path, {place: SQLITE, f"{place}-wal": b"x"})
    assert found == Installed(None, f"{place}: it has changes in a -wal file beside it")


def test_dpkg_and_apk(tmp_path: Path) -> None:
    dpkg = b"Package: libc6\nArchitecture: amd64\nVersion: 2.36-9\nDescription: x\n Version: 9\n"
    gone = b"Package: old\nStatus: deinstall ok config-files\nVersion: 1\n"
    apk = b"C:Q1\nP:musl\nV:1.2.5-r0\nA:x86_64\nF:lib\nR:ld-musl-x86_64.so.1\n\n"
    texts: dict[str, Any] = {
        "/var/lib/dpkg/status": dpkg + b"\n" + gone,
        "/var/lib/dpkg/status.d/tzdata": b"Package: tzdata\nVersion: 2026a\nArchitecture: all\n",
        "/var/lib/dpkg/status.d/tzdata.md5sums": b"0 usr/share/Package: x\n",
        "/lib/apk/db/installed": apk,
        "/etc/os-release": b"ID=x\n",
    }
    found = installed(tmp_path, {}, **texts)
    assert found.packages == (
        Package("libc6", "2.36-9", "amd64"),
        Package("musl", "1.2.5-r0", "x86_64"),
        Package("tzdata", "2026a", "all"),
    )
    assert installed(tmp_path, {}) == Installed(None, None)


FEDORA = (
    file("etc/os-release", b"ID=fedora\nVERSION_ID=43\n"),
    file("usr/lib/sysimage/rpm/rpmdb.sqlite", SQLITE),
    link("var/lib/rpm", "../../usr/lib/sysimage/rpm"),
    file("usr/bin/dnf5", b"x"),
)


@pytest.mark.parametrize("form", ["layout", "archive", "root"])
def test_an_image_with_rpm(form: str, tmp_path: Path, run_depscan: RunDepscan) -> None:
    place = tmp_path / "image"
    if form == "layout":
        write_layout(place, image(FEDORA))
    elif form == "archive":
        docker_archive(place, FEDORA)
    else:
        (place / "usr/lib/sysimage/rpm").mkdir(parents=True)
        (place / "usr/lib/sysimage/rpm/rpmdb.sqlite").write_bytes(SQLITE)
        (place / "usr/bin").mkdir()
        (place / "usr/bin/dnf5").touch()
    run = run_depscan("image", "--isolated", "--base", f"a:1={place}", "--format", "json", "a:1")
    (found,) = json.loads(run.out)["images"]
    assert found["packages"] == [
        {"name": name, "version": version, "architecture": "noarch"}
        for name, version in (("bash", "5.1.8-9.el9"), ("glibc", "2.34-100.el9"), ("openssl-libs", "1:3.0.7-28.el9"))
    ]
    assert found["packages_unread"] is None
    text = run_depscan("image", "--isolated", "--base", f"a:1={place}", "a:1").out
    assert "  packages     dnf; 3 installed\n" in text
    assert "glibc 2.34-100.el9" in text


def test_a_later_layer_replaces_the_database_and_may_spoil_it(tmp_path: Path, run_depscan: RunDepscan) -> None:
    place = docker_archive(tmp_path / "a", FEDORA, [file("var/lib/rpm/rpmdb.sqlite", b"spoilt")])
    found = read_source(parse_reference("a:1"), str(place), DEFAULT_PLATFORM)
    assert found.packages is None
    text = run_depscan("image", "--isolated", "--base", f"a:1={place}", "a:1").out
    assert (
        "dnf; installed ones not known: /usr/lib/sysimage/rpm/rpmdb.sqlite: neither SQLite, ndb nor a hash of Berkeley"
        in text
    )
