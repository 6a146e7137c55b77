"""Libraries that an official image is known not to have, although its list of libraries is not complete.

In: a profile and a soname. Out: whether knowledge/image_absences.json names it for one of the image's layers. The
Dockerfiles of these images install few packages, none of which draws these libraries in.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

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


@cache
def _absences() -> tuple[frozenset[str], frozenset[str]]:
    data = msgspec.json.decode((KNOWLEDGE / "image_absences.json").read_bytes())
    return frozenset(data["layers"]), frozenset(data["libraries"].split())
