"""What `depscan why` prints: where each library of a binary was looked for and found, by which law, as a tree.

In: `Explained` placements of one path (one for each platform). Out: text or JSON. A library stands below the object
that needed it first; the dynamic linker loads breadth first and each name once, so that for a later object it is loaded
already. The text leaves out what each search passes in vain in the usual directories, where it ends well.
"""

from __future__ import annotations

import posixpath
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.reports.escaping import printable
from depscan.reports.objects import dump

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from depscan.linking.placement import Need, Placement, SearchStep, VersionCheck

_MOST_PLACES = 12
_MOST_DEEP = 64  # objects below each other; only a hostile chain is longer, and readers of JSON have bounds
_USUAL = ("ld.so.cache", "default path")
_LOADED = "already loaded"


class Explained(Struct, frozen=True):
    """A placement, and what each object in its process needs, by path, as far as that is known."""

    placement: Placement
    needed: Mapping[str, tuple[str, ...]]


class _Library(Struct, frozen=True):
    """A need in the tree: `below` what it brought into the process, `loaded` what it needs of what was there.

    `real` is the file behind all links. `cut` says that what is below is too deep to be shown.
    """

    need: Need
    real: str | None
    versions: tuple[VersionCheck, ...]
    below: tuple[_Library, ...]
    loaded: tuple[str, ...]
    cut: bool


class _Tree:
    """The needs of one placement, each below the object that was first to need it."""

    def __init__(self, explained: Explained) -> None:
        self._placement = explained.placement
        self._needed = explained.needed
        self._first: dict[str, Need] = {}
        self._by_requester: dict[str, list[Need]] = {}
        for need in explained.placement.link.needs:
            self._by_requester.setdefault(need.requested_by, []).append(need)
            if need.provider is not None:
                self._first.setdefault(need.provider, need)
        self._sonames = {need.soname for need in explained.placement.link.needs}
        self._versions: dict[str, list[VersionCheck]] = {}
        for check in explained.placement.link.versions:
            self._versions.setdefault(check.library, []).append(check)

    def below(self, path: str, depth: int = 0) -> tuple[_Library, ...]:
        """What the object at `path` was first to need."""
        return tuple(self._library(need, depth) for need in self._by_requester.get(path, ()))

    def loaded(self, path: str) -> tuple[str, ...]:
        """What the object at `path` needs and what was in the process before."""
        new = {need.soname for need in self._by_requester.get(path, ())}
        needed = dict.fromkeys(self._needed.get(path, ()))
        return tuple(soname for soname in needed if soname in self._sonames and soname not in new)

    def _library(self, need: Need, depth: int) -> _Library:
        path = need.provider
        own = path is not None and path != self._placement.path and self._first[path] is need
        cut = own and depth >= _MOST_DEEP and bool(self._by_requester.get(path or ""))
        return _Library(
            need=need,
            real=self._placement.filesystem.resolve(path) if path is not None and path.startswith("/") else None,
            versions=tuple(self._versions.get(need.soname, ())),
            below=self.below(path, depth + 1) if path is not None and own and not cut else (),
            loaded=self.loaded(path) if path is not None and own else (),
            cut=cut,
        )


def render_json(found: Sequence[Explained]) -> str:
    """The document with schema_version 1."""
    return dump({"schema_version": 1, "binaries": [_binary(explained) for explained in found]})


def render_text(found: Sequence[Explained]) -> str:
    """A tree per placement."""
    return "\n".join("".join(f"{printable(line)}\n" for line in _lines(explained)) for explained in found)


def _binary(explained: Explained) -> dict[str, object]:
    placement, tree = explained.placement, _Tree(explained)
    link = placement.link
    return {
        "path": placement.path,
        "stage": placement.filesystem.stage.index,
        "base": placement.filesystem.stage.base,
        "platform": str(placement.platform),
        "origin": placement.artifact.origin,
        "verdict": placement.verdict,
        "cause": placement.cause,
        "detail": placement.detail,
        "confidence": placement.confidence,
        "interpreter": placement.artifact.facts.interpreter,
        "interpreter_found": link.interpreter,
        "libraries": [_object(library) for library in tree.below(placement.path)],
        "already_loaded": list(tree.loaded(placement.path)),
        "failures": [
            {"cause": each.cause, "detail": each.detail, "message": each.runtime_message} for each in link.failures
        ],
        "symbols": [
            {"name": each.name, "version": each.version, "required_by": each.requested_by, "presence": each.presence}
            for each in link.symbols
        ],
        "unknowns": list(link.unknowns),
        "notes": list(link.notes),
    }


def _object(library: _Library) -> dict[str, object]:
    need = library.need
    return {
        "soname": need.soname,
        "presence": need.presence,
        "provider": need.provider,
        "real_path": library.real if need.presence == "provided" else None,
        "law": _law(need),
        "looked_for": [{"path": step.path, "law": step.law, "presence": step.presence} for step in need.trace],
        "stands_elsewhere": need.not_searched,
        "unfit": need.unfit,
        "versions": [
            {"name": each.name, "required_by": each.requested_by, "presence": each.presence, "weak": each.weak}
            for each in library.versions
        ],
        "libraries": [_object(below) for below in library.below],
        "already_loaded": list(library.loaded),
        "cut": library.cut,
    }


def _law(need: Need) -> str | None:
    """By which law a library was found; None where it was not."""
    if need.presence != "provided":
        return None
    return need.trace[-1].law if need.trace else need.reason


def _lines(explained: Explained) -> Iterator[str]:
    placement, tree = explained.placement, _Tree(explained)
    base, link = placement.filesystem.stage.base, placement.link
    outcome = " ".join(part for part in (placement.cause, placement.detail) if part)
    yield f"{placement.path} on {base} ({placement.platform}): {placement.verdict}{f', {outcome}' if outcome else ''}"
    interpreter = placement.artifact.facts.interpreter
    if interpreter is not None:
        found = link.interpreter or link.interpreter_presence or "not looked for"
        yield f"  interpreter {interpreter}{'' if found == interpreter else f' => {found}'}"
    for library in tree.below(placement.path):
        yield from _branch(library, "  ")
    yield from _already(tree.loaded(placement.path), "  ")
    yield from dict.fromkeys(f"  {failure.cause}: {failure.runtime_message}" for failure in link.failures)
    yield from (f"  unknown: {reason}" for reason in link.unknowns)
    yield from (f"  note: {note}" for note in link.notes)


def _branch(library: _Library, indent: str) -> Iterator[str]:
    yield from _provided(library, indent) if library.need.presence == "provided" else _sought(library.need, indent)
    for check in library.versions:
        if check.presence != "provided":
            ceiling = f", which ends at {check.ceiling}" if check.ceiling else ""
            weak = " (weak)" if check.weak else ""
            yield f"{indent}    version {check.name} {check.presence}{ceiling}, required by {check.requested_by}{weak}"
    for below in library.below:
        yield from _branch(below, indent + "  ")
    yield from _already(library.loaded, indent + "  ")
    if library.cut:
        yield f"{indent}  and more below, too deep to be shown"


def _provided(library: _Library, indent: str) -> Iterator[str]:
    """Where a library was found, after which vain looks; at the end of all links where these rename it."""
    need, law = library.need, _law(library.need)
    place = f" => {need.provider}" if need.provider not in (None, need.soname) else ""
    moved = library.real if library.real is not None and place and library.real != need.provider else None
    yield f"{indent}{need.soname}{place}{f' -> {moved}' if moved else ''}{f' ({law})' if law else ''}"
    vain = [step for step in need.trace[:-1] if step.law not in _USUAL]
    for presence, steps in groupby(vain[:_MOST_PLACES], lambda step: step.presence):
        yield f"{indent}    {presence} in {', '.join(_folder(step) for step in steps)}"


def _folder(step: SearchStep) -> str:
    return f"{posixpath.dirname(step.path)} ({step.law})"


def _sought(need: Need, indent: str) -> Iterator[str]:
    """A library that is missing or may be: every place, and what stands near."""
    yield f"{indent}{need.soname} {need.presence}{f': {need.reason}' if need.reason else ''}"
    for step in need.trace[:_MOST_PLACES]:
        yield f"{indent}    {step.presence} at {step.path} ({step.law})"
    if len(need.trace) > _MOST_PLACES:
        yield f"{indent}    and {len(need.trace) - _MOST_PLACES} more places"
    if need.unfit:
        yield f"{indent}    {need.unfit} is there and does not fit: {need.flaw or 'not for this program'}"
    if need.not_searched:
        yield f"{indent}    stands at {need.not_searched}, where it is not looked for"
    if need.other_major:
        yield f"{indent}    {need.other_major} is there, which is another version of it"


def _already(sonames: Sequence[str], indent: str) -> Iterator[str]:
    if sonames:
        yield f"{indent}{_LOADED}: {', '.join(sonames)}"
