"""What RUN unpacks of the build context is judged where it lands, and nowhere else."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.scan import scan
from tests.artifacts.test_containers import debian, tarred, zipped

if TYPE_CHECKING:
    from depscan.results import Scan

ELF = Path(__file__).parents[2] / "fixtures" / "elf"
PLAIN, TOO_NEW, HELLO = ((ELF / name).read_bytes() for name in ("plugin.so", "needs-glibc-2.99", "hello-static"))


def examine(tmp_path: Path, files: dict[str, bytes], dockerfile: str) -> Scan:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "Dockerfile").write_text(dockerfile)
    return scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).scans[0]


def found(scanned: Scan) -> list[tuple[str, str | None, int]]:
    return [(each.rule, next(iter(each.artifacts), None), each.location.span.start.line) for each in scanned.findings]


TREE = {"tool-1.0/bin/tool": TOO_NEW, "tool-1.0/README": b"text"}


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("tar xf /tmp/a -C /opt", "/opt/tool-1.0/bin/tool"),
        ("tar -xzf /tmp/a --strip-components=1 -C /usr/local", "/usr/local/bin/tool"),
        ("cd /srv && tar --strip-components 2 -xf /tmp/a tool-1.0/bin/tool", "/srv/tool"),
        ("bsdtar -xf /tmp/a -C /opt 'tool-*/bin/*'", "/opt/tool-1.0/bin/tool"),
    ],
)
def test_a_tar_is_judged_where_it_is_unpacked(tmp_path: Path, command: str, path: str) -> None:
    dockerfile = f"FROM debian:12-slim\nCOPY a.tgz /tmp/a\nRUN {command} && rm /tmp/a\nCMD {json.dumps([path])}\n"
    assert ("symbol-version-too-new", path, 3) in found(examine(tmp_path, {"a.tgz": tarred(TREE, "w:gz")}, dockerfile))


@pytest.mark.parametrize(
    "command",
    [
        "true",
        "tar tf /tmp/a",
        "tar xf /tmp/a -C /opt tool-1.0/README",
        "tar xf /tmp/a --exclude=bin -C /opt",
        "test -e /opt || tar xf /tmp/a -C /opt",
        "tar xf /tmp/a -C $SOMEWHERE",
    ],
)
def test_what_is_not_surely_unpacked_is_not_told(tmp_path: Path, command: str) -> None:
    dockerfile = f'FROM debian:12-slim\nCOPY a.tgz /tmp/a\nRUN {command}\nCMD ["sleep", "1"]\n'
    assert found(examine(tmp_path, {"a.tgz": tarred(TREE, "w:gz")}, dockerfile)) == []


@pytest.mark.parametrize("packing", ["w", "w:bz2", "w:xz"])
def test_a_deb_is_installed_at_the_root(tmp_path: Path, packing: str) -> None:
    package = debian({"./usr/bin/tool": TOO_NEW, "./usr/lib/libx.so": PLAIN}, packing)
    dockerfile = 'FROM debian:12-slim\nCOPY *.deb /tmp/\nRUN dpkg -i /tmp/*.deb\nCMD ["tool"]\n'
    scanned = examine(tmp_path, {"x.deb": package}, dockerfile)
    assert found(scanned) == [("symbol-version-too-new", "/usr/bin/tool", 3)]


@pytest.mark.parametrize("command", ["dpkg -x /tmp/x.deb /opt", "dpkg-deb --extract /tmp/x.deb /opt"])
def test_a_deb_is_unpacked_elsewhere(tmp_path: Path, command: str) -> None:
    dockerfile = f'FROM debian:12-slim\nCOPY x.deb /tmp/\nRUN {command}\nCMD ["/opt/bin/tool"]\n'
    scanned = examine(tmp_path, {"x.deb": debian({"./bin/tool": TOO_NEW})}, dockerfile)
    assert found(scanned) == [("symbol-version-too-new", "/opt/bin/tool", 3)]


def test_an_apk_is_installed_without_what_is_about_it(tmp_path: Path) -> None:
    package = tarred({".PKGINFO": b"pkgname = x"}, "w:gz") + tarred({"usr/bin/tool": TOO_NEW}, "w:gz")
    dockerfile = 'FROM alpine:3.20\nCOPY x.apk /tmp/\nRUN apk add --allow-untrusted /tmp/x.apk\nCMD ["tool"]\n'
    scanned = examine(tmp_path, {"x.apk": package}, dockerfile)
    assert found(scanned) == [("glibc-exec-on-musl", "/usr/bin/tool", 3)]
    assert "/.PKGINFO" not in scanned.stages[0].entries


def test_a_zip_keeps_no_modes_that_it_does_not_have(tmp_path: Path) -> None:
    dockerfile = 'FROM debian:12-slim\nCOPY a.zip /tmp/\nRUN unzip -q /tmp/a.zip -d /usr/local\nCMD ["tool"]\n'
    scanned = examine(tmp_path, {"a.zip": zipped({"bin/tool": TOO_NEW})}, dockerfile)
    assert ("symbol-version-too-new", "/usr/local/bin/tool", 3) in found(scanned)
    assert scanned.stages[0].entries["/usr/local/bin/tool"].mode == 0o600  # ZipFile.writestr's


def test_a_wheel_goes_to_the_packages_of_its_python(tmp_path: Path) -> None:
    name = "x-1.0-cp312-cp312-linux_x86_64.whl"
    members = {"x/_native.cpython-312-x86_64-linux-gnu.so": TOO_NEW, "x-1.0.data/scripts/x": HELLO}
    dockerfile = f'FROM python:3.12-slim-bookworm\nCOPY {name} /tmp/\nRUN pip install /tmp/{name}\nCMD ["x"]\n'
    scanned = examine(tmp_path, {name: zipped(members)}, dockerfile)
    where = "/usr/local/lib/python3.12/site-packages/x/_native.cpython-312-x86_64-linux-gnu.so"
    assert ("symbol-version-too-new", where, 3) in found(scanned)
    assert scanned.stages[0].entries["/usr/local/bin/x"].mode == 0o755


@pytest.mark.parametrize(("scripts", "told"), [({}, True), ({"install": "node-gyp rebuild"}, False)])
def test_an_npm_tarball_that_builds_nothing(tmp_path: Path, scripts: dict[str, str], told: bool) -> None:
    manifest = json.dumps({"name": "@scope/x", "scripts": scripts}).encode()
    package = tarred({"package/package.json": manifest, "package/x.node": TOO_NEW}, "w:gz")
    dockerfile = 'FROM node:22-bookworm-slim\nWORKDIR /app\nCOPY x.tgz .\nRUN npm install ./x.tgz\nCMD ["node"]\n'
    scanned = examine(tmp_path, {"x.tgz": package}, dockerfile)
    assert ("/app/node_modules/@scope/x/x.node" in scanned.stages[0].entries) == told


def test_what_is_unpacked_goes_on_to_other_stages(tmp_path: Path) -> None:
    dockerfile = (
        "FROM debian:12 AS unpacked\nCOPY a.tgz /\nRUN tar xf /a.tgz -C /opt\n"
        'FROM debian:12-slim\nCOPY --from=unpacked /opt/tool-1.0 /opt/tool\nCMD ["/opt/tool/bin/tool"]\n'
    )
    scanned = examine(tmp_path, {"a.tgz": tarred(TREE, "w:gz")}, dockerfile)
    assert ("symbol-version-too-new", "/opt/tool/bin/tool", 5) in found(scanned)


def test_an_archive_that_cannot_be_read_is_one_row(tmp_path: Path) -> None:
    packed = tarred({"tool-1.0/bin/tool": TOO_NEW * 40}, "w:gz")
    dockerfile = "FROM debian:12-slim\nCOPY a.tgz /a\nRUN tar xf /a -C /opt\n"
    scanned = examine(tmp_path, {"a.tgz": packed[: len(packed) // 2]}, dockerfile)
    assert [row.subject for row in scanned.skipped] == ["a.tgz"]
    assert found(scanned) == []


def test_what_run_unpacks_gets_the_suggestions_of_what_copy_brings(tmp_path: Path) -> None:
    tool = (ELF / "needs-glibc-2.38").read_bytes()
    dockerfile = 'FROM debian:12-slim\nCOPY a.tgz /\nRUN tar xzf /a.tgz -C /usr/local\nCMD ["tool"]\n'
    scanned = examine(tmp_path, {"a.tgz": tarred({"bin/tool": tool}, "w:gz")}, dockerfile)
    (finding,) = (each for each in scanned.findings if each.rule == "symbol-version-too-new")
    assert "debian:trixie-slim" in {each.base for each in finding.suggestions}


def test_a_second_run_parses_no_member_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPSCAN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("depscan.cachefiles.TICK_NS", -1)
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\nADD app.tar.gz /\nCMD /hello\n")
    with tarfile.open(tmp_path / "app.tar.gz", "w:gz") as archive:
        archive.add(ELF / "hello-glibc-dynamic", "hello")
    first = scan([tmp_path / "Dockerfile"])
    monkeypatch.setattr("depscan.artifacts.elf.explain_elf", lambda *_: pytest.fail("parsed again"))
    second = scan([tmp_path / "Dockerfile"])
    assert second.reported == first.reported
    assert [finding.rule for finding in first.reported] == ["glibc-exec-on-musl"]
