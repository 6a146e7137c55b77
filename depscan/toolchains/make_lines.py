"""The lines of a Makefile that set variables and those that choose lines.

In: a line without its comment. Out: `Assigned`; `Branch`, an open condition. Grammar: the GNU make manual, 6.5 to 6.11
(setting, appending, override, target-specific variables) and 7 (conditionals).
"""

from __future__ import annotations

import re

from msgspec import Struct

_ASSIGNMENT = re.compile(r"((?:(?:export|override|private)\s+)*)([\w.-]+)\s*(\?|:{1,3}|\+|!)?=\s*(.*)", re.DOTALL)
CONDITION = re.compile(r"(ifn?eq|ifn?def|else|endif)\b\s*(.*)", re.DOTALL)


class Assigned(Struct, frozen=True):
    """`export override NAME += text`, with the modifiers before the name."""

    name: str
    operator: str
    text: str
    exports: bool = False
    overrides: bool = False

    @classmethod
    def of(cls, line: str) -> Assigned | None:
        """The assignment that a line is; None for another."""
        found = _ASSIGNMENT.fullmatch(line)
        if found is None:
            return None
        modifiers = found[1].split()
        return cls(found[2], found[3] or "", found[4], "export" in modifiers, "override" in modifiers)


class Branch(Struct):
    """An open condition: whether its lines count, and whether an earlier branch did; None where that is not known."""

    holds: bool | None
    settled: bool | None = False

    def turn(self, answer: bool | None) -> None:
        """`else`, perhaps with a condition of its own."""
        earlier = {self.settled, self.holds}
        self.settled = True if True in earlier else None if None in earlier else False
        self.holds = False if self.settled or answer is False else None if self.settled is None else answer
