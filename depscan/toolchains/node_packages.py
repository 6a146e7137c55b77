"""Packages of the npm registry that have native code, and for which C library.

In: a package's name and version. Out: `Known`, a row of knowledge/node_packages.json, where how each comes stands with
its source; and `Target`, what the name of a platform package says: `@rollup/rollup-linux-x64-gnu`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

AS_OF = "2026-11-24"
CPUS = {"amd64": "x64", "386": "ia32", "arm64": "arm64", "arm": "arm", "ppc64le": "ppc64", "s390x": "s390x"} | {
    "riscv64": "riscv64"
}
_DATA = Path(__file__).parent.parent / "knowledge" / "node_packages.json"
_TARGET = re.compile(
    r"(?P<stem>@?[\w./-]+?)[-/](?P<os>linux-?musl|linux|darwin|win32|windows|freebsd|openbsd|netbsd|android|sunos|aix|openharmony)"
    r"-(?P<cpu>x64|arm64|aarch64|ia32|armv[67]|arm|ppc64le|ppc64|s390x|riscv64|loong64|mips64el|universal|x86_64|64|32)"
    r"(?:-(?P<libc>gnu|glibc|musl|gnueabihf|musleabihf|gnueabi|musleabi|eabi|msvc))?"
)
_LIBCS = {"gnu": "glibc", "glibc": "glibc", "gnueabihf": "glibc", "gnueabi": "glibc"} | dict.fromkeys(
    ("musl", "musleabihf", "musleabi"), "musl"
)


class Known(Struct, frozen=True):
    """How a package comes.

    `comes`: built or downloaded by its install script for the libc it runs on; glibc: with builds for glibc alone;
    fetched: its script fetches such a build; browser: its script downloads a program for glibc; both: one package with
    a build for either; any: it runs on either, or its users do without it; platform: as optional packages, one for each
    platform. `versions` are those it holds for, as `<6`. `file` is its native file, below the package, for platform
    below each of these; `*` stands for what differs. `calls` are functions that it calls and musl lacks. `compiler`: it
    is for builds, and what was built does without. `libcs` are those that it has platform packages for, `names` what
    these are called. `brings` is another package of this table that it needs.
    """

    name: str
    versions: str
    source: str
    comes: Literal["built", "glibc", "fetched", "browser", "both", "any", "platform"] = "platform"
    file: str = ""
    calls: tuple[str, ...] = ()
    compiler: bool = False
    libcs: tuple[str, ...] = ()
    names: dict[str, str] = {}
    brings: str | None = None


class Target(Struct, frozen=True):
    """What a platform package is for. `stem` is the name without it; `libc` is None where the name does not say."""

    stem: str
    os: str
    cpu: str
    libc: str | None
    suffix: str


@cache
def _rows() -> dict[str, tuple[Known, ...]]:
    rows = msgspec.json.decode(_DATA.read_bytes(), type=list[Known])
    return {name: tuple(row for row in rows if row.name == name) for name in {row.name for row in rows}}


def find_known(name: str, version: str | None) -> Known | None:
    """The row of a package; None for one that is not known, or not in this version (None: the newest)."""
    return next((row for row in _rows().get(name, ()) if _holds(row.versions, version)), None)


def _holds(versions: str, version: str | None) -> bool:
    if not versions:
        return True
    limit = _numbers(versions.lstrip("<>="))
    if version is None or not version[:1].isdigit():
        return versions.startswith(">")
    return _numbers(version) < limit if versions.startswith("<") else _numbers(version) >= limit


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", re.split(r"[-+]", version)[0])[:3])


def read_target(name: str) -> Target | None:
    """What the name of a platform package says; None for other names."""
    found = _TARGET.fullmatch(name)
    if found is None:
        return None
    system, musl = found["os"].replace("-", ""), found["os"].endswith("musl")
    cpu = {"aarch64": "arm64", "x86_64": "x64", "64": "x64", "32": "ia32", "armv7": "arm", "armv6": "arm"}.get(
        found["cpu"], found["cpu"].removesuffix("le")
    )
    libc = "musl" if musl else _LIBCS.get(found["libc"] or "")
    suffix = name[len(found["stem"]) + 1 :]
    return Target(found["stem"], "linux" if system.startswith("linux") else system, cpu, libc, suffix)
