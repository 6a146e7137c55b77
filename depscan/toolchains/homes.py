"""Directories that variables of the environment name: `$CARGO_HOME/bin`, `$HOME/.cargo/bin`.

In: a text with at most one variable, and the environment. Out: the path. A process of a build has HOME from the user
that runs it; without ENV HOME and USER that is root's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROOT = "/root"


def fill(text: str, environment: Mapping[str, str | None]) -> str | None:
    """A path with its variable filled in: "" where that is not set or empty, None where its value is not known."""
    found = re.match(r"\$(\w+)", text)
    if found is None:
        return text
    value = environment.get(found[1], _ROOT if found[1] == "HOME" else "")
    return None if value is None else value and value + text[found.end() :]


def home(environment: Mapping[str, str | None], *names: str) -> str | None:
    """The first of these directories of which the variable is set; None where it is not known."""
    for name in names:
        path = fill(name, environment)
        if path != "":
            return path
    return None
