"""tonistiigi/xx: wrappers of compilers that build for the platform of the image, on a stage of the builder's.

In: the command. Out: the platform that its wrapper builds for. The laws are those of src/xx-info: TARGETPLATFORM
beats TARGETPAIR, which beats TARGETOS and TARGETARCH; without any of them the build is a native one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.errors import UsageError
from depscan.platforms import Platform, parse_platform

if TYPE_CHECKING:
    from depscan.toolchains.workplace import Workplace

_PAIR = re.compile(r"([^-]+)-(arm(?=v\d)|[^-]+?)(v\d)?")


def target_platform(place: Workplace) -> Platform | None:
    """The platform of `xx-go` and its kin; None where it rests on a variable of which nothing is known."""
    names = ("TARGETPLATFORM", "TARGETPAIR", "TARGETOS", "TARGETARCH", "TARGETVARIANT")
    whole, pair, system, architecture, variant = (place.environment.get(name, "") for name in names)
    if whole is None or (not whole and pair is None):
        return None
    if whole:
        return _parse(whole)
    if pair and (parts := _PAIR.fullmatch(pair)):
        return _parse("/".join(filter(None, parts.groups())))
    if system is None or architecture is None or variant is None:
        return None
    return _parse(f"{system or 'linux'}/{architecture}/{variant}") if architecture else place.platform


def _parse(text: str) -> Platform | None:
    try:
        return parse_platform(text)
    except UsageError:
        return None
