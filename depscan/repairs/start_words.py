"""The start command as it would run.

In: a `Case` about ENTRYPOINT, CMD or HEALTHCHECK. Out: `Offer`s of other words in its place.
"""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING

import msgspec

from depscan.dockerfile.broken_arrays import read_broken_array
from depscan.filesystem.entries import Presence
from depscan.filesystem.lookup import search_program
from depscan.findings import Edit
from depscan.linking.start_texts import is_plain_text
from depscan.repairs.case import offer
from depscan.subjects.starts import JAR, TEXT, find_starts, same_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.filesystem.entries import StageFilesystem
    from depscan.repairs.case import Case, Offer
    from depscan.subjects.starts import Found


def reword_start(case: Case) -> Iterator[Offer]:
    """Other words for the start command that a finding stands at."""
    for found in find_starts(case.filesystem, case.before.placements, run=True):
        if found.span == case.finding.location.span:
            text = _reworded(found, case.filesystem)
            if text is not None:
                yield _reword(case, found.view.keyword, text)


def write_array(case: Case) -> Iterator[Offer]:
    """The JSON array that was meant."""
    for instruction in case.filesystem.stage.instructions:
        if instruction.arguments and instruction.arguments[-1].span == case.finding.location.span:
            words = read_broken_array(instruction)
            if words is not None:
                yield _reword(case, instruction.keyword, _array(words))


def _reword(case: Case, keyword: str, text: str) -> Offer:
    title = f"write {keyword} {text}" if text.startswith("[") else f"write {text} in {keyword}"
    return offer("edit", title, (Edit(case.finding.location, text),), safe=True)


def _reworded(found: Found, filesystem: StageFilesystem) -> str | None:
    """What to write in place of the word, or of the shell text, that the finding is about."""
    view = found.view
    if view.form == "shell":
        words = _plain_words(found, filesystem) if view.shell and view.status == "missing" else None
        return _array(words) if words is not None else None
    if view.content in (TEXT, JAR):
        before = ["sh"] if view.content == TEXT else ["java", "-jar"]
        return _joined([*before, view.program]) if _is_there(before[0], filesystem) else None
    if view.status != "missing":
        return None
    words = view.program.split()
    if len(words) > 1 and _is_there(words[0], filesystem):
        return _joined(words)
    elsewhere = same_name(view.program, filesystem)
    return _joined(elsewhere) if len(elsewhere) == 1 else None


def _plain_words(found: Found, filesystem: StageFilesystem) -> list[str] | None:
    """The words of a start command in shell form, where they need no shell."""
    start = filesystem.entrypoint if found.view.keyword == "ENTRYPOINT" else filesystem.command
    if start is None or start.span != found.span or not start.words or not is_plain_text(start.words[0]):
        return None
    words = shlex.split(start.words[0])
    return words if words and _is_there(words[0], filesystem) else None


def _joined(words: Sequence[str]) -> str:
    return ", ".join(msgspec.json.encode(word).decode() for word in words)


def _array(words: Sequence[str]) -> str:
    return f"[{_joined(words)}]"


def _is_there(program: str, filesystem: StageFilesystem) -> bool:
    if "/" not in program:
        return search_program(filesystem, program).presence is Presence.PROVIDED
    return filesystem.entry(posixpath.join(filesystem.workdir or "/", program)) is not None
