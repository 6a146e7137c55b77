"""Replays a Dockerfile text on a directory, for the tests of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.dockerfile.stages import read_dockerfile
from depscan.filesystem.context import BuildContext
from depscan.filesystem.ignore import read_ignore_rules
from depscan.filesystem.replay import Replay
from depscan.filesystem.taking import ContextSource
from depscan.images.profile import ImageProfile, Libc
from depscan.platforms import DEFAULT_PLATFORM
from depscan.source import SourceText

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from depscan.dockerfile.instructions import Stage
    from depscan.filesystem.entries import StageFilesystem
    from depscan.source import Span

SCRATCH = ImageProfile("scratch", Libc("none"), loaders_complete=True, libraries_complete=True, environment={})
ALPINE = ImageProfile(
    "docker.io/library/alpine:3.20",
    Libc("musl", "1.2.5"),
    release="alpine:3.20",
    loaders=("/lib/ld-musl-x86_64.so.1",),
    environment={},
)
DEBIAN = ImageProfile(
    "docker.io/library/debian:12",
    Libc("glibc", "2.36"),
    release="debian:12",
    loaders=("/usr/lib64/ld-linux-x86-64.so.2",),
    links={"/lib": "usr/lib", "/lib64": "usr/lib64", "/bin": "usr/bin", "/sbin": "usr/sbin"},
    environment={},
)
PROFILES = {"scratch": SCRATCH, "alpine": ALPINE, "debian": DEBIAN}


def profile_of(stage: Stage) -> ImageProfile:
    unknown = ImageProfile(str(stage.base), Libc("unknown"))
    return PROFILES.get(str(stage.base), unknown)


def replay_all(
    root: Path, text: str, *, arguments: Mapping[str, str | None] | None = None, context: BuildContext | None = None
) -> tuple[StageFilesystem, ...]:
    source = SourceText.of("Dockerfile", text)
    dockerfile = read_dockerfile(source, platform=DEFAULT_PLATFORM, build_arguments=arguments or {})
    assert [problem.detail for problem in dockerfile.problems if problem.kind == "syntax"] == []
    context = context or BuildContext(root, read_ignore_rules(root))
    source_of_copies = ContextSource(context)
    replay = Replay(dockerfile, source_of_copies, profile_of=profile_of, build_arguments=arguments or {})
    return replay.stages(frozenset(range(len(dockerfile.stages))))


def replay_last(root: Path, text: str, *, arguments: Mapping[str, str | None] | None = None) -> StageFilesystem:
    return replay_all(root, text, arguments=arguments)[-1]


def files(stage: StageFilesystem) -> dict[str, str]:
    """Path to source of what is no directory."""
    return {path: entry.source for path, entry in sorted(stage.entries.items()) if entry.kind != "directory"}


def problems(stage: StageFilesystem) -> list[tuple[str, tuple[int, ...]]]:
    return [(problem.kind, columns(problem.span)) for problem in stage.problems]


def columns(span: Span) -> tuple[int, ...]:
    return span.start.line, span.start.column, span.end.line, span.end.column


def write(root: Path, *names: str, mode: int = 0o755) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        path.chmod(mode)
