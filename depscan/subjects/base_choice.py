"""What may become of a stage's base image: its tag moves, its release ends, a pinned stage runs what it builds.

In: the file systems of all stages. Out: a stage's `BaseView`. A builder on python:3.12 follows the tag to
the next release, the runtime on python:3.12-slim-bookworm stays: from then on the builder's programs may ask for more
than the runtime has. Copies of web assets, and Go without cgo, which is static, do not count.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.artifacts.facts import Linkage
from depscan.artifacts.prediction import Prediction
from depscan.dockerfile.stages import find_stage
from depscan.images.candidates import pinned_spelling
from depscan.images.lifetimes import days_since_end, distribution_release, find_end
from depscan.subjects import BaseView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depscan.dockerfile.instructions import Instruction
    from depscan.filesystem.entries import StageFilesystem
    from depscan.images.profile import ImageProfile

_ASSETS = frozenset({"assets", "dist", "html", "public", "static", "www"})


def base_view(filesystem: StageFilesystem, stages: Sequence[StageFilesystem]) -> BaseView:
    """The view of a stage's base, among all stages; nothing is said of a stage that stands on another."""
    profile, moving = filesystem.profile, may_move(filesystem.profile)
    ended = days_since_end(profile.release)
    moved_on, moved_from = (profile.moved if moving else None) or (None, None)
    return BaseView(
        moving=moving,
        moved_on=moved_on,
        moved_from=moved_from,
        pinned=(pinned_spelling(profile) if moving else None) or "a tag that names the release",
        pinned_runtime=pinned_runtime(filesystem, stages) if moving else None,
        ended_on=find_end(profile.release) if ended is not None else None,
        days_since_end=ended,
        repeated=_is_repeated(filesystem, stages),
    )


def _is_repeated(filesystem: StageFilesystem, stages: Sequence[StageFilesystem]) -> bool:
    earlier = (each for each in stages if each.stage.index < filesystem.stage.index)
    same = any(each.profile.reference == filesystem.profile.reference for each in earlier)
    return same or filesystem.stage.base_stage is not None


def may_move(profile: ImageProfile) -> bool:
    """Whether the image's tag may come to another glibc; a digest stays."""
    return profile.moving and profile.libc.family == "glibc" and "@" not in profile.reference


def pinned_runtime(builder: StageFilesystem, stages: Sequence[StageFilesystem]) -> str | None:
    """The base of a stage that runs what a moving builder builds, and pins a release that is not newer."""
    if _builds_static(builder):
        return None
    everything = tuple(each.stage for each in stages)
    for runtime in stages:
        if _speaks_for_itself(builder, runtime):
            continue
        copies = (item for item in runtime.stage.instructions if item.keyword == "COPY")
        origins = {find_stage(everything, origin) for item in copies if (origin := _origin(item))}
        if builder.stage.index in origins and _stays_behind(runtime.profile, builder.profile):
            return runtime.profile.name
    return None


def _speaks_for_itself(builder: StageFilesystem, runtime: StageFilesystem) -> bool:
    """Whether what comes from the builder is predicted: static programs, or ones that the runtime is too old for."""
    contents = [entry.content for entry in runtime.entries.values() if isinstance(entry.content, Prediction)]
    products = [made.product.facts for made in contents if made.stage == builder.stage.index]
    static = all(facts.linkage in (Linkage.STATIC, Linkage.STATIC_PIE) for facts in products)
    return bool(products) and (static or distribution_release(runtime.profile.release) != builder.profile.release)


def _origin(copy: Instruction) -> str | None:
    """The stage that a COPY takes programs from, as written; None for assets."""
    parts = {part for word in copy.arguments[:-1] for part in posixpath.normpath(word.text).split("/")}
    return next((flag.value for flag in copy.flags if flag.name == "from"), None) if not parts & _ASSETS else None


def _stays_behind(runtime: ImageProfile, builder: ImageProfile) -> bool:
    """Whether the runtime pins a release of the builder's distribution, the same or an older one."""
    own, other = distribution_release(runtime.release), distribution_release(builder.release)
    if runtime.moving or runtime.libc.family != "glibc" or not own or not other:
        return False
    same = own.partition(":")[0] == other.partition(":")[0]
    return same and _number(own) <= _number(other)


def _number(release: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", release)]  # of debian:12 or ubuntu:22.04


def _builds_static(builder: StageFilesystem) -> bool:
    """A Go builder that does not ask for cgo."""
    golang = builder.profile.name.partition(":")[0].endswith("golang")
    return golang and builder.environment.get("CGO_ENABLED") != "1"
