"""COPY --from: what is known travels, what is not stays unknown, and only proof makes a source missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from replays import files, problems, replay_all, replay_last, write

from depscan.artifacts.facts import Origin

if TYPE_CHECKING:
    from pathlib import Path


def changes(stage: object) -> list[tuple[tuple[str, ...], bool]]:
    return [(change.roots, change.foreign_libc) for change in stage.changes]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["build", "BUILD", "0"])
def test_a_file_of_a_stage(tmp_path: Path, name: str) -> None:
    write(tmp_path, "hello")
    stage = replay_last(
        tmp_path, f"FROM alpine AS build\nCOPY hello /out/app\nFROM debian\nCOPY --from={name} /out/app /bin/\n"
    )
    entry = stage.entries["/usr/bin/app"]
    assert (entry.origin, entry.source) == (Origin.STAGE, "/out/app")
    assert entry.content is not None
    assert stage.changes == ()


def test_a_directory_of_a_stage_from_scratch(tmp_path: Path) -> None:
    write(tmp_path, "root/a", "root/b/c")
    (tmp_path / "root" / "l").symlink_to("a")
    stage = replay_last(tmp_path, "FROM scratch AS r\nCOPY root /r/\nFROM alpine\nCOPY --from=r /r /opt/x\n")
    assert files(stage) == {"/opt/x/a": "/r/a", "/opt/x/b/c": "/r/b/c", "/opt/x/l": "/r/l"}
    assert stage.links["/opt/x/l"] == "a"
    assert stage.changes == ()


def test_a_source_that_is_a_link_is_followed(tmp_path: Path) -> None:
    write(tmp_path, "root/a.1")
    (tmp_path / "root" / "a").symlink_to("a.1")
    stage = replay_last(tmp_path, "FROM scratch AS r\nCOPY root /r/\nFROM alpine\nCOPY --from=r r/a /opt/\n")
    assert files(stage) == {"/opt/a": "/r/a.1"}


def test_globs_in_a_stage(tmp_path: Path) -> None:
    write(tmp_path, "l/x.so.1", "l/y.so", "l/z.txt", "l/deep/w.so")
    stage = replay_last(tmp_path, "FROM scratch AS r\nCOPY l /l/\nFROM alpine\nCOPY --from=r /l/*.so* /lib/\n")
    assert files(stage) == {"/lib/x.so.1": "/l/x.so.1", "/lib/y.so": "/l/y.so"}
    assert stage.changes == ()


def test_a_glob_in_an_image_marks_the_destination(tmp_path: Path) -> None:
    stage = replay_last(tmp_path, "FROM debian AS r\nFROM scratch\nCOPY --from=r /usr/lib/*.so* /lib/\n")
    assert changes(stage) == [(("/lib",), True)]


@pytest.mark.parametrize(
    ("stage", "missing"),
    [
        ("FROM scratch AS b\nCOPY hello /hello", True),
        ("FROM scratch AS b\nARG X\nCOPY $X /", False),
        ("FROM scratch AS b\nADD https://example.org/x.git /gone", False),
        ("FROM scratch AS b\nADD --unpack https://example.org/x.tgz /gone/deep/", False),
        ('FROM scratch AS b\nRUN ["/x"]', False),
        ("FROM alpine AS b", False),
        ("FROM private.example.org/x AS b", False),
        ("ARG B\nFROM $B AS b", False),
    ],
)
def test_only_proof_makes_a_source_missing(tmp_path: Path, stage: str, missing: bool) -> None:
    write(tmp_path, "hello")
    last = replay_last(tmp_path, f"{stage}\nFROM alpine\nCOPY --from=b /gone /opt/\n")
    line = stage.count("\n") + 3
    assert problems(last) == ([("source-missing", (line, 15, line, 20))] if missing else [])
    assert bool(last.changes) is not missing


@pytest.mark.parametrize(
    ("line", "entry", "root"),
    [
        ("COPY --from=nginx:1.27 /usr/sbin/nginx /usr/sbin/nginx", "/usr/sbin/nginx", "/usr/sbin/nginx"),
        ("COPY --from=uv:0.5 /uv /uvx /bin/", "/bin/uv", "/bin/uv"),
        ("COPY --from=x /lib/ld-linux-x86-64.so.2 /lib/", "/lib/ld-linux-x86-64.so.2", "/lib/ld-linux-x86-64.so.2"),
        ("COPY --from=x /usr/local/go /usr/local/go", None, "/usr/local/go"),
        ("COPY --from=x /usr/local/bin /usr/local/bin", None, "/usr/local/bin"),
        ("COPY --from=x / /", None, "/"),
    ],
)
def test_an_image_gives_unknown_files(tmp_path: Path, line: str, entry: str | None, root: str) -> None:
    stage = replay_last(tmp_path, f"FROM alpine\n{line}\n")
    assert changes(stage)[0] == ((root,), True)
    assert problems(stage) == []
    if entry is None:
        assert files(stage) == {}
    else:
        assert (stage.entries[entry].origin, stage.entries[entry].content) == (Origin.IMAGE, None)
        assert stage.entries[entry].sequence > stage.changes[0].sequence


def test_what_a_later_change_touched_stays_doubtful(tmp_path: Path) -> None:
    write(tmp_path, "old", "new")
    text = (
        "FROM scratch AS b\nCOPY old /o/old\nADD https://example.org/x.git /o\nCOPY new /o/new\n"
        "FROM alpine\nCOPY --from=b /o /p\nCOPY --from=b /o/new /q/\nCOPY --from=b /o/old /q/\n"
    )
    stage = replay_last(tmp_path, text)
    (directory, single) = stage.changes
    assert (directory.roots, single.roots) == (("/p",), ("/q/old",))
    assert stage.entries["/p/old"].sequence < directory.sequence < stage.entries["/p/new"].sequence
    assert stage.entries["/q/old"].sequence < single.sequence


def test_changes_below_a_source_move_with_it(tmp_path: Path) -> None:
    text = "FROM scratch AS b\nADD https://example.org/x.git /o/deep/x\nFROM scratch\nCOPY --from=b /o /p\n"
    assert changes(replay_last(tmp_path, text)) == [(("/p/deep/x",), True)]


def test_files_of_the_image_below_a_standard_directory(tmp_path: Path) -> None:
    write(tmp_path, "x.so")
    text = "FROM {} AS b\nCOPY x.so {}/\nFROM alpine\nCOPY --from=b {} /opt/l/\n"
    assert changes(replay_last(tmp_path, text.format("debian", "/usr/lib", "/usr/lib"))) == [(("/opt/l",), True)]
    assert changes(replay_last(tmp_path, text.format("alpine", "/usr/lib", "/usr/lib"))) == [(("/opt/l",), False)]
    assert changes(replay_last(tmp_path, text.format("debian", "/src", "/src"))) == []
    assert changes(replay_last(tmp_path, text.format("private/x", "/src", "/src"))) == [(("/opt/l",), True)]


def test_parents_and_exclude(tmp_path: Path) -> None:
    write(tmp_path, "root/a/b", "root/a/c")
    text = "FROM scratch AS r\nCOPY root /r\nFROM scratch\n"
    assert files(replay_last(tmp_path, text + "COPY --from=r --parents /r/./a/b /x/\n")) == {"/x/a/b": "/r/a/b"}
    assert files(replay_last(tmp_path, text + "COPY --from=r --exclude=b /r/a /x/\n")) == {"/x/c": "/r/a/c"}


def test_other_origins_stay_what_they_are(tmp_path: Path) -> None:
    text = "FROM scratch AS a\nADD https://example.org/t /t\nFROM alpine\nCOPY --from=a /t /t\n"
    entry = replay_last(tmp_path, text).entries["/t"]
    assert (entry.origin, entry.source) == (Origin.URL, "https://example.org/t")


def test_a_stage_cannot_copy_from_itself_or_a_later_one(tmp_path: Path) -> None:
    stages = replay_all(tmp_path, "FROM scratch AS a\nCOPY --from=b /x /x\nCOPY --from=a /y /y\nFROM scratch AS b\n")
    assert [len(stage.changes) for stage in stages] == [2, 0]


def test_the_root_of_an_empty_stage_is_there(tmp_path: Path) -> None:
    stage = replay_last(tmp_path, "FROM scratch AS empty\nFROM alpine\nCOPY --from=empty / /opt/x/\n")
    assert stage.problems == ()
