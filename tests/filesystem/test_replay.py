"""Stages in order: what they inherit, what they start, what is not replayed; and the speed of it all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from replays import columns, files, profile_of, replay_all, replay_last, write

from depscan.dockerfile.stages import read_dockerfile
from depscan.filesystem.context import BuildContext, choose_context
from depscan.filesystem.replay import Replay
from depscan.filesystem.taking import ContextSource
from depscan.platforms import DEFAULT_PLATFORM
from depscan.source import SourceText

if TYPE_CHECKING:
    from pathlib import Path

    from depscan.dockerfile.instructions import Dockerfile


def read(text: str) -> Dockerfile:
    return read_dockerfile(SourceText.of("Dockerfile", text), platform=DEFAULT_PLATFORM, build_arguments={})


def test_a_stage_on_a_stage_inherits_files_and_settings(tmp_path: Path) -> None:
    write(tmp_path, "hello", "more")
    text = (
        'FROM alpine AS base\nWORKDIR /app\nENV D=/d\nCOPY hello .\nCMD ["x"]\n'
        "FROM base\nARG Y=more\nCOPY $Y .\nCOPY $Y $D/\n"
    )
    first, second = replay_all(tmp_path, text)
    assert files(first) == {"/app/hello": "hello"}
    assert files(second) == {"/app/hello": "hello", "/app/more": "more", "/d/more": "more"}
    assert (second.profile, second.workdir, second.environment["D"]) == (first.profile, "/app", "/d")
    assert second.command is not None
    assert second.entries["/app/more"].sequence > second.entries["/app/hello"].sequence


@pytest.mark.parametrize(
    ("body", "entrypoint", "command"),
    [
        ('ENTRYPOINT ["/e"]', ("/e",), None),
        ('CMD ["y"]\nENTRYPOINT ["/e"]', ("/e",), ("y",)),
        ('ENTRYPOINT ["/e"]\nCMD ["y"]', ("/e",), ("y",)),
        ('CMD ["y"]', None, ("y",)),
        ("CMD echo  hi", None, ("echo  hi",)),
        ("USER 1", None, ("base",)),
    ],
)
def test_entrypoint_resets_the_command_of_the_base(
    tmp_path: Path, body: str, entrypoint: tuple[str, ...] | None, command: tuple[str, ...] | None
) -> None:
    stage = replay_last(tmp_path, f'FROM alpine AS base\nCMD ["base"]\nFROM base\n{body}\n')
    assert (stage.entrypoint and stage.entrypoint.words, stage.command and stage.command.words) == (entrypoint, command)


def test_onbuild_runs_in_the_child(tmp_path: Path) -> None:
    write(tmp_path, "hello")
    first, second = replay_all(tmp_path, "FROM alpine AS b\nONBUILD COPY hello /h\nFROM b\n")
    assert (files(first), files(second)) == ({}, {"/h": "hello"})
    assert columns(second.entries["/h"].span) == (2, 14, 2, 19)


def test_workdir_makes_directories(tmp_path: Path) -> None:
    stage = replay_last(tmp_path, "FROM scratch\nWORKDIR /a/b\n")
    assert {path: entry.kind for path, entry in stage.entries.items()} == {"/a": "directory", "/a/b": "directory"}


def test_an_unknown_workdir_makes_relative_copies_unknown(tmp_path: Path) -> None:
    write(tmp_path, "hello")
    stage = replay_last(tmp_path, "FROM alpine\nARG W\nWORKDIR $W\nCOPY hello .\nWORKDIR /x\nCOPY hello .\n")
    assert files(stage) == {"/x/hello": "hello"}
    assert [row.subject for row in stage.skipped] == ["WORKDIR $W", "."]
    assert [(change.roots, change.foreign_libc) for change in stage.changes] == [(("/",), False)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ARG BASE\nFROM ${BASE}\n", "pass --build-arg BASE="),
        ("FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\n", "Windows"),
    ],
)
def test_what_is_not_replayed_is_skipped(tmp_path: Path, text: str, reason: str) -> None:
    stage = replay_last(tmp_path, text + "COPY missing /x\n")
    assert [reason in row.reason for row in stage.skipped] == [True]
    assert (stage.problems, files(stage)) == ((), {})
    assert [(change.roots, change.foreign_libc) for change in stage.changes] == [(("/",), True)]


def test_a_build_argument_makes_it_known(tmp_path: Path) -> None:
    stage = replay_last(tmp_path, "ARG BASE\nFROM ${BASE}\n", arguments={"BASE": "alpine"})
    assert stage.profile.release == "alpine:3.20"


def test_only_needed_stages_are_replayed(tmp_path: Path) -> None:
    dockerfile = read("FROM alpine AS a\nFROM alpine AS b\nFROM a\n")
    context = ContextSource(BuildContext(tmp_path))
    asked: list[int] = []
    replay = Replay(
        dockerfile,
        context,
        profile_of=lambda stage: asked.append(stage.index) or profile_of(stage),  # type: ignore[func-returns-value]
        build_arguments={},
    )
    assert [stage.stage.index for stage in replay.stages(frozenset({0, 2}))] == [0, 2]
    assert [stage.stage.index for stage in replay.stages(frozenset({0, 1}))] == [0, 1]
    assert asked == [0, 1], "each is replayed once, when first asked for"


def test_problems_tell_their_stage_and_are_not_inherited(tmp_path: Path) -> None:
    first, second = replay_all(tmp_path, "FROM alpine AS a\nCOPY gone /\nFROM a\n")
    assert [problem.stage for problem in first.problems] == [0]
    assert second.problems == ()


def test_a_bad_ignore_pattern_is_told_once(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("a[\n")
    stages = replay_all(tmp_path, "FROM alpine\nCOPY . /\nFROM alpine\nCOPY . /\n")
    assert [len(stage.skipped) for stage in stages] == [1, 0]


def repository(root: Path) -> Path:
    write(root, "src/main.c", "dist/server", "deploy/nginx.conf", ".git/HEAD")
    return root / "deploy" / "Dockerfile"


@pytest.mark.parametrize(
    ("copies", "context", "reason"),
    [
        ("COPY nginx.conf /", "deploy", "all COPY sources are there"),
        ("COPY . /", "deploy", "the Dockerfile's directory"),
        ("COPY dist/server src/*.c deploy/nginx.conf /", ".", "3 of 3"),
        ("COPY dist/server gone1 gone2 /", "deploy", "0 of 3"),
        ("COPY --from=x dist/server /", "deploy", "the Dockerfile's directory"),
        ("COPY $X /", "deploy", "the Dockerfile's directory"),
        ("ADD https://example.org/x /", "deploy", "the Dockerfile's directory"),
    ],
)
def test_the_context_is_where_the_sources_are(tmp_path: Path, copies: str, context: str, reason: str) -> None:
    path = repository(tmp_path)
    chosen, why = choose_context(path, read(f"FROM alpine\n{copies}\n"))
    assert chosen == tmp_path / context
    assert reason in why


def test_outside_a_repository_the_context_is_beside_the_dockerfile(tmp_path: Path) -> None:
    write(tmp_path, "dist/server")
    assert choose_context(tmp_path / "deploy" / "Dockerfile", read("FROM x\nCOPY dist/server /\n"))[0] == (
        tmp_path / "deploy"
    )


def test_many_stages_and_files_are_fast(tmp_path: Path) -> None:
    for directory in range(50):
        (tmp_path / f"d{directory}").mkdir()
        for number in range(40):
            (tmp_path / f"d{directory}" / f"f{number}").touch()
    text = (
        "".join(f"FROM alpine AS s{i}\nWORKDIR /app\nCOPY . .\n" for i in range(12))
        + "FROM s11\nCOPY --from=s0 /app /x\n"
    )
    start = time.process_time()
    stages = replay_all(tmp_path, text)
    assert len(stages[-1].entries) > 4000
    assert time.process_time() - start < 3  # 0.1 s on a free machine
