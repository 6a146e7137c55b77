"""The machine's name in the address of a download.

In: a `Case` about a program for another machine. Out: one `Offer`: the address with the name of the platform's machine,
in the spelling of the one that stands there. Whether the address exists is for nobody here to know; the title says so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.findings import Edit
from depscan.repairs.case import offer
from depscan.source import Position, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.repairs.case import Case, Offer

# Spellings in the names of release files: those of Go and of the kernel, by the platform's architecture.
_SPELLINGS = (
    {"amd64": "amd64", "arm64": "arm64"},
    {"amd64": "x86_64", "arm64": "aarch64"},
    {"amd64": "x64", "arm64": "arm64"},
)
_ADDRESS = re.compile(r"https?://[^\s\"']+")


def rename_machine(case: Case) -> Iterator[Offer]:
    """One edit for each address of the instruction that names the other machine."""
    instruction, architecture = case.instruction, case.filesystem.stage.platform.architecture
    if instruction is None:
        return
    edits: list[Edit] = []
    for number in range(instruction.span.start.line, instruction.span.end.line + 1):
        line = case.source.line(number)
        for address in _ADDRESS.finditer(line):
            edits += _edits(case, number, address, architecture)
    if edits:
        yield offer("edit", f"download the file for {case.filesystem.stage.platform}: {edits[0].text}", tuple(edits))


def _edits(case: Case, line: int, address: re.Match[str], architecture: str) -> Iterator[Edit]:
    for spelling in _SPELLINGS:
        own = spelling.get(architecture)
        others = "|".join(name for key, name in spelling.items() if key != architecture and name != own)
        found = list(re.finditer(rf"(?<![A-Za-z0-9])(?:{others})(?![A-Za-z0-9])", address.group())) if own else []
        if found:
            for each in found:
                first = address.start() + each.start() + 1
                span = Span(Position(line, first), Position(line, first + len(each.group())))
                yield Edit(case.place(span), str(own))
            return
