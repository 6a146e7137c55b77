"""Hostile and broken files: each gets a reason, none raises anything else, and none looks static by loss."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depscan.artifacts.facts import ElfFacts, Linkage
from depscan.artifacts.reading import read_facts_from_bytes
from tests.artifacts.samples import ELF

HELLO = (ELF / "hello-glibc-dynamic").read_bytes()
FUZZED = [
    (ELF / name).read_bytes()
    for name in ("hello-glibc-dynamic", "libfoo.so.1", "hello-s390x", "hello-armhf", "isa-v3", "hello-musl-static-pie")
]
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3


def patch(data: bytes, offset: int, layout: str, *values: int) -> bytes:
    new = struct.pack(layout, *values)
    return data[:offset] + new + data[offset + len(new) :]


def program_header(data: bytes, type_: int) -> int:
    """Offset of the first program header of `type_` in a 64-bit little-endian file."""
    (start,), (count,) = struct.unpack_from("<Q", data, 32), struct.unpack_from("<H", data, 56)
    headers = range(start, start + 56 * count, 56)
    return next(offset for offset in headers if struct.unpack_from("<I", data, offset)[0] == type_)


def segment(data: bytes, type_: int) -> tuple[int, int]:
    offset = program_header(data, type_)
    return struct.unpack_from("<Q", data, offset + 8)[0], struct.unpack_from("<Q", data, offset + 32)[0]


def without_sections(data: bytes) -> bytes:
    return patch(patch(data, 40, "<Q", 0), 58, "<HHH", 64, 0, 0)


INTERPRETER, INTERPRETER_SIZE = segment(HELLO, PT_INTERP)
DYNAMIC, DYNAMIC_SIZE = segment(HELLO, PT_DYNAMIC)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not an ELF file"),
        (b"#!/bin/sh\n", "not an ELF file"),
        (b"\x7fELF", "ELF identification is cut off or corrupted"),
        (patch(HELLO, 4, "B", 9), "ELF identification is cut off or corrupted"),
        (HELLO[:40], "truncated or corrupted: the ELF header lies outside the file (40 bytes)"),
        (patch(HELLO, 16, "<H", 0), "unsupported ELF type 0"),
        (patch(HELLO, 16, "<H", 0xFE10), "unsupported ELF type 65040"),
        (patch(HELLO, 56, "<H", 0), "no program headers: nothing that could be loaded"),
        (patch(HELLO, 56, "<H", 0xFFFF), "more than 4096 program headers"),
        (patch(HELLO, 54, "<H", 32), "corrupted: program headers of 32 bytes"),
        (
            patch(HELLO, 32, "<Q", 1 << 40),
            f"truncated or corrupted: the program header table lies outside the file ({len(HELLO)} bytes)",
        ),
        (
            patch(HELLO, program_header(HELLO, PT_LOAD) + 32, "<Q", 1 << 40),
            f"truncated or corrupted: the segment at offset 0x0 lies outside the file ({len(HELLO)} bytes)",
        ),
        (
            patch(HELLO, program_header(HELLO, PT_INTERP) + 32, "<Q", 1),
            "corrupted: an interpreter path of 1 bytes",
        ),
        (
            patch(HELLO, INTERPRETER + INTERPRETER_SIZE - 1, "B", 0x41),
            "corrupted: the interpreter path has no end",
        ),
        (
            patch(HELLO, INTERPRETER + 1, "B", 0x1B),
            "corrupted: the interpreter path is empty or holds control characters",
        ),
        (
            patch(HELLO, program_header(HELLO, PT_DYNAMIC) + 32, "<Q", 16),
            "corrupted: the dynamic section has no end",
        ),
        (
            patch(HELLO, program_header(HELLO, PT_DYNAMIC) + 32, "<Q", 0),
            "no loadable content, as in a separate debug file",
        ),
        (
            patch(HELLO, program_header(HELLO, PT_DYNAMIC), "<I", 0x60000000),
            "corrupted: no dynamic section where there must be one",
        ),
        (
            patch(HELLO, program_header(HELLO, PT_INTERP), "<I", 0x60000000),
            "corrupted: needs libraries but names no dynamic linker",
        ),
    ],
)
def test_reason(data: bytes, reason: str) -> None:
    assert read_facts_from_bytes(data) == reason


def test_names_that_would_steer_a_terminal_are_refused() -> None:
    assert HELLO.count(b"\0libc.so.6\0") == 1
    data = HELLO.replace(b"\0libc.so.6\0", b"\0lib\x1b[2J.6\0")
    assert read_facts_from_bytes(data) == "corrupted: a name in it is empty, too long or holds control characters"


def test_a_packed_program_is_not_taken_for_a_static_one() -> None:
    data = (ELF / "hello-static").read_bytes() + b"UPX!".ljust(36, b"\0")
    assert read_facts_from_bytes(data) == "packed by UPX: what it needs cannot be seen"


def test_a_file_without_section_headers_loses_no_fact_that_linking_needs() -> None:
    facts, bare = read_facts_from_bytes(HELLO), read_facts_from_bytes(without_sections(HELLO))
    assert isinstance(facts, ElfFacts)
    assert isinstance(bare, ElfFacts)
    kept = ("linkage", "interpreter", "needed", "version_needs", "symbols", "abi_note", "libc")
    assert {name: getattr(bare, name) for name in kept} == {name: getattr(facts, name) for name in kept}


@pytest.mark.parametrize("name", ["hello-glibc-dynamic", "libfoo.so.1"])
@pytest.mark.parametrize("strip", [False, True])
def test_no_truncation_passes_for_a_program_that_needs_nothing(name: str, *, strip: bool) -> None:
    """Cut anywhere: a reason, or (only where no section headers tell the loss, behind the last segment) all facts."""
    data = (ELF / name).read_bytes()
    data = without_sections(data) if strip else data
    whole = read_facts_from_bytes(data)
    assert isinstance(whole, ElfFacts)
    for length in range(len(data)):
        outcome = read_facts_from_bytes(data[:length])
        assert isinstance(outcome, str) or (strip and _same_linking(outcome, whole)), length


def _same_linking(left: ElfFacts, right: ElfFacts) -> bool:
    return (left.linkage, left.needed, left.version_needs) == (right.linkage, right.needed, right.version_needs)


@settings(max_examples=400, deadline=None)
@given(
    data=st.sampled_from(FUZZED),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.floats(0.3, 1),
)
def test_no_damage_raises(data: bytes, changes: list[tuple[float, int]], cut: float) -> None:
    damaged = bytearray(data)
    for place, value in changes:
        damaged[int(place * place * len(damaged))] = value  # more often in the headers, which stand first
    outcome = read_facts_from_bytes(bytes(damaged[: int(cut * len(damaged))]))
    assert isinstance(outcome, str | ElfFacts)
    if isinstance(outcome, ElfFacts) and outcome.linkage in (Linkage.STATIC, Linkage.STATIC_PIE):
        assert outcome.needed == ()
        assert outcome.interpreter is None


def test_the_operating_system_byte() -> None:
    data = bytearray((ELF / "plugin.so").read_bytes())
    data[7] = 9
    facts = read_facts_from_bytes(bytes(data))
    assert isinstance(facts, ElfFacts)
    assert facts.os_abi == 9
