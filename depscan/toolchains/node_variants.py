"""Lockfiles of npm that lack the optional package of this platform.

In: a `Selection`. Out: a `Fault` for each package whose variants are pinned for other platforms alone. npm leaves them
out when node_modules of another platform stood there as the lockfile was written (npm/cli#4828), and `npm ci` installs
no more than the lockfile has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.findings import Confidence
from depscan.toolchains.node_packages import CPUS, Target, find_known, read_target
from depscan.toolchains.workplace import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.node_lockfiles import Locked
    from depscan.toolchains.node_selection import Selection

VARIANT_NOT_LOCKED = "variant-not-locked"


def find_missing_variants(selection: Selection) -> Iterator[Fault]:
    """The packages whose variant for the stage is offered but not pinned."""
    lock, install = selection.lock, selection.install
    if lock.tool != "npm" or lock.version == 0 or not install.optional:
        return
    for parent in lock.packages:
        if not parent.options or (parent.dev and not install.dev):
            continue
        fault = _judge(parent, selection)
        if fault is not None:
            yield fault


def _judge(parent: Locked, selection: Selection) -> Fault | None:
    pinned = {each.name for each in selection.lock.packages}
    variants = [(name, target) for name in parent.options if (target := read_target(name)) is not None]
    have = [(name, target) for name, target in variants if name in pinned]
    wanted = list(_wanted(parent, variants, selection))
    if not have or not wanted or any(name in pinned for name in wanted):
        return None
    others = ", ".join(sorted(name for name, _ in have)[:3])
    install = selection.install
    detail = (
        f"the lockfile has {parent.name} {parent.version} with {others}, and not {wanted[0]}, "
        f"which linux/{install.platform.architecture} on {install.libc} needs"
    )
    confidence = Confidence.POSSIBLE if parent.optional else Confidence.LIKELY
    return Fault(VARIANT_NOT_LOCKED, detail, confidence, remedies=(parent.name, *wanted))


def _wanted(parent: Locked, variants: list[tuple[str, Target]], selection: Selection) -> Iterator[str]:
    """The names of the variants for the stage: those that the package lists, else those that it is known to have."""
    cpu, libc = CPUS.get(selection.install.platform.architecture), selection.install.libc
    known = find_known(parent.name, parent.version)
    for name, target in variants:
        if target.os != "linux" or target.cpu != cpu:
            continue
        for_libc = selection.libc_by_name(name, target)
        if for_libc in (None, libc):
            yield name
        elif known is not None and libc in known.libcs:
            yield name.removesuffix("-gnu").removesuffix("-musl") + ("-gnu" if libc == "glibc" else "-musl")
