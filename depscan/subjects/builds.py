"""How a program that is not built yet is made, in a rule author's words.

In: a `Placement`. Out: its `BuildView`, with the chain from the builder's image to the one it is to run on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.artifacts.facts import Linkage
from depscan.filesystem.entries import Presence
from depscan.images.lifetimes import name_release
from depscan.linking.placement import Verdict
from depscan.linking.versions import numeric
from depscan.subjects import BuildView

if TYPE_CHECKING:
    from depscan.artifacts.prediction import Prediction
    from depscan.images.profile import ImageProfile
    from depscan.linking.placement import Placement

READ = BuildView()


def build_view(placement: Placement) -> BuildView:
    """The view of a predicted artifact; `READ` for one that was read."""
    made = placement.artifact.prediction
    if made is None:
        return READ
    from depscan.filesystem.products import describe_release  # noqa: PLC0415 - a run that builds nothing needs none of it

    profile = placement.filesystem.profile
    newer = _newer(placement, made.product.ceiling, profile)
    runtime = " = ".join(dict.fromkeys((profile.name, describe_release(profile))))
    return BuildView(
        tool=made.product.tool,
        command=made.command,
        builder=made.builder,
        libc=made.libc,
        chain=" -> ".join(dict.fromkeys((made.builder, runtime))),
        refuted_by=made.product.refuted_by,
        newer=newer,
        journey=_journey(made, profile),
    )


def _journey(made: Prediction, profile: ImageProfile) -> str:
    """`built on Debian, run on Alpine`; with numbers where it is one distribution, `for glibc` where unknown."""
    here, there = name_release(made.release) or made.libc, name_release(profile.release) or profile.name
    done = "installed" if made.product.facts.linkage is Linkage.SHARED_OBJECT else "built"
    if here.partition(" ")[0] != there.partition(" ")[0]:
        here, there = here.partition(" ")[0], there.partition(" ")[0]
    return f"{done} {'for' if made.release is None else 'on'} {here}, run on {there}"


def _newer(placement: Placement, ceiling: str | None, profile: ImageProfile) -> str | None:
    """The version that is missing, else the builder's highest where the image's is lower."""
    missing = [check.name for check in placement.link.versions if check.presence is Presence.MISSING and not check.weak]
    if missing:
        return missing[0]
    if placement.filesystem.libc_replaced:
        return None
    known = [each for each in (profile.libc.ceilings.get("GLIBC"), profile.libc.version) if each is not None]
    if ceiling is None or placement.verdict is Verdict.FAILS or profile.libc.family != "glibc" or not known:
        return None
    return ceiling if numeric(ceiling.rpartition("_")[2]) > max(map(numeric, known)) else None
