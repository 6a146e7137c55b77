"""Rebuild depscan/knowledge/ from its inputs, in the right order, and tell what changed. For maintainers.

In: the facts file (releases measured in containers, tags of official images), checkouts of official-images and of
endoflife.date, and a Debian mirror, which the steps read with a cache of downloads. Out: the files of the knowledge:
sorted, the same bytes for the same inputs. What a step refuses (an index that its Release file does not name, a package
list with another distribution's dist tag, a package that no suite has) stops the run.

    python scripts/refresh.py --facts FACTS.json --official-images DIR --endoflife DIR
    python scripts/refresh.py --only sonames layers          a part; needs only that part's inputs
    python scripts/refresh.py --check ...                    also fail where the bytes differ from those that were there
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
KNOWLEDGE = HERE.parent / "depscan" / "knowledge"


class Step(NamedTuple):
    """A script, its positional inputs by option name, one it can do without, and whether it reads Debian's indexes."""

    name: str
    inputs: tuple[str, ...] = ()
    optional: str | None = None
    archive: bool = False


# In order: layers and versions read what packages wrote, lifetimes what knowledge wrote, ubuntu what debian and
# sonames wrote.
STEPS = (
    Step("knowledge", ("facts", "official_images")),
    Step("sizes", optional="repo_info"),
    Step("lifetimes", ("endoflife",), archive=True),
    Step("packages", archive=True),
    Step("debian", archive=True),
    Step("availability", archive=True),
    Step("sonames", archive=True),
    Step("ubuntu", optional="chisel"),
    Step("layers", archive=True),
    Step("versions", archive=True),
    Step("exports"),
)


def main() -> int:
    """Run the steps; 1 where --check finds a difference."""
    arguments = read_arguments()
    chosen = [step for step in STEPS if not arguments.only or step.name in arguments.only]
    for step in chosen:
        missing = [name for name in step.inputs if getattr(arguments, name) is None]
        if missing:
            sys.exit(f"step {step.name} needs --{missing[0].replace('_', '-')}; or choose others by --only")
    before = read_files()
    for step in chosen:
        tell(f"{step.name} ...")
        if subprocess.run(command(step, arguments), check=False).returncode:  # noqa: S603 - scripts of this folder
            sys.exit(f"step {step.name} stopped; what the steps before it wrote is there")
    changes = [line for name in sorted(before | read_files()) if (line := change(name, before, read_files()))]
    tell("\n".join(changes or ["nothing changed"]))
    return int(bool(changes) and arguments.check)


def tell(text: str) -> None:
    """A line for the maintainer, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def read_arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", type=Path, metavar="FILE", help="releases and tags, measured")
    parser.add_argument("--official-images", type=Path, metavar="DIR", help="checkout with full history")
    parser.add_argument("--endoflife", type=Path, metavar="DIR", help="checkout of endoflife-date/endoflife.date")
    parser.add_argument("--repo-info", type=Path, metavar="DIR", help="checkout of docker-library/repo-info (optional)")
    parser.add_argument("--chisel", type=Path, metavar="DIR", help="checkout of canonical/chisel-releases (optional)")
    parser.add_argument("--only", nargs="+", choices=[step.name for step in STEPS], metavar="STEP", help="a part")
    parser.add_argument("--check", action="store_true", help="exit with 1 where anything changed")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="folder for downloads")
    parser.add_argument("--stale-contents", action="store_true", help="take a Contents index older than its Release")
    return parser.parse_args()


def command(step: Step, arguments: argparse.Namespace) -> list[str]:
    """The command line of a step."""
    words = [sys.executable, str(HERE / f"refresh_{step.name}.py")]
    if step.archive and arguments.cache:
        words += ["--cache", str(arguments.cache)]
    if step.archive and arguments.stale_contents:
        words.append("--stale-contents")
    given = [step.optional] if step.optional and getattr(arguments, step.optional) else []
    return words + [str(getattr(arguments, name)) for name in (*step.inputs, *given)]


def read_files() -> dict[str, bytes]:
    """The knowledge files by name."""
    return {str(path.relative_to(KNOWLEDGE)): path.read_bytes() for path in KNOWLEDGE.rglob("*") if path.is_file()}


def change(name: str, before: dict[str, bytes], after: dict[str, bytes]) -> str | None:
    """What changed in a file, in rows; None where nothing did."""
    old, new = before.get(name, b""), after.get(name, b"")
    if old == new:
        return None
    rows = [keyed(data) for data in (old, new)]
    added, removed = rows[1].keys() - rows[0].keys(), rows[0].keys() - rows[1].keys()
    changed = [key for key in rows[0].keys() & rows[1].keys() if rows[0][key] != rows[1][key]]
    return f"{name}: {len(added)} added, {len(removed)} removed, {len(changed)} changed, {len(new)} bytes"


def keyed(data: bytes) -> dict[str, str]:
    """The rows of a file by what names them: an id, a list's first words, a line's key; a binary file is one row."""
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError:
        return {"": data.hex()}
    return {key(line): line for line in lines}


def key(line: str) -> str:
    """What names a row."""
    try:
        row = json.loads(line)
    except ValueError:
        return line.partition(":")[0] if line.startswith('"') else line.partition(" ")[0]
    if isinstance(row, list):
        return json.dumps(row[:3])
    return str(row.get("id") or row.get("release") or "") if isinstance(row, dict) else line


if __name__ == "__main__":
    sys.exit(main())
