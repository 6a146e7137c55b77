"""Files beside every known base image: would they load there?

In: the facts of files, a platform, profiles of bases. Out: a `BaseTrial` for each base, with the same `Placement`s as a
Dockerfile `FROM base` with `COPY . /app` would give: the files keep their places relative to each other, so that
$ORIGIN leads where it leads.
"""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.facts import Artifact, Origin
from depscan.dockerfile.stages import read_dockerfile
from depscan.filesystem.entries import FileEntry, HostFile, StageFilesystem
from depscan.linking.linker import place
from depscan.linking.placement import Verdict
from depscan.linking.root import Root
from depscan.source import SourceText, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from depscan.artifacts.facts import ElfFacts
    from depscan.dockerfile.instructions import Stage
    from depscan.images.profile import ImageProfile
    from depscan.linking.placement import Placement
    from depscan.platforms import Platform

_FOLDER = "/app"
_HERE = Span.at(2, 1, 2, 12)
_WORST_FIRST = (Verdict.FAILS, Verdict.UNKNOWN, Verdict.LOADS)


class BaseTrial(Struct, frozen=True):
    """One base, and what becomes of each file on it, in the order of the files."""

    profile: ImageProfile
    placements: tuple[Placement, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the files' verdicts."""
        found = {placement.verdict for placement in self.placements}
        return next(verdict for verdict in _WORST_FIRST if verdict in found)


def try_bases(
    files: Mapping[Path, ElfFacts],
    profiles: Iterable[ImageProfile],
    platform: Platform,
    host_provided: tuple[str, ...] = (),
    *,
    read_symbols: Callable[[Path], bytes | None],
) -> Iterator[BaseTrial]:
    """Link the files on each base, in the order of the bases. `files` must not be empty."""
    paths = _place_files(files)
    entries = {
        path: FileEntry(path, "file", 0o755, Origin.CONTEXT, str(file), _HERE, 1, HostFile(file), named=True)
        for path, file in paths.items()
    }
    artifacts = {path: Artifact("elf", files[file], str(file), Origin.CONTEXT) for path, file in paths.items()}
    for profile in profiles:
        filesystem = StageFilesystem(
            stage=_make_stage(profile.name, platform),
            profile=profile,
            entries=entries,
            links=profile.links,
            environment=profile.environment or {},
        )
        root = Root(filesystem, artifacts, lambda entry: read_symbols(paths[entry.path]))
        found = (place(artifacts[path], entries[path], root, platform, host_provided) for path in paths)
        yield BaseTrial(profile, tuple(found))


def _place_files(files: Iterable[Path]) -> dict[str, Path]:
    """A path in the image for each file, as they lie beside each other."""
    absolute = {Path(os.path.abspath(file)): file for file in files}  # noqa: PTH100 - links must not be followed
    common = os.path.commonpath([path.parent for path in absolute])
    return {posixpath.join(_FOLDER, path.relative_to(common).as_posix()): file for path, file in absolute.items()}


def _make_stage(base: str, platform: Platform) -> Stage:
    text = SourceText.of("Dockerfile", f"FROM {base}\nCOPY . {_FOLDER}\n")
    return read_dockerfile(text, platform=platform, build_arguments={}).stages[0]
