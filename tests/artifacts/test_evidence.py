"""Linkage, libc and language where no committed binary shows the case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.artifacts.evidence import Traces, find_language, find_libc, find_linkage, find_static_libc
from depscan.artifacts.facts import ElfFacts, Linkage, VersionNeed
from depscan.artifacts.header import Header, Segment, UnreadableError

if TYPE_CHECKING:
    import re

EXEC, DYN = 2, 3
NEEDED, SONAME, DEBUG, FLAGS_1 = (1, 7), (14, 9), (21, 0), (0x6FFFFFFB, 0x08000000)
LINKER = "/lib64/ld-linux-x86-64.so.2"


def header(type_: int, interpreter: str | None, *dynamic: tuple[int, int], entry: int = 0x1000) -> Header:
    return Header(
        type=type_,
        machine=62,
        bits=64,
        little_endian=True,
        flags=0,
        entry=entry,
        segments=(Segment(1, 0, 0, 4096),),
        interpreter=interpreter,
        dynamic=dynamic or None,
    )


@pytest.mark.parametrize(
    ("case", "exports", "linkage"),
    [
        pytest.param(header(EXEC, LINKER, NEEDED, DEBUG), True, Linkage.DYNAMIC, id="program at a fixed address"),
        pytest.param(header(DYN, LINKER, NEEDED, FLAGS_1), False, Linkage.DYNAMIC, id="pie"),
        pytest.param(header(DYN, LINKER, DEBUG), False, Linkage.DYNAMIC, id="go -buildmode=pie, needs nothing"),
        pytest.param(header(DYN, LINKER, NEEDED, SONAME), True, Linkage.SHARED_OBJECT, id="libc.so.6"),
        pytest.param(header(DYN, LINKER, NEEDED, SONAME, FLAGS_1), True, Linkage.DYNAMIC, id="pie with a soname"),
        pytest.param(header(DYN, None, SONAME), True, Linkage.SHARED_OBJECT, id="ld-linux-x86-64.so.2"),
        pytest.param(header(DYN, None, NEEDED), True, Linkage.SHARED_OBJECT, id="plugin"),
        pytest.param(header(DYN, None, (5, 9)), True, Linkage.SHARED_OBJECT, id="plugin that needs nothing"),
        pytest.param(header(DYN, None, (5, 9), entry=0), False, Linkage.SHARED_OBJECT, id="empty library"),
        pytest.param(header(DYN, None, FLAGS_1), True, Linkage.STATIC_PIE, id="glibc static-pie that exports"),
        pytest.param(header(DYN, None, DEBUG), False, Linkage.STATIC_PIE, id="static-pie of a linker before DF_1_PIE"),
        pytest.param(header(DYN, None, (5, 9)), False, Linkage.STATIC_PIE, id="static-pie of another linker"),
        pytest.param(header(EXEC, None), False, Linkage.STATIC, id="static"),
        pytest.param(header(EXEC, None, (5, 9)), False, Linkage.STATIC, id="static with a dynamic section"),
    ],
)
def test_linkage(case: Header, exports: bool, linkage: Linkage) -> None:
    assert find_linkage(case, exports=exports) is linkage


@pytest.mark.parametrize("case", [header(EXEC, None, NEEDED), header(DYN, None, NEEDED, FLAGS_1)])
def test_a_program_with_needs_and_no_linker_is_no_static_one(case: Header) -> None:
    with pytest.raises(UnreadableError, match="names no dynamic linker"):
        find_linkage(case, exports=False)


def facts(
    interpreter: str | None = None,
    needed: tuple[str, ...] = (),
    soname: str | None = None,
    versions: tuple[str, ...] = (),
    defined: tuple[str, ...] = (),
) -> ElfFacts:
    return ElfFacts(
        "DYN",
        "x86_64",
        64,
        little_endian=True,
        linkage=None,
        interpreter=interpreter,
        needed=needed,
        soname=soname,
        version_needs={"libc.so.6": tuple(VersionNeed(name) for name in versions)},
        version_definitions=defined,
    )


def traces(
    content: bytes = b"", owners: tuple[str, ...] = (), sections: tuple[str, ...] = (), comment: bytes = b""
) -> Traces:
    def search(pattern: re.Pattern[bytes]) -> bool:
        return pattern.search(content) is not None

    return Traces(frozenset(owners), frozenset(sections), comment, exports=False, search=search)


@pytest.mark.parametrize(
    ("stated", "seen", "libc"),
    [
        pytest.param(facts(LINKER), traces(), "glibc", id="its linker"),
        pytest.param(facts("/nix/store/x-glibc-2.39/lib/ld-linux-x86-64.so.2"), traces(), "glibc", id="nix"),
        pytest.param(facts("/lib/ld.so.1"), traces(), "glibc", id="mips, s390"),
        pytest.param(facts("/lib/ld-musl-x86_64.so.1", ("libc.so.6",)), traces(), "musl", id="the linker beats names"),
        pytest.param(facts("/lib/ld-uClibc.so.0", ("libc.so.0",)), traces(), "unknown", id="uClibc"),
        pytest.param(facts("/system/bin/linker64", ("libc.so",)), traces(owners=("Android",)), "unknown", id="Android"),
        pytest.param(
            facts(needed=("liblog.so", "libc.so")), traces(), "unknown", id="Android library, by its siblings"
        ),
        pytest.param(facts(needed=("libfoo.so",), versions=("GLIBC_2.17",)), traces(), "glibc", id="version need"),
        pytest.param(facts(soname="ld.so.1", defined=("GLIBC_2.4",)), traces(), "glibc", id="version definition"),
        pytest.param(facts(needed=("libm.so.6",)), traces(), "glibc", id="libm"),
        pytest.param(facts(needed=("libc.musl-x86_64.so.1",)), traces(), "musl", id="Alpine library"),
        pytest.param(facts(needed=("libc.so",)), traces(), "musl", id="Void or Debian musl library"),
        pytest.param(facts(), traces(b"\0/etc/ld-musl-x86_64.path\0"), "musl", id="musl itself, without a soname"),
        pytest.param(facts(needed=("libstdc++.so.6",)), traces(), "unknown", id="nothing tells"),
    ],
)
def test_libc(stated: ElfFacts, seen: Traces, libc: str) -> None:
    assert find_libc(stated, seen) == libc


@pytest.mark.parametrize(
    ("abi_note", "language", "content", "libc"),
    [
        (("linux", "3.2.0"), None, b"", "glibc"),
        (("linux", "3.2.0"), "go", b"", "glibc"),
        (None, "go", b"", "none"),
        (None, "rust", b"\0No error information\0", "musl"),
        (("freebsd", "13.0.0"), None, b"", "unknown"),
        (None, None, b"", "unknown"),
    ],
)
def test_static_libc(abi_note: tuple[str, str] | None, language: str | None, content: bytes, libc: str) -> None:
    assert find_static_libc(abi_note, language, traces(content).search) == libc


@pytest.mark.parametrize(
    ("seen", "language"),
    [
        (traces(owners=("GNU", "Go")), "go"),
        (traces(sections=(".text", ".go.buildinfo")), "go"),
        (traces(owners=("Go",), comment=b"GCC: (Debian 12.2.0-14) 12.2.0\0"), "go"),
        (traces(comment=b"GCC: (GNU) 4.8.5\0rustc version 1.85.0 (4d91de4e4 2025-02-17)\0"), "rust"),
        (traces(b"/rustc/4d91de4e48198da2e33413efdcd9cd2cc0c46688/library", comment=b"GCC: (GNU) 4.8.5\0"), "rust"),
        (traces(b"/rustc/ is where rustc writes", comment=b"Ubuntu clang version 14.0.0\0"), "c"),
        (traces(comment=b"GCC: (Alpine 13.2.1) 13.2.1\0"), "c"),
        (traces(comment=b"Linker: LLD 15.0.6\0"), None),
        (traces(), None),
    ],
)
def test_language(seen: Traces, language: str | None) -> None:
    assert find_language(seen) == language
