"""Compares what depscan says of real Dockerfiles with the lists beside this file.

In: a folder of checkouts, DIR/OWNER+NAME, at the commits that the lists name; other lists in place of those here. Out:
the findings that are new or gone, how many rows were measured, and how many errors they have. Rows without a checkout,
or with another text, are left out.
"""

from __future__ import annotations

import hashlib
import sys
import tomllib
from pathlib import Path
from typing import Any

from depscan.config import Config
from depscan.platforms import parse_platform
from depscan.scan import scan

HERE = Path(__file__).parent
ABOUT_TAGS = frozenset({"base-end-of-life", "base-tag-moves", "base-unresolved", "builder-tag-moves"})


def main(checkouts: Path, lists: list[Path]) -> None:
    for path in lists or [HERE / "working.toml", HERE / "broken.toml"]:
        rows = tomllib.loads(path.read_text())["dockerfile"]
        outcomes = [outcome for row in rows if (outcome := compare(row, checkouts)) is not None]
        errors = sum(text.startswith("error") for outcome in outcomes for text in outcome)
        print(f"{path.stem}: {len(outcomes)} of {len(rows)} measured, {errors} errors")


def compare(row: dict[str, Any], checkouts: Path) -> list[str] | None:
    """The findings of a row, printed where they differ from the list; None without its checkout."""
    root = checkouts / row.get("repository", "").replace("/", "+")
    dockerfile = root / row["path"]
    if "repository" not in row or not dockerfile.is_file() or digest(dockerfile) != row["sha256"]:
        return None
    found = measure(row, root)
    for sign, texts in (("+", set(found) - set(row.get("found", ()))), ("-", set(row.get("found", ())) - set(found))):
        for text in sorted(texts):
            print(f"{sign} {row['repository']} {row['path']}: {text}")
    return found


def measure(row: dict[str, Any], root: Path) -> list[str]:
    arguments = dict(text.split("=", 1) for text in row.get("build-args", ()))
    config = Config(
        context=root / row.get("context", "."),
        target=row.get("target"),
        build_arguments=arguments,
        bases=row.get("bases", {}),
        platforms=tuple(map(parse_platform, row.get("platforms", ()))),
    )
    return [
        f"{finding.severity} {finding.confidence} {finding.rule} line {finding.location.span.start.line}"
        for finding in scan([root / row["path"]], config).reported
        if finding.rule not in ABOUT_TAGS
    ]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
