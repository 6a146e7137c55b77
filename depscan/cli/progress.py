"""What a long run is at, on a terminal's standard error, from its first second on.

In: the stream, and what is told of the work. Out: a line that is written anew twice a second and gone at the end. A
timer of the kernel wakes it: a thread beside the processes that parse binaries would make their fork unsafe.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from depscan.reports.escaping import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FIRST, _NEXT = 1.0, 0.5  # seconds
_ANEW = "\r\x1b[K"
_DUMB = "dumb"
_UNSAID = 80  # columns of a terminal that does not say


@contextmanager
def show_progress(stream: TextIO | None = None) -> Iterator[Callable[[str], None]]:
    """Take what is told and show it while the run lasts, where `stream` (standard error) is a terminal."""
    stream = stream or sys.stderr
    if not _is_terminal(stream):
        yield lambda _: None
        return
    latest, shown = [""], [False]

    def show(*_: object) -> None:
        with suppress(OSError, ValueError):  # the terminal has gone
            columns = os.get_terminal_size(stream.fileno()).columns or _UNSAID
            shown[0] = True
            _write(stream, _ANEW + printable(latest[0])[: columns - 1])

    before = signal.signal(signal.SIGALRM, show)
    signal.setitimer(signal.ITIMER_REAL, _FIRST, _NEXT)
    try:
        yield lambda text: latest.__setitem__(0, text)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if shown[0]:
            with suppress(OSError, ValueError):
                _write(stream, _ANEW)


def _write(stream: TextIO, text: str) -> None:
    """Past the buffer, which a handler must not enter where it may stand in it already."""
    os.write(stream.fileno(), text.encode("utf-8", "backslashreplace"))


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty() and os.environ.get("TERM") != _DUMB and hasattr(signal, "setitimer")
