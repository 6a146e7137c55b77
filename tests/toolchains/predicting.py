"""What a build stage is predicted to make, for the tests of this room: through the public scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.config import Config
from depscan.scan import scan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from depscan.artifacts.facts import Artifact
    from depscan.platforms import Platform


def predict(
    directory: Path, dockerfile: str, files: Mapping[str, str] | None = None, *, platforms: tuple[Platform, ...] = ()
) -> dict[str, Artifact]:
    """The predicted artifacts of the last stage by path; `files` are the context's."""
    for path, text in (files or {}).items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    (directory / "Dockerfile").write_text(dockerfile)
    (result,) = scan([directory / "Dockerfile"], Config(cache=False, jobs=1, platforms=platforms)).scans
    last = max(stage.stage.index for stage in result.stages)
    return {
        item.path: item.artifact
        for item in result.placements
        if item.filesystem.stage.index == last and item.artifact.prediction is not None
    }
