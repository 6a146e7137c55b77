"""Reports to where they belong: standard output, or files that are whole or not there.

In: a `ScanResult` and the formats asked for. Out: nothing but what is written. A file is written beside its place and
renamed, so that an interrupted run leaves the old one or none.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from depscan.errors import UsageError
from depscan.reports import FORMATS, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from depscan.results import ScanResult

_NARROWEST = 60


def write_reports(result: ScanResult, formats: Iterable[tuple[str, Path | None]]) -> None:
    """Render every format, then write; raises UsageError for a file that cannot be written."""
    for name, path in formats:
        if path is None:
            write_stdout(FORMATS[name](result, color=wants_color(os.environ), width=find_width()))
        else:
            write_file(path, FORMATS[name](result))


def wants_color(environment: Mapping[str, str]) -> bool:
    """Colour on a terminal only; NO_COLOR (no-color.org) forbids it, FORCE_COLOR asks for it elsewhere too."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return environment["FORCE_COLOR"] != "0"
    return sys.stdout.isatty() and environment.get("TERM") != "dumb"


def find_width() -> int:
    """What COLUMNS says, else the columns of the terminal, from 60 on; 100 where the text goes elsewhere."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isascii() and asked.isdigit() and int(asked):
        return max(_NARROWEST, int(asked[:4]))
    try:
        return max(_NARROWEST, os.get_terminal_size(sys.stdout.fileno()).columns or WIDTH)
    except (AttributeError, ValueError, OSError):  # closed, or no terminal
        return WIDTH


def write_stdout(text: str) -> None:
    """Write UTF-8 whatever the locale; a reader that has gone (`depscan | head`) is no error."""
    if sys.stdout is None:  # closed by the caller: `depscan >&-`
        return
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(_encode(text))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _silence()
    except OSError as error:
        _silence()
        raise UsageError(f"standard output: cannot be written ({error.strerror}); use --format FORMAT=FILE") from None


def _silence() -> None:
    """Send what is still buffered to nowhere, or Python complains again at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def write_file(path: Path, text: str) -> None:
    """Write a whole file or nothing; a device or pipe is written to directly."""
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            path.write_bytes(_encode(text))
        else:
            _replace(Path(os.path.realpath(path)), _encode(text))
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); name a file in a folder of yours") from None


def _replace(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name[:200]}.{os.getpid()}.tmp")
    try:
        with beside.open("xb") as stream:
            stream.write(data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
