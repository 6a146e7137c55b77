"""`--chmod` as chmod(1) reads it; the rows were compared with coreutils' chmod on a file and a directory."""

from __future__ import annotations

import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depscan.filesystem.modes import parse_mode

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("755", 0o640, 0o755),
        ("0644", 0o777, 0o644),
        ("4755", 0o644, 0o4755),
        ("+x", 0o644, 0o755),
        ("u+x", 0o644, 0o744),
        ("a-w", 0o666, 0o444),
        ("go=", 0o777, 0o700),
        ("u=rwx,go=rx", 0o000, 0o755),
        ("g=u", 0o740, 0o770),
        ("a+X", 0o644, 0o644),
        ("a+X", 0o744, 0o755),
        ("u+s", 0o755, 0o4755),
        ("u=rw-w", 0o777, 0o477),
    ],
)
def test_modes(text: str, before: int, after: int) -> None:
    change = parse_mode(text)
    assert change is not None
    assert change(before, False) == after


@pytest.mark.parametrize("text", ["", "99", "77777", "u", "z+x", "u+x,", "rwx", "$MODE"])
def test_what_is_no_mode(text: str) -> None:
    assert parse_mode(text) is None


CLAUSE = st.tuples(
    st.sampled_from(["", "u", "g", "o", "a", "ug", "go"]),
    st.sampled_from("+-="),
    st.sampled_from(["", "r", "rx", "x", "X", "wX", "u", "g", "o", "rwx"]),
).map("".join)


@pytest.mark.skipif(shutil.which("chmod") is None, reason="needs coreutils")
def test_symbolic_modes_equal_those_of_chmod(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("modes")

    @settings(max_examples=30, deadline=None)  # each example starts a process
    @given(st.lists(CLAUSE, min_size=1, max_size=3).map(",".join), st.sampled_from([0o640, 0o755, 0o604, 0o000]))
    def compare(text: str, before: int) -> None:
        change = parse_mode(text)
        assert change is not None
        for path in (root / "file", root / "directory"):
            assert change(before, path.name == "directory") == real(path, text, before)

    (root / "file").touch()
    (root / "directory").mkdir()
    compare()


def real(path: Path, text: str, before: int) -> int:
    path.chmod(before)
    subprocess.run(["sh", "-c", 'umask 0; exec chmod -- "$1" "$2"', "sh", text, path], check=True)
    return stat.S_IMODE(path.stat().st_mode)
