"""What each committed binary is, told by hand here, and by pyelftools in the whole."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from depscan.artifacts.elf import read_elf
from depscan.artifacts.facts import ElfFacts, VersionNeed
from depscan.artifacts.header import UnreadableError
from tests.artifacts.samples import DAMAGED, ELF, NAMES, ask_pyelftools, view

# name -> type, machine, linkage, libc, language, and the facts for which it is there
GLIBC_234 = {"libc.so.6": (VersionNeed("GLIBC_2.2.5"), VersionNeed("GLIBC_2.34"))}
EXPECTED: dict[str, tuple[tuple[str, str, str | None, str, str | None], dict[str, Any]]] = {
    "hello-glibc-dynamic": (
        ("DYN", "x86_64", "dynamic", "glibc", "c"),
        {
            "interpreter": "/lib64/ld-linux-x86-64.so.2",
            "needed": ("libc.so.6",),
            "version_needs": GLIBC_234,
            "abi_note": ("linux", "3.2.0"),
            "isa_level": None,
        },
    ),
    "hello-glibc-old": (
        ("DYN", "x86_64", "dynamic", "glibc", "c"),
        {"version_needs": {"libc.so.6": (VersionNeed("GLIBC_2.2.5"),)}},
    ),
    "hello-static": (("EXEC", "x86_64", "static", "unknown", "c"), {"interpreter": None, "needed": ()}),
    "static-nss": (("EXEC", "x86_64", "static", "glibc", "c"), {"loads_nss": True, "abi_note": ("linux", "3.2.0")}),
    "hello-static-pie": (("DYN", "x86_64", "static-pie", "unknown", "c"), {"interpreter": None, "needed": ()}),
    "hello-musl-dynamic": (
        ("DYN", "x86_64", "dynamic", "musl", "c"),
        {"interpreter": "/lib/ld-musl-x86_64.so.1", "needed": ("libc.musl-x86_64.so.1",), "version_needs": {}},
    ),
    "hello-musl-static": (("EXEC", "x86_64", "static", "musl", "c"), {"abi_note": None}),
    "hello-musl-static-pie": (("DYN", "x86_64", "static-pie", "musl", "c"), {"interpreter": None}),
    "hello-musl-arm64": (
        ("DYN", "aarch64", "dynamic", "musl", "c"),
        {"interpreter": "/lib/ld-musl-aarch64.so.1", "needed": ("libc.musl-aarch64.so.1",)},
    ),
    "needs-glibc-2.99": (
        ("DYN", "x86_64", "dynamic", "glibc", "c"),
        {"version_needs": {"libc.so.6": (VersionNeed("GLIBC_2.2.5"), VersionNeed("GLIBC_2.99"))}},
    ),
    "needs-glibc-2.99-weakly": (
        ("DYN", "x86_64", "dynamic", "glibc", "c"),
        {
            "version_needs": {"libc.so.6": (VersionNeed("GLIBC_2.2.5"), VersionNeed("GLIBC_2.99"))},
        },
    ),
    "needs-weak-glibc-2.99": (
        ("DYN", "x86_64", "dynamic", "glibc", "c"),
        {"version_needs": {"libc.so.6": (VersionNeed("GLIBC_2.2.5"), VersionNeed("GLIBC_2.99", weak=True))}},
    ),
    "needs-glibc-2.38": (
        ("DYN", "x86_64", "dynamic", "glibc", "c"),
        {"version_needs": {"libc.so.6": (VersionNeed("GLIBC_2.38"), VersionNeed("GLIBC_2.2.5"))}},
    ),
    "needs-libpq": (("DYN", "x86_64", "dynamic", "glibc", "c"), {"needed": ("libpq.so.5", "libc.so.6")}),
    "needs-libssl-1.1": (("DYN", "x86_64", "dynamic", "glibc", "c"), {"needed": ("libssl.so.1.1", "libc.so.6")}),
    "needs-openssl-3": (
        ("DYN", "x86_64", "dynamic", "glibc", "c"),
        {
            "needed": ("libssl.so.3", "libc.so.6"),
            "version_needs": {
                "libssl.so.3": (VersionNeed("OPENSSL_3.0.0"),),
                "libc.so.6": (VersionNeed("GLIBC_2.2.5"),),
            },
        },
    ),
    "needs-cxx": (
        ("DYN", "x86_64", "dynamic", "glibc", "c"),
        {
            "needed": ("libstdc++.so.6", "libgcc_s.so.1", "libc.so.6"),
            "version_needs": {
                "libgcc_s.so.1": (VersionNeed("GCC_3.0"),),
                "libstdc++.so.6": (VersionNeed("GLIBCXX_3.4.21"),),
                "libc.so.6": (VersionNeed("GLIBC_2.2.5"),),
            },
        },
    ),
    "needs-cxx-glibcxx-3.4.32": (
        ("DYN", "x86_64", "dynamic", "glibc", "c"),
        {"needed": ("libstdc++.so.6", "libgcc_s.so.1", "libc.so.6")},
    ),
    "needs-runpath-origin": (
        ("DYN", "x86_64", "dynamic", "glibc", "c"),
        {"needed": ("libfoo.so.1", "libc.so.6"), "runpath": ("$ORIGIN/../lib",), "rpath": ()},
    ),
    "needs-rpath-origin": (
        ("DYN", "x86_64", "dynamic", "glibc", "c"),
        {"rpath": ("$ORIGIN/../lib", "/opt/lib"), "runpath": ()},
    ),
    "libfoo.so.1": (
        ("DYN", "x86_64", "shared-object", "glibc", "c"),
        {"soname": "libfoo.so.1", "needed": ("libc.so.6",), "version_definitions": ("FOO_1.0",)},
    ),
    "libpq.so.5": (("DYN", "x86_64", "shared-object", "glibc", "c"), {"soname": "libpq.so.5"}),
    "plugin.so": (
        ("DYN", "x86_64", "shared-object", "glibc", "c"),
        {"soname": None},
    ),
    "plugin-fortified.so": (
        ("DYN", "x86_64", "shared-object", "glibc", "c"),
        {"version_needs": {"libc.so.6": (VersionNeed("GLIBC_2.3.4"), VersionNeed("GLIBC_2.2.5"))}},
    ),
    "go-static": (("EXEC", "x86_64", "static", "none", "go"), {"needed": ()}),
    "go-cgo": (("DYN", "x86_64", "dynamic", "glibc", "go"), {"needed": ("libc.so.6",)}),
    "rust-glibc": (("DYN", "x86_64", "dynamic", "glibc", "rust"), {}),
    "rust-stripped": (("DYN", "x86_64", "dynamic", "glibc", "rust"), {}),
    "hello-arm64": (
        ("DYN", "aarch64", "dynamic", "glibc", "c"),
        {"interpreter": "/lib/ld-linux-aarch64.so.1", "abi_note": ("linux", "3.7.0")},
    ),
    "hello-armhf": (
        ("DYN", "arm", "dynamic", "glibc", "c"),
        {"interpreter": "/lib/ld-linux-armhf.so.3", "float_abi": "hard", "bits": 32},
    ),
    "hello-armel": (
        ("DYN", "arm", "dynamic", "glibc", "c"),
        {"interpreter": "/lib/ld-linux.so.3", "float_abi": "soft", "bits": 32},
    ),
    "hello-i386": (("DYN", "i386", "dynamic", "glibc", "c"), {"interpreter": "/lib/ld-linux.so.2", "bits": 32}),
    "hello-ppc64le": (("DYN", "ppc64le", "dynamic", "glibc", "c"), {"interpreter": "/lib64/ld64.so.2"}),
    "hello-s390x": (
        ("DYN", "s390x", "dynamic", "glibc", "c"),
        {"interpreter": "/lib/ld64.so.1", "little_endian": False, "abi_note": ("linux", "3.2.0")},
    ),
    "hello-riscv64": (
        ("DYN", "riscv64", "dynamic", "glibc", "c"),
        {"interpreter": "/lib/ld-linux-riscv64-lp64d.so.1", "abi_note": ("linux", "4.15.0")},
    ),
    "hello-mips-be": (
        ("DYN", "mips", "dynamic", "glibc", "c"),
        {"interpreter": "/lib/ld.so.1", "little_endian": False, "bits": 32, "abi_note": ("linux", "3.2.0")},
    ),
    "hello-x32": (("EXEC", "x86_64", "static", "unknown", "c"), {"bits": 32}),
    "isa-v3": (("DYN", "x86_64", "dynamic", "glibc", "c"), {"isa_level": "x86-64-v3"}),
    "interp-nix": (
        ("DYN", "x86_64", "dynamic", "glibc", "c"),
        {
            "interpreter": "/nix/store/3dyw8dzj9ab4m8hv5dpyx7zii8d0w6fi-glibc-2.39-52/lib/ld-linux-x86-64.so.2",
            "runpath": ("/nix/store/3dyw8dzj9ab4m8hv5dpyx7zii8d0w6fi-glibc-2.39-52/lib",),
        },
    ),
    "no-needed": (
        ("DYN", "x86_64", "dynamic", "glibc", "c"),
        {"interpreter": "/lib64/ld-linux-x86-64.so.2", "needed": ()},
    ),
    "object.o": (("REL", "x86_64", None, "unknown", None), {"needed": ()}),
}
REASONS = {
    "truncated": "truncated or corrupted: the section header table lies outside the file (2276 bytes)",
    "corrupt-dynamic": "corrupted: names of the dynamic section lie outside its string table",
}


def test_every_committed_binary_has_an_expectation() -> None:
    assert {*EXPECTED, *REASONS} == set(NAMES)


@pytest.mark.parametrize("name", EXPECTED)
def test_facts(name: str) -> None:
    facts = read_elf(ELF / name)
    summary, details = EXPECTED[name]
    assert (facts.type, facts.machine, facts.linkage, facts.libc, facts.language) == summary
    assert {field: getattr(facts, field) for field in details} == details


@pytest.mark.parametrize("name", REASONS)
def test_damaged_files_have_a_reason(name: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_elf(ELF / name)
    assert str(caught.value) == REASONS[name]


@pytest.mark.parametrize("name", sorted(set(NAMES) - DAMAGED))
def test_agrees_with_pyelftools(name: str) -> None:
    assert view(read_elf(ELF / name)) == ask_pyelftools(ELF / name)


@pytest.mark.parametrize("name", sorted(set(NAMES) - DAMAGED))
def test_bytes_give_the_facts_of_the_file(name: str) -> None:
    assert read_elf((ELF / name).read_bytes()) == read_elf(ELF / name)


def test_no_fixture_changed_unnoticed() -> None:
    lines = (ELF / "SHA256SUMS").read_text().splitlines()
    found = [f"{hashlib.sha256((ELF / line.split()[1]).read_bytes()).hexdigest()}  {line.split()[1]}" for line in lines]
    assert found == lines


def test_an_object_file_is_told_by_its_header_alone() -> None:
    assert read_elf(ELF / "object.o") == ElfFacts("REL", "x86_64", 64, little_endian=True, linkage=None)
