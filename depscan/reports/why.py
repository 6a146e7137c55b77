"""What `depscan why` prints: where each library of a binary was looked for and found, by which law, as a tree.

In: the placements of one path (one for each platform). Out: text or JSON. A library stands below the object that needed
it first; the dynamic linker loads breadth first and each name once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.reports.escaping import printable
from depscan.reports.objects import dump

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.linking.placement import Need, Placement

_MOST_PLACES = 12


def render_json(placements: Sequence[Placement]) -> str:
    """The document with schema_version 1."""
    return dump({"schema_version": 1, "binaries": [_binary(placement) for placement in placements]})


def render_text(placements: Sequence[Placement]) -> str:
    """A tree per placement."""
    return "\n".join("".join(f"{printable(line)}\n" for line in _lines(placement)) for placement in placements)


def _binary(placement: Placement) -> dict[str, object]:
    link = placement.link
    return {
        "path": placement.path,
        "stage": placement.filesystem.stage.index,
        "base": placement.filesystem.stage.base,
        "platform": str(placement.platform),
        "verdict": placement.verdict,
        "cause": placement.cause,
        "detail": placement.detail,
        "confidence": placement.confidence,
        "interpreter": placement.artifact.facts.interpreter,
        "interpreter_found": link.interpreter,
        "libraries": [_library(need, placement) for need in _needs_of(placement.path, placement)],
        "failures": [
            {"cause": each.cause, "detail": each.detail, "message": each.runtime_message} for each in link.failures
        ],
        "unknowns": list(link.unknowns),
        "notes": list(link.notes),
    }


def _library(need: Need, placement: Placement) -> dict[str, object]:
    return {
        "soname": need.soname,
        "presence": need.presence,
        "provider": need.provider,
        "law": _law(need),
        "looked_for": [{"path": step.path, "law": step.law, "presence": step.presence} for step in need.trace],
        "stands_elsewhere": need.not_searched,
        "libraries": [_library(below, placement) for below in _below(need, placement)],
    }


def _needs_of(path: str, placement: Placement) -> list[Need]:
    return [need for need in placement.link.needs if need.requested_by == path]


def _below(need: Need, placement: Placement) -> list[Need]:
    """What a library needs, where it was first to need it; a need is never below itself, since each is loaded once."""
    path = need.provider
    if path is None or path == placement.path or _first_of(path, placement) is not need:
        return []
    return _needs_of(path, placement)


def _first_of(path: str, placement: Placement) -> Need | None:
    return next((need for need in placement.link.needs if need.provider == path), None)


def _law(need: Need) -> str | None:
    """By which law a library was found; None where it was not."""
    if need.presence != "provided":
        return None
    return need.trace[-1].law if need.trace else need.reason


def _lines(placement: Placement) -> Iterator[str]:
    base, link = placement.filesystem.stage.base, placement.link
    outcome = " ".join(part for part in (placement.cause, placement.detail) if part)
    yield f"{placement.path} on {base} ({placement.platform}): {placement.verdict}{f', {outcome}' if outcome else ''}"
    interpreter = placement.artifact.facts.interpreter
    if interpreter is not None:
        found = link.interpreter or link.interpreter_presence or "not looked for"
        yield f"  interpreter {interpreter}{'' if found == interpreter else f' => {found}'}"
    for need in _needs_of(placement.path, placement):
        yield from _tree(need, placement, "  ")
    for failure in link.failures:
        yield f"  {failure.cause}: {failure.runtime_message}"
    yield from (f"  unknown: {reason}" for reason in link.unknowns)
    yield from (f"  note: {note}" for note in link.notes)


def _tree(need: Need, placement: Placement, indent: str) -> Iterator[str]:
    if need.presence == "provided":
        place = f" => {need.provider}" if need.provider not in (None, need.soname) else ""
        law = _law(need)
        yield f"{indent}{need.soname}{place}{f' ({law})' if law else ''}"
    else:
        reason = f": {need.reason}" if need.reason else ""
        yield f"{indent}{need.soname} {need.presence}{reason}"
        for step in need.trace[:_MOST_PLACES]:
            yield f"{indent}    {step.presence} at {step.path} ({step.law})"
        if len(need.trace) > _MOST_PLACES:
            yield f"{indent}    and {len(need.trace) - _MOST_PLACES} more places"
        if need.not_searched:
            yield f"{indent}    stands at {need.not_searched}, where it is not looked for"
    for below in _below(need, placement):
        yield from _tree(below, placement, indent + "  ")
