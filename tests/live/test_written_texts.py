"""What a RUN writes to a file, beside what the shells of this machine write there: dash, bash, busybox."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from depscan.filesystem.entries import InlineFile
from tests.filesystem.replays import replay_last

if TYPE_CHECKING:
    from pathlib import Path

SHELLS = [
    words for words in (["dash", "-c"], ["bash", "-c"], ["busybox", "sh", "-c"]) if shutil.which(words[0]) is not None
]
TEXTS = [
    "{ echo a; echo b; } > f",
    "( echo a; echo b ) > f",
    "{ echo a > g; echo b; } > f",
    "echo a > g > f",
    "{ echo a >&2; echo b; } > f",
    "{ echo a; } > f && echo b >> f",
    "echo 0 > f && { echo a; echo b; } >> f",
    "for i in a b c; do echo $i; done > f",
    "for i in a b; do echo $i; for j in 1 2; do echo $i$j; done; done > f",
    "echo a | tee f > /dev/null",
    "{ echo a; printf b; } | tee f g > /dev/null",
    "{ echo a | true; echo b; } | tee f > /dev/null",
    "echo 0 > f; ( echo a; echo b ) | tee -a f",
    "cat <<E | tee f\na\nb\nE",
    "{ cat <<E\na\nE\necho b; } > f",
    "say() { echo $1; echo 2; }; say a > f",
    "{ echo a; (echo b; echo c); } > f",
    "{ mkdir d; cd d; echo a; } > f",
    "sh -c 'echo a; echo b' > f",
    "echo 'echo a; echo b' | sh > f",
    "{ echo a; echo b; } > f 2> /dev/null",
    "echo a > f; > f",
    "{ :; true; } > f",
]


@pytest.mark.live
@pytest.mark.parametrize("shell", SHELLS, ids=lambda words: words[0])
@pytest.mark.parametrize("text", TEXTS)
def test_a_file_has_the_text_that_the_shell_writes(tmp_path: Path, text: str, shell: list[str]) -> None:
    real = tmp_path / "real"
    real.mkdir()
    subprocess.run([*shell, text], cwd=real, check=True, capture_output=True)
    run = f"RUN {text}" if "\n" not in text else f"RUN <<END\n{text}\nEND"
    stage = replay_last(tmp_path, f"FROM alpine\nWORKDIR /w\n{run}\n")
    content = stage.entries["/w/f"].content
    assert isinstance(content, InlineFile)
    assert content.data == (real / "f").read_bytes()
