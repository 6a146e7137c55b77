"""What `depscan inspect` reads: ELF files, and those inside archives, of every machine.

In: paths. Out: by path the facts, or the reason why there are none; a member's path is that of the archive, `!/` and
its name. What an archive holds besides, and what of it cannot be read, is one row under the archive's own path.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from depscan.artifacts.magic import ARCHIVES, CLOSED, HEAD_SIZE, classify
from depscan.artifacts.reading import read_facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from depscan.artifacts.contents import Contents
    from depscan.artifacts.facts import ElfFacts


def inspect_files(paths: Sequence[Path]) -> dict[str, ElfFacts | str]:
    """The facts of all files and members, in their order; a str is the reason why one is skipped."""
    found: dict[str, ElfFacts | str] = {}
    for path, facts in read_facts(paths).items():
        found.update(_members(path) if isinstance(facts, str) and _is_archive(path) else [(str(path), facts)])
    return found


def _is_archive(path: Path) -> bool:
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            return classify(file.read(HEAD_SIZE)) in {*ARCHIVES, *CLOSED}
    except OSError:
        return False


def _members(path: Path) -> Iterator[tuple[str, ElfFacts | str]]:
    from depscan.artifacts.containers import read_contents  # noqa: PLC0415 - only where there is an archive

    try:
        contents = read_contents(path, None)
    except OSError as error:
        yield str(path), f"cannot be read: {error.strerror}"
        return
    yield from ((f"{path}!/{member.path}", member.facts) for member in contents.members)
    if contents.problem is not None or not contents.members:
        yield str(path), _describe(contents)


def _describe(contents: Contents) -> str:
    if contents.problem is None:
        return "an archive without ELF programs or libraries"
    more = f", and {contents.problems - 1} more" if contents.problems > 1 else ""
    return f"{contents.problem}{more}"
