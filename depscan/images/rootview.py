"""A real root file system to be asked: links followed, directories listed.

In: `Contents` and the ELF facts of its libraries. Out: `RootView`, which `profiling` and `dynamic_linkers` ask. All
paths are the image's; no link leads out of it, and a loop of links leads nowhere.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from depscan.artifacts.facts import ElfFacts
    from depscan.images.contents import Contents
    from depscan.images.profile import ImageFile

_MAX_LINKS = 40  # as Linux (path_resolution(7))


class RootView:
    """Questions to one root file system."""

    def __init__(self, contents: Contents, facts: Mapping[str, ElfFacts]) -> None:
        self.files: Mapping[str, ImageFile] = contents.files
        self.libraries: Mapping[str, Path] = contents.libraries
        self.texts = contents.texts
        self.facts = facts
        self._listed: dict[str, list[str]] = {}
        for path in self.files:
            folder, _, name = path.rpartition("/")
            self._listed.setdefault(folder, []).append(name)

    def resolve(self, path: str) -> str | None:
        """The path without links at which the kernel ends; None where nothing is there. The root itself is ""."""
        waiting, here, links = path.split("/")[::-1], "", 0
        while waiting:
            name = waiting.pop()
            if name in ("", "."):
                continue
            if name == "..":
                here = posixpath.dirname(here).rstrip("/")
                continue
            entry = self.files.get(f"{here}/{name}")
            if entry is None:
                return None
            if entry.kind != "link":
                here = f"{here}/{name}"
                continue
            links += 1
            target = entry.target or ""
            if links > _MAX_LINKS:
                return None
            here = "" if target.startswith("/") else here
            waiting += target.split("/")[::-1]
        return here

    def is_directory(self, path: str) -> bool:
        """Whether a directory is at `path`, links followed."""
        resolved = self.resolve(path)
        return resolved == "" or (resolved is not None and self.files[resolved].kind == "directory")

    def names(self, directory: str) -> list[str]:
        """The names in a directory, links to it followed; [] where there is none."""
        resolved = self.resolve(directory)
        return self._listed.get(resolved, []) if resolved is not None else []
