"""Libraries and interpreters that an official image is known not to have, although its list of them is not complete.

In: a profile and a name. Out: whether knowledge/image_absences.json names it for one of the image's layers, or for the
image on that distribution. The Dockerfiles of these images install few packages, none of which draws these in.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from depscan.images.rows import KNOWLEDGE

if TYPE_CHECKING:
    from depscan.images.profile import ImageProfile


def image_lacks(profile: ImageProfile, soname: str) -> bool:
    """Whether the image of this profile surely has no library of this name in the directories of its distribution."""
    if not profile.layers:
        return False
    layers, libraries = _absences()
    return soname in libraries and profile.layers[0].partition(":")[0] in layers


def image_lacks_program(profile: ImageProfile, name: str) -> bool:
    """Whether the image of this profile has no interpreter of this name, by what its makers install."""
    if (profile.release or "").partition(":")[0] != "alpine":  # no other is in the file
        return False
    data = _read()
    return profile.reference.partition(":")[0] in data["programs_images"] and name in data["programs"].split()


@cache
def _absences() -> tuple[frozenset[str], frozenset[str]]:
    data = _read()
    return frozenset(data["layers"]), frozenset(data["libraries"].split())


@cache
def _read() -> dict[str, Any]:
    data: dict[str, Any] = msgspec.json.decode((KNOWLEDGE / "image_absences.json").read_bytes())
    return data
