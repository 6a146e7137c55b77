"""A part of the performed Dockerfiles, small enough for every run: those that stand on bookworm alone.

What is held: a container that starts gets no finding that is more than possible, no file that was built contradicts
its prediction, what depscan is known to tell it goes on telling, and no first remedy leads to a container that fails
unsaid. All of them: see tests/live/README.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from depscan.findings import Confidence
from tests.live.performed.advising import FAILS, advise
from tests.live.performed.cases import generate
from tests.live.performed.comparing import compare
from tests.live.performed.layers import forget_layers
from tests.live.performed.special import special_cases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live.performed.cases import Case

_ROOM = 10 << 30  # bytes
_QUICK = re.compile(
    r"special-(start-|mode-|by-|user-|library-|script-\w+-debian|copied-[\w-]+-12-(debian:12|scratch)"
    r"|single-(purged|dance)-12$|apt-(curl|busybox)$|no-package-libssl)"
)
_RECIPES = re.compile(r"-(c-hello|c-static|c-curl|c-ncurses|c-make|cxx-plain|go-hello)$")
_MUST_TELL = frozenset(
    {
        "special-single-purged-12",
        "special-start-shell-on-scratch",
        "special-start-variable-in-array",
        "special-start-musl-on-debian",
        "special-script-crlf-debian",
        "special-no-package-libssl1.1-12",
    }
)
_WORKS_ALL_THE_SAME = {
    "special-start-musl-with-glibc-copied": "a second C library by hand, which a rule advises against, may work",
}
_REMEDY_FAILS = {
    "special-copied-linked-lib-12-debian:12-slim": "COPY --link makes a directory of the link /lib, which is not told",
    "special-copied-linked-lib-12-scratch": "as above, once the base is Debian's",
    "special-built-curl-alpine:3.17": "a static libcurl asks for more libraries than -static brings",
    "special-built-curl-scratch": "as above",
}
_BUILT_BEFORE = re.compile(r"special-built-\w+-(alpine:3.17|scratch|base-debian12:nonroot)$")


def _cases() -> Iterator[Case]:
    yield from (case for case in special_cases() if _QUICK.match(case.name) and _is_of_bookworm(case))
    yield from (case for case in generate(1, 300) if _RECIPES.search(case.name) and _is_of_bookworm(case))


def _is_of_bookworm(case: Case) -> bool:
    return not re.search(r"debian:(1[13]|bullseye|trixie)|debian13", case.dockerfile)


CASES = list(_cases())


@pytest.fixture(scope="module", autouse=True)
def room() -> None:
    forget_layers(_ROOM)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_performed(case: Case) -> None:
    row = compare(case)
    alarms = [alarm for alarm in row.alarms if alarm.confidence != Confidence.POSSIBLE]
    if row.cause is None and case.name not in _WORKS_ALL_THE_SAME:
        assert alarms == []
    assert row.contradictions == ()
    if case.name in _MUST_TELL:
        assert row.cause is not None
        assert row.alarms


BUILT_BEFORE = [case for case in special_cases() if _BUILT_BEFORE.match(case.name)]


@pytest.mark.parametrize("case", [*CASES, *BUILT_BEFORE], ids=lambda case: case.name)
def test_first_remedies(case: Case) -> None:
    failing = [attempt for attempt in advise(case).attempts if attempt.end == FAILS]
    if case.name not in _REMEDY_FAILS:
        assert failing == []
