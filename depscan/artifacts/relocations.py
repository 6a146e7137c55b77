"""Which symbols a file has bound when it is loaded, by its relocations.

In: a `Header` and a way to read. Out: indexes into the dynamic symbol table. Lazy binding waits for calls through the
procedure linkage table only (DT_JMPREL); a function whose address is taken stands in DT_RELA or DT_REL. Layouts: gABI,
"Relocation". The relative relocations, which name no symbol and are most of them, come first and are passed over.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from depscan.artifacts.header import PT_LOAD

if TYPE_CHECKING:
    from depscan.artifacts.header import Header, Reader

# (address, size, number of relative ones), size of an addend in words
_TABLES = (((7, 8, 0x6FFFFFF9), 1), ((17, 18, 0x6FFFFFFA), 0))  # DT_RELA, DT_REL and their companions
_MAX_ENTRIES = 500_000
_EM_MIPS = 8  # packs several numbers into a relocation's info


def bound_at_load(header: Header, read: Reader) -> frozenset[int]:
    """The symbols that relocations outside the procedure linkage table name; empty where that cannot be read."""
    found: set[int] = set()
    for (address_tag, size_tag, count_tag), addend in _TABLES if header.machine != _EM_MIPS else ():
        address, size = header.value(address_tag), header.value(size_tag)
        layout = ("<" if header.little_endian else ">") + ("Q" if header.bits == 64 else "I") * (2 + addend)
        width = struct.calcsize(layout)
        offset = _offset(header, address) if address and size else None
        if offset is None or size is None:
            continue
        skipped = min(header.value(count_tag) or 0, size // width)
        data = read(offset + skipped * width, min(size // width - skipped, _MAX_ENTRIES) * width)
        shift = 32 if header.bits == 64 else 8
        whole = data[: len(data) // width * width]
        found.update(fields[1] >> shift for fields in struct.iter_unpack(layout, whole))
    return frozenset(found)


def _offset(header: Header, address: int) -> int | None:
    """Where in the file the byte at a virtual address stands."""
    for segment in header.segments:
        if segment.type == PT_LOAD and segment.address <= address < segment.address + segment.size:
            return segment.offset + address - segment.address
    return None
