"""Write depscan/knowledge/lifetimes.json: the day on which each release's free security updates end. For maintainers.

In: Debian's package distro-info-data (debian.csv: LTS, or the security team's date; ubuntu.csv: standard support), and
a checkout of endoflife-date/endoflife.date for the others. Out: release id to ISO date, for releases of releases.jsonl
alone. Run it after refresh_knowledge.py.

    python scripts/refresh_lifetimes.py ENDOFLIFE_CHECKOUT
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from debian_archive import archive_parser, suites

if TYPE_CHECKING:
    from collections.abc import Iterator

    from debian_archive import Suite

KNOWLEDGE = Path(__file__).parent.parent / "depscan" / "knowledge"
OUTPUT = KNOWLEDGE / "lifetimes.json"
# Products of endoflife.date, and the release id for a cycle.
PRODUCTS = {
    "almalinux": "almalinux:{}",
    "alpine-linux": "alpine:{}",
    "amazon-linux": "amazonlinux:{}",
    "centos": "centos:{}",
    "centos-stream": "centos:stream{}",
    "fedora": "fedora:{}",
    "opensuse": "opensuse:{}",
    "oracle-linux": "oraclelinux:{}",
    "rocky-linux": "rockylinux:{}",
    "vmware-photon": "photon:{}",
}
CYCLE = re.compile(r'^  - releaseCycle: "?([\w.]+)"?\n((?:    .*\n)*)', re.MULTILINE)


def main() -> None:
    """Gather the dates and write the file."""
    parser = archive_parser(__doc__)
    parser.add_argument("endoflife", type=Path, metavar="ENDOFLIFE_CHECKOUT")
    arguments = parser.parse_args()
    suite = suites(arguments)["debian:13"]
    known = {json.loads(line)["id"] for line in (KNOWLEDGE / "releases.jsonl").read_text("utf-8").splitlines()}
    ends = {**dict(from_products(arguments.endoflife)), **dict(from_debian(suite))}
    version = suite.packages["distro-info-data"]["Version"]
    commit = git(arguments.endoflife, "log", "-1", "--format=%h (%cs)").strip()
    document = {
        "ends": {release: ends[release] for release in sorted(ends.keys() & known)},
        "sources": [
            f"distro-info-data {version} of Debian: debian.csv (eol-lts, else eol), ubuntu.csv (eol)",
            f"endoflife-date/endoflife.date {commit}: products/*.md (eol)",
        ],
    }
    OUTPUT.write_text(json.dumps(document, indent=0, separators=(",", ":")) + "\n", "utf-8")


def from_debian(suite: Suite) -> Iterator[tuple[str, str]]:
    """Releases of Debian and Ubuntu, by the package's tables."""
    package = suite.package_file(suite.packages["distro-info-data"])
    for distribution, fields in (("debian", ("eol-lts", "eol")), ("ubuntu", ("eol",))):
        for row in csv.DictReader(table(package, distribution).splitlines()):
            number = (row["version"] or "").removesuffix(" LTS")
            ends = [row[field] for field in fields if row.get(field)]
            if number and ends:
                yield f"{distribution}:{number}", ends[0]


def table(package: bytes, distribution: str) -> str:
    """One CSV file of the package."""
    unpack = ["dpkg-deb", "--fsys-tarfile", "/dev/stdin"]
    archive = subprocess.run(unpack, input=package, check=True, capture_output=True).stdout  # noqa: S603
    name = f"./usr/share/distro-info/{distribution}.csv"
    return subprocess.run(["tar", "-xO", name], input=archive, check=True, capture_output=True).stdout.decode()  # noqa: S603, S607


def from_products(checkout: Path) -> Iterator[tuple[str, str]]:
    """Releases of the other distributions that have a date."""
    for product, release in PRODUCTS.items():
        for cycle, body in CYCLE.findall(git(checkout, "show", f"HEAD:products/{product}.md")):
            end = re.search(r"^    eol: (\d{4}-\d\d-\d\d)", body, re.MULTILINE)
            if end:
                yield release.format(cycle), end[1]


def git(checkout: Path, *words: str) -> str:
    """What git says."""
    return subprocess.run(["git", "-C", str(checkout), *words], check=True, capture_output=True, text=True).stdout  # noqa: S603, S607


if __name__ == "__main__":
    main()
