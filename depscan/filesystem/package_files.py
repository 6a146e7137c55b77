"""Packages that a command installs by their files, made for another machine than the image's.

In: a RUN with its commands, and its stage. Out: `Problem`s at the very word. The name of the file tells: the tools that
make deb, rpm and apk files end it with the architecture, and their managers refuse one of another architecture. Who
calls this leaves out the default platform: there the Dockerfile may be for another machine alone.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.dockerfile.instructions import Problem
from depscan.findings import Confidence
from depscan.packages import PROGRAMS, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.dockerfile.commands import Run
    from depscan.dockerfile.instructions import Stage
    from depscan.shell.commands import Script, ShellWord

PACKAGE_FOREIGN = "package-foreign"

# Debian's and Red Hat's names of architectures (dpkg --print-architecture, rpm --eval %_arch) for those of platforms.
_ARCHITECTURES = {
    **dict.fromkeys(("amd64", "x86_64"), "amd64"),
    **dict.fromkeys(("arm64", "aarch64"), "arm64"),
    **dict.fromkeys(("armhf", "armv7hl"), "arm"),
    **dict.fromkeys(("i386", "i686"), "386"),
    **dict.fromkeys(("ppc64el", "ppc64le"), "ppc64le"),
    **{name: name for name in ("s390x", "riscv64")},
}
_NAMED = re.compile(rf"[-_.]({'|'.join(_ARCHITECTURES)})\.(?:deb|rpm|apk)")
_FORCED = re.compile(r"--add-architecture|--force-(architecture|all)|--ignorearch|\bcase\s")


def find_foreign_packages(command: Run, script: Script, stage: Stage) -> Iterator[Problem]:
    """The files whose names say another architecture than the stage's, where the command surely runs.

    Where a RUN of the stage lets in another architecture, or picks its words by a `case`, nothing is said.
    """
    own = stage.platform.architecture
    if command.text is None or any(_FORCED.search(each.text) for each in stage.instructions if each.keyword == "RUN"):
        return
    for part in script.commands:
        if part.conditional or part.name not in PROGRAMS:
            continue
        installation = read(part)
        if installation is None or not installation.outside:
            continue
        for word in part.words[1:]:
            told = _architecture(word)
            if told is not None and told != own:
                name = posixpath.basename(word.text or word.raw)
                detail = f"{name} is a package for {told}, and the image is built for {own}: {part.name} refuses it"
                place = command.offsets.span(word.start, word.end)
                yield Problem(PACKAGE_FOREIGN, detail, place, stage.index, Confidence.LIKELY, word=name)


def _architecture(word: ShellWord) -> str | None:
    """The architecture at the end of a file's name, which is known also behind a version that is not."""
    text = word.text if word.text is not None else word.raw.strip("\"'")
    found = re.search(rf"{_NAMED.pattern}$", re.sub(r"[?#].*$", "", text))
    return _ARCHITECTURES[found[1]] if found else None
