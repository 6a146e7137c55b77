"""An ELF file to `ElfFacts`, by LIEF: the only module that imports it.

In: a path or bytes. Out: `ElfFacts`, or `UnreadableError` with the reason. `header` looks first, since LIEF fails
quietly; what LIEF then gives is held against it (as many needed libraries, version needs and definitions). LIEF costs
0.45 s to import and the whole file in memory: it is imported where a file is parsed, and object files and cores are
told by their header alone.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from depscan.artifacts import evidence
from depscan.artifacts.facts import ElfFacts, VersionNeed
from depscan.artifacts.header import (
    DF_1_NODEFLIB,
    DT_FLAGS_1,
    DT_NEEDED,
    DT_RELR,
    DT_VERDEFNUM,
    DT_VERNEEDNUM,
    PT_LOAD,
    TYPES,
    UnreadableError,
    read_header,
)
from depscan.artifacts.machines import EM_X86_64, find_float_abi, name_machine
from depscan.artifacts.magic import MAX_SIZE
from depscan.artifacts.notes import Note, find_abi, find_isa_level
from depscan.artifacts.relocations import read_lookups
from depscan.artifacts.symbols import Symbols, pack

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable
    from pathlib import Path

    import lief

    from depscan.artifacts.header import Header, Reader
    from depscan.artifacts.relocations import Lookups

_MAX_SYMBOLS = 500_000
_MAX_NOTES = 1_000
_MAX_NAME = 4_096
_MAX_SEARCHED = 32 << 20
_VER_FLG_BASE, _VER_FLG_WEAK = 1, 2
_STB_LOCAL, _STB_GLOBAL = 0, 1
# UPX hides the program it packs, its dynamic linker too, and so looks static. It knows its own work by this mark in
# the last 256 bytes (UPX's p_unix.cpp, canPack).
_UPX_MARK, _UPX_TAIL = b"UPX!", 256


def explain_elf(source: Path | bytes) -> ElfFacts | str:
    """Read the facts of an ELF file, or give the reason why there are none."""
    try:
        return read_elf(source)
    except UnreadableError as error:
        return str(error)


def read_elf(source: Path | bytes) -> ElfFacts:
    """Read the facts of an ELF file; raises UnreadableError with the reason, and nothing else."""
    if isinstance(source, bytes):
        return _read(lambda offset, length: source[offset : offset + length], len(source), source)
    try:
        with open(source, "rb") as file:
            descriptor = file.fileno()
            size = os.fstat(descriptor).st_size
            return _read(lambda offset, length: os.pread(descriptor, length, offset), size, source)
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror}") from error


def _read(read: Reader, size: int, source: Path | bytes) -> ElfFacts:
    if size > MAX_SIZE:
        raise UnreadableError(f"larger than {MAX_SIZE >> 20} MB")
    header = read_header(read, size)
    if header.interpreter is None and _UPX_MARK in read(max(0, size - _UPX_TAIL), _UPX_TAIL):
        raise UnreadableError("packed by UPX: what it needs cannot be seen")
    if not header.segments:
        return ElfFacts(
            TYPES[header.type], name_machine(header), header.bits, header.little_endian, None, os_abi=header.os_abi
        )
    try:
        return _collect(header, read, _parse(source))
    except (UnicodeError, RuntimeError, TypeError, ValueError, IndexError, OverflowError) as error:
        # LIEF's bindings raise these on names and numbers that no linker writes.
        raise UnreadableError(f"corrupted: {type(error).__name__} while reading it") from error


def _parse(source: Path | bytes) -> lief.ELF.Binary:
    """Parse with what the facts need only: no relocations, no .symtab, no data behind the last section."""
    import lief  # noqa: PLC0415 - 0.45 s, only where a file is parsed

    lief.logging.disable()
    config = lief.ELF.ParserConfig()
    config.parse_relocations = config.parse_symtab_symbols = config.parse_overlay = False
    config.parse_dyn_symbols = config.parse_symbol_versions = config.parse_notes = True
    binary = lief.ELF.parse(_for_lief(source), config)
    if binary is None:
        raise UnreadableError("corrupted: LIEF cannot parse it")
    return binary


def _for_lief(source: Path | bytes) -> str | bytes:
    """Give LIEF the path, which is faster; the bytes where the path is not UTF-8, which LIEF demands."""
    if isinstance(source, bytes):
        return source
    try:
        os.fspath(source).encode()
    except UnicodeEncodeError:
        return source.read_bytes()
    return os.fspath(source)


def _collect(header: Header, read: Reader, binary: lief.ELF.Binary) -> ElfFacts:
    """Join what the header and LIEF say; raises UnreadableError where they disagree."""
    notes = _read_notes(binary)
    symbols = _read_symbols(binary, read_lookups(header, read))
    comment = binary.get_section(".comment")
    traces = evidence.Traces(
        owners=frozenset(note.owner for note in notes),
        sections=frozenset(str(section.name) for section in binary.sections),
        comment=bytes(comment.content[:_MAX_NAME]) if comment is not None else b"",
        exports=bool(symbols.exports),
        search=partial(_search, read, _constant_data(header, binary)),
    )
    return evidence.infer(_state(header, binary, notes, symbols), header, traces)


def _state(header: Header, binary: lief.ELF.Binary, notes: list[Note], symbols: Symbols) -> ElfFacts:
    """Give what the file states outright."""
    needed = tuple(_clean(name) for name in binary.libraries)
    _agree("needed libraries", len(needed), header.count(DT_NEEDED))
    return ElfFacts(
        type=TYPES[header.type],
        machine=name_machine(header),
        bits=header.bits,
        little_endian=header.little_endian,
        linkage=None,
        interpreter=header.interpreter,
        needed=needed,
        soname=_dynamic_text(binary, "SONAME", "name"),
        rpath=_split(_dynamic_text(binary, "RPATH", "rpath")),
        runpath=_split(_dynamic_text(binary, "RUNPATH", "runpath")),
        version_needs=_read_version_needs(header, binary),
        version_definitions=_read_version_definitions(header, binary),
        abi_note=find_abi(notes),
        isa_level=find_isa_level(notes, header.bits) if header.machine == EM_X86_64 else None,
        float_abi=find_float_abi(header),
        relr=header.count(DT_RELR) > 0,
        bind_now=header.binds_now,
        no_default_libraries=bool((header.value(DT_FLAGS_1) or 0) & DF_1_NODEFLIB),
        os_abi=header.os_abi,
        symbols=pack(symbols) if len(binary.dynamic_symbols) <= _MAX_SYMBOLS else b"",
    )


def _read_notes(binary: lief.ELF.Binary) -> list[Note]:
    """Give the first _MAX_NOTES notes but those that put binary data into their names, as Red Hat's annobin does."""
    notes = []
    for note in islice(binary.notes, _MAX_NOTES):
        with suppress(UnicodeDecodeError):
            notes.append(Note(str(note.name).rstrip("\0"), note.original_type, bytes(note.description)))
    return notes


def _read_version_needs(header: Header, binary: lief.ELF.Binary) -> dict[str, tuple[VersionNeed, ...]]:
    groups = list(binary.symbols_version_requirement)
    _agree("version needs", len(groups), header.value(DT_VERNEEDNUM) or 0)
    needs: dict[str, tuple[VersionNeed, ...]] = {}
    for group in groups:
        entries = list(group.get_auxiliary_symbols())
        _agree("names of a version need", min(len(entries), 1), 1)
        found = tuple(VersionNeed(_clean(entry.name), bool(entry.flags & _VER_FLG_WEAK)) for entry in entries)
        library = _clean(group.name)
        needs[library] = needs.get(library, ()) + found
    return needs


def _read_version_definitions(header: Header, binary: lief.ELF.Binary) -> tuple[str, ...]:
    """List the defined versions, without the base one, which is the library's own name."""
    definitions = list(binary.symbols_version_definition)
    _agree("version definitions", len(definitions), header.value(DT_VERDEFNUM) or 0)
    names = []
    for definition in definitions:
        if not definition.flags & _VER_FLG_BASE:
            first = next(iter(definition.auxiliary_symbols), None)
            names.append(_clean(first.name if first is not None else ""))
    return tuple(names)


def _read_symbols(binary: lief.ELF.Binary, lookups: Lookups | None) -> Symbols:
    """Sort the dynamic symbols; a defined one with a version need is copied from its library when a program starts.

    The binding is read from st_info, since LIEF's enum warns on standard error for a number it does not know.
    """
    wanted: dict[int, str] = {}
    exports: set[str] = set()
    for index, symbol in enumerate(islice(binary.dynamic_symbols, _MAX_SYMBOLS)):
        binding = symbol.information >> 4
        if binding == _STB_LOCAL or not (name := _clean(symbol.name, empty=True)):
            continue
        version, needed = _find_version(symbol)
        full = f"{name}@{version}" if version else name
        if symbol.shndx and name != version:  # each version definition has an absolute symbol of its own name
            exports.add(full)
        if binding == _STB_GLOBAL and (needed if symbol.shndx else True):
            wanted[index] = full
    if lookups is None:
        return Symbols((), tuple(sorted(wanted.values())), frozenset(exports))
    at_load = {index: wanted[index] for index in lookups.at_load if index in wanted}
    calls = (wanted[index] for index in lookups.of_calls if index in wanted and index not in at_load)
    return Symbols(tuple(calls), tuple(at_load.values()), frozenset(exports))


def _find_version(symbol: lief.ELF.Symbol) -> tuple[str | None, bool]:
    """Give the version that a symbol is bound to, and whether another file must define it."""
    bound = symbol.symbol_version
    auxiliary = bound.symbol_version_auxiliary if bound is not None else None
    if auxiliary is None:
        return None, False
    return _clean(auxiliary.name), type(auxiliary).__name__.endswith("Requirement")


def _dynamic_text(binary: lief.ELF.Binary, tag: str, attribute: str) -> str | None:
    """Give the string of a dynamic entry, or None where there is no such entry."""
    import lief  # noqa: PLC0415 - loaded by _parse

    entry = binary.get(getattr(lief.ELF.DynamicEntry.TAG, tag))
    return None if entry is None else _clean(getattr(entry, attribute), empty=True) or None


def _split(paths: str | None) -> tuple[str, ...]:
    return tuple(paths.split(":")) if paths else ()


def _clean(name: str | bytes, *, empty: bool = False) -> str:
    """Give a name that may be printed; raises UnreadableError for one that no linker writes."""
    text = name if isinstance(name, str) else name.decode()
    if len(text) > _MAX_NAME or not text.isprintable() or not (text or empty):
        raise UnreadableError("corrupted: a name in it is empty, too long or holds control characters")
    return text


def _agree(what: str, found: int, stated: int) -> None:
    """Raise UnreadableError where LIEF found another number of something than the file states."""
    if found != stated:
        raise UnreadableError(f"corrupted: {stated} {what} stated, {found} readable")


def _constant_data(header: Header, binary: lief.ELF.Binary) -> list[tuple[int, int]]:
    """Give (offset, size) of .rodata, or of everything loaded where there are no sections."""
    section = binary.get_section(".rodata")
    if section is not None:
        return [(section.file_offset, section.size)]
    return [(segment.offset, segment.size) for segment in header.segments if segment.type == PT_LOAD]


def _search(read: Reader, regions: Iterable[tuple[int, int]], pattern: re.Pattern[bytes]) -> bool:
    """Look for `pattern` in the first _MAX_SEARCHED bytes of the regions."""
    budget = _MAX_SEARCHED
    for offset, size in regions:
        data = read(offset, min(size, budget))
        budget -= len(data)
        if pattern.search(data):
            return True
    return False
