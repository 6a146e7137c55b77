"""depscan's verdicts in the harness's words.

In: a build context, the lines of a Dockerfile, what stands for its base images. Out: an `Answer` for each file.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from depscan.config import Config
from depscan.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from depscan.linking.placement import Placement


class Answer(NamedTuple):
    """`cause` None says that it loads, `unknown` that depscan does not know; `reason` is its message or reason."""

    cause: str | None
    detail: str | None = None
    reason: str = ""


def ask(context: Path, lines: Iterable[str], bases: Mapping[str, Path]) -> dict[str, Answer]:
    """What depscan says of each placement of this Dockerfile, by path in the image."""
    with tempfile.TemporaryDirectory() as folder:
        dockerfile = Path(folder, "Dockerfile")
        dockerfile.write_text("\n".join([*lines, ""]))
        config = Config(
            context=context,
            bases={name: str(path) for name, path in bases.items()},
            select=frozenset({"dockerfile-syntax"}),  # no findings, and so no suggestions to prove
            jobs=1,
        )
        (result,) = scan([dockerfile], config).scans
    return {placement.path: _answer(placement) for placement in result.placements}


def _answer(placement: Placement) -> Answer:
    link = placement.link
    if placement.verdict == "fails":
        return Answer(str(placement.cause), placement.detail, link.failures[0].runtime_message)
    return Answer("unknown" if placement.verdict == "unknown" else None, None, "; ".join(link.unknowns))
