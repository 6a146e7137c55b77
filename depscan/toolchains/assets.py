"""What the address of a download tells of the program that comes: C library, machine, product.

In: a URL, with variables in it that may not be known. Out: an `Asset`. Its name tells the C library where it says so
(`-unknown-linux-gnu`, `-gnueabihf`, `-linux-glibc`), and the machine where it stands there in words. Of a few products
that say nothing, knowledge/downloads.json has what was measured or what their threads say. A name such as
`linux-amd64` alone tells no C library: most of these programs are static.
"""

from __future__ import annotations

import posixpath
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from depscan.platforms import Platform

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATA = Path(__file__).parent.parent / "knowledge" / "downloads.json"
MAX_URL = 2000
_ARCHIVE = r"(?i)\.(?:tar\.(?:gz|xz|bz2|zst|lzma)|tgz|txz|tbz2?|tzst|tar|zip)$"
_COMPRESSED = r"(?i)\.(?:gz|xz|bz2|zst)$"
# What is no program: packages, signatures, sums, libraries, sources, web and text files.
_OTHER = (
    r"(?i)\.(?:deb|rpm|apk|whl|jar|war|so|a|asc|sig|sha\d+(?:sum)?|minisig|sum|md5|pem|json|ya?ml|txt|js|py|sh|exe|dll"
    r"|msi|dmg|pkg)$"
)
_NO_PROGRAM = r"(?i)(?:lib|rust-(?:std|src|docs)|glibc|gcc|binutils|cross|sysroot|toolchain|llvm|clang|devel)"
_MACHINES = {
    "x86_64": Platform("linux", "amd64"),
    "amd64": Platform("linux", "amd64"),
    "x64": Platform("linux", "amd64"),
    "64bit": Platform("linux", "amd64"),
    "aarch64": Platform("linux", "arm64"),
    "arm64": Platform("linux", "arm64"),
    "armv7": Platform("linux", "arm", "v7"),
    "armv7l": Platform("linux", "arm", "v7"),
    "armhf": Platform("linux", "arm", "v7"),
    "i386": Platform("linux", "386"),
    "i686": Platform("linux", "386"),
    "ppc64le": Platform("linux", "ppc64le"),
    "s390x": Platform("linux", "s390x"),
    "riscv64": Platform("linux", "riscv64"),
}
_MACHINE = (
    r"(?<![A-Za-z0-9])(x86_64|amd64|x64|64bit|aarch64|arm64|armv7l?|armhf|i[36]86|ppc64le|s390x|riscv64)(?![A-Za-z0-9])"
)
_GLIBC = r"linux[-_](?:gnu|glibc)(?:eabi(?:hf)?|abi64)?"
_TRIPLE = r"(?:x86_64|aarch64|armv7|i686|riscv64gc|powerpc64le|s390x)-unknown-" + _GLIBC + r"(?![A-Za-z])"
_ENDS = r"(?:[-_.](?:x86_64|amd64|x64|aarch64|arm64|armv7l?|i686|v?\d[\w.]*))?$"

_PROGRAM_NAME = (
    r"(?i)([a-z][a-z0-9+]*(?:[-_][a-z][a-z0-9+]*)*?)"
    r"(?=[-_.]v?(?:\d|\$)|[-_.](?:linux|x86|x64|aarch|arm|i\d86|amd|unknown)|$)"
)


class Download(Struct, frozen=True, forbid_unknown_fields=True):
    """A product whose builds for glibc are known: a row of the knowledge.

    `url` is an expression for its address. `programs` are paths in its archive (`*/` is the archive's own directory).
    `needs` are libraries beside the C library, `glibc` the glibc that a major version (of the group `major`) and all
    later ones ask for.
    """

    name: str
    url: str
    source: str
    programs: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    glibc: dict[str, str] = {}


class Asset(Struct, frozen=True):
    """A download: its name, how it is packed (program, archive, compressed), what its name tells, and the product.

    `family` is glibc or None. `platform` is the machine that its name spells out. `version` is the glibc it asks for.
    """

    url: str
    name: str
    packing: str
    family: str | None
    platform: Platform | None
    product: Download | None = None
    version: str | None = None

    @property
    def tells_contents(self) -> bool:
        """Whether it is known to hold a program and what belongs to it, no part of a system."""
        return self.product is not None or self.family is not None

    @property
    def stem(self) -> str:
        """The name without what it is packed with: usually the directory in an archive."""
        return re.sub(_COMPRESSED, "", re.sub(_ARCHIVE, "", self.name))

    @property
    def program(self) -> str | None:
        """The program's likely name: what stands before version, system and machine."""
        found = re.match(_PROGRAM_NAME, self.stem)
        return found[1] if found else None


@cache
def _downloads() -> tuple[tuple[re.Pattern[str], Download], ...]:
    rows = msgspec.json.decode(_DATA.read_bytes(), type=tuple[Download, ...])
    return tuple((re.compile(r"https?://(?:[\w.-]*\.)?" + row.url), row) for row in rows)


def read_asset(url: str) -> Asset | None:
    """What a URL tells; None where it tells nothing of a program for Linux."""
    text = re.sub(r"[?#].*$", "", url[:MAX_URL]).strip("\"'")
    name = posixpath.basename(text)
    if (
        not re.match(r"https?://", text)
        or re.search(_OTHER, name)
        or re.search(r"(?i)darwin|macos|windows|freebsd", name)
    ):
        return None
    packing = "archive" if re.search(_ARCHIVE, name) else "compressed" if re.search(_COMPRESSED, name) else "program"
    platform = _platform(text)
    for pattern, row in _downloads():
        found = pattern.fullmatch(text)
        if found is not None:
            return Asset(text, name, packing, "glibc", platform, row, _version(row, found.groupdict()))
    family = _family(text, name)
    if family is None and platform is None:
        return None
    return Asset(text, name, packing, family, platform)


def _version(row: Download, groups: Mapping[str, str | None]) -> str | None:
    major = groups.get("major")
    fitting = [int(since) for since in row.glibc if major and int(since) <= int(major)]
    return row.glibc[str(max(fitting))] if fitting else None


def _platform(url: str) -> Platform | None:
    """The machine that an address spells out, nearest to its end; None for none, or several at one place."""
    for part in reversed(url.split("/")[3:]):
        found = {_MACHINES[each] for each in re.findall(_MACHINE, part)}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def _family(url: str, name: str) -> str | None:
    """The C library: glibc where the name ends in saying so, or a directory of the address is a triple that does."""
    stem = re.sub(_COMPRESSED, "", re.sub(_ARCHIVE, "", name))
    if re.match(_NO_PROGRAM, name):
        return None
    if re.search(r"(?:^|[-_.])(?:" + _GLIBC + "|gnu|glibc)" + _ENDS, stem) or re.search(_TRIPLE, stem):
        return "glibc"
    triple = any(re.fullmatch(r"\w+-(?:\w+-)?" + _GLIBC, part) for part in url.split("/")[3:-1])
    return "glibc" if triple and "." not in stem else None
