"""ELF facts of this machine's own binaries, held against pyelftools: names no fixture would think of."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from depscan.artifacts.elf import explain_elf
from depscan.artifacts.facts import ElfFacts, Linkage
from depscan.artifacts.magic import classify
from tests.artifacts.samples import ask_pyelftools, view

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDERS = ("/usr/bin", "/usr/sbin", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64")
PER_FOLDER = 25
SMALL = 4 << 20  # bytes; pyelftools is slow


def binaries(folder: str) -> Iterator[Path]:
    for path in sorted(Path(folder).iterdir()):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < SMALL:
            with path.open("rb") as file:
                if classify(file.read(4)) == "elf":
                    yield path


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if Path(folder).is_dir()])
def test_agrees_with_pyelftools(folder: str) -> None:
    for path in islice(binaries(folder), PER_FOLDER):
        facts = explain_elf(path)
        assert isinstance(facts, ElfFacts), (path, facts)
        mine, theirs = view(facts), ask_pyelftools(path)
        # Only what a relocation names is looked up at run time: of `environ` and its alias `__environ` one is.
        assert set(mine.pop("undefined")) <= set(theirs.pop("undefined")), path
        assert mine == theirs, path


def test_the_programs_here_are_dynamic_or_static_as_they_say() -> None:
    for path in islice(binaries("/usr/bin"), PER_FOLDER):
        facts = explain_elf(path)
        assert isinstance(facts, ElfFacts), (path, facts)
        assert (facts.interpreter is None) == (facts.linkage in (Linkage.STATIC, Linkage.STATIC_PIE)), path
