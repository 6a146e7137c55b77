"""What `depscan bases` prints: which known bases can run some files, and why the others cannot.

In: `BaseTrial`s, in the order to print; the width of the terminal, whether it shows colour. Out: text or JSON. For one
file the text is a list by verdict; for several a matrix of files and groups of bases on which each file fares alike,
marked by one character, with the bases and the reasons of each group below it.
"""

from __future__ import annotations

import posixpath
from collections import Counter
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
_MARKS = {"loads": "+", "fails": "-", "unknown": "?"}
_MOST_EXPLAINED = 6  # groups, the nearest; the reasons of all would hide the matrix
_LEGEND = "+ loads   - fails   ? not known"
_COLORS = {"loads": "32", "fails": "31", "unknown": "33"}  # SGR: green, red, yellow


def render_json(trials: Sequence[BaseTrial]) -> str:
    """The document that the contract names."""
    return dump({"bases": [_base(trial) for trial in trials]})


def _base(trial: BaseTrial) -> dict[str, object]:
    causes = [
        {
            "file": placement.artifact.source,
            "cause": placement.cause,
            "detail": placement.detail or next(iter(placement.link.unknowns), ""),
        }
        for placement in trial.placements
        if placement.verdict != "loads"
    ]
    sizes = {"size": trial.profile.size, "unpacked_size": trial.profile.unpacked_size}
    return {"reference": _reference(trial.profile), "verdict": trial.verdict, "causes": causes, **sizes}


def render_text(trials: Sequence[BaseTrial], *, width: int = _WIDTH, color: bool = False) -> str:
    """A list for one file, a matrix for several; lines of `width` columns where their words allow it."""
    lines = _list(trials, color=color) if len(trials[0].placements) == 1 else _matrix(trials, width, color=color)
    return "".join(f"{line}\n" for line in lines)


def _list(trials: Sequence[BaseTrial], *, color: bool) -> Iterator[str]:
    from tabulate import tabulate  # noqa: PLC0415 - 10 ms that no other command needs

    heads = ("verdict", "base", "libc", "compressed", "unpacked", "reason")
    rows = [
        (trial.verdict, *map(printable, (*_facts(trial.profile), _reason(trial.placements[0], trial.profile))))
        for trial in trials
    ]
    lines = tabulate(rows, heads, "simple", disable_numparse=True).split("\n")
    yield from lines[:2]
    for row, line in zip(rows, lines[2:], strict=True):
        yield (_colored(row[0], row[0]) + line[len(row[0]) :] if color else line).rstrip()


def _matrix(trials: Sequence[BaseTrial], width: int, *, color: bool) -> Iterator[str]:
    groups, names = _groups(trials), _file_names(trials[0].placements, width // 2)
    letters = [_letter(number) for number in range(len(groups))]
    room = max(map(len, ("file", *names)))
    step = max(map(len, letters)) + 2
    most = max(1, (width - room) // step)
    for start in range(0, len(groups), most):
        part = slice(start, start + most)
        yield from _block(names, groups[part], letters[part], room, step, color=color)
        yield ""
    yield _LEGEND
    for number, (letter, group) in enumerate(zip(letters, groups, strict=True)):
        if number <= _MOST_EXPLAINED:
            yield ""
        yield from _bases_of(letter, group, width)
        if number < _MOST_EXPLAINED:
            yield from _reasons_of(group, names, width)
    if len(groups) > _MOST_EXPLAINED:
        yield ""
        yield f"Why on {letters[_MOST_EXPLAINED]} and further: --format json, or ask about one file"


def _block(
    names: Sequence[str],
    groups: Sequence[list[BaseTrial]],
    letters: Sequence[str],
    room: int,
    step: int,
    *,
    color: bool,
) -> Iterator[str]:
    """The matrix of some groups, as many as fit into a line."""
    yield "file".ljust(room) + "".join(letter.rjust(step) for letter in letters)
    yield "-" * room + "".join(f"  {'-' * (step - 2)}" for _ in letters)
    for number, name in enumerate(names):
        verdicts = [group[0].placements[number].verdict for group in groups]
        marks = (" " * (step - 1) + (_colored(each, _MARKS[each]) if color else _MARKS[each]) for each in verdicts)
        yield name.ljust(room) + "".join(marks)


def _bases_of(letter: str, group: list[BaseTrial], width: int) -> Iterator[str]:
    """A group's line in the list of bases."""
    placements = group[0].placements
    good = sum(each.verdict == "loads" for each in placements)
    first, *others = (printable(_reference(trial.profile)) for trial in group)
    yield from _folded(f"{letter.ljust(2)} ", [f"{good} of {len(placements)} load on {first}", *others], width)


def _reasons_of(group: list[BaseTrial], names: Sequence[str], width: int) -> Iterator[str]:
    """Why which files do not load there, files with one reason together."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for number, placement in enumerate(group[0].placements):
        if placement.verdict != "loads":
            found = Counter(_reason(trial.placements[number], trial.profile) for trial in group)
            reasons.setdefault((_MARKS[placement.verdict], _told(found)), []).append(names[number])
    for (mark, reason), files in reasons.items():
        yield from _folded(f"   {mark} {printable(reason)}: ", files, width, hang=5)


def _told(reasons: Counter[str]) -> str:
    """The commonest reason on a group's bases, and the other or how many others there are."""
    first, *others = (reason for reason, _ in reasons.most_common())
    if not others:
        return first
    return f"{first} (or {others[0] if len(others) == 1 else f'one of {len(others)} other reasons'})"


def _groups(trials: Sequence[BaseTrial]) -> list[list[BaseTrial]]:
    """Bases on which every file has the same verdict; those that run most files, then those that fail fewest, first."""
    groups: dict[tuple[str, ...], list[BaseTrial]] = {}
    for trial in trials:
        groups.setdefault(tuple(each.verdict for each in trial.placements), []).append(trial)
    return [groups[key] for key in sorted(groups, key=lambda key: (-key.count("loads"), key.count("fails")))]


def _file_names(placements: Sequence[Placement], most: int) -> list[str]:
    """The files' names without the folder that all share; of long ones the end, which tells them apart."""
    names = [placement.artifact.source for placement in placements]
    folder = posixpath.commonprefix([posixpath.dirname(name) + "/" for name in names]).rpartition("/")[0]
    short = [printable(name.removeprefix(f"{folder}/") if folder else name) for name in names]
    return [name if len(name) <= most else f"...{name[3 - most :]}" for name in short]


def _letter(number: int) -> str:
    """A, B, ... Z, AA, AB, ... as a spreadsheet's columns."""
    return (_letter(number // 26 - 1) if number >= 26 else "") + _LETTERS[number % 26]


def _colored(verdict: str, text: str) -> str:
    return f"\x1b[{_COLORS[verdict]}m{text}\x1b[0m"


def _reason(placement: Placement, profile: ImageProfile) -> str:
    """Why a file does not load, in words that are the same for each base; notes where it does."""
    if placement.verdict == "fails":
        return " ".join(str(part) for part in (placement.cause, placement.detail) if part)
    if placement.verdict == "unknown":
        return next(iter(placement.link.unknowns), "").replace(f"the files of {profile.reference}", "the base's files")
    return "; ".join(placement.link.notes)


def _reference(profile: ImageProfile) -> str:
    """As one writes it in FROM."""
    return profile.name.removesuffix(":latest")


def _facts(profile: ImageProfile) -> tuple[str, str, str, str]:
    """Reference, libc and both sizes."""
    return _reference(profile), _libc(profile), _size(profile.size), _size(profile.unpacked_size)


def _libc(profile: ImageProfile) -> str:
    return " ".join(part for part in (profile.libc.family, profile.libc.version) if part)


def _size(size: int | None) -> str:
    """In millions of bytes, where it is known."""
    return f"{size / 1e6:.1f} MB" if size is not None else ""


def _folded(head: str, words: Iterable[str], width: int, hang: int = 3) -> Iterator[str]:
    """Words behind `head` in lines of `width` columns; further lines begin at column `hang`."""
    line, begun = head, False
    for word in words:
        if begun and len(line) + len(word) > width:
            yield line.rstrip()
            line = " " * hang
        line, begun = f"{line}{word}, ", True
    yield line.rstrip(", ")
