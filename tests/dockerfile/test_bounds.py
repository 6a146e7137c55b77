"""Hostile files: the work is bounded, and the report says where reading stopped."""

from __future__ import annotations

import time

import pytest

from depscan.dockerfile.lines import MAX_INSTRUCTIONS, MAX_LINES

from .reading import place, read

MEGABYTE = 1 << 20


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("FROM a\n" + "COPY a b\n" * (10 * MEGABYTE // 9), "nothing is read from here on"),
        ("FROM a\n" * (10 * MEGABYTE // 7), "nothing is read from here on"),
        ("FROM a\nRUN " + "x \\\n" * (2 * MEGABYTE), "lines after the first"),
        ("FROM a\n" + ("RUN " + "y" * 60_000 + "\\\n") * 30, "nothing is read from here on"),
        ("FROM a\n" + "# c\n" * (10 * MEGABYTE // 4), "lines after the first"),
        ("# escape = " + " " * (2 * MEGABYTE) + "x", "neither"),
        ("FROM a AS s\n" + "ONBUILD RUN x\n" * 4000 + "FROM s\n" * 4000, "ONBUILD would run too many"),
        ("FROM a\n" + ("ENV a=" + "$a" * 30_000 + "\n") * 20, "nothing is read from here on"),
        ("FROM a\nENV a=" + "${a:-" * 9_000 + "}" * 9_000, "recursion"),
    ],
)
def test_big_files_take_seconds(text: str, detail: str) -> None:
    started = time.process_time()
    problems = read(text).problems
    assert time.process_time() - started < 15
    assert any(detail in problem.detail for problem in problems)


def test_line_of_a_megabyte_is_refused_where_buildkit_refuses_it() -> None:
    text = "FROM a\nRUN x \\\n " + "x" * MEGABYTE + "\nCOPY a b\n"
    dockerfile = read(text)
    assert [place(problem.span) for problem in dockerfile.problems] == [f"3:1..3:{MEGABYTE + 2}"]
    assert "65535" in dockerfile.problems[0].detail
    assert [instruction.keyword for instruction in dockerfile.stages[0].instructions] == ["COPY"]


def test_longest_line_that_buildkit_reads() -> None:
    line = "RUN " + "x" * (65_535 - 4)
    assert read(f"FROM a\n{line}\n").problems == ()
    assert len(read(f"FROM a\n{line}x\n").problems) == 1


def test_limits_leave_room_for_real_files() -> None:
    heredoc = "RUN <<EOF\n" + "echo\n" * (MAX_LINES - 1000) + "EOF\n"
    assert read("FROM a\n" + heredoc + "RUN x\n" * 900).problems == ()
    assert len(read("FROM a\n" + "RUN x\n" * (MAX_INSTRUCTIONS - 1)).stages[0].instructions) == MAX_INSTRUCTIONS - 1
