"""What `depscan inspect` prints: the facts of ELF files, or why one was not read.

In: facts by path, as `artifacts.inspection` gives them; a text instead of facts is the reason. Out: text or JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.reports.escaping import printable
from depscan.reports.objects import dump, elf_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depscan.artifacts.facts import ElfFacts

_LABEL = 13


def render_json(facts: Mapping[str, ElfFacts | str]) -> str:
    """The document with schema_version 1."""
    files = [
        {"path": path, **({"skipped": found} if isinstance(found, str) else {"elf": elf_object(found)})}
        for path, found in facts.items()
    ]
    return dump({"schema_version": 1, "files": files})


def render_text(facts: Mapping[str, ElfFacts | str]) -> str:
    """A paragraph per file."""
    return "\n".join("".join(f"{line}\n" for line in _file(path, found)) for path, found in facts.items())


def _file(path: str, found: ElfFacts | str) -> Iterator[str]:
    if isinstance(found, str):
        yield f"{printable(path)}: skipped: {printable(found)}"
        return
    yield f"{printable(path)}: {_kind(found)}"
    for label, value in _rows(found):
        yield f"  {label:<{_LABEL}}{printable(value)}"


def _kind(facts: ElfFacts) -> str:
    linkage = facts.linkage or "object file"
    program = {"dynamic": "dynamic program", "static": "static program", "static-pie": "static-pie program"}
    language = f", written in {facts.language}" if facts.language else ""
    return f"{program.get(linkage, linkage.replace('-', ' '))} for {facts.machine} ({facts.bits} bit){language}"


def _rows(facts: ElfFacts) -> Iterator[tuple[str, str]]:
    """Labels and values of what the file says; what it does not say is left out."""
    yield "libc", facts.libc
    rows = (
        ("interpreter", facts.interpreter or ""),
        ("soname", facts.soname or ""),
        ("needed", ", ".join(facts.needed)),
        ("rpath", ":".join(facts.rpath)),
        ("runpath", ":".join(facts.runpath)),
        ("cpu level", facts.isa_level or ""),
        ("float abi", facts.float_abi or ""),
        ("kernel", f"{facts.abi_note[0]} {facts.abi_note[1]} or newer" if facts.abi_note else ""),
    )
    yield from (row for row in rows if row[1])
    for library, needs in facts.version_needs.items():
        ordered = sorted(needs, key=lambda need: (need.name.partition("_")[0], _numbers(need.name)))
        names = ", ".join(f"{need.name}{' (weak)' if need.weak else ''}" for need in ordered)
        yield "versions", f"{library}: {names}"


def _numbers(name: str) -> list[int]:
    """[2, 34] of GLIBC_2.34, so that 2.4 stands before 2.34."""
    return [int(part) for part in name.partition("_")[2].split(".") if part.isdigit()]
