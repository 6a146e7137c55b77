"""Each law of laws/: what it says, what happens, and what depscan says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live.laws import build_law, law_names

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live.answers import Answer
    from tests.live.execution import Outcome

# Where depscan does not know or is wrong, and why.
DIFFERING: dict[str, str] = {}


@pytest.mark.parametrize("name", law_names())
def test_law(name: str, tmp_path: Path) -> None:
    law = build_law(name, tmp_path)
    outcome = law.perform()
    assert (outcome.cause, outcome.detail) == (law.truth.cause, law.truth.detail), outcome
    differing = [
        f"depscan, by {'knowledge' if by_knowledge else 'the files of the root'}: {answer}"
        for by_knowledge in (False, True)
        if not _agrees(answer := law.ask(by_knowledge=by_knowledge), outcome)
    ]
    assert not differing, "\n".join(differing)


def _agrees(answer: Answer, outcome: Outcome) -> bool:
    return answer.cause == outcome.cause and (outcome.detail or "") in (answer.detail or "")
