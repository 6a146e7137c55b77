"""Machine names, float ABI and the x86-64 level from raw numbers."""

from __future__ import annotations

import struct

import pytest

from depscan.artifacts.header import Header
from depscan.artifacts.machines import find_float_abi, name_machine
from depscan.artifacts.notes import Note, find_abi, find_isa_level
from depscan.platforms import MACHINES

ISA_1_NEEDED, X86_FEATURES = 0xC0008002, 0xC0000002


def header(
    machine: int, bits: int, *, little_endian: bool = True, flags: int = 0, interpreter: str | None = None
) -> Header:
    return Header(3, machine, bits, little_endian, flags, 0, (), interpreter, None)


@pytest.mark.parametrize(
    ("machine", "bits", "little_endian", "flags", "name"),
    [
        (62, 64, True, 0, "x86_64"),
        (62, 32, True, 0, "x86_64"),
        (3, 32, True, 0, "i386"),
        (40, 32, True, 0, "arm"),
        (40, 32, False, 0, "armeb"),
        (183, 64, True, 0, "aarch64"),
        (183, 64, False, 0, "aarch64_be"),
        (21, 64, True, 0, "ppc64le"),
        (21, 64, False, 0, "ppc64"),
        (20, 32, False, 0, "ppc"),
        (22, 64, False, 0, "s390x"),
        (22, 32, False, 0, "s390"),
        (243, 64, True, 0, "riscv64"),
        (243, 32, True, 0, "riscv32"),
        (8, 32, False, 0, "mips"),
        (8, 32, True, 0, "mipsel"),
        (8, 64, False, 0, "mips64"),
        (8, 64, True, 0, "mips64el"),
        (8, 32, True, 0x20, "mips64el"),  # n32
        (258, 64, True, 0, "loongarch64"),
        (3, 64, True, 0, "machine-3"),
        (0xFACE, 64, True, 0, "machine-64206"),
    ],
)
def test_machine(machine: int, bits: int, little_endian: bool, flags: int, name: str) -> None:
    assert name_machine(header(machine, bits, little_endian=little_endian, flags=flags)) == name


def test_every_machine_of_a_platform_is_named_so_here() -> None:
    numbers = (3, 8, 22, 21, 40, 62, 183, 243, 258)
    named = {
        name_machine(header(m, bits, little_endian=e)) for m in numbers for bits in (32, 64) for e in (True, False)
    }
    assert set(MACHINES.values()) <= named


@pytest.mark.parametrize(
    ("case", "float_abi"),
    [
        (header(40, 32, flags=0x5000400), "hard"),
        (header(40, 32, flags=0x5000200), "soft"),
        (header(40, 32, flags=0x5000000, interpreter="/lib/ld-musl-armhf.so.1"), "hard"),
        (header(40, 32, flags=0x5000000, interpreter="/lib/ld-linux.so.3"), "soft"),
        (header(40, 32, flags=0x5000000), None),
        (header(183, 64, flags=0x400), None),
    ],
)
def test_float_abi(case: Header, float_abi: str | None) -> None:
    assert find_float_abi(case) == float_abi


def properties(*pairs: tuple[int, int], pad: int) -> list[Note]:
    body = b"".join(struct.pack("<III", type_, 4, value) + bytes(pad) for type_, value in pairs)
    return [Note("GNU", 3, b"build id"), Note("GNU", 5, body)]


@pytest.mark.parametrize(
    ("notes", "bits", "level"),
    [
        (properties((ISA_1_NEEDED, 1), pad=4), 64, None),
        (properties((ISA_1_NEEDED, 3), pad=4), 64, "x86-64-v2"),
        (properties((X86_FEATURES, 3), (ISA_1_NEEDED, 7), pad=4), 64, "x86-64-v3"),
        (properties((ISA_1_NEEDED, 15), pad=4), 64, "x86-64-v4"),
        (properties((X86_FEATURES, 3), (ISA_1_NEEDED, 2), pad=0), 32, "x86-64-v2"),
        (properties((X86_FEATURES, 15), pad=4), 64, None),
        ([Note("GNU", 5, b"\x02\x80")], 64, None),
        ([Note("GNU", 5, struct.pack("<III", X86_FEATURES, 0xFFFFFFF0, 1))], 64, None),
        ([], 64, None),
    ],
)
def test_isa_level(notes: list[Note], bits: int, level: str | None) -> None:
    assert find_isa_level(notes, bits) == level


@pytest.mark.parametrize(
    ("note", "abi"),
    [
        (Note("GNU", 1, struct.pack("<4I", 0, 3, 2, 0)), ("linux", "3.2.0")),
        (Note("GNU", 1, struct.pack("<4I", 3, 13, 0, 1)), ("freebsd", "13.0.1")),
        (Note("GNU", 1, struct.pack("<4I", 99, 1, 0, 0)), ("system-99", "1.0.0")),
        (Note("GNU", 1, b"\0\0"), None),
        (Note("Android", 1, struct.pack("<4I", 0, 3, 2, 0)), None),
    ],
)
def test_abi_note(note: Note, abi: tuple[str, str] | None) -> None:
    assert find_abi([note]) == abi
