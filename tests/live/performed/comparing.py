"""depscan's words beside what really happened, Dockerfile by Dockerfile.

In: a `Case`. Out: a `Row`: how the container ended, what depscan said of it before, and where a file that was built
contradicts what was predicted of it. `python -m tests.live.performed.comparing --help` tells how to run many.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.elf import explain_elf
from depscan.artifacts.facts import ElfFacts
from depscan.config import Config
from depscan.findings import Confidence, Severity
from depscan.scan import scan
from tests.live.performed.cases import Case  # noqa: TC001 - msgspec reads the fields' types
from tests.live.performed.copying import resolve
from tests.live.performed.layers import mount
from tests.live.performed.many import parse_arguments, perform_many
from tests.live.performed.performing import Build, BuildFailedError
from tests.live.performed.starting import Ending, start

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from depscan.findings import Finding
    from depscan.linking.placement import Placement
    from depscan.results import Scan

# Findings that do not say that the container will not start.
_OTHER_MATTERS = frozenset(
    {"base-end-of-life", "base-tag-moves", "builder-tag-moves", "static-glibc-nss", "base-unresolved"}
)


class Alarm(Struct, frozen=True):
    """A finding, as far as it matters here."""

    rule: str
    severity: str
    confidence: str
    message: str


class Row(Struct, frozen=True):
    """One Dockerfile. `cause` None says that its container starts; `build-failed` that there is none."""

    case: Case
    cause: str | None
    detail: str | None
    message: str
    alarms: tuple[Alarm, ...]
    unknowns: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """A line that says how it went."""
        return f"{self.kind}: {self.message}"

    @property
    def kind(self) -> str:
        """The cell of the table."""
        if self.cause == "unforeseen":
            return "not performed"
        if self.cause is None:
            silence = "right silence, unknown" if self.unknowns else "right silence"
            return "FALSE ALARM" if self.alarms else silence
        what = "build fails" if self.cause == "build-failed" else "start fails"
        return f"{what}: {'told' if self.alarms else 'unknown' if self.unknowns else 'MISSED'}"


def compare(case: Case) -> Row:
    """Ask depscan, then perform and start."""
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        write_context(case, context)
        told = ask(case, context)
        build = Build(case.dockerfile, context)
        try:
            ending = start(build.image())
        except BuildFailedError as error:
            ending = Ending("build-failed", None, str(error))
        contradictions = tuple(_contradictions(told, build)) if ending.cause != "build-failed" else ()
    return Row(case, ending.cause, ending.detail, ending.message, _alarms(told), _unknowns(told), contradictions)


def write_context(case: Case, context: Path) -> None:
    """The files of a case, scripts executable, and what was built before; raises BuildFailedError."""
    for name, text in case.files.items():
        path = context / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        path.chmod(0o755 if text.startswith("#!") and name not in case.plain else 0o644)
    if case.built:
        with mount(Build(case.built, context).image().layers) as here:
            shutil.copytree(here / "out", context, symlinks=True, dirs_exist_ok=True)


def ask(case: Case, context: Path) -> Scan:
    """What depscan says, of the text and the context alone."""
    with tempfile.TemporaryDirectory() as folder:
        dockerfile = Path(folder, "Dockerfile")
        dockerfile.write_text(case.dockerfile)
        (result,) = scan([dockerfile], Config(context=context, jobs=1, cache=False)).scans
    return result


def _alarms(told: Scan) -> tuple[Alarm, ...]:
    return tuple(
        Alarm(found.rule, str(found.severity), str(found.confidence), found.message) for found in alarming(told)
    )


def alarming(told: Scan) -> list[Finding]:
    """The findings that say that the container will not start."""
    return [
        found for found in told.findings if found.severity is not Severity.NOTE and found.rule not in _OTHER_MATTERS
    ]


def _unknowns(told: Scan) -> tuple[str, ...]:
    last = told.stages[-1]
    skipped = [f"{row.subject}: {row.reason}" for row in told.skipped]
    doubted = [
        f"{item.path}: {'; '.join(item.link.unknowns)}"
        for item in told.placements
        if item.filesystem is last and item.verdict == "unknown"
    ]
    return tuple(dict.fromkeys([*skipped, *doubted]))


def _contradictions(told: Scan, build: Build) -> Iterator[str]:
    """Where a real file is not what was predicted of it as likely or certain."""
    for item in told.placements:
        prediction, facts = item.artifact.prediction, item.artifact.facts
        if prediction is None or item.artifact.kind != "elf" or item.artifact.confidence is Confidence.POSSIBLE:
            continue
        index = item.filesystem.stage.index
        with mount(build.image(index).layers) as here:
            path = resolve(here, item.path)
            real = explain_elf(path) if path.is_file() else None
        if isinstance(real, ElfFacts):
            yield from (f"{item.path} in stage {index}: {text}" for text in _differences(facts, real, item))
        elif path.name != "*":
            yield f"{item.path} in stage {index}: no such ELF file ({real})"


def _differences(predicted: ElfFacts, real: ElfFacts, item: Placement) -> Iterator[str]:
    if predicted.interpreter != real.interpreter and predicted.linkage is not None:
        yield f"interpreter {predicted.interpreter}, really {real.interpreter}"
    if extra := set(predicted.needed) - set(real.needed):
        yield f"does not need {' '.join(sorted(extra))}"
    asked = {need.name for needs in real.version_needs.values() for need in needs}
    surely = {need.name for needs in predicted.version_needs.values() for need in needs}
    if extra := surely - asked:
        yield f"does not need {' '.join(sorted(extra))}"
    ceiling = item.artifact.prediction.product.ceiling if item.artifact.prediction else None
    highest = max((_number(name) for name in asked if name.startswith("GLIBC_2")), default=())
    if ceiling and highest > _number(ceiling):
        yield f"needs {highest}, above {ceiling}"


def _number(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.rpartition("_")[2].split(".") if part.isdecimal())


def main() -> None:
    """Perform many Dockerfiles and print the table; rows are kept, so that a stopped run goes on."""
    print_table(perform_many(parse_arguments(main.__doc__), _compare_safely, Row))


def _compare_safely(case: Case) -> Row:
    try:
        return compare(case)
    except Exception as error:
        return Row(case, "unforeseen", None, repr(error), ())


def print_table(rows: Iterable[Row]) -> None:
    """Counts by kind, alarms by gravity, and every row that is wrong."""
    rows = list(rows)
    for kind, count in sorted(Counter(row.kind for row in rows).items()):
        print(f"{count:5} {kind}")
    for wrong in (False, True):
        told = [row for row in rows if row.alarms and (row.cause is None) is wrong]
        grades = Counter(
            min((f"{alarm.severity} {alarm.confidence}" for alarm in row.alarms), key=_grade) for row in told
        )
        print(f"{'false' if wrong else 'true'} alarms: {dict(sorted(grades.items()))}")
    for row in rows:
        if row.kind in ("FALSE ALARM", "start fails: MISSED") or row.contradictions or row.cause == "unforeseen":
            print(f"\n== {row.case.name}: {row.kind}: {row.message}")
            for alarm in row.alarms:
                print(f"   {alarm.severity} {alarm.confidence} {alarm.rule}: {alarm.message}")
            for text in row.contradictions:
                print(f"   CONTRADICTED {text}")


def _grade(text: str) -> tuple[int, int]:
    severity, confidence = text.split()
    return Confidence(confidence).rank, Severity(severity).rank


if __name__ == "__main__":
    main()
