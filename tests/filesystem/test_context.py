"""The build context: lookups, globs and walks stay inside it and are bounded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from depscan.filesystem.context import BuildContext, Lookup, special_reason
from depscan.filesystem.ignore import IgnoreRules

if TYPE_CHECKING:
    import pytest


def fill(root: Path, *names: str) -> BuildContext:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return BuildContext(root)


def path_of(context: BuildContext, path: str) -> str | None:
    entry = context.find(path).entry
    return entry.path if entry else None


def walked(context: BuildContext, directory: str = "") -> list[str]:
    entry = context.find(directory).entry
    assert entry is not None
    return sorted(entry.path for entry in context.walk(entry))


def test_paths_are_found_as_written(tmp_path: Path) -> None:
    context = fill(tmp_path, "dist/server")
    assert path_of(context, "dist/server") == "dist/server"
    assert path_of(context, "/dist//./server") == "dist/server"
    assert path_of(context, "") == ""
    assert path_of(context, "dist/server/x") is None
    assert path_of(context, "nul\0") is None


def test_dots_stop_at_the_root(tmp_path: Path) -> None:
    context = fill(tmp_path / "context", "a")
    (tmp_path / "b").write_text("outside")
    assert path_of(context, "../a") == "a"
    assert context.find("../b") == Lookup(None, escaped=True)


def test_links_are_followed_inside_the_context_only(tmp_path: Path) -> None:
    context = fill(tmp_path / "context", "etc/real", "d/f")
    root = tmp_path / "context"
    (root / "absolute").symlink_to("/etc/real")
    (root / "outside").symlink_to("../../secret")
    (root / "dir").symlink_to("d")
    (tmp_path / "secret").write_text("x")
    assert path_of(context, "absolute") == "etc/real"
    assert path_of(context, "dir/f") == "d/f"
    assert (context.find("outside").entry, context.find("outside").escaped) == (None, True)


def test_a_loop_of_links_names_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert path_of(BuildContext(tmp_path), "a") is None


def test_globs_do_not_cross_directories(tmp_path: Path) -> None:
    context = fill(tmp_path, "bin/a.so", "bin/b.so", "bin/deep/c.so", "x.so")
    assert [entry.path for entry in context.glob("bin/*.so") or []] == ["bin/a.so", "bin/b.so"]
    assert [entry.path for entry in context.glob("*/*/c.so") or []] == ["bin/deep/c.so"]
    assert context.glob("bin/*.txt") == []
    assert context.glob("gone/*.txt") is None


def test_globs_leave_out_what_is_ignored(tmp_path: Path) -> None:
    fill(tmp_path, "a.so", "b.so", "kept/x", "gone/x")
    context = BuildContext(tmp_path, IgnoreRules(["b.so", "kept", "gone", "!kept/x"]))
    assert [entry.path for entry in context.glob("*") or []] == ["a.so", "kept"]


def test_a_walk_gives_links_without_following(tmp_path: Path) -> None:
    context = fill(tmp_path, "app/x")
    (tmp_path / "app" / "up").symlink_to("..")
    assert walked(context) == ["app", "app/up", "app/x"]


def test_a_walk_prunes_ignored_directories(tmp_path: Path) -> None:
    fill(tmp_path, "node_modules/a/b", "src/c")
    context = BuildContext(tmp_path, IgnoreRules(["node_modules"]))
    assert walked(context) == ["src", "src/c"]
    assert "node_modules" not in context._listings


def test_a_walk_gives_parents_of_what_comes_back(tmp_path: Path) -> None:
    fill(tmp_path, "build/deep/app", "build/deep/other", "build/x")
    context = BuildContext(tmp_path, IgnoreRules(["build", "!build/deep/app"]))
    assert walked(context) == ["build", "build/deep", "build/deep/app"]


def test_too_many_files_are_given_up(tmp_path: Path) -> None:
    fill(tmp_path, *(f"d/{number}" for number in range(20)))
    context = BuildContext(tmp_path, max_entries=10)
    assert len(walked(context)) <= 10
    assert not context.complete
    assert ["too many" in row.reason for row in context.skipped] == [True]
    assert path_of(context, "d/19") == "d/19"


def test_special_files_are_told_apart(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    context = BuildContext(tmp_path)
    entry = context.find("pipe").entry
    assert entry is not None
    assert (entry.kind, special_reason(context, entry)) == ("special", "is a named pipe")


def test_names_that_are_not_utf8_are_skipped(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xff", "wb"):
        pass
    context = fill(tmp_path, "a")
    assert walked(context) == ["a"]
    assert [row.subject for row in context.skipped] == ["\\udcff"]


def test_contents_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a")
    monkeypatch.chdir(tmp_path)
    context = BuildContext(Path())
    entry = context.find("a").entry
    assert entry is not None
    assert context.content(entry).path == tmp_path / "a"


def test_a_file_has_one_content_object(tmp_path: Path) -> None:
    context = fill(tmp_path, "a")
    entry = context.find("a").entry
    assert entry is not None
    assert context.content(entry) is context.content(entry)
    assert context.content(entry).path == tmp_path / "a"
