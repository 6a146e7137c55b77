"""The base of a stage: what FROM names, on which platform, and whether that is Windows.

In: a FROM instruction and the scope of the ARGs before the first FROM. Out: `Base`. Platform arguments follow
BuildKit's dockerfile2llb/platform.go: only `--build-arg` or a default of `ARG` changes them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.dockerfile.lexing import refusal
from depscan.errors import UsageError
from depscan.platforms import Platform, parse_platform

if TYPE_CHECKING:
    from depscan.dockerfile.expansion import Scope
    from depscan.dockerfile.instructions import Instruction

# Image names of https://learn.microsoft.com/virtualization/windowscontainers/manage-containers/container-base-images
# (the ltsc tags too), and the tags that Docker's official images give to what they build on them.
_WINDOWS_IMAGE = re.compile(
    r"(^|/)mcr\.microsoft\.com/(windows([/:@]|$)|dotnet/framework/)|windowsservercore|nanoserver|[-:]ltsc20\d\d"
)


class Base(Struct, frozen=True):
    """The expanded base (None when it is not known), and what stands in the way.

    `unresolved` are the variables without value. `fault` says what is wrong, None where nothing is.
    """

    reference: str | None
    platform: Platform
    platform_flag: str | None
    unresolved: tuple[str, ...] = ()
    fault: str | None = None


def platform_arguments(target: Platform, build: Platform, stage: str) -> dict[str, str]:
    """BUILDPLATFORM, TARGETARCH and the others, as they stand before the first ARG; `stage` is the target's name."""
    arguments = {"TARGETSTAGE": stage}
    for prefix, platform in (("BUILD", build), ("TARGET", target)):
        arguments[f"{prefix}PLATFORM"] = str(platform)
        arguments[f"{prefix}OS"] = platform.os
        arguments[f"{prefix}OSVERSION"] = ""
        arguments[f"{prefix}ARCH"] = platform.architecture
        arguments[f"{prefix}VARIANT"] = platform.variant or ""
    return arguments


def read_base(instruction: Instruction, scope: Scope, platform: Platform, *, readable: bool) -> Base:
    """Expand base and platform of a FROM. `platform` is the target's, in force without `--platform`.

    `readable` is false where the text is a template: what it will name is then not known.
    """
    flag = instruction.flag("platform")
    written = flag.value if flag else None
    if not readable or not instruction.arguments:
        return Base(None, platform, written)
    word = instruction.arguments[0].text
    refused = refusal(word, scope.escape) or refusal(written or "", scope.escape)
    if refused:
        return Base(None, platform, written, fault=refused)
    unresolved = {*scope.unresolved(word), *scope.unresolved(written or "")}
    if unresolved:
        return Base(None, platform, written, tuple(sorted(unresolved)))
    reference = scope.expand(word)
    if not reference:
        return Base(None, platform, written, fault=f"{word[:80]!r} gives no name of an image or stage")
    if written:
        try:
            platform = parse_platform(scope.expand(written) or "")
        except UsageError as error:
            return Base(reference, platform, written, fault=str(error))
    if _is_windows(reference, written, scope.escape):
        platform = Platform("windows", platform.architecture)
    return Base(reference, platform, written)


def _is_windows(reference: str, platform_flag: str | None, escape: str) -> bool:
    """Windows by the image's name, or by "`" for escape: only paths with backslashes need that."""
    if platform_flag and platform_flag.startswith("linux"):
        return False
    named = platform_flag is not None and platform_flag.startswith("windows")
    return named or escape == "`" or _WINDOWS_IMAGE.search(reference.lower()) is not None
