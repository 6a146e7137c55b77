"""Each law of laws/: what it says, what happens, and what depscan says."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from tests.live.laws import build_law, law_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.live.execution import Outcome
    from tests.live.laws import Law

# Where depscan does not know or is wrong, by the way it knows the image, and why.
DIFFERING = {
    ("dt_relr_needs_its_abi_tag", "knowledge"): "a stable update of the release may have brought the tag",
    ("a_directory_as_interpreter", "knowledge"): "the knowledge has files, not directories",
}


def _cases() -> Iterator[Any]:
    for name in law_names():
        for source in ("root", "knowledge"):
            reason = DIFFERING.get((name, source))
            yield pytest.param(name, source, marks=[pytest.mark.xfail(reason=reason)] if reason else ())


@pytest.fixture(scope="module")
def laws(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Law, Outcome]]:
    """Each law built and performed once."""

    @cache
    def perform(name: str) -> tuple[Law, Outcome]:
        folder = tmp_path_factory.mktemp(name)
        law = build_law(name, folder)
        return law, law.perform()

    return perform


@pytest.mark.parametrize("name", law_names())
def test_the_truth(name: str, laws: Callable[[str], tuple[Law, Outcome]]) -> None:
    law, outcome = laws(name)
    assert (outcome.cause, outcome.detail) == (law.truth.cause, law.truth.detail), outcome


@pytest.mark.parametrize(("name", "source"), list(_cases()))
def test_the_answer(name: str, source: str, laws: Callable[[str], tuple[Law, Outcome]]) -> None:
    law, outcome = laws(name)
    answer = law.ask(by_knowledge=source == "knowledge")
    assert answer.cause == outcome.cause, (answer, outcome)
    assert (outcome.detail or "") in (answer.detail or ""), (answer, outcome)
