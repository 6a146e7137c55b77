"""Write what the repository keeps of its own output, or check that it is not stale.

In: the rules and the program itself. Out: the files of `GENERATED`. `generate.py` writes them; `generate.py --check`
writes nothing, names each file that differs and exits with 1. Who adds generated text adds a row.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from depscan.cli import check_help
from depscan.reports.explain import index
from depscan.rulebook import load_rules

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
HELP_START, HELP_END = "<!-- generated: help -->", "<!-- /generated -->"


def rule_index(_current: str) -> str:
    """`rules/README.md`."""
    return index(load_rules())


def readme_help(current: str) -> str:
    """README with what `depscan --help` prints between its marks."""
    block = f"{HELP_START}\n```\n{check_help()}```\n{HELP_END}"
    return re.sub(f"{re.escape(HELP_START)}.*?{re.escape(HELP_END)}", lambda _: block, current, flags=re.DOTALL)


# File, and the function from its present text to what it should be; one that owns a part of a file keeps the rest.
GENERATED: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("rules/README.md", rule_index),
    ("README.md", readme_help),
)


def main(arguments: list[str]) -> int:
    """Write, or with --check compare."""
    stale = []
    for name, generate in GENERATED:
        path = ROOT / name
        current = path.read_text(encoding="utf-8") if path.exists() else ""
        wanted = generate(current)
        if wanted != current:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(wanted, encoding="utf-8")
    for name in stale:
        verb = "is stale; run scripts/generate.py" if "--check" in arguments else "written"
        print(f"{name} {verb}")  # noqa: T201 - a script's output
    return int(bool(stale) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
