"""The committed binaries, and the same facts read by pyelftools, which shares no code with LIEF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerDefSection, GNUVerNeedSection

from depscan.artifacts.symbols import Symbols, unpack

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
        "undefined": sorted(_symbols(facts).undefined),
        "exports": sorted(_symbols(facts).exports),
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
            "undefined": sorted(_dynamic_symbols(elf, defined=False)) if loadable else [],
            "exports": sorted(_dynamic_symbols(elf, defined=True)) if loadable else [],
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


def _symbols(facts: ElfFacts) -> Symbols:
    return unpack(facts.symbols or b"") or Symbols()


def _dynamic_symbols(elf: Any, *, defined: bool) -> set[str]:
    """Strong undefined symbols and those copied from a library; or what is defined, but for the versions' own names."""
    table = elf.get_section_by_name(".dynsym")
    versions, needs = elf.get_section_by_name(".gnu.version"), elf.get_section_by_name(".gnu.version_r")
    definitions = elf.get_section_by_name(".gnu.version_d")
    found = set()
    for index, symbol in enumerate(table.iter_symbols() if table else []):
        number = versions.get_symbol(index)["ndx"] if versions else 0
        number = number & 0x7FFF if isinstance(number, int) else 0
        need = needs.get_version(number) if needs and number > 1 else None
        definition = definitions.get_version(number) if definitions and number > 1 and not need else None
        version = need[1].name if need else next(iter(definition[1])).name if definition else None
        here, binding = symbol["st_shndx"] != "SHN_UNDEF", symbol["st_info"]["bind"]
        if binding == "STB_LOCAL" or not symbol.name or (defined and (not here or symbol.name == version)):
            continue
        if defined or (binding == "STB_GLOBAL" and (need if here else True)):
            found.add(f"{symbol.name}@{version}" if version else symbol.name)
    return found
