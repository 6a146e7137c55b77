"""A branch is left out only where nothing in the text can have changed what its test asks."""

from __future__ import annotations

import pytest

from depscan.shell.parser import parse_script


def commands(text: str, **variables: str) -> list[tuple[str | None, bool]]:
    """The programs a and b, and whether each is conditional."""
    script = parse_script(text, variables, "/")
    found = [(part.words[0].text, part.conditional) for part in script.commands]
    return [each for each in found if each[0] in ("a", "b")]


TEST = 'if [ "$V" = 1 ]; then a; else b; fi'
EITHER = [("a", True), ("b", True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEST, [("b", False)]),
        (f"V=1; {TEST}", [("a", False)]),
        (f"[ -f x ] && V=1; {TEST}", EITHER),
        (f"x || V=1; {TEST}", EITHER),
        (f"read V; {TEST}", EITHER),
        (f"getopts ab V; {TEST}", EITHER),
        (f". ./settings; {TEST}", EITHER),
        (f"set -e; source settings && {TEST}", EITHER),
        (f'eval "$(tool env)"; {TEST}', EITHER),
        (f': "${{V:=1}}"; {TEST}', EITHER),
        (f"while x; do {TEST}; V=1; done", EITHER),
        (f"f() {{ {TEST}; }}; V=0; f; V=1; f", EITHER * 2),
        (f"V=0; V=1; {TEST}", EITHER),
    ],
)
def test_what_may_have_changed_is_not_decided(text: str, expected: list[tuple[str, bool]]) -> None:
    assert commands(text, V="0") == expected
