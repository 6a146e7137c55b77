"""depscan's advice tried for real: the first remedy of every alarm of a container that does not start.

In: a `Case`. Out: a `Row`: how the container ended, and for each alarm what its first remedy makes of it. A remedy is
written into the Dockerfile (or the context), depscan is asked again, the first remedy of what it still tells is written
too, and the outcome is performed and started. `python -m tests.live.performed.advising --help` tells how to try many.
"""

from __future__ import annotations

import difflib
import os
import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace
from tabulate import tabulate

from tests.live.performed.cases import Case  # noqa: TC001 - msgspec reads the fields' types
from tests.live.performed.comparing import alarming, ask, write_context
from tests.live.performed.copying import resolve
from tests.live.performed.images import PATH, NoImageError
from tests.live.performed.layers import mount
from tests.live.performed.many import parse_arguments, perform_many
from tests.live.performed.performing import Build, BuildFailedError
from tests.live.performed.starting import Ending, start

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from depscan.findings import Edit, Finding, Suggestion
    from depscan.source import Position
    from tests.live.performed.images import Image

_MOST_STEPS = 4
RUNS, FAILS, TOLD, NO_COMMAND = "runs", "FAILS", "fails, told", "no such command"
NO_ADVICE, NOT_PERFORMED = "no advice", "not performable"
ENDS = (RUNS, FAILS, TOLD, NO_COMMAND, NOT_PERFORMED, NO_ADVICE)
_ABSENT_COMMAND = "absent-command"
# What the roots that are made here cannot do: they have neither apk nor the systems of Red Hat and SUSE.
_ABSENT = ("apk: not found", "dnf: not found", "yum: not found", "microdnf: not found", "zypper: not found")


class Attempt(Struct, frozen=True):
    """The first remedy of one alarm, with those of what was still told, and what came of them.

    `changes` are the lines that they change, `left` what depscan tells of the changed Dockerfile.
    """

    rule: str
    gravity: str
    end: str
    remedies: tuple[str, ...] = ()
    message: str = ""
    changes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class Row(Struct, frozen=True):
    """One Dockerfile; `cause` None says that its container starts as it is."""

    case: Case
    cause: str | None
    message: str
    attempts: tuple[Attempt, ...] = ()

    @property
    def summary(self) -> str:
        """A line that says how it went."""
        tried = "; ".join(f"{each.rule}: {each.end}" for each in self.attempts)
        return f"{self.cause or 'starts'}: {tried}"


def advise(case: Case) -> Row:
    """Perform a case, and where it does not start, the first remedy of each alarm."""
    findings = _alarms(case)
    if not findings:
        return Row(case, None, "nothing told")
    ending = _perform(case)
    if ending.cause is None:
        return Row(case, None, "starts as it is")
    return Row(case, ending.cause, ending.message, tuple(_try(found, case) for found in findings))


def _alarms(case: Case) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        write_context(case, Path(folder))
        return alarming(ask(case, Path(folder)))


def _perform(case: Case) -> Ending:
    with tempfile.TemporaryDirectory() as folder:
        write_context(case, Path(folder))
        try:
            image = Build(case.dockerfile, Path(folder)).image()
        except BuildFailedError as error:
            return Ending("build-failed", None, str(error))
    ending = start(image)
    return ending._replace(cause=_ABSENT_COMMAND) if ending.cause and not _is_there(image) else ending


def _is_there(image: Image) -> bool:
    """Whether the first start word names anything in the image, be it a link to nothing."""
    folder, slash, name = (*image.entrypoint, *image.command, "")[0].rpartition("/")
    folders = (
        (os.path.join(image.workdir, folder + slash),) if slash else image.environment.get("PATH", PATH).split(":")
    )
    with mount(image.layers) as here:
        return any(os.path.lexists(resolve(here, each) / name) for each in folders)


def _try(found: Finding, case: Case) -> Attempt:
    gravity = f"{found.severity} {found.confidence}"
    if not found.suggestions:
        return Attempt(found.rule, gravity, NO_ADVICE)
    try:
        changed, taken, left = _follow(found.suggestions[0], case)
    except BuildFailedError as error:
        return Attempt(found.rule, gravity, FAILS, (found.suggestions[0].title,), str(error))
    attempt = Attempt(
        found.rule,
        gravity,
        NOT_PERFORMED,
        remedies=tuple(f"{each.kind}: {each.title}" for each in taken),
        changes=tuple(_changes(case, changed)),
        left=tuple(f"{each.rule}: {each.message}" for each in left),
    )
    if changed == case:
        return replace(attempt, message="nothing to write into the Dockerfile, nor to build anew")
    try:
        ending = _perform(changed)
    except NoImageError as error:
        return replace(attempt, message=f"no such image here: {error}")
    return replace(attempt, end=_judge(ending, attempt), message=ending.message)


def _judge(ending: Ending, attempt: Attempt) -> str:
    """A command that is nowhere, which no remedy was about, is a flaw of its own that the composing of cases brings."""
    if ending.cause is None:
        return RUNS
    if any(text in ending.message for text in _ABSENT):
        return NOT_PERFORMED
    if attempt.left:
        return TOLD
    about_start = any(re.match(r"[-+](CMD|ENTRYPOINT|ENV|WORKDIR) ", line) for line in attempt.changes)
    return NO_COMMAND if ending.cause == _ABSENT_COMMAND and not about_start else FAILS


def _follow(suggestion: Suggestion, case: Case) -> tuple[Case, list[Suggestion], list[Finding]]:
    """The case after a remedy and the first ones of what is told then; which they are; what is told at the end."""
    taken: list[Suggestion] = []
    while True:
        taken.append(suggestion)
        changed = write_edits(case, suggestion.edits) if suggestion.edits else _build_anew(case, suggestion.title)
        left = _alarms(changed)
        following = next((each.suggestions[0] for each in left if each.suggestions), None)
        if changed == case or following is None or len(taken) == _MOST_STEPS:
            return changed, taken, left
        suggestion, case = following, changed


def _build_anew(case: Case, title: str) -> Case:
    """What was built before, with the flags that a remedy names where it can be done with flags."""
    flags = " ".join(word.strip(",") for word in title.split() if word.startswith("-"))
    environment = " ".join(word for word in title.split() if word.startswith("CGO_ENABLED="))
    text = re.sub(r"(?m)\b(gcc|g\+\+)(?= -o)", rf"\1 {flags}", case.built) if flags else case.built
    return replace(case, built=text.replace("go build", f"{environment} go build") if environment else text)


def write_edits(case: Case, edits: Iterable[Edit]) -> Case:
    """The case with the edits written into its Dockerfile and the files of its context."""
    for edit in sorted(edits, key=lambda each: each.location.span.start, reverse=True):
        name = _file_of(edit, case)
        if name is None:
            case = replace(case, dockerfile=_write(edit, case.dockerfile))
        else:
            case = replace(case, files={**case.files, name: _write(edit, case.files.get(name, ""))})
    return case


def _file_of(edit: Edit, case: Case) -> str | None:
    """The file of the context that an edit is for, None for the Dockerfile, which lies outside of it."""
    path = edit.location.path
    if Path(path).name == "Dockerfile":
        return None
    return next((name for name in case.files if f"/{path}".endswith(f"/{name}")), Path(path).name)


def _write(edit: Edit, text: str) -> str:
    span = edit.location.span
    text += "\n" * max(0, span.start.line - 1 - text.count("\n"))
    return text[: _offset(text, span.start)] + edit.text + text[_offset(text, span.end) :]


def _offset(text: str, position: Position) -> int:
    return sum(map(len, text.splitlines(keepends=True)[: position.line - 1])) + position.column - 1


def _changes(before: Case, after: Case) -> Iterator[str]:
    texts = [{"": each.dockerfile, " built": each.built, **each.files} for each in (before, after)]
    for name in texts[1]:
        old, new = (each.get(name, "") for each in texts)
        lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
        yield from (line for line in lines if not line.startswith(("---", "+++", "@@")))


def main() -> None:
    """Try the first remedies of many Dockerfiles and print the table; rows are kept, so that a stopped run goes on."""
    print_table(perform_many(parse_arguments(main.__doc__), _advise_safely, Row))


def _advise_safely(case: Case) -> Row:
    try:
        return advise(case)
    except Exception as error:
        return Row(case, "unforeseen", repr(error))


def print_table(rows: Iterable[Row]) -> None:
    """Ends by rule, and every remedy that does not make the container start."""
    rows = sorted(rows, key=lambda row: row.case.name)
    counts = Counter((each.rule, each.end) for row in rows for each in row.attempts)
    rules = sorted({rule for rule, _ in counts})
    lines = [[rule, *(counts[rule, end] or "" for end in ENDS)] for rule in rules]
    totals = [sum(counts[rule, end] for rule in rules) for end in ENDS]
    print(tabulate([*lines, ["all", *totals]], headers=["rule", *ENDS]))
    tried = sum(totals[:3])
    print(
        f"{totals[0]} of {tried} remedies that were performed make the container start ({totals[0] / (tried or 1):.1%})"
    )
    for row in rows:
        for each in row.attempts:
            if each.end not in (RUNS, NO_ADVICE):
                _print_attempt(row, each)
        if row.cause == "unforeseen":
            print(f"\n== {row.case.name}: not performed: {row.message}")


def _print_attempt(row: Row, attempt: Attempt) -> None:
    print(f"\n== {row.case.name}: {attempt.gravity} {attempt.rule}: {attempt.end}: {attempt.message}")
    for text in (*attempt.remedies, *attempt.changes, *(f"still told: {text}" for text in attempt.left)):
        print(f"   {text}")


if __name__ == "__main__":
    main()
