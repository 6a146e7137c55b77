"""moby's `.dockerignore` semantics, asked one directory level at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from e2b_dockerfile_utils import PatternMatcher
from hypothesis import given
from hypothesis import strategies as st

from depscan.filesystem.ignore import KEPT, IgnoreRules, read_ignore_rules

if TYPE_CHECKING:
    from pathlib import Path


def judged(rules: IgnoreRules, path: str) -> bool:
    verdict, parts = KEPT, path.split("/")
    for depth in range(1, len(parts) + 1):
        verdict = rules.judge("/".join(parts[:depth]), verdict)
    return verdict.ignored


@pytest.mark.parametrize(
    ("patterns", "path", "ignored"),
    [
        (["dist"], "dist/server", True),
        (["dist"], "src/dist", False),
        (["**/dist"], "src/dist/a", True),
        (["*.log"], "a.log", True),
        (["*.log"], "logs/a.log", False),
        (["/dist/"], "dist/server", True),
        (["dist", "!dist/server"], "dist/server", False),
        (["dist", "!dist/server"], "dist/other", True),
        (["!dist/server", "dist"], "dist/server", True),
        (["*", "!bin"], "bin/deep/er", False),
        (["# dist"], "# dist", False),
        ([" # dist"], "# dist", True),
        ([], "dist", False),
    ],
)
def test_the_last_matching_pattern_decides(patterns: list[str], path: str, ignored: bool) -> None:
    assert judged(IgnoreRules(patterns), path) is ignored


PATTERNS = st.lists(st.text("ab*?/!.", min_size=1, max_size=6), max_size=5)
PATHS = st.lists(st.text("ab.", min_size=1, max_size=2), min_size=1, max_size=4).map("/".join)


@given(PATTERNS, PATHS)
def test_level_by_level_equals_the_whole_path(patterns: list[str], path: str) -> None:
    rules = IgnoreRules(patterns)
    valid = [pattern for pattern in patterns if not any(repr(pattern.strip()) in row.reason for row in rules.skipped)]
    assert judged(rules, path) == PatternMatcher(valid).matches(path)


def test_an_invalid_pattern_is_skipped_and_the_others_hold() -> None:
    rules = IgnoreRules(["a[", "dist"])
    assert [(row.subject, "a[" in row.reason) for row in rules.skipped] == [(".dockerignore", True)]
    assert judged(rules, "dist")


def test_a_pattern_with_too_many_stars_is_skipped() -> None:
    rules = IgnoreRules(["*a" * 40])
    assert "more than" in rules.skipped[0].reason
    assert not judged(rules, "a" * 60)


def test_the_reason_is_the_last_pattern_that_matched() -> None:
    rules = IgnoreRules(["*.so", "/build/"])
    assert rules.reason("build/x.so") == "build"
    assert rules.reason("src/main.c") is None


def test_the_file_beside_the_dockerfile_beats_the_contexts(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("one\n")
    (tmp_path / "docker").mkdir()
    dockerfile = tmp_path / "docker" / "api.Dockerfile"
    assert judged(read_ignore_rules(tmp_path, dockerfile), "one")
    dockerfile.with_name("api.Dockerfile.dockerignore").write_bytes(b"\xef\xbb\xbftwo\r\n")
    rules = read_ignore_rules(tmp_path, dockerfile)
    assert (rules.name, judged(rules, "one"), judged(rules, "two")) == ("api.Dockerfile.dockerignore", False, True)


def test_an_unreadable_file_is_skipped(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").mkdir()
    rules = read_ignore_rules(tmp_path)
    assert [row.subject for row in rules.skipped] == [".dockerignore"]
    assert not judged(rules, "a")


def test_without_a_file_nothing_is_ignored(tmp_path: Path) -> None:
    assert not judged(read_ignore_rules(tmp_path), "a")
