"""Which symbols the dynamic linker looks up for a file, in which order, and which of them at their first call only.

In: a `Header` and a way to read. Out: indexes into the dynamic symbol table. Lazy binding waits for calls through the
procedure linkage table (DT_JMPREL); a function whose address is taken stands in DT_RELA or DT_REL and is looked up when
the file is loaded. Layouts: gABI, "Relocation". The relative relocations, which name no symbol and are most of them,
come first and are passed over.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.header import PT_LOAD

if TYPE_CHECKING:
    from depscan.artifacts.header import Header, Reader

_DT_PLTREL, _DT_JMPREL, _DT_PLTRELSZ = 20, 23, 2
_DT_RELA, _DT_RELASZ, _DT_RELACOUNT = 7, 8, 0x6FFFFFF9
_DT_REL, _DT_RELSZ, _DT_RELCOUNT = 17, 18, 0x6FFFFFFA
_NONE = -1  # no entry has this tag
_MAX_ENTRIES = 500_000  # of one table
_EM_MIPS = 8  # packs several numbers into a relocation's info, and binds by its global offset table without any


class Lookups(Struct, frozen=True):
    """Indexes of symbols in the order of the relocations: those looked up at load, and those of calls."""

    at_load: tuple[int, ...]
    of_calls: tuple[int, ...]


class _Table(Struct, frozen=True):
    """Tags of a table: its address, its size in bytes, the number of its relative relocations; whether it is RELA."""

    address: int
    size: int
    relative: int
    rela: bool


def read_lookups(header: Header, read: Reader) -> Lookups | None:
    """The symbols that a file's relocations name; None where they are not read: every symbol may be looked up."""
    if header.machine == _EM_MIPS:
        return None
    rel = _read_table(header, read, _Table(_DT_REL, _DT_RELSZ, _DT_RELCOUNT, rela=False))
    rela = _read_table(header, read, _Table(_DT_RELA, _DT_RELASZ, _DT_RELACOUNT, rela=True))
    calls = _Table(_DT_JMPREL, _DT_PLTRELSZ, _NONE, rela=header.value(_DT_PLTREL) == _DT_RELA)
    of_calls = _read_table(header, read, calls)
    return None if rel is None or rela is None or of_calls is None else Lookups(rel + rela, of_calls)


def _read_table(header: Header, read: Reader, table: _Table) -> tuple[int, ...] | None:
    """The symbols of one table, each once; () for no table, None for one that is not in the file."""
    address, size = header.value(table.address), header.value(table.size)
    if not address or not size:
        return ()
    offset = _find_offset(header, address)
    words = 3 if table.rela else 2
    layout = ("<" if header.little_endian else ">") + ("Q" if header.bits == 64 else "I") * words
    width = struct.calcsize(layout)
    if offset is None or size // width > _MAX_ENTRIES:
        return None
    skipped = min(header.value(table.relative) or 0, size // width)
    data = read(offset + skipped * width, (size // width - skipped) * width)
    shift = 32 if header.bits == 64 else 8
    entries = struct.iter_unpack(layout, data[: len(data) // width * width])
    return tuple(dict.fromkeys(index for _, info, *_ in entries if (index := info >> shift)))


def _find_offset(header: Header, address: int) -> int | None:
    """Where in the file the byte at a virtual address stands."""
    for segment in header.segments:
        if segment.type == PT_LOAD and segment.address <= address < segment.address + segment.size:
            return segment.offset + address - segment.address
    return None
