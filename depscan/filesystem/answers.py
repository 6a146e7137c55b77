"""What commands print that ask where they run: `$(uname -m)`, `$(dpkg --print-architecture)`.

In: a RUN's text, the stage's platform and image. Out: the text that each such substitution stands for, by its words.
RUN runs on the stage's platform, natively or emulated; machines whose emulators answer in several ways are left out.
Sources: uname(1), dpkg-architecture(1), apk(8), `swift build --help`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.platforms import MACHINES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.images.profile import ImageProfile
    from depscan.platforms import Platform

_KERNEL = {"amd64": "x86_64", "arm64": "aarch64", "ppc64le": "ppc64le", "s390x": "s390x", "riscv64": "riscv64"}
_DEBIAN = {**{name: name for name in _KERNEL}, "ppc64le": "ppc64el", "386": "i386"}
_ALPINE = {**_KERNEL, "386": "x86"}
_SWIFT = r"\$\((swift\s+build\s[^()`$\"']*--show-bin-path[^()`$\"']*)\)"


def answers(text: str, platform: Platform, profile: ImageProfile, directory: str | None) -> dict[str, str]:
    """The substitutions of a RUN in `directory` whose text is known, as `$(WORDS)` with single blanks."""
    known = machine_answers(platform, profile) | dict(_swift(text, platform, directory))
    return {f"$({words})": answer for words, answer in known.items()}


def machine_answers(platform: Platform, profile: ImageProfile) -> dict[str, str]:
    """What the commands print that ask for the machine, by their words."""
    kernel, family = _KERNEL.get(platform.architecture), (profile.release or "").partition(":")[0]
    known = {"uname": "Linux", "uname -s": "Linux", **dict.fromkeys(("uname -m", "arch"), kernel)}
    if family in ("debian", "ubuntu"):
        known["dpkg --print-architecture"] = _DEBIAN.get(platform.architecture)
    if family == "alpine":
        known["apk --print-arch"] = _ALPINE.get(platform.architecture)
    return {words: answer for words, answer in known.items() if answer}


def _swift(text: str, platform: Platform, directory: str | None) -> Iterator[tuple[str, str]]:
    if re.search(r"\bcd\b", text):
        directory = None
    for found in re.finditer(_SWIFT, text):
        from depscan.toolchains.swift import bin_path  # noqa: PLC0415 - few images are built with Swift

        words = found[1].split()
        path = bin_path(words[1:], directory, MACHINES.get(platform.architecture, ""))
        if path is not None:
            yield " ".join(words), path
