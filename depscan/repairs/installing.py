"""Packages of the stage's own distribution that bring what is missing.

In: a `Case`. Out: `Offer`s of one RUN for all of its findings, where root may write: after FROM, and where a stage
below took root away, between USER root and the USER that was in force.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from depscan.filesystem.entries import Presence
from depscan.findings import Edit
from depscan.packages import install_command
from depscan.packages.providers import who_provides
from depscan.repairs.case import offer
from depscan.source import Position, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.dockerfile.instructions import Stage
    from depscan.repairs.case import Case, Offer

_DIRECTORIES = ("/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin")
_ROOT = frozenset({"root", "0", "root:root", "0:0", "root:0", "0:root"})


def install_packages(case: Case) -> Iterator[Offer]:
    """The packages that bring every missing library."""
    profile = case.filesystem.profile
    needs = (need for placement in case.placements for need in placement.link.needs)
    missing = sorted({need.soname for need in needs if need.presence is Presence.MISSING})
    if not missing or profile.package_manager is None:
        return
    found = [who_provides(profile.package_manager, profile.release, soname) for soname in missing]
    if all(found):
        yield from _install(case, tuple(sorted({packages[0] for packages in found})))


def install_interpreter(case: Case) -> Iterator[Offer]:
    """The packages that have the interpreter of a script, the one of its name first."""
    profile = case.filesystem.profile
    scripts = (placement.artifact.script for placement in case.placements)
    wanted = next((each.wanted for each in scripts if each is not None and each.wanted), None)
    if wanted is None or profile.package_manager is None:
        return
    name = posixpath.basename(wanted)
    paths = [f"{directory}/{name}" for directory in _DIRECTORIES]
    having = {package for path in paths for package in who_provides(profile.package_manager, profile.release, path)}
    for package in sorted({*having, name}, key=lambda package: (package != name, package)):
        yield from _install(case, (package,))


def _install(case: Case, packages: tuple[str, ...]) -> Iterator[Offer]:
    command = install_command(case.filesystem.profile.package_manager or "", packages)
    if command is not None:
        stage = case.filesystem.stage
        line = Position(stage.instruction.span.end.line + 1, 1)
        text = as_root(f"RUN {command}\n", user_at(case, line))
        title = f"install the package{'s' if len(packages) > 1 else ''}: RUN {command}"
        yield offer("package", title, (Edit(case.place(Span(line, line)), text),))


def as_root(text: str, user: str | None) -> str:
    """Lines of a Dockerfile, between changes of the user where another one than root is in force."""
    return text if user is None or user in _ROOT else f"USER root\n{text}USER {user}\n"


def user_at(case: Case, place: Position) -> str | None:
    """The user in force at a place of the stage; None where neither it nor the stages below name one."""
    by_index = {each.stage.index: each.stage for each in case.stages}
    stage: Stage | None = case.filesystem.stage
    while stage is not None:
        users = [each for each in stage.instructions if each.keyword == "USER" and each.span.start < place]
        if users and users[-1].arguments:
            return users[-1].arguments[0].text
        stage = by_index.get(stage.base_stage) if stage.base_stage is not None else None
    return None
