"""What a wheel's file name says: the project, its version, and the platforms it is for.

In: a file name. Out: `Wheel`. The form is that of the binary distribution format, NAME-VERSION(-BUILD)?-PYTHON-ABI-
PLATFORM.whl, where each tag may be several, joined by dots (packaging.python.org, platform compatibility tags).
"""

from __future__ import annotations

import re

from msgspec import Struct

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "386": "i686", "arm": "armv7l"}
_NAME = re.compile(
    r"(?P<name>[\w.]+)-(?P<version>[^-]+)(?:-\d[^-]*)?-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl"
)


class Wheel(Struct, frozen=True):
    """A wheel; `name` is normalised (PEP 503), `platforms` are its platform tags."""

    name: str
    version: str
    python: tuple[str, ...]
    abi: tuple[str, ...]
    platforms: tuple[str, ...]

    @property
    def pure(self) -> bool:
        """Whether it runs anywhere."""
        return "any" in self.platforms

    def libcs(self, architecture: str) -> frozenset[str]:
        """The C libraries whose pip takes it on Linux and a machine; a plain linux tag is taken by both."""
        machine = _MACHINES.get(architecture, architecture)
        kinds = {tag.partition("_")[0] for tag in self.platforms if tag.endswith(f"_{machine}")}
        glibc = any(kind.startswith("manylinux") for kind in kinds)
        found = {"glibc": glibc or "linux" in kinds, "musl": "musllinux" in kinds or "linux" in kinds}
        return frozenset(libc for libc, has in found.items() if has)

    def fits(self, version: str | None) -> bool:
        """Whether CPython of a version (3.12; None: not known) may take it."""
        if version is None:
            return True
        minor = int(version.partition(".")[2])
        return any(_fits(tag, minor, stable="abi3" in self.abi or "none" in self.abi) for tag in self.python)


def _fits(tag: str, minor: int, *, stable: bool) -> bool:
    found = re.fullmatch(r"(cp|py)3(\d*)", tag)
    if found is None:
        return False
    least = int(found[2] or 0)
    return least == minor or (least <= minor and (stable or found[1] == "py"))


def read_wheel(file_name: str) -> Wheel | None:
    """The wheel of a file name; None for other names."""
    found = _NAME.fullmatch(file_name)
    if found is None:
        return None
    tags = (tuple(found[part].split(".")) for part in ("python", "abi", "platform"))
    return Wheel(normalise(found["name"]), found["version"], *tags)


def normalise(name: str) -> str:
    """A project's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def file_name(name: str, version: str | None, python: str | None, platform: str) -> str:
    """The name that pip gives to a wheel with a native part that it builds for one Python."""
    tag = f"cp{python.replace('.', '')}" if python else "cp3"
    return f"{name.replace('-', '_')}-{version or '0'}-{tag}-{tag}-{platform}.whl"
