"""Target triples of Rust, Zig and GNU tools: `x86_64-unknown-linux-musl`, `aarch64-linux-gnu.2.17`.

In: a triple. Out: the C library's family and the platform; None for other systems. Names: doc.rust-lang.org/rustc
(platform support), GNU config.sub.
"""

from __future__ import annotations

import re

from msgspec import Struct

from depscan.platforms import Platform

_ARCHITECTURES = {
    "x86_64": Platform("linux", "amd64"),
    "aarch64": Platform("linux", "arm64"),
    "i386": Platform("linux", "386"),
    "i586": Platform("linux", "386"),
    "i686": Platform("linux", "386"),
    "x86": Platform("linux", "386"),
    "armv7": Platform("linux", "arm", "v7"),
    "armv7l": Platform("linux", "arm", "v7"),
    "arm": Platform("linux", "arm", "v6"),
    "powerpc64le": Platform("linux", "ppc64le"),
    "ppc64le": Platform("linux", "ppc64le"),
    "riscv64gc": Platform("linux", "riscv64"),
    "riscv64": Platform("linux", "riscv64"),
    "s390x": Platform("linux", "s390x"),
}
_TRIPLE = r"(\w+)-(?:(\w+)-)?linux-(gnu|musl)(?:eabi|eabihf|abi64)?(?:\.(\d+(?:\.\d+)+))?"


class Target(Struct, frozen=True):
    """A machine and a C library to build for; `version` is the glibc that Zig's spelling asks for."""

    triple: str
    family: str
    platform: Platform
    vendor: str | None = None
    version: str | None = None


def read_target(triple: str) -> Target | None:
    """The target of a triple; None where it is not Linux with glibc or musl, or of a machine not known here."""
    found = re.fullmatch(_TRIPLE, triple)
    platform = _ARCHITECTURES.get(found[1]) if found else None
    if found is None or platform is None:
        return None
    return Target(triple, "musl" if found[3] == "musl" else "glibc", platform, found[2], found[4])
