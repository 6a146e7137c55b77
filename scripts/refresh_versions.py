"""Write depscan/knowledge/versions.jsonl: which versions the libraries of Debian's releases define. For maintainers.

In: the .deb files of the packages with libraries that package_seeds.txt names, and of all they depend on, up to
MAX_SIZE (a few hundred MB for each suite), for amd64, and for arm64 where versions were found. Out: a line for each
release: sonames without version definitions (`plain`), those with the same on both architectures (`any`, taken for
every architecture), and those that differ. Read in the packages themselves; nothing of a package is run. Takes ten
minutes.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from debian_archive import read_arguments, suites
from refresh_debian import files_by_package, libraries, seeded

from depscan.artifacts.reading import read_facts_from_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from debian_archive import Suite

Versions = dict[str, str]  # soname -> its version definitions, separated by spaces

KNOWLEDGE = Path(__file__).parent.parent / "depscan" / "knowledge"
OUTPUT = KNOWLEDGE / "versions.jsonl"
MAX_SIZE = 3_000_000  # of a .deb: above it stand compilers, browsers and drivers
LIBRARY = re.compile(r"\./(?:usr/)?lib/(?:[a-z0-9_]+-linux-gnu/)?[^/\s]+\.so[^/\s]*$")
GLIBC = "glibc"  # the source package: told by ceilings, which hold for every architecture and every update


def main() -> None:
    """Read all suites and write the file."""
    lines = []
    for release, suite in suites(read_arguments(__doc__)).items():
        files = files_by_package(suite)
        names = [name for name in sorted(seeded(suite)) if libraries(name, files.get(name, ()))]
        lines.append(release_line(release, suite, names))
    OUTPUT.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def release_line(release: str, suite: Suite, names: list[str]) -> str:
    """One release's row."""
    amd64: Versions = {}
    wanted = []
    for name in names:
        found = dict(read_package(suite, suite.packages.get(name)))
        wanted += [name] if any(found.values()) else []
        amd64 |= found
    other = suite.packages_of("arm64")
    arm64 = {soname: text for name in wanted for soname, text in read_package(suite, other.get(name))}
    row: dict[str, Any] = {"release": release, "as_of": suite.as_of}
    row["plain"] = " ".join(sorted(soname for soname, text in amd64.items() if not text))
    versioned = {soname: text for soname, text in amd64.items() if text}
    row["any"] = {soname: text for soname, text in versioned.items() if arm64.get(soname) == text}
    row["amd64"] = {soname: text for soname, text in versioned.items() if arm64.get(soname) != text}
    row["arm64"] = {soname: arm64[soname] for soname in row["amd64"] if arm64.get(soname)}
    return json.dumps(row, separators=(",", ":"), sort_keys=True)


def read_package(suite: Suite, fields: dict[str, str] | None) -> Iterator[tuple[str, str]]:
    """Soname and versions of each library of a package that lies in a default directory; not of glibc's own."""
    if fields is None or int(fields["Size"]) > MAX_SIZE or fields.get("Source", "").split(" ")[0] == GLIBC:
        return
    unpack = ["dpkg-deb", "--fsys-tarfile", "/dev/stdin"]
    data = subprocess.run(unpack, input=suite.package_file(fields), check=True, capture_output=True).stdout  # noqa: S603
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() and LIBRARY.match(member.name) else None
            facts = read_facts_from_bytes(file.read()) if file else "not a library"
            if not isinstance(facts, str) and facts.soname:
                yield facts.soname, " ".join(sorted(facts.version_definitions))


if __name__ == "__main__":
    main()
