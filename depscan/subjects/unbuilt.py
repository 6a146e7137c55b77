"""Subjects of stages that a plain `docker build` does not make.

In: all subjects, the stages that the target needs, whether the user named the target. Out: the subjects that count.
BuildKit reads the whole text, so wrong text is wrong in any stage. Of the rest, a named target leaves out what is not
made for it; without one, another leaf may be somebody's `--target`: what is wrong there is a warning, and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.findings import Severity
from depscan.subjects import InstructionView, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.dockerfile.instructions import Dockerfile

_READ_BEFORE = frozenset({"syntax", "no-stage", "template", "unknown-stage"})


def counting(
    subjects: Sequence[Subject], dockerfile: Dockerfile, built: frozenset[int], *, named: bool
) -> Iterator[Subject]:
    """The subjects that count; `named` says that the user named the target, for which the `built` stages are made."""
    for subject in subjects:
        if subject.stage is None or subject.stage in built or _is_read_before(subject):
            yield subject
        elif not named:
            yield _softened(subject, dockerfile)


def _is_read_before(subject: Subject) -> bool:
    view = subject.names.get("instruction")
    return isinstance(view, InstructionView) and view.problem in _READ_BEFORE


def _softened(subject: Subject, dockerfile: Dockerfile) -> Subject:
    assert subject.stage is not None  # the caller's
    stage = dockerfile.stages[subject.stage]
    label = f"docker build makes this stage only with --target {stage.name or stage.index}"
    gravest = max(subject.gravest, Severity.WARNING, key=lambda severity: severity.rank)
    return replace(subject, gravest=gravest, related=((stage.base_span, label), *subject.related))
