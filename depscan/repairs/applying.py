"""Edits applied to a text.

In: a text and the `Edit`s of it. Out: the text after them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depscan.findings import Edit
    from depscan.source import SourceText


def apply_edits(source: SourceText, edits: tuple[Edit, ...]) -> str:
    """The text after those edits that are of it, which must not overlap; others are of other files."""
    lines = source.text.split("\n")
    own = [edit for edit in edits if edit.location.path == source.path]
    for edit in sorted(own, key=lambda edit: edit.location.span.start, reverse=True):
        start, end = edit.location.span.start, edit.location.span.end
        lines += [""] * (end.line - len(lines))
        before, after = lines[start.line - 1][: start.column - 1], lines[end.line - 1][end.column - 1 :]
        lines[start.line - 1 : end.line] = (before + edit.text + after).split("\n")
    return "\n".join(lines)
