"""Programs of well-known images, which COPY --from takes into others.

In: an image with its profile, a path in it. Out: `Product`s for the programs at or below the path. The table is
knowledge/image_programs.json: what stands where, with its source; the C library is that of the image, where the row
names none.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from depscan.artifacts.facts import VersionNeed
from depscan.artifacts.prediction import Product
from depscan.findings import Confidence
from depscan.images.naming import canonical_image
from depscan.images.reference import BadReferenceError, parse_reference
from depscan.platforms import MACHINES
from depscan.toolchains.elf import linked_program, static_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.artifacts.facts import ElfFacts
    from depscan.images.profile import ImageProfile
    from depscan.platforms import Platform

_DATA = Path(__file__).parent.parent / "knowledge" / "image_programs.json"


class Program(Struct, frozen=True, forbid_unknown_fields=True):
    """A program of an image: `tags` are those it holds for, `needs` its libraries beside the C library.

    `libc` is that of the image, another family, or static for a program without one.
    `glibc` is the version of glibc that a major version of the tag and all later ones ask for.
    """

    image: str
    path: str
    source: str
    tags: str = ".*"
    libc: str | None = None
    needs: tuple[str, ...] = ()
    glibc: dict[str, str] = {}


@cache
def _programs() -> tuple[Program, ...]:
    return msgspec.json.decode(_DATA.read_bytes(), type=tuple[Program, ...])


def programs_below(path: str, profile: ImageProfile, platform: Platform) -> Iterator[Product]:
    """The programs of an image at or below a path in it; each product's path is that in the image."""
    try:
        reference = parse_reference(profile.reference)
    except BadReferenceError:
        return
    image, tag = canonical_image(reference).removeprefix("docker.io/"), reference.tag or ""
    for row in _programs():
        if row.image != image or not f"{row.path}/".startswith(path.rstrip("/") + "/"):
            continue
        facts = _facts(row, tag, profile, platform) if re.fullmatch(row.tags, tag) else None
        if facts is not None:
            why = f"{row.path} of {profile.name}: {row.source}"
            yield Product(row.path, "image", facts, Confidence.LIKELY, evidence=(why,), open=True)


def _facts(row: Program, tag: str, profile: ImageProfile, platform: Platform) -> ElfFacts | None:
    family = row.libc or profile.libc.family
    if family == "static":
        return static_program(MACHINES[platform.architecture])
    facts = linked_program(family, platform, None, row.needs)
    major = re.match(r"\d+", tag)
    fitting = [int(since) for since in row.glibc if major and int(since) <= int(major[0])]
    if facts is None or family != "glibc" or not fitting:
        return facts
    version = row.glibc[str(max(fitting))]
    return replace(facts, version_needs={"libc.so.6": (VersionNeed(f"GLIBC_{version}"),)})
