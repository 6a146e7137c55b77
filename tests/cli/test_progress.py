"""The line that tells what a long run is at: on terminals alone, after a second, and gone at the end."""

from __future__ import annotations

import os
import signal
import time

import pytest

from depscan.cli import progress


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch):
    """A terminal's two ends; the first line comes after a hundredth of a second."""
    monkeypatch.setattr(progress, "_FIRST", 0.01)
    monkeypatch.setattr(progress, "_NEXT", 0.01)
    monkeypatch.setenv("TERM", "xterm")
    reading, writing = os.openpty()
    with os.fdopen(reading, "rb", 0) as outer, os.fdopen(writing, "w") as inner:
        yield outer, inner


def test_a_long_run_tells_what_it_is_at_and_leaves_nothing(terminal) -> None:
    outer, inner = terminal
    before = signal.getsignal(signal.SIGALRM)
    with progress.show_progress(inner) as tell:
        tell("checking a\x1b[31m/Dockerfile")
        time.sleep(0.05)
    inner.write("end")
    inner.flush()
    shown = b""
    while not shown.endswith(b"end"):
        shown += outer.read(4000)
    assert b"checking a\\x1b[31m/Dockerfile" in shown
    assert shown.endswith(b"\r\x1b[Kend")
    assert signal.getsignal(signal.SIGALRM) is before


def test_a_short_run_says_nothing(terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    outer, inner = terminal
    monkeypatch.setattr(progress, "_FIRST", 60.0)
    with progress.show_progress(inner) as tell:
        tell("checking")
    inner.write("end")
    inner.flush()
    assert outer.read(100) == b"end"


@pytest.mark.parametrize("setting", ["dumb", "file"])
def test_where_nobody_looks_nothing_is_written(terminal, setting: str, monkeypatch, tmp_path) -> None:
    outer, inner = terminal
    if setting == "dumb":
        monkeypatch.setenv("TERM", "dumb")
    with (tmp_path / "log").open("w") as file:
        stream = file if setting == "file" else inner
        with progress.show_progress(stream) as tell:
            tell("checking")
            time.sleep(0.05)
        stream.write("end")
    assert (tmp_path / "log").read_text() == ("end" if setting == "file" else "")
    inner.flush()
    if setting != "file":
        assert outer.read(100) == b"end"
