"""The highest version of each namespace that an image's libraries define: OPENSSL 3.5.0, ZLIB 1.2.12, LIBXML2 2.9.11.

In: libraries, or an `ImageProfile`. Out: namespace to version. A profile's libc ceilings come first; the others are
told by the version definitions of its libraries, where these were read.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depscan.images.profile import ImageProfile, Library


@cache
def _numbered() -> re.Pattern[str]:
    return re.compile(r"([A-Za-z]\w*?)_(\d+(?:[._]\d+)*)")


def all_ceilings(profile: ImageProfile) -> dict[str, str]:
    """Namespace to highest version, those of the libc and GCC first, then by name."""
    others = defined_ceilings(profile.libraries.values())
    return {**dict(sorted(profile.libc.ceilings.items())), **others, **profile.libc.ceilings}


def defined_ceilings(libraries: Iterable[Library]) -> dict[str, str]:
    """The highest version of each namespace that these libraries define, by name."""
    highest: dict[str, tuple[tuple[int, ...], str]] = {}
    names = (name for library in libraries for name in library.versions or ())
    for match in filter(None, map(_numbered().fullmatch, names)):
        rank = (tuple(int(part) for part in re.split(r"[._]", match[2])), match[2])
        highest[match[1]] = max(rank, highest.get(match[1], ((), "")))
    return {namespace: text for namespace, (_, text) in sorted(highest.items())}
