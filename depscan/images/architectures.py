"""Where each architecture keeps its dynamic linkers: knowledge/architectures.json.

In: a platform. Out: `Architecture`, None for one of which nothing was measured. Paths are those of the real libc6 and
musl packages of each architecture and of Alpine's minirootfs tarballs.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from depscan.images.rows import KNOWLEDGE

if TYPE_CHECKING:
    from depscan.platforms import Platform


class Architecture(Struct, frozen=True):
    """Debian's multiarch triplet, /lib64 or /lib of RPM systems, PT_INTERP of glibc and musl, musl's soname on Alpine.

    `lib64` is the directory /lib64 where Debian has one.
    """

    triplet: str
    libdir: str
    glibc: str
    musl: str
    musl_soname: str | None
    lib64: str | None = None

    def expand(self, path: str) -> str | None:
        """Fill {triplet}, {libdir} and {lib64} in; None for {lib64} where there is none."""
        if "{lib64}" in path and self.lib64 is None:
            return None
        return path.format(triplet=self.triplet, libdir=self.libdir, lib64=self.lib64)


@cache
def _table() -> dict[str, Architecture]:
    return msgspec.json.decode((KNOWLEDGE / "architectures.json").read_bytes(), type=dict[str, Architecture])


def architecture_of(platform: Platform) -> Architecture | None:
    """The row of a platform; the variant counts where it has a row of its own (arm/v6)."""
    table = _table()
    return table.get(f"{platform.architecture}/{platform.variant}") or table.get(platform.architecture)
