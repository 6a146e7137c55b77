"""The bytes of a Dockerfile to its text.

In: bytes as read from disk or standard input. Out: `SourceText`, and problems where they are not UTF-8 or too many.
BuildKit reads UTF-8 with or without byte order mark and nothing else; UTF-16 (as Windows editors write it) is told
apart, so that the finding can say what to do.
"""

from __future__ import annotations

import codecs
import sys
from typing import TYPE_CHECKING

from depscan.dockerfile.instructions import Problem
from depscan.errors import UsageError
from depscan.repository import shown_path
from depscan.source import SourceText, Span

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 16 << 20


def open_source(path: Path | None) -> tuple[SourceText, tuple[Problem, ...]]:
    """Read a Dockerfile, or standard input; raises UsageError.

    No more is read than a Dockerfile may have, and one byte that tells `read_source` of more.
    """
    if path is None:
        return read_source(None, "-", sys.stdin.buffer.read(MAX_BYTES + 1))
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}; pass the path of a readable Dockerfile") from None
    return read_source(path, shown_path(path), data)


def read_source(path: Path | None, display: str, data: bytes) -> tuple[SourceText, tuple[Problem, ...]]:
    """Decode `data`; `display` is what reports call the file, `path` where it lies (None: standard input).

    What is not UTF-8 becomes U+FFFD and a problem at the first such byte; bytes beyond MAX_BYTES are cut off at a line
    end, with a problem there.
    """
    problems: list[Problem] = []
    cut = len(data) > MAX_BYTES
    if cut:
        data = data[: data.rfind(b"\n", 0, MAX_BYTES) + 1 or MAX_BYTES]
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
        detail = "the file is UTF-16; builders read UTF-8 only, save it as that"
        problems.append(Problem("syntax", detail, Span.at(1, 1, 1, 1)))
    else:
        data = data.removeprefix(codecs.BOM_UTF8)
        text = data.decode("utf-8", "replace")
        problems.extend(_find_bad_byte(data))
    source = SourceText.of(display, text)
    if cut:
        end = len(source.lines)
        detail = f"{path.name if path else display} is larger than {MAX_BYTES >> 20} MB; the rest is not read"
        problems.append(Problem("syntax", detail, Span.at(end, 1, end, 1)))
    return source, tuple(problems)


def _find_bad_byte(data: bytes) -> list[Problem]:
    """The first byte that is not UTF-8, at the column it has in the decoded text."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = len(data[data.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8")) + 1
        detail = f"the byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        return [Problem("syntax", detail, Span.at(line, column, line, column + 1))]
    return []
