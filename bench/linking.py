"""`python -m bench.linking [FOLDER]`: what linking on paper costs, and how it grows.

In: a folder whose shared objects are linked (default: this machine's own, below /usr/lib and Python's packages).
Out: a table: 100, 1,000 and 10,000 shared objects placed in one context on Debian 12, each in a process of its own:
milliseconds of processor time to read their facts and to link them, per object, and the peak memory. Where there are
fewer files than asked for, copies of them in further folders stand for more.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tabulate import tabulate

from depscan.platforms import DEFAULT_PLATFORM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.artifacts.facts import ElfFacts

SIZES = (100, 1_000, 10_000)
HEADERS = ("objects", "different", "read ms each", "link ms each", "link s", "peak MiB", "loads", "fails", "unknown")


def main(words: list[str]) -> None:
    """Measure each size in its own process, or the one that is named."""
    if len(words) == 2:
        sys.stdout.write(_measure(Path(words[0]), int(words[1])))
        return
    folder = words[0] if words else "/usr/lib"
    command = [sys.executable, "-m", "bench.linking", folder]
    rows = [subprocess.check_output([*command, str(size)], text=True).split() for size in SIZES]  # noqa: S603 - ourselves
    sys.stdout.write(tabulate(rows, HEADERS) + "\n")


def _measure(folder: Path, size: int) -> str:
    """One row of the table."""
    from depscan.artifacts.facts import ElfFacts  # noqa: PLC0415 - not in the parent
    from depscan.artifacts.reading import read_facts  # noqa: PLC0415 - see above

    start = time.process_time()
    read = read_facts(_shared_objects(folder, size), jobs=1, cache=False)
    facts = {path: found for path, found in read.items() if isinstance(found, ElfFacts)}
    reading = time.process_time() - start + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    copies = (Path(f"/copy-{number}{path}") for number in range(-(-size // len(facts))) for path in facts)
    files = {copy: facts[Path("/", *copy.parts[2:])] for copy in islice(copies, size)}
    start = time.process_time()
    verdicts = Counter(_link(files))
    linking = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times = f"{1000 * reading / len(facts):.2f} {1000 * linking / size:.2f} {linking:.2f} {peak:.0f}"
    return f"{size} {len(facts)} {times} {verdicts['loads']} {verdicts['fails']} {verdicts['unknown']}"


def _shared_objects(folder: Path, size: int) -> list[Path]:
    """At most `size` files that are named like shared objects."""
    walk = (Path(place, name) for place, _, names in os.walk(folder.absolute()) for name in names if ".so" in name)
    return list(islice((path for path in walk if path.is_file() and not path.is_symlink()), size))


def _link(files: Mapping[Path, ElfFacts]) -> list[str]:
    """Link all files where they lie beside each other in one image."""
    from depscan.images.knowledge import lookup  # noqa: PLC0415 - see above
    from depscan.images.reference import parse_reference  # noqa: PLC0415 - see above
    from depscan.linking.bases import try_bases  # noqa: PLC0415 - see above

    profile = lookup(parse_reference("debian:12-slim"), DEFAULT_PLATFORM)
    assert profile is not None
    (trial,) = try_bases(files, [profile], DEFAULT_PLATFORM, read_symbols=lambda path: files[path].symbols)
    return [placement.verdict.value for placement in trial.placements]


if __name__ == "__main__":
    main(sys.argv[1:])
