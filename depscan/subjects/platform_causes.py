"""Programs for another machine whose cause is told already: one cause, one finding.

In: the problems of the text, the placements. Out: the problems, each that has made a program for another machine with
that program's place and as one that breaks this very build; and the placements without those programs. A default of
ARG makes what its stage builds, and the paths that name it, be the same on all platforms; a command that compiles for
the builder's machine makes its own product alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.dockerfile.platform_defaults import KIND as SHADOWED
from depscan.linking.placement import Cause
from depscan.subjects.platform_choice import CROSS_BUILD, Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depscan.dockerfile.instructions import Dockerfile, Problem
    from depscan.linking.placement import Placement
    from depscan.source import Span


def tell_once(problems: Sequence[Problem], placements: Sequence[Placement], dockerfile: Dockerfile) -> Told:
    """Leave each program for another machine to the problem that made it so, where there is one."""
    wrong = [each for each in placements if each.culprit and each.culprit.cause is Cause.WRONG_ARCHITECTURE]
    found = {
        index: made
        for index, problem in enumerate(problems)
        if problem.kind in (SHADOWED, CROSS_BUILD)
        and (made := [each for each in wrong if _makes(problem, each, dockerfile)])
    }
    told = {id(each) for made in found.values() for each in made}
    return Told(
        tuple(problem for index, problem in enumerate(problems) if index not in found),
        tuple(_with_places(problems[index], made) for index, made in found.items()),
        tuple(each for each in placements if id(each) not in told),
    )


def _makes(problem: Problem, placement: Placement, dockerfile: Dockerfile) -> bool:
    made = placement.artifact.prediction
    if problem.kind == CROSS_BUILD:
        return made is not None and made.stage == problem.stage and _within(problem.span, made.span)
    if made is None:
        return any(_within(placement.entry.span, use) for use, _ in problem.related)
    return problem.stage is None or problem.stage in _standing(made.stage, dockerfile)


def _standing(index: int, dockerfile: Dockerfile) -> set[int]:
    """A stage and those it stands on."""
    found = {index}
    stage = dockerfile.stages[index]
    while stage.base_stage is not None:
        found.add(stage.base_stage)
        stage = dockerfile.stages[stage.base_stage]
    return found


def _with_places(problem: Problem, placements: Sequence[Placement]) -> Problem:
    """The problem with where the first of the programs comes into the image."""
    first = min(placements, key=lambda each: (each.entry.span.start, each.path))
    if any(span == first.entry.span for span, _ in problem.related):
        return problem
    brought = f"{first.path} is a program for {first.artifact.facts.machine} in an image for {first.platform}"
    return replace(problem, related=(*problem.related, (first.entry.span, brought)))


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end
