"""What a small repository declares, for the tests of this room: through the room's public `find_builds`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from depscan.builds.discovery import find_builds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from depscan.builds.build import Build, Unusable

UNKNOWN = "\0unknown"


class Declared(NamedTuple):
    """Builds by name, and what could not be followed as (file, line, subject, reason); paths relative to the root."""

    builds: dict[str, Build]
    troubles: list[tuple[str, int | None, str, str]]
    root: Path

    def places(self) -> dict[str, tuple[str, str]]:
        """Context and Dockerfile of each build."""
        return {
            name: (self.relative(build.context), self.relative(build.dockerfile)) for name, build in self.builds.items()
        }

    def relative(self, path: Path | None) -> str:
        return "-" if path is None else os.path.relpath(path, self.root)


def declare(
    root: Path, files: Mapping[str, str], path: str = ".", environment: Mapping[str, str] | None = None
) -> Declared:
    """Write `files` into a repository and find the builds of `path` there."""
    (root / ".git").mkdir(exist_ok=True)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    found, unusable = find_builds(root / path, environment or {})
    builds = {build.name or os.path.relpath(build.dockerfile or "-", root): build for build in found}
    assert len(builds) == len(found), [build.name for build in found]
    return Declared(builds, [_trouble(each, root) for each in unusable], root)


def _trouble(unusable: Unusable, root: Path) -> tuple[str, int | None, str, str]:
    span = unusable.skipped.span
    reason = unusable.skipped.reason.replace(f"{root}/", "").replace(str(root), "ROOT")
    return unusable.source, span.start.line if span else None, unusable.skipped.subject, reason
