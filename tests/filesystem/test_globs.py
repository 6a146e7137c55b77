"""Wildcards as Go's filepath.Match reads them; the rows marked Go are cases of its own documentation's grammar."""

from __future__ import annotations

import time

import pytest

from depscan.filesystem.globs import compile_component, has_wildcards


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("abc", "abc", True),
        ("*", "", True),
        ("*.so", "liba.so", True),
        ("*.so", "liba.so.1", False),
        ("lib*.so.*", "libssl.so.3", True),
        ("a*b*c", "aXbYc", True),
        ("a*b*c", "abXb", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("[a-c]x", "bx", True),
        ("[^a-c]x", "bx", False),
        ("[^a-c]x", "dx", True),
        ("[!a]", "b", False),
        (r"a\*", "a*", True),
        (r"a\*", "ab", False),
        (r"[\]]", "]", True),
        ("[a-]", "a", False),
        ("[z-a]", "m", False),
        ("a.c", "abc", False),
        ("*\n", "x\n", True),
        (".*", ".env", True),
        ("*", ".env", True),
    ],
)
def test_a_component_matches_as_in_go(pattern: str, name: str, matches: bool) -> None:
    expression = compile_component(pattern)
    assert (expression is not None and bool(expression.match(name))) is matches


@pytest.mark.parametrize("pattern", ["[", "[]", "[^]", "[a", "[a-", "[]a]", "a\\", "[-x]", "[x-]", r"[\ "])
def test_a_malformed_pattern_has_no_expression(pattern: str) -> None:
    assert compile_component(pattern) is None


@pytest.mark.parametrize(
    ("text", "expected"), [("a*", True), (r"a\*", False), ("a?", True), ("[a]", True), ("a", False)]
)
def test_escaped_marks_are_no_wildcards(text: str, expected: bool) -> None:
    assert has_wildcards(text) is expected


def test_many_stars_stay_cheap() -> None:
    expression = compile_component("*a" * 60 + "b")
    assert expression is not None
    start = time.perf_counter()
    assert not expression.match("a" * 250)
    assert time.perf_counter() - start < 0.5
