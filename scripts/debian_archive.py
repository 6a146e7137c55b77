"""One suite of the Debian archive: its indexes and packages, downloaded once and checked against its Release file.

In: a suite and a folder for downloads. Out: `Suite` with packages, files by package, dates. An index whose SHA256 is
not the one in Release means that the mirror is in the middle of a sync: `OutOfSyncError`, nothing is mixed.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import lzma
import os
import re
import subprocess
import urllib.request
from email.utils import parsedate_to_datetime
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SUITES = {"debian:11": "bullseye", "debian:12": "bookworm", "debian:13": "trixie"}
MOVING = {"debian:forky": "forky", "debian:sid": "sid"}  # new packages every day: no fact of theirs holds for long


@cache
def find_mirror() -> str:
    """The address of a Debian mirror: $DEBIAN_MIRROR, else the one that this machine's apt is set up with."""
    if mirror := os.environ.get("DEBIAN_MIRROR"):
        return mirror.rstrip("/")
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()  # noqa: S603 - a fixed command
    mirrors = sorted(address.rstrip("/") for address in found if address.rstrip("/").endswith("/debian"))
    if not mirrors:
        raise SystemExit("no Debian mirror in apt's sources; run apt-get update, or set DEBIAN_MIRROR")
    return mirrors[0]


class OutOfSyncError(SystemExit):
    """A file is not the one that its index names; a script that does not catch it ends with the message."""


def archive_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options of the scripts that read the archive: cache, stale_contents."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = Path("~/.cache/depscan-packages").expanduser()
    parser.add_argument("--cache", type=Path, default=folder, help="folder for downloads")
    parser.add_argument("--stale-contents", action="store_true", help="take a Contents index older than its Release")
    return parser


def read_arguments(description: str | None) -> argparse.Namespace:
    """The options of a script that needs no others."""
    return archive_parser(description).parse_args()


def suites(arguments: argparse.Namespace, names: Mapping[str, str] = SUITES) -> dict[str, Suite]:
    """Suites by release id: the measured ones, or those of `names`."""
    arguments.cache.mkdir(parents=True, exist_ok=True)
    options = {"stale_contents": arguments.stale_contents}
    return {release: Suite(name, arguments.cache, **options) for release, name in names.items()}


def download(url: str, cache: Path) -> bytes:
    """A URL's bytes, from the cache when they are there."""
    kept = cache / re.sub(r"[^\w.-]+", "_", url.partition("://")[2])
    if not kept.exists():
        with urllib.request.urlopen(url) as answer:  # noqa: S310 - the URLs of these scripts
            kept.write_bytes(answer.read())
    return kept.read_bytes()


def read_stanzas(text: str) -> Iterator[dict[str, str]]:
    """The fields that stand on one line of each paragraph of a Packages index."""
    for paragraph in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if re.match(r"[A-Z][\w-]*: ", line))
        if "Package" in fields:
            yield fields


class Suite:
    """A suite's component main; indexes are read on first use.

    `stale_contents` accepts a Contents index of an earlier state, which some mirrors carry for weeks after a point
    release: it lists files only, and `contents_sources` says so.
    """

    def __init__(self, name: str, cache: Path, *, stale_contents: bool = False) -> None:
        self.name, self.cache, self.stale_contents = name, cache, stale_contents
        self.contents_sources: dict[str, str] = {}  # of the architectures whose index was read

    @cached_property
    def release(self) -> str:
        """The Release file."""
        return download(f"{find_mirror()}/dists/{self.name}/Release", self.cache).decode()

    @property
    def as_of(self) -> str:
        """The ISO date of the Release file."""
        return f"{parsedate_to_datetime(self._field('Date')):%Y-%m-%d}"

    @property
    def version(self) -> str:
        """Debian's version number of the point release."""
        return self._field("Version") or self.name

    def _field(self, name: str) -> str:
        found = re.search(rf"^{name}: (.*)$", self.release, re.MULTILINE)
        return found[1] if found else ""

    def index(self, path: str) -> bytes:
        """An index below dists/<suite>, checked; raises OutOfSyncError."""
        data = download(f"{find_mirror()}/dists/{self.name}/{path}", self.cache)
        check_digest(f"{self.name}/{path}", data, self._digests.get(path))
        return data

    @cached_property
    def _digests(self) -> dict[str, str]:
        _, _, listed = self.release.partition("\nSHA256:\n")
        rows = (line.split() for line in listed.splitlines() if line.startswith(" "))
        return {path: digest for digest, _, path in rows}

    @cached_property
    def packages(self) -> dict[str, dict[str, str]]:
        """The stanzas of amd64's packages by name."""
        return self.packages_of("amd64")

    def packages_of(self, architecture: str) -> dict[str, dict[str, str]]:
        """The stanzas of an architecture's packages by name."""
        text = lzma.decompress(self.index(f"main/binary-{architecture}/Packages.xz")).decode()
        return {fields["Package"]: fields for fields in read_stanzas(text)}

    def contents(self, architecture: str) -> Iterator[tuple[str, str]]:
        """Path without leading slash, and its packages separated by commas, of every file of an architecture."""
        name = f"Contents-{architecture}.gz"
        self.contents_sources[architecture] = name
        try:
            data = self.index(f"main/{name}")
        except OutOfSyncError:
            if not self.stale_contents:
                raise
            data = download(f"{find_mirror()}/dists/{self.name}/main/{name}", self.cache)
            digest = hashlib.sha256(data).hexdigest()[:12]
            self.contents_sources[architecture] = f"{name} (of the state before, sha256 {digest})"
        for line in gzip.decompress(data).decode(errors="replace").splitlines():
            path, _, owners = line.rpartition(" ")
            yield path.rstrip(), owners

    def package_file(self, fields: dict[str, str]) -> bytes:
        """A .deb, checked; raises OutOfSyncError."""
        data = download(f"{find_mirror()}/{fields['Filename']}", self.cache)
        check_digest(fields["Filename"], data, fields["SHA256"])
        return data


def check_digest(name: str, data: bytes, wanted: str | None) -> None:
    """Refuse bytes that the index does not name."""
    if hashlib.sha256(data).hexdigest() != wanted:
        raise OutOfSyncError(f"{name} is not the file that its index names: the mirror is amid a sync")
