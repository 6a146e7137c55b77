"""Notes of an ELF file to facts.

In: notes as (owner, type, description), the description as LIEF gives it: its 32-bit words little endian, whatever the
file's byte order. Out: the lowest kernel version (NT_GNU_ABI_TAG) and the x86-64 level that
the file demands (NT_GNU_PROPERTY_TYPE_0). Layouts: glibc's elf/elf.h and the "Linux Extensions to gABI"; the levels
are those of the x86-64 psABI, GNU_PROPERTY_X86_ISA_1_NEEDED.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

_NT_GNU_ABI_TAG, _NT_GNU_PROPERTY = 1, 5
_GNU_PROPERTY_X86_ISA_1_NEEDED = 0xC0008002
_SYSTEMS = ("linux", "hurd", "solaris", "freebsd")
_LEVELS = ((8, "x86-64-v4"), (4, "x86-64-v3"), (2, "x86-64-v2"))


class Note(NamedTuple):
    """One note: its owner (GNU, Go, Android, ...), its raw type and its description."""

    owner: str
    type: int
    description: bytes


def find_abi(notes: list[Note]) -> tuple[str, str] | None:
    """Give (system, lowest kernel version), e.g. ("linux", "3.2.0")."""
    for note in notes:
        if note.owner == "GNU" and note.type == _NT_GNU_ABI_TAG and len(note.description) >= 16:
            system, *version = struct.unpack_from("<4I", note.description)
            name = _SYSTEMS[system] if system < len(_SYSTEMS) else f"system-{system}"
            return name, ".".join(map(str, version))
    return None


def find_isa_level(notes: list[Note], bits: int) -> str | None:
    """Give the x86-64 level above the baseline that the file says it needs, or None."""
    for note in notes:
        if note.owner == "GNU" and note.type == _NT_GNU_PROPERTY:
            needed = _property(note.description, _GNU_PROPERTY_X86_ISA_1_NEEDED, bits // 8)
            return next((level for bit, level in _LEVELS if needed & bit), None)
    return None


def _property(description: bytes, wanted: int, alignment: int) -> int:
    """The 32-bit value of property `wanted`, 0 when absent; each property is padded to `alignment` bytes."""
    offset = 0
    while offset + 12 <= len(description):
        type_, size, value = struct.unpack_from("<3I", description, offset)
        if type_ == wanted and size >= 4:
            return int(value)
        offset += 8 + size + (-size) % alignment
    return 0
