"""The execute bit and the line ends of a file, set where it is copied or in the image.

In: a `Case` about one program or script. Out: `Offer`s. A RUN stands where root may write: behind the COPY, and between
changes of the user where another one is in force there.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from depscan.filesystem.entries import Presence
from depscan.filesystem.lookup import search_program
from depscan.findings import Edit
from depscan.repairs.case import offer
from depscan.repairs.installing import as_root, user_at
from depscan.source import Position, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.dockerfile.instructions import Instruction
    from depscan.repairs.case import Case, Offer


def permit_execution(case: Case) -> Iterator[Offer]:
    """The bit is set by the instruction that copies the file, or before the container's start."""
    copy = case.instruction
    if copy is not None and copy.keyword in {"COPY", "ADD"}:
        flag = copy.flag("chmod")
        end = copy.keyword_span.end
        span, text = (flag.span, "--chmod=755") if flag is not None else (Span(end, end), " --chmod=755")
        yield offer("edit", f"{copy.keyword} --chmod=755", (Edit(case.place(span), text),), safe=True)
    instructions = case.filesystem.stage.instructions
    start = next((each for each in instructions if each.keyword in {"ENTRYPOINT", "CMD"}), None)
    if start is not None and case.placements and _has(case, "chmod"):
        command = f"chmod +x {shlex.quote(case.placements[0].path)}"
        yield _run(case, f"set the bit in the image: RUN {command}", command, start.span.start.line)


def strip_returns(case: Case) -> Iterator[Offer]:
    """Without the carriage returns, which sed takes away in the image."""
    copy, script = case.instruction, case.placements[0].artifact.script if case.placements else None
    if copy is None or script is None or not script.returns or not _has(case, "sed"):
        return
    placement = case.placements[0]
    path = shlex.quote(placement.path)
    permit = "" if placement.entry.mode & 0o111 else f" && chmod +x {path}"
    command = rf"sed -i 's/\r$//' {path}{permit}"
    yield _run(case, f"take the carriage returns away: RUN {command}", command, _line_after(copy))


def _line_after(instruction: Instruction) -> int:
    return instruction.span.end.line + 1


def _run(case: Case, title: str, command: str, line: int) -> Offer:
    place = Position(line, 1)
    text = as_root(f"RUN {command}\n", user_at(case, place))
    return offer("edit", title, (Edit(case.place(Span(place, place)), text),), safe=True)


def _has(case: Case, program: str) -> bool:
    return search_program(case.filesystem, program).presence is not Presence.MISSING
