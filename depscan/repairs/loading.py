"""The interpreter that loads what a finding is about.

In: placements. Out: java, python3, node, ruby, or None where the files are programs or nothing tells.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.artifacts.facts import MEMBER, Linkage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depscan.linking.placement import Placement

# Toolchains whose products a program of the image loads or starts, with that program.
INTERPRETERS = {
    **dict.fromkeys(("npm", "yarn", "pnpm", "bun"), "node"),
    **dict.fromkeys(("pip", "uv", "poetry", "pdm", "pipenv"), "python3"),
    "bundle": "ruby",
}


def loading_interpreter(placements: Sequence[Placement]) -> str | None:
    """The interpreter of the first of them that has one."""
    return next((found for each in placements if (found := _interpreter_of(each)) is not None), None)


def _interpreter_of(placement: Placement) -> str | None:
    path = placement.path
    if placement.artifact.kind == MEMBER:
        return "java" if path.partition("!/")[0].endswith((".jar", ".war", ".ear")) else None
    made = placement.artifact.prediction
    if made is not None and made.product.tool in INTERPRETERS:
        return INTERPRETERS[made.product.tool]
    if placement.artifact.facts.linkage is not Linkage.SHARED_OBJECT:
        return None
    if re.search(r"/(site|dist)-packages/", path):
        return "python3"
    return "node" if path.endswith(".node") else None
