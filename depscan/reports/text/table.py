"""Every file that was judged, for --verbose.

In: a scan. Out: its lines, stage by stage; what fails first, then what is unknown, then what loads. No path is cut. A
line never says something else than a finding on its file: what only may fail may fail here too.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from depscan.findings import Confidence, Severity
from depscan.linking.placement import Verdict
from depscan.platforms import MACHINES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.linking.placement import Placement
    from depscan.reports.text.paint import Paint
    from depscan.results import Scan

_ORDER = {"fails": 0, "may fail": 1, "unknown": 2, "loads": 3}
_LIKE = {"may fail": "unknown"}  # painted
_WORD = max(map(len, _ORDER))


def table(scan: Scan, paint: Paint) -> Iterator[str]:
    """The lines of the table; one that says so where nothing was judged."""
    if not scan.placements:
        yield "no file to judge"
    by_stage: dict[int, list[Placement]] = {}
    for placement in scan.placements:
        by_stage.setdefault(placement.filesystem.stage.index, []).append(placement)
    accused = _accused(scan)
    for index, placements in by_stage.items():
        yield from paint.folded(f"stage {index}, {_base(placements[0])}:")
        rows = [(outcome(each, accused.get((index, each.path))), each) for each in placements]
        for word, placement in sorted(rows, key=lambda row: _ORDER[row[0]]):
            first, *more = paint.folded(_row(placement), f"  {word:<{_WORD}}  ", _WORD + 4)
            yield f"  {paint.word(_LIKE.get(word, word), word)}{first[len(word) + 2 :]}"
            yield from more


def outcome(placement: Placement, severity: Severity | None) -> str:
    """The verdict in a word; `severity` is the gravest of the warnings and errors on the file."""
    if placement.verdict is Verdict.FAILS:
        possible = placement.confidence is Confidence.POSSIBLE and severity is not Severity.ERROR
        return "may fail" if possible else "fails"
    if severity is None:
        return placement.verdict.value
    return "fails" if severity is Severity.ERROR else "may fail"


def _accused(scan: Scan) -> dict[tuple[int, str], Severity]:
    """The gravest severity by stage and path of what warnings and errors tell of."""
    found: dict[tuple[int, str], Severity] = {}
    for finding in scan.findings:
        if finding.severity is not Severity.NOTE:
            for path in finding.artifacts:
                known = found.setdefault((finding.stage or 0, path), finding.severity)
                found[finding.stage or 0, path] = min(known, finding.severity, key=lambda each: each.rank)
    return found


def _row(placement: Placement) -> str:
    """`/hello (from hello, needs glibc 2.34): interpreter-missing`."""
    unknown = next(iter(placement.link.unknowns), "not known why") if placement.verdict is Verdict.UNKNOWN else ""
    reason = " ".join(part for part in (placement.cause, placement.detail, unknown) if part)
    wanted = _needs(placement)
    about = ", ".join(
        part for part in (f"from {placement.artifact.source}", f"needs {wanted}" if wanted else "") if part
    )
    return f"{placement.path} ({about}){f': {reason}' if reason else ''}"


def _needs(placement: Placement) -> str:
    """What the file needs in few words: `glibc 2.34`, `nothing, static`; its machine if not the platform's."""
    facts = placement.artifact.facts
    if placement.artifact.script is not None:
        return posixpath.basename(placement.artifact.script.wanted or "")
    foreign = facts.machine if facts.machine != MACHINES.get(placement.platform.architecture) else ""
    if facts.linkage in ("static", "static-pie"):
        return ", ".join(part for part in ("nothing", str(facts.linkage), foreign) if part)
    libc = facts.libc if facts.libc in ("glibc", "musl") else ""
    versions = (need.name for found in facts.version_needs.values() for need in found if not need.weak)
    floor = max((_number(name) for name in versions if name.startswith("GLIBC_2.")), default=())
    wanted = " ".join(part for part in (libc, ".".join(map(str, floor))) if part)
    return ", ".join(part for part in (wanted, foreign) if part)


def _number(version: str) -> tuple[int, ...]:
    """(2, 34) of GLIBC_2.34."""
    return tuple(int(part) for part in version.removeprefix("GLIBC_").split(".") if part.isdigit())


def _base(placement: Placement) -> str:
    profile = placement.filesystem.profile
    libc = " ".join(part for part in (profile.libc.family, profile.libc.version) if part)
    name = placement.filesystem.stage.base or "?"
    return f"{name} ({libc})" if profile.libc.family not in ("none", "unknown") else name
