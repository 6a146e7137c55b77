"""A line of the ignore file for what COPY should not take along.

In: a `Case` about a directory of the build machine in the image, or about files of another system. Out: one `Offer` of
a line at the end of the context's .dockerignore, which is made where there is none.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.artifacts.facts import Origin
from depscan.findings import Edit, Location
from depscan.repairs.case import offer
from depscan.source import Position, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.repairs.case import Case, Offer

# Directories that package managers and virtual environments fill on the machine that they stand on.
_FILLED = ("node_modules", "vendor/bundle", ".venv", "venv")


def ignore_source(case: Case) -> Iterator[Offer]:
    """The directory that a package manager filled, wherever it lies; else the directory of the files."""
    sources = [
        each.source
        for each in case.filesystem.entries.values()
        if each.origin is Origin.CONTEXT and each.span == case.finding.location.span
    ]
    lines = dict.fromkeys(line for source in sources if (line := _line(source, case.finding.message)))
    if lines:
        path = case.before.ignore_file
        place = Position(*case.before.ignore_end)
        text = "".join(("\n" if place.column > 1 else "", *(f"{line}\n" for line in lines)))
        edit = Edit(Location(path, Span(place, place)), text)
        title = f"name it in {posixpath.basename(path)}: {' '.join(lines)}"
        yield offer("edit", title, (edit,), safe=True, ignored=tuple(lines))


def _line(source: str, message: str) -> str | None:
    for folder in _FILLED:
        found = re.match(rf"(?:(.+)/)?{re.escape(folder)}/", source)
        if found and folder in message:
            return f"**/{folder}" if found[1] else folder
    return None
