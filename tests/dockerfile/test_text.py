"""Bytes to text: encodings and sizes."""

from __future__ import annotations

import pytest

from depscan.dockerfile.text import MAX_BYTES, read_source

from .reading import shown


@pytest.mark.parametrize(
    ("data", "text", "problems"),
    [
        (b"FROM a\n", "FROM a\n", []),
        ("\ufeff# é\n".encode(), "# é\n", []),
        (b"FROM a\n# \xc3\xa9 caf\xe9 x\n", "FROM a\n# é caf\ufffd x\n", [("syntax", "2:8..2:9")]),
        (b"\xef\xbb\xbf\xff", "\ufffd", [("syntax", "1:1..1:2")]),
        ("FROM a\n".encode("utf-16"), "FROM a\n", [("syntax", "1:1..1:1")]),
        (b"", "", []),
    ],
)
def test_encodings(data: bytes, text: str, problems: list[tuple[str, str]]) -> None:
    source, found = read_source(None, "Dockerfile", data)
    assert source.text == text
    assert shown(found) == problems


def test_size_is_capped_at_a_line_end() -> None:
    line = b"# " + b"x" * 1021 + b"\n"
    source, problems = read_source(None, "-", line * (MAX_BYTES // len(line) + 10))
    assert len(source.text) == MAX_BYTES
    assert [problem.kind for problem in problems] == ["syntax"]
    assert problems[0].detail == "- is larger than 16 MB; the rest is not read"
