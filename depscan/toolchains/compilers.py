"""Whether a stage has a C compiler.

In: a `Workplace`. Out: yes, no, or not known. The images are those whose Dockerfiles install gcc or stand on
buildpack-deps (docker-library/golang, /rust, /gcc, /buildpack-deps; as of 2026-11-24), the packages those that bring
the command `cc` or `gcc` on Alpine, Debian and the RPM distributions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depscan.toolchains.workplace import Workplace

_PACKAGES = re.compile(
    r"(gcc|g\+\+|clang|llvm|build-base|build-essential|gcc-c\+\+|alpine-sdk|base-devel|musl-gcc|zig|tcc)([-.\d].*)?"
)
_IMAGES = re.compile(r"(.*/)?(golang|rust|gcc|buildpack-deps):.*")
_WITHOUT = re.compile(r"(.*/)?(golang|rust):.*(alpine|slim|nanoserver|windowsservercore).*")


def has_c_compiler(place: Workplace) -> bool | None:
    """Whether `gcc` or `cc` is in the stage; None where that is not known."""
    if any(_PACKAGES.fullmatch(name.partition("=")[0]) for name in place.packages):
        return True
    name = place.profile.name
    if _IMAGES.fullmatch(name):
        # rust's slim and alpine images bring gcc for linking, golang's alpine image does not.
        return not _WITHOUT.fullmatch(name) or name.rpartition("/")[2].startswith("rust:")
    return None
