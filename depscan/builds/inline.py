"""A Dockerfile that stands inside another file, placed so that its lines are those of that file.

In: the file, the Dockerfile's text and the line where it begins. Out: a `SourceText` of the same path: empty lines
before it and, for a block, the file's own indentation, which Dockerfiles allow, so that every span is a place in the
file that the user edits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.source import SourceText

if TYPE_CHECKING:
    from pathlib import Path


def inline_source(path: Path, text: str, line: int, *, block: bool) -> SourceText:
    """`text` from `line` (1-based) of the file at `path` on; `block` says that its lines are indented there."""
    lines = text.split("\n")
    if block:
        there = path.read_text(encoding="utf-8", errors="replace").split("\n")[line - 1 : line - 1 + len(lines)]
        widths = [len(each) - len(each.lstrip(" ")) for each in there if each.strip()]
        indent = " " * min(widths, default=0)
        lines = [indent + each if each else each for each in lines]
    return SourceText.of(str(path), "\n" * (line - 1) + "\n".join(lines))
