"""Native files inside archives: which of a jar's variants count, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.linking.members import bare_name
from depscan.scan import scan
from tests.test_rule_examples import FIXTURES, pack

if TYPE_CHECKING:
    from pathlib import Path

    from depscan.results import Scan

GLIBC, PLAIN, MUSL = "plugin-fortified.so", "plugin.so", "libfoo.so.1"


def examine(tmp_path: Path, base: str, members: dict[str, str], copy: str = "COPY app.jar /app.jar") -> Scan:
    (tmp_path / "app.jar").write_bytes(
        pack({name: (FIXTURES / fixture).read_bytes() for name, fixture in members.items()})
    )
    (tmp_path / "Dockerfile").write_text(f"FROM {base}\n{copy}\nCMD java -jar /app.jar\n")
    return scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).scans[0]


def verdicts(found: Scan) -> dict[str, str]:
    return {each.path: each.verdict.value for each in found.placements}


@pytest.mark.parametrize(
    ("base", "picked", "verdict"),
    [
        pytest.param("debian:12-slim", "linux/x86_64/libx.so", "loads", id="glibc"),
        pytest.param("alpine:3.20", "linux/x86_64-musl/libx.so", "loads", id="musl"),
    ],
)
def test_only_the_variant_of_the_images_libc_counts(tmp_path: Path, base: str, picked: str, verdict: str) -> None:
    members = {
        "org/x/linux/x86_64/libx.so": GLIBC,
        "org/x/linux/x86_64-musl/libx.so": PLAIN,
        "org/x/linux/aarch64/libx.so": "hello-arm64",
        "org/x/freebsd/x86_64/libx.so": PLAIN,
    }
    assert verdicts(examine(tmp_path, base, members)) == {f"/app.jar!/org/x/{picked}": verdict}


def test_of_a_jar_with_glibcs_alone_that_one_fails_on_musl(tmp_path: Path) -> None:
    found = examine(tmp_path, "eclipse-temurin:21-jre-alpine", {"lib/b.jar!/native/linux64/libx.so": GLIBC})
    assert verdicts(found) == {"/app.jar!/lib/b.jar!/native/linux64/libx.so": "fails"}
    (finding,) = found.findings
    assert (finding.rule, finding.severity, finding.confidence) == ("jni-in-jar-on-musl", "error", "likely")
    assert (finding.location.span.start.line, finding.location.span.start.column) == (2, 6)
    assert finding.runtime_message is not None
    assert finding.runtime_message.startswith(
        "java.lang.UnsatisfiedLinkError: /tmp/libx.so: Error relocating /tmp/libx.so"
    )


def test_a_library_that_programs_do_without_is_no_error(tmp_path: Path) -> None:
    (finding,) = examine(
        tmp_path, "eclipse-temurin:21-jre-alpine", {"org/xerial/snappy/linux/libsnappyjava.so": GLIBC}
    ).findings
    assert (finding.severity, finding.confidence) == ("warning", "possible")


def test_one_of_several_variants_that_loads_is_enough(tmp_path: Path) -> None:
    members = {
        "META-INF/native/libx_linux_x86_64.so": "libfoo.so.1",
        "META-INF/native/libx_linux_x86_64_fedora.so": "needs-glibc-2.99",
    }
    assert set(verdicts(examine(tmp_path, "debian:12-slim", members)).values()) == {"loads"}


def test_siblings_of_an_archive_find_each_other(tmp_path: Path) -> None:
    members = {"x/bin/api": "needs-runpath-origin", "x/lib/libfoo.so.1": "libfoo.so.1"}
    found = verdicts(examine(tmp_path, "debian:12-slim", members))
    assert found == {"/app.jar!/x/bin/api": "loads", "/app.jar!/x/lib/libfoo.so.1": "loads"}


def test_members_are_on_no_search_path(tmp_path: Path) -> None:
    members = {"usr/lib/libpq.so.5": "libpq.so.5"}
    (tmp_path / "api").write_bytes((FIXTURES / "needs-libpq").read_bytes())
    found = examine(tmp_path, "debian:12-slim", members, "COPY app.jar /\nCOPY --chmod=755 api /api")
    assert verdicts(found)["/api"] == "fails"


def test_an_archive_without_native_members_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "app.jar").write_bytes(pack({"A.class": b"\xca\xfe\xba\xbe"}))
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\nCOPY app.jar /\n")
    found = scan([tmp_path / "Dockerfile"], Config(cache=False)).scans[0]
    assert (found.placements, found.findings, found.skipped) == ((), (), ())


def test_what_cannot_be_read_is_one_row(tmp_path: Path) -> None:
    (tmp_path / "bad.jar").write_bytes(pack({"libx.so": b"\x7fELF"})[:-30])
    (tmp_path / "p.rpm").write_bytes(b"\xed\xab\xee\xdb" + b"\0" * 600)
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\nCOPY bad.jar p.rpm /\n")
    rows = scan([tmp_path / "Dockerfile"], Config(cache=False)).scans[0].skipped
    assert [(row.subject, row.reason.partition(":")[0], row.span and row.span.start.column) for row in rows] == [
        ("bad.jar", "a damaged zip", 6),
        ("p.rpm", "a damaged rpm package", 14),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("librocksdbjni-linux64.so", "librocksdbjni-linux64-musl.so"),
        (
            "org/xerial/snappy/native/Linux/x86_64/libsnappyjava.so",
            "org/xerial/snappy/native/Linux/x86_64-musl/libsnappyjava.so",
        ),
        ("org/sqlite/native/Linux/x86_64/libsqlitejdbc.so", "org/sqlite/native/Linux-Musl/x86_64/libsqlitejdbc.so"),
        ("package/prebuilds/linux-x64/bcrypt.glibc.node", "package/prebuilds/linux-x64/bcrypt.musl.node"),
        ("com/sun/jna/linux-x86-64/libjnidispatch.so", "com/sun/jna/linux-aarch64/libjnidispatch.so"),
        ("META-INF/native/libnetty_tcnative_linux_x86_64.so", "META-INF/native/libnetty_tcnative_linux_aarch_64.so"),
    ],
)
def test_variants_have_one_bare_name(one: str, other: str) -> None:
    assert bare_name(one) == bare_name(other)
    assert bare_name(one) != bare_name(one.replace("lib", "libother").replace("bcrypt", "other"))


@pytest.mark.parametrize(
    ("base", "offered"),
    [
        ("eclipse-temurin:21-jre-alpine", {"eclipse-temurin:21-jre-jammy", "eclipse-temurin:21-jre-noble"}),
        ("alpine:3.20", set()),
    ],
)
def test_a_jar_is_offered_only_bases_with_java(tmp_path: Path, base: str, offered: set[str]) -> None:
    found = examine(tmp_path, base, {"librocksdbjni-linux64.so": GLIBC})
    (finding,) = (each for each in found.findings if each.rule == "jni-in-jar-on-musl")
    assert {each.base for each in finding.suggestions} == offered


def test_what_is_not_opened_is_named(tmp_path: Path) -> None:
    program = bytearray((FIXTURES / "hello-static").read_bytes())
    program[8:11] = b"AI\2"
    (tmp_path / "x.AppImage").write_bytes(program)
    (tmp_path / "x.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(600))
    (tmp_path / "Dockerfile").write_text("FROM debian:12-slim\nCOPY x.AppImage x.7z /\n")
    rows = scan([tmp_path / "Dockerfile"], Config(cache=False)).scans[0].skipped
    assert {row.subject: row.reason for row in rows} == {
        "x.AppImage": "an AppImage: what it mounts when it starts is not read",
        "x.7z": "a 7z archive, which is not opened",
    }


def test_what_nothing_unpacks_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "tools.zip").write_bytes(pack({"bin/tool": (FIXTURES / "hello-glibc-dynamic").read_bytes()}))
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\nCOPY tools.zip /srv/\n")
    (found,) = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).scans
    assert verdicts(found) == {"/srv/tools.zip!/bin/tool": "unknown"}
    assert {each.rule for each in found.findings} <= {"base-end-of-life", "base-tag-moves"}
