"""How sure it is of each program of an image that it is meant to be run, worked out once for all that asks.

In: all placements in the stages that are run. Out: `Purposes`, which knows beside a program's own place what came with
it: builds for several machines or C libraries, dynamic linkers, files that nothing starts.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from depscan.artifacts.facts import MEMBER
from depscan.linking.placement import Verdict
from depscan.platforms import MACHINES
from depscan.subjects.purpose import brought_linkers, purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from depscan.findings import Confidence
    from depscan.linking.placement import Placement
    from depscan.source import Span
    from depscan.subjects.idle_files import IdleFiles


class Purposes:
    """The purposes of `placements`; `word_at` gives the word of an instruction at a place."""

    def __init__(self, placements: Sequence[Placement], word_at: Callable[[Span], str]) -> None:
        self._placements = placements
        self._word_at = word_at
        loading = [each for each in placements if each.verdict is Verdict.LOADS and each.artifact.kind != MEMBER]
        self._loading = {_arrival(placement) for placement in loading}
        self._loading_by_libc = {_arrival(placement) for placement in loading if _is_of_the_images_libc(placement)}
        self._linkers: dict[int, frozenset[str]] = {}
        self._known: dict[tuple[int, str], Confidence] = {}

    def of(self, placement: Placement) -> Confidence:
        """A cap for the confidence of findings on it."""
        key = placement.filesystem.stage.index, placement.path
        start = placement.filesystem.entrypoint
        if start is not None and start.keyword == "RUN":
            return self._work_out(placement)  # the stage as it stood then
        if key not in self._known:
            self._known[key] = self._work_out(placement)
        return self._known[key]

    def _work_out(self, placement: Placement) -> Confidence:
        filesystem, entry = placement.filesystem, placement.entry
        index = filesystem.stage.index
        if index not in self._linkers:
            self._linkers[index] = brought_linkers(filesystem)
        failing = placement.culprit is not None
        return purpose(
            entry,
            filesystem,
            self._word_at(entry.span),
            interpreter=placement.artifact.facts.interpreter,
            linkers=self._linkers[index],
            variant=self._is_variant(placement) or (failing and self._idle_files.has_sibling(placement)),
            inert=failing and self._idle_files.is_inert(placement),
        )

    @cached_property
    def _idle_files(self) -> IdleFiles:
        from depscan.subjects.idle_files import IdleFiles  # noqa: PLC0415 - where something fails

        return IdleFiles(self._placements)

    def _is_variant(self, placement: Placement) -> bool:
        """Whether a directory brought builds for several machines or C libraries, of which another one loads here."""
        if placement.entry.named or placement.artifact.kind == MEMBER or placement.artifact.script is not None:
            return False
        if placement.artifact.facts.machine != MACHINES.get(placement.platform.architecture):
            return _arrival(placement) in self._loading
        foreign = placement.artifact.facts.libc in ("glibc", "musl") and not _is_of_the_images_libc(placement)
        return foreign and _arrival(placement) in self._loading_by_libc


def _arrival(placement: Placement) -> tuple[int, Span]:
    """The stage and the word of the instruction that a binary came with."""
    return placement.filesystem.stage.index, placement.entry.span


def _is_of_the_images_libc(placement: Placement) -> bool:
    return placement.artifact.facts.libc == placement.filesystem.profile.libc.family
