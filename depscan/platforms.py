"""Platforms as the OCI image specification writes them, and the ELF machines that run on them.

In: `linux/arm/v7`, or a Dockerfile's name. Out: `Platform`, and the machines whose programs run there.
"""

from __future__ import annotations

import re
from enum import StrEnum

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


class Teller(StrEnum):
    """Who tells the machine of an image: the build, a namespace of Docker's for one machine, a stranger's name."""

    BUILD = "build"
    NAMESPACE = "namespace"
    NAME = "name"


class ImagePlatform(Struct, frozen=True):
    """The platform of an image and who tells it; a `NAME` may mean something else."""

    platform: Platform
    teller: Teller


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


# Words for machines in the names of images: Docker's own (arm32v7/debian), Debian's, the kernel's and balena's.
_WORDS = {
    **dict.fromkeys(("amd64", "x86_64", "x86-64", "x64"), "amd64"),
    **dict.fromkeys(("i386", "i686", "386"), "386"),
    **dict.fromkeys(("arm64", "arm64v8", "aarch64", "armv8"), "arm64"),
    **dict.fromkeys(("arm32v7", "armv7", "armv7l", "armv7hf", "armhf", "arm"), "arm/v7"),
    **dict.fromkeys(("arm32v6", "armv6", "armv6l", "armv6hf"), "arm/v6"),
    **dict.fromkeys(("arm32v5", "armv5", "armv5e", "armel"), "arm/v5"),
    **{word: word for word in ("ppc64le", "s390x", "riscv64", "mips64le")},
}
_WORD = "|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True))
_OF_TAG = re.compile(rf"(?:^|.*[-_.])({_WORD})$|^({_WORD})-.*")
_IN_NAME = re.compile(rf"(?:^|.*[-_.])({_WORD}|rpi|raspberry-?pi\w*|l4t|jetson)(?:$|[-_.])")
# Images whose names tell the machine that they compile or emulate for, not their own.
_FOR_OTHERS = re.compile(r"cross|qemu|binfmt|unknown-linux|linux-gnu|linux-musl|toolchain|zigbuild")
# Owners whose images are for another machine, or device, than is usual: the one that their names or tags tell.
_BY_DEVICE = frozenset({"armbuild", "balenalib", "hypriot", "multiarch", "resin"})
_BY_MACHINE = frozenset({"balenalib", "resin", "homeassistant", "home-assistant", "hassioaddons", "multiarch", "pypa"})
# Docker's own namespaces, each for one machine (docker-library/official-images, README, "Architectures").
_NAMESPACES = frozenset(
    {"amd64", "arm32v5", "arm32v6", "arm32v7", "arm64v8", "i386", "mips64le", "ppc64le", "riscv64", "s390x"}
)
_UNKNOWN = "unknown"


def platform_of_image(reference: str, platform: Platform) -> ImagePlatform:
    """The platform of an image: its own where its name tells a machine, else the one that is asked for.

    arm32v7/debian is for arm whatever `--platform` says. Where a name may tell another machine (hypriot/rpi-node), or
    its owner names devices (balenalib/jetson-nano-debian), the architecture is `unknown`: nothing is held against it.
    """
    asked = ImagePlatform(platform, Teller.BUILD)
    if platform.os != "linux":
        return asked
    name = reference.lower().partition("@")[0].removeprefix("docker.io/")
    path, colon, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "")
    parts = path.split("/")
    if _FOR_OTHERS.search(name):
        return asked
    owner, last = parts[-2] if len(parts) > 1 else "", parts[-1]
    word = _machine_word(owner, last, tag if colon else "")
    if word is None:
        return asked
    own = parse_platform(f"linux/{_WORDS[word]}") if word in _WORDS else Platform("linux", _UNKNOWN)
    sure = len(parts) == 2 and owner in _NAMESPACES
    if own.architecture != platform.architecture:
        return ImagePlatform(own, Teller.NAMESPACE if sure else Teller.NAME)
    return ImagePlatform(platform, Teller.NAMESPACE) if sure else asked


def _machine_word(owner: str, last: str, tag: str) -> str | None:
    """The word of `_WORDS` that tells an image's machine, `unknown` where it may be another one, else None."""
    if owner in _WORDS:
        return owner
    of_tag = _OF_TAG.match(tag)
    if of_tag is not None:
        return of_tag[1] or of_tag[2]
    in_name = _IN_NAME.match(last)
    if in_name is not None and in_name[1] in _WORDS and (owner in _BY_MACHINE or _WORDS[in_name[1]] == "amd64"):
        return in_name[1]
    return _UNKNOWN if in_name is not None or (owner in _BY_DEVICE) else None
