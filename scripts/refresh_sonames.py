"""Write depscan/knowledge/sonames.txt: every shared library's name in Debian's archive, by release. For maintainers.

In: the Contents indexes of each suite for ARCHITECTURES. Out: one line for each stem (libssl.so) with its versions and
the releases that have each, as letters of a mask: what is not there no package of the release can bring on any of them
(0.3 % of arm64's names are its own: libteec, libunwind-aarch64). Names are gathered from every directory, since
update-alternatives and ld.so.conf.d make libraries of other directories visible. Names that only lengthen another's
version, and those without version, are left out: `images.sonames` answers unknown for these.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from debian_archive import SUITES, read_arguments, suites

if TYPE_CHECKING:
    from debian_archive import Suite

OUTPUT = Path(__file__).parent.parent / "depscan" / "knowledge" / "sonames.txt"
NAME = re.compile(r"(?:^|/)lib([^/\s]*)\.so\.([^/\s]+)$")
ARCHITECTURES = ("amd64", "arm64")
NOT_LOADED = ("usr/lib/debug/", "usr/share/doc/")


def main() -> None:
    """Read all suites and write the file."""
    table: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    read = suites(read_arguments(__doc__))
    for bit, suite in enumerate(read.values()):
        for stem, version in names_of(suite):
            table[stem][version] |= 1 << bit
    head = {"releases": list(SUITES), "architectures": list(ARCHITECTURES)}
    head["as_of"] = max(suite.as_of for suite in read.values())
    sources = {suite.name: ", ".join(suite.contents_sources.values()) for suite in read.values()}
    head["source"] = "; ".join(f"dists/{name}/main: {source}" for name, source in sources.items())
    rows = [f"{stem} {' '.join(versions)}" for stem in sorted(table) if (versions := shortest(table[stem]))]
    OUTPUT.write_text("\n".join([json.dumps(head, separators=(",", ":"), sort_keys=True), *rows, ""]), "utf-8")


def names_of(suite: Suite) -> set[tuple[str, str]]:
    """Stem without lib and version of every lib*.so.* of a suite."""
    paths = (path for architecture in ARCHITECTURES for path, _ in suite.contents(architecture))
    names = (NAME.search(path) for path in paths if ".so." in path and not path.startswith(NOT_LOADED))
    return {(found[1], found[2]) for found in names if found}


def shortest(versions: dict[str, int]) -> list[str]:
    """`version:mask` of each version that does not only lengthen another of the same releases."""
    return [f"{version}:{mask}" for version, mask in sorted(versions.items()) if not lengthens(version, mask, versions)]


def lengthens(version: str, mask: int, versions: dict[str, int]) -> bool:
    """Whether 1.2.3 stands beside a 1.2 or a 1 in all its releases."""
    parts = version.split(".")
    shorter = (".".join(parts[:size]) for size in range(1, len(parts)))
    return any(versions.get(name, 0) & mask == mask for name in shorter)


if __name__ == "__main__":
    main()
