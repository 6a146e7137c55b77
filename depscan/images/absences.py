"""Libraries and interpreters that an official image is known not to have, although its list of them is not complete.

In: a profile and a name. Out: whether knowledge/image_absences.json names it for one of the image's layers, or for the
image on that distribution. The Dockerfiles of these images install few packages, none of which draws these in.
"""

from __future__ import annotations

import posixpath
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from depscan.images.rows import KNOWLEDGE

if TYPE_CHECKING:
    from depscan.images.profile import ImageProfile

_RELEASES = frozenset({"", "alpine", "debian", "distroless", "ubuntu"})  # all in the file; "" where none is known
_OF_DEBUG = "/busybox/"  # where images for debugging have their shell (README.md of GoogleContainerTools/distroless)


def image_lacks(profile: ImageProfile, soname: str) -> bool:
    """Whether the image of this profile surely has no library of this name in the directories of its distribution."""
    if not profile.layers:
        return False
    layers, libraries = _absences()
    return soname in libraries and profile.layers[0].partition(":")[0] in layers


def image_lacks_program(profile: ImageProfile, path: str) -> bool:
    """Whether the image of this profile has no interpreter at this path, by what its makers install."""
    release = profile.release or ""
    if release.partition(":")[0] not in _RELEASES:
        return False
    image, _, tag = profile.reference.partition(":")
    name = posixpath.basename(path)
    for row in _read()["programs"]:
        known = release in row["releases"] or release.partition(":")[0] in row["releases"]
        named = image in row.get("images", [image]) and row.get("tags", "") in tag
        if known and named and name in row["names"].split():
            return "debug" not in tag or not path.startswith(_OF_DEBUG)
    return False


@cache
def _absences() -> tuple[frozenset[str], frozenset[str]]:
    data = _read()
    return frozenset(data["layers"]), frozenset(data["libraries"].split())


@cache
def _read() -> dict[str, Any]:
    data: dict[str, Any] = msgspec.json.decode((KNOWLEDGE / "image_absences.json").read_bytes())
    return data
