"""Platforms as the OCI image specification writes them, and the ELF machines that run on them.

In: `linux/arm/v7`, or a Dockerfile's name. Out: `Platform`, and the machines whose programs run there.
"""

from __future__ import annotations

import re

from msgspec import Struct

from depscan.errors import UsageError, did_you_mean


class Platform(Struct, frozen=True):
    """os/architecture[/variant], e.g. linux/arm/v7."""

    os: str
    architecture: str
    variant: str | None = None

    def __str__(self) -> str:
        parts = [self.os, self.architecture, self.variant]
        return "/".join(part for part in parts if part)


DEFAULT_PLATFORM = Platform("linux", "amd64")

# The machine, as `ElfFacts.machine` names it, whose programs the kernel of an architecture runs natively.
MACHINES: dict[str, str] = {
    "amd64": "x86_64",
    "386": "i386",
    "arm64": "aarch64",
    "arm": "arm",
    "ppc64le": "ppc64le",
    "s390x": "s390x",
    "riscv64": "riscv64",
    "mips64le": "mips64el",
    "loong64": "loongarch64",
}

# Machines whose programs the same kernel also runs (the image must bring their dynamic linker).
COMPATIBLE_MACHINES: dict[str, frozenset[str]] = {"amd64": frozenset({"i386"}), "arm64": frozenset({"arm"})}

# What images are published for, as a user may ask for it: GOOS values of container engines, and the variants in OCI's
# image index specification and in containerd's platforms package. An architecture without a row has none.
_SYSTEMS = ("linux", "windows", "darwin", "freebsd")
_VARIANTS = {
    "amd64": ("v1", "v2", "v3", "v4"),
    "arm": ("v5", "v6", "v7", "v8"),
    "arm64": ("v8", "v9"),
}

# containerd's platforms.Normalize: the spellings that users write.
_ALIASES = {
    "x86_64": ("amd64", None),
    "x86-64": ("amd64", None),
    "i386": ("386", None),
    "i686": ("386", None),
    "aarch64": ("arm64", None),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
}

# How files are called after the machine that they are for: at the end of a name, behind a mark.
_NAMED = re.compile(
    r"(?i)(?:^|[._-])(arm64(?:v8)?|aarch64|arm32v[67]|armv7l?|armhf|armel|riscv64|ppc64le|s390x)"
    r"(?:\.(?:dockerfile|containerfile))?$"
)
_NAMES = {
    "arm64v8": "arm64",
    "arm32v7": "arm/v7",
    "armv7": "arm/v7",
    "armv7l": "arm/v7",
    "arm32v6": "arm/v6",
}


def platform_of_name(name: str) -> Platform | None:
    """The platform that a Dockerfile is called after (`Dockerfile.aarch64`, `arm64.Dockerfile`); None without one."""
    found = _NAMED.search(name)
    return parse_platform("linux/" + _NAMES.get(found[1].lower(), found[1])) if found else None


def ask_platform(text: str) -> Platform:
    """A platform that a user asks for: one that exists, else UsageError with the nearest one that does."""
    platform = parse_platform(text)
    if platform.os not in _SYSTEMS:
        raise UsageError(f"{text!r} names no system {platform.os!r}; {did_you_mean(platform.os, _SYSTEMS)}")
    machine = platform.architecture
    if machine not in MACHINES:
        raise UsageError(f"{text!r} names no machine {machine!r}; {did_you_mean(machine, {*MACHINES, *_ALIASES})}")
    known = _VARIANTS.get(machine, ())
    if platform.variant is not None and platform.variant not in known:
        remedy = did_you_mean(platform.variant, known) if known else f"{machine} has none"
        raise UsageError(f"{text!r} names no variant {platform.variant!r} of {machine}; {remedy}")
    return platform


def platform_of_machine(machine: str) -> Platform | None:
    """The Linux platform whose kernel runs programs of an ELF machine natively; None for one that is not known."""
    name = next((name for name, each in MACHINES.items() if each == machine), None)
    return parse_platform(name) if name is not None else None


def parse_platform(text: str) -> Platform:
    """Read `os/arch[/variant]` or a bare architecture; raises UsageError.

    Normalised as containerd does: x86_64 is amd64, aarch64 and arm64/v8 are arm64, arm without variant is arm/v7.
    """
    parts = [part for part in text.strip().lower().split("/") if part]
    if len(parts) == 1:
        parts = ["linux", *parts]
    if not 2 <= len(parts) <= 3:
        raise UsageError(f"platform {text!r} is not of the form os/architecture[/variant], e.g. linux/arm64")
    architecture, variant = _ALIASES.get(parts[1], (parts[1], None))
    variant = parts[2] if len(parts) == 3 else variant
    if architecture == "arm64" and variant in ("v8", "8"):
        variant = None
    if architecture == "arm":
        variant = variant or "v7"
    return Platform(parts[0], architecture, variant)
