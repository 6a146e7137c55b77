"""What `depscan bases` prints: which known bases can run some files, and why the others cannot.

In: `BaseTrial`s, in the order to print. Out: text or JSON. For one file the text is a list by verdict; for several a
matrix of files and groups of bases on which all of them fare alike, with the bases of each group below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.reports.escaping import printable
from depscan.reports.objects import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from depscan.images.profile import ImageProfile
    from depscan.linking.bases import BaseTrial
    from depscan.linking.placement import Placement

_WIDTH = 100
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def render_json(trials: Sequence[BaseTrial]) -> str:
    """The document that the contract names."""
    return dump({"bases": [_base(trial) for trial in trials]})


def _base(trial: BaseTrial) -> dict[str, object]:
    causes = [
        {"file": placement.artifact.source, "cause": placement.cause, "detail": placement.detail or _doubt(placement)}
        for placement in trial.placements
        if placement.verdict != "loads"
    ]
    return {"reference": _reference(trial.profile), "verdict": trial.verdict, "causes": causes}


def render_text(trials: Sequence[BaseTrial]) -> str:
    """A list for one file, a matrix for several."""
    lines = _list(trials) if len(trials[0].placements) == 1 else _matrix(trials)
    return "".join(f"{printable(line)}\n" for line in lines)


def _list(trials: Sequence[BaseTrial]) -> Iterator[str]:
    from tabulate import tabulate  # noqa: PLC0415 - 10 ms that no other command needs

    rows = [
        (trial.verdict, _reference(trial.profile), _libc(trial.profile), _reason(trial.placements[0]))
        for trial in trials
    ]
    yield from tabulate(rows, ("verdict", "base", "libc", "reason"), "simple", disable_numparse=True).split("\n")


def _matrix(trials: Sequence[BaseTrial]) -> Iterator[str]:
    from tabulate import tabulate  # noqa: PLC0415 - as above

    groups = _groups(trials)
    rows = [
        (placement.artifact.source, *(group[0].placements[number].verdict for group in groups))
        for number, placement in enumerate(trials[0].placements)
    ]
    names = [_name(number) for number in range(len(groups))]
    yield from tabulate(rows, ("file", *names), "simple", disable_numparse=True).split("\n")
    for name, group in zip(names, groups, strict=True):
        yield ""
        yield from _folded(f"{name}  ", [_reference(trial.profile) for trial in group])
        for placement in group[0].placements:
            if placement.verdict != "loads":
                yield f"   {placement.artifact.source}: {placement.verdict}, {_reason(placement)}"


def _groups(trials: Sequence[BaseTrial]) -> list[list[BaseTrial]]:
    """Bases on which every file has the same verdict for the same reason; those that run most files first."""
    groups: dict[tuple[object, ...], list[BaseTrial]] = {}
    for trial in trials:
        groups.setdefault(tuple((each.verdict, _reason(each)) for each in trial.placements), []).append(trial)
    return sorted(groups.values(), key=lambda group: -sum(each.verdict == "loads" for each in group[0].placements))


def _name(number: int) -> str:
    """A, B, ... Z, A1, B1, ..."""
    return _LETTERS[number % 26] + (str(number // 26) if number >= 26 else "")


def _reason(placement: Placement) -> str:
    if placement.verdict == "fails":
        return " ".join(str(part) for part in (placement.cause, placement.detail) if part)
    return _doubt(placement) if placement.verdict == "unknown" else "; ".join(placement.link.notes)


def _doubt(placement: Placement) -> str:
    return next(iter(placement.link.unknowns), "")


def _reference(profile: ImageProfile) -> str:
    """As one writes it in FROM."""
    return profile.name.removesuffix(":latest")


def _libc(profile: ImageProfile) -> str:
    return " ".join(part for part in (profile.libc.family, profile.libc.version) if part)


def _folded(head: str, words: Iterable[str]) -> Iterator[str]:
    """Words in lines of _WIDTH columns, aligned behind `head`."""
    line = head
    for word in words:
        if len(line) + len(word) > _WIDTH and line.strip():
            yield line.rstrip()
            line = " " * len(head)
        line += f"{word}, "
    yield line.rstrip(", ")
