"""The bones of an ELF file, read by hand: is it whole, and which raw numbers does it hold.

In: a way to read bytes, and the file's size. Out: `Header`, or `UnreadableError` with the reason. LIEF fails quietly (a
truncated library parses with no needed libraries and would look static) and its enums are not the raw ELF values; so
this module checks first that every header, segment and the dynamic section lie inside the file, and gives the raw
numbers. Layouts and names: gABI chapters 4 and 5, Linux's elf.h.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    Reader = Callable[[int, int], bytes]

ET_REL, ET_EXEC, ET_DYN, ET_CORE = 1, 2, 3, 4
TYPES = {ET_REL: "REL", ET_EXEC: "EXEC", ET_DYN: "DYN", ET_CORE: "CORE"}

PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_PN_XNUM = 0xFFFF
_MAX_SEGMENTS = 4096
_MAX_PATH = 4096
_MAX_DYNAMIC_BYTES = 1 << 20
_NO_CONTENT = "no loadable content, as in a separate debug file"

DT_NULL, DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_SONAME, DT_RPATH, DT_RUNPATH = 0, 1, 5, 10, 14, 15, 29
_NAMES = frozenset({DT_NEEDED, DT_SONAME, DT_RPATH, DT_RUNPATH})
DT_DEBUG, DT_FLAGS_1, DT_VERDEFNUM, DT_VERNEEDNUM = 21, 0x6FFFFFFB, 0x6FFFFFFD, 0x6FFFFFFF
DT_BIND_NOW, DT_FLAGS, DT_RELR = 24, 30, 36
DF_BIND_NOW, DF_1_NOW, DF_1_NODEFLIB, DF_1_PIE = 0x8, 0x1, 0x800, 0x08000000


class UnreadableError(Exception):
    """A file that facts cannot be read from; the message is the reason that the report prints."""


class Segment(Struct, frozen=True):
    """One program header: its type, where it stands in the file and in memory, in bytes."""

    type: int
    offset: int
    address: int
    size: int


class Header(Struct, frozen=True):
    """What the ELF header, the program headers and the dynamic section say, as raw numbers.

    `dynamic` are (tag, value) in order, without DT_NULL and what follows; None where there is no PT_DYNAMIC.
    """

    type: int
    machine: int
    bits: int
    little_endian: bool
    flags: int
    entry: int
    segments: tuple[Segment, ...]
    interpreter: str | None
    dynamic: tuple[tuple[int, int], ...] | None
    os_abi: int = 0

    def count(self, tag: int) -> int:
        """How many dynamic entries have `tag`."""
        return sum(entry == tag for entry, _ in self.dynamic or ())

    def value(self, tag: int) -> int | None:
        """The value of the last dynamic entry with `tag` (the dynamic linker keeps the last), or None."""
        return dict(self.dynamic or ()).get(tag)

    @property
    def binds_now(self) -> bool:
        """Whether every symbol is bound when the file is loaded, by any of the three marks that linkers leave."""
        flags, flags_1 = self.value(DT_FLAGS) or 0, self.value(DT_FLAGS_1) or 0
        return self.count(DT_BIND_NOW) > 0 or bool(flags & DF_BIND_NOW or flags_1 & DF_1_NOW)


def read_header(read: Reader, size: int) -> Header:
    """Read and check the bones of an ELF file of `size` bytes; `read(offset, length)` gives its bytes.

    Raises UnreadableError when it is no ELF file, or when a part that the kernel, the dynamic linker or LIEF would use
    lies outside the file.
    """
    ident = read(0, 16)
    if ident[:4] != b"\x7fELF":
        raise UnreadableError("not an ELF file")
    if len(ident) < 16 or ident[4] not in (1, 2) or ident[5] not in (1, 2) or ident[6] != 1:
        raise UnreadableError("ELF identification is cut off or corrupted")
    layout = _Layout(ident[4] == 2, "<" if ident[5] == 1 else ">", read, size)
    fields = layout.unpack(0, layout.header, "ELF header")
    type_, machine, _, entry, phoff, shoff, flags, _, phentsize, phnum, shentsize, shnum, _ = fields[1:]
    if type_ not in TYPES:
        raise UnreadableError(f"unsupported ELF type {type_}")
    layout.check(shoff, shentsize * shnum if shoff else 0, "section header table")
    segments: tuple[Segment, ...] = ()
    if type_ in (ET_EXEC, ET_DYN):
        segments = _read_segments(layout, phoff, phentsize, phnum)
    dynamic = _read_dynamic(layout, segments)
    _check_strings(dynamic or (), segments)
    return Header(
        type=type_,
        machine=machine,
        bits=64 if layout.wide else 32,
        little_endian=layout.order == "<",
        flags=flags,
        entry=entry,
        segments=segments,
        interpreter=_read_interpreter(layout, segments),
        dynamic=dynamic,
        os_abi=ident[7],
    )


class _Layout(Struct, frozen=True):
    """Field layouts of one class and byte order, over one file."""

    wide: bool
    order: str
    read: Reader
    size: int

    @property
    def header(self) -> str:
        return self.order + ("16sHHIQQQIHHHHHH" if self.wide else "16sHHIIIIIHHHHHH")

    @property
    def program_header(self) -> str:
        return self.order + ("IIQQQQQQ" if self.wide else "IIIIIIII")

    @property
    def dynamic_entry(self) -> str:
        return self.order + ("qQ" if self.wide else "iI")

    def check(self, offset: int, length: int, part: str) -> None:
        """Raise UnreadableError unless `length` bytes at `offset` lie inside the file."""
        if offset + length > self.size:
            raise UnreadableError(f"truncated or corrupted: the {part} lies outside the file ({self.size} bytes)")

    def bytes(self, offset: int, length: int, part: str) -> bytes:
        """Read `length` bytes at `offset`, all of them or UnreadableError."""
        self.check(offset, length, part)
        data = self.read(offset, length)
        if len(data) != length:
            raise UnreadableError(f"the file shrank while its {part} was read")
        return data

    def unpack(self, offset: int, layout: str, part: str) -> tuple[int, ...]:
        """Read one structure."""
        return struct.unpack(layout, self.bytes(offset, struct.calcsize(layout), part))


def _read_segments(layout: _Layout, offset: int, entry_size: int, count: int) -> tuple[Segment, ...]:
    if count == 0:
        raise UnreadableError("no program headers: nothing that could be loaded")
    if count == _PN_XNUM or count > _MAX_SEGMENTS:
        raise UnreadableError(f"more than {_MAX_SEGMENTS} program headers")
    if entry_size != struct.calcsize(layout.program_header):
        raise UnreadableError(f"corrupted: program headers of {entry_size} bytes")
    table = layout.bytes(offset, entry_size * count, "program header table")
    segments = tuple(_segment(layout, fields) for fields in struct.iter_unpack(layout.program_header, table))
    for segment in segments:
        if segment.size:
            layout.check(segment.offset, segment.size, f"segment at offset {segment.offset:#x}")
    if not any(segment.type == PT_LOAD and segment.size for segment in segments):
        raise UnreadableError(_NO_CONTENT)
    return segments


def _segment(layout: _Layout, fields: tuple[int, ...]) -> Segment:
    if layout.wide:
        type_, _, offset, address, _, size = fields[:6]
    else:
        type_, offset, address, _, size = fields[:5]
    return Segment(type_, offset, address, size)


def _first(segments: tuple[Segment, ...], type_: int) -> Segment | None:
    return next((segment for segment in segments if segment.type == type_), None)


def _read_interpreter(layout: _Layout, segments: tuple[Segment, ...]) -> str | None:
    """Read PT_INTERP as the kernel does (fs/binfmt_elf.c): the first one, 2 to 4096 bytes, ended by NUL."""
    segment = _first(segments, _PT_INTERP)
    if segment is None:
        return None
    if not 2 <= segment.size <= _MAX_PATH:
        raise UnreadableError(f"corrupted: an interpreter path of {segment.size} bytes")
    raw = layout.bytes(segment.offset, segment.size, "interpreter path")
    if raw[-1] != 0:
        raise UnreadableError("corrupted: the interpreter path has no end")
    path = raw.split(b"\0", 1)[0].decode("utf-8", "replace")
    if not path or not path.isprintable():
        raise UnreadableError("corrupted: the interpreter path is empty or holds control characters")
    return path


def _read_dynamic(layout: _Layout, segments: tuple[Segment, ...]) -> tuple[tuple[int, int], ...] | None:
    segment = _first(segments, _PT_DYNAMIC)
    if segment is None:
        return None
    if segment.size == 0:
        raise UnreadableError(_NO_CONTENT)
    step = struct.calcsize(layout.dynamic_entry)
    if not step <= segment.size <= _MAX_DYNAMIC_BYTES:
        raise UnreadableError(f"corrupted: a dynamic section of {segment.size} bytes")
    table = layout.bytes(segment.offset, segment.size - segment.size % step, "dynamic section")
    entries: list[tuple[int, int]] = []
    for tag, value in struct.iter_unpack(layout.dynamic_entry, table):
        if tag == DT_NULL:
            return tuple(entries)
        entries.append((tag, value))
    raise UnreadableError("corrupted: the dynamic section has no end")


def _check_strings(dynamic: tuple[tuple[int, int], ...], segments: tuple[Segment, ...]) -> None:
    """Raise UnreadableError unless the names of the dynamic section lie in a string table that a segment loads."""
    names = [value for tag, value in dynamic if tag in _NAMES]
    values = dict(dynamic)
    start, size = values.get(DT_STRTAB, 0), values.get(DT_STRSZ, 0)
    loaded = any(
        segment.type == PT_LOAD and segment.address <= start and start + size <= segment.address + segment.size
        for segment in segments
    )
    if names and not (loaded and max(names) < size):
        raise UnreadableError("corrupted: names of the dynamic section lie outside its string table")
