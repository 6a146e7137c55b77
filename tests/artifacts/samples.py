"""The committed binaries, and the same facts read by pyelftools, which shares no code with LIEF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerDefSection, GNUVerNeedSection

if TYPE_CHECKING:
    from depscan.artifacts.facts import ElfFacts

ELF = Path(__file__).parents[2] / "fixtures" / "elf"
NAMES = tuple(line.split()[1] for line in (ELF / "SHA256SUMS").read_text().splitlines())
DAMAGED = frozenset({"truncated", "corrupt-dynamic"})


def view(facts: ElfFacts) -> dict[str, Any]:
    """The part of the facts that pyelftools can tell too."""
    return {
        "type": facts.type,
        "bits": facts.bits,
        "little_endian": facts.little_endian,
        "interpreter": facts.interpreter,
        "needed": list(facts.needed),
        "soname": facts.soname,
        "rpath": ":".join(facts.rpath),
        "runpath": ":".join(facts.runpath),
        "version_needs": {
            library: sorted((need.name, need.weak) for need in needs) for library, needs in facts.version_needs.items()
        },
        "version_definitions": sorted(facts.version_definitions),
        "undefined": list(facts.undefined),
    }


def ask_pyelftools(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        elf = ELFFile(file)  # type: ignore[no-untyped-call]
        dynamic = next((part for part in elf.iter_segments() if isinstance(part, DynamicSegment)), None)
        tags = list(dynamic.iter_tags()) if dynamic else []
        interpreter = next((part for part in elf.iter_segments() if part["p_type"] == "PT_INTERP"), None)
        loadable = elf["e_type"] in ("ET_EXEC", "ET_DYN")
        return {
            "type": elf["e_type"].removeprefix("ET_"),
            "bits": elf.elfclass,
            "little_endian": elf.little_endian,
            "interpreter": interpreter.get_interp_name() if interpreter else None,
            "needed": [tag.needed for tag in tags if tag.entry.d_tag == "DT_NEEDED"],
            "soname": next((tag.soname for tag in tags if tag.entry.d_tag == "DT_SONAME"), None),
            "rpath": next((tag.rpath for tag in tags if tag.entry.d_tag == "DT_RPATH"), ""),
            "runpath": next((tag.runpath for tag in tags if tag.entry.d_tag == "DT_RUNPATH"), ""),
            "version_needs": _needs(elf),
            "version_definitions": _definitions(elf),
            "undefined": _undefined(elf) if loadable else [],
        }


def _needs(elf: Any) -> dict[str, list[tuple[str, bool]]]:
    sections = [section for section in elf.iter_sections() if isinstance(section, GNUVerNeedSection)]
    return {
        need.name: sorted((entry.name, bool(entry["vna_flags"] & 2)) for entry in entries)
        for section in sections
        for need, entries in section.iter_versions()
    }


def _definitions(elf: Any) -> list[str]:
    sections = [section for section in elf.iter_sections() if isinstance(section, GNUVerDefSection)]
    return sorted(
        next(iter(names)).name
        for section in sections
        for definition, names in section.iter_versions()
        if not definition["vd_flags"] & 1
    )


def _undefined(elf: Any) -> list[str]:
    table = elf.get_section_by_name(".dynsym")
    symbols = table.iter_symbols() if table else []
    return sorted(
        {
            symbol.name
            for symbol in symbols
            if symbol["st_shndx"] == "SHN_UNDEF" and symbol["st_info"]["bind"] == "STB_GLOBAL" and symbol.name
        }
    )
