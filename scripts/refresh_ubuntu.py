"""Write depscan/knowledge/ubuntu.json: which libraries Ubuntu's packages bring. For maintainers.

In: a git checkout of canonical/chisel-releases, whose branch ubuntu-XX.YY names the files of some hundred packages in
slices/PACKAGE.yaml, and sonames.txt and debian.txt, since most names there end in a star. Out: a table for each
release, as in packages.json. A star is read as Debian has the name: in the package of the same name (whose name changes
with its soname: Debian Policy 8.1), or as the single number after .so where every Debian version of that library has a
single number. What neither tells is left out, or stands in package_additions.json, read by hand. No row is complete:
the slices of a package need not be all of it. Without a checkout the file stays as it is.

    python scripts/refresh_ubuntu.py CHISEL_CHECKOUT
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from refresh_packages import format_tables

from depscan.packages.archive import read_libraries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refresh_packages import Row

HERE = Path(__file__).parent
KNOWLEDGE = HERE.parent / "depscan" / "knowledge"
RELEASES = ("20.04", "22.04", "24.04", "26.04")
PATH = re.compile(r"^ +(?:/usr)?/lib/(?:\*-linux-\*/)?(lib[^/\s:]+\.so[^/\s:]*):", re.MULTILINE)
DRAWN = re.compile(r"^ +(?:- )?([a-z0-9][a-z0-9+.-]*)_[a-z-]+:?(?: .*)?$", re.MULTILINE)
NUMBERED = re.compile(r"(lib.+\.so)\.(\d+)(?:\.?\*)?")


def main() -> None:
    """Read all branches, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, nargs="?", metavar="CHISEL_CHECKOUT")
    checkout = parser.parse_args().checkout
    if checkout is None:
        return
    additions = json.loads((HERE / "package_additions.json").read_text("utf-8"))["ubuntu"]
    debian = Debian((KNOWLEDGE / "debian.txt").read_text("utf-8"), (KNOWLEDGE / "sonames.txt").read_text("utf-8"))
    tables = {f"ubuntu:{number}": read_table(checkout, f"ubuntu-{number}", debian) for number in RELEASES}
    for number, rows in additions.items():
        tables[f"ubuntu:{number}"]["packages"] |= rows
    (KNOWLEDGE / "ubuntu.json").write_text(format_tables(tables), "utf-8")


class Debian:
    """What Debian's archive, in the releases that were read, says of a library's name."""

    def __init__(self, packages: str, sonames: str) -> None:
        lines = (line.split(" ") for line in packages.splitlines()[1:])
        self.packages = {name: set(read_libraries(name, words)) for name, *words in lines}
        stems = (line.split(" ") for line in sonames.splitlines()[1:])
        self.versions = {f"lib{stem}.so": [word.rpartition(":")[0] for word in words] for stem, *words in stems}

    def expand(self, package: str, pattern: str) -> Iterator[str]:
        """The names that a pattern of a package stands for; none where that is not known."""
        if "*" not in pattern:
            yield pattern
            return
        own = {name for name in self.packages.get(package, ()) if fnmatchcase(name, pattern)}
        numbered = NUMBERED.fullmatch(pattern)
        if own:
            yield from own
        elif numbered and all(version.isdecimal() for version in self.versions.get(numbered[1], ("",))):
            yield f"{numbered[1]}.{numbered[2]}"


def read_table(checkout: Path, branch: str, debian: Debian) -> Row:
    """The packages of a branch that bring libraries."""
    commit, day = git(checkout, "log", "-1", "--format=%H %cs", branch).split()
    names = git(checkout, "ls-tree", "-r", "--name-only", branch, "slices/").splitlines()
    texts = {Path(name).stem: git(checkout, "show", f"{branch}:{name}") for name in names if name.endswith(".yaml")}
    rows = {package: read_row(package, text, debian) for package, text in texts.items()}
    kept = {package: row for package, row in rows.items() if row["libraries"]}
    for row in kept.values():
        row["depends"] = sorted(name for name in row["depends"] if name in kept)
    source = f"canonical/chisel-releases {branch}@{commit[:12]}, slices/; stars as in Debian's packages"
    return {"manager": "apt", "source": source, "as_of": day, "packages": kept}


def read_row(package: str, text: str, debian: Debian) -> Row:
    """The libraries of a package, and the packages whose slices it draws in."""
    found = {name for pattern in PATH.findall(text) for name in debian.expand(package, pattern)}
    libraries = sorted(name for name in found if not name.endswith(".so"))
    return {"libraries": libraries, "depends": set(DRAWN.findall(text)) - {package}}


def git(checkout: Path, *words: str) -> str:
    """What git prints."""
    command = ["git", "-C", str(checkout), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - a fixed program


if __name__ == "__main__":
    main()
