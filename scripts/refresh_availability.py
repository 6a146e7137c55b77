"""Write depscan/knowledge/availability.txt: packages that one Debian release has and another has not. For maintainers.

In: the Packages indexes of each release with its updates and security updates, all components, for amd64 and arm64,
which apt itself fetches and verifies into a folder of its own; availability_seeds.txt beside this script. Out: a head
with the date of each release's index, then a line a package: its name and one letter a release:

    y  apt-get installs it: it exists on an architecture, or one package provides it
    n  there is no package of that name, and none provides it
    v  it is virtual and several packages provide it: apt-get refuses to choose; a, b: so on amd64, on arm64 alone

A name that every release has is left out, and so are those that hardly a Dockerfile names (SKIPPED): a name that the
file lacks is not known. apt-get(8) takes a name with a dot that no package has for a regular expression; what it would
find then counts as there.
"""

from __future__ import annotations

import argparse
import re
import subprocess
from collections import defaultdict
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple

from debian_archive import SUITES, find_mirror, read_stanzas

HERE = Path(__file__).parent
OUTPUT = HERE.parent / "depscan" / "knowledge" / "availability.txt"
ARCHITECTURES = ("amd64", "arm64")
COMPONENTS = "main contrib non-free"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
CAT = "/usr/lib/apt/apt-helper"
SKIPPED = re.compile(
    r"librust-|libghc-|golang-|node-|r-cran-|r-bioc|linux-|php-|ruby-|haskell|elpa-|gir1|libkf\d|plasma|fonts-|texlive|"
    r"libreoffice|qml|octave|task-|aspell|hunspell|myspell|virtual|dh-sequence|librte-|tryton|lazarus|kamailio|raku-|"
    r"webext-|libjs-|fcitx|mbrola|nvidia-|libnvidia-|libqt\d|qt\d-|xserver-|gambas|xfonts-|golang|python3\.\d+-(?!dev|"
    r"venv|minimal|distutils|full)|gcc-\d+-\w+-|g\+\+-\d+-\w+-|.*-(dbg|dbgsym|doc|cross|base|l10n|data|locales|perl|java|"
    r"ocaml)$|.*-(linux-gnu\w*|abi|api)($|-)|.*ocaml.*-\w{5,6}$|.*:|.*-[0-9a-f]{5,}$|.*-\d+\.\d+\.\d+"
)


class Index(NamedTuple):
    """What one release has: real packages, and by architecture the packages that provide a virtual one."""

    real: set[str]
    providers: dict[str, dict[str, set[str]]]


def main() -> None:
    """Fetch, compare, write."""
    arguments = read_arguments()
    options = fetch(arguments.cache)
    indexes = read_indexes(options)
    seeds = [line for line in (HERE / "availability_seeds.txt").read_text().splitlines() if line[:1] not in ("", "#")]
    rows = compare(list(indexes.values()), seeds)
    head = " ".join(f"{release}={read_date(arguments.cache, suite)}" for release, suite in SUITES.items())
    OUTPUT.write_text("\n".join([f"# {head}", *(f"{name} {letters}" for name, letters in rows)]) + "\n")


def read_arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = Path("~/.cache/depscan-packages").expanduser()
    parser.add_argument("--cache", type=Path, default=folder, help="folder for downloads")
    parser.add_argument("--stale-contents", action="store_true", help="no meaning here; refresh.py passes it on")
    return parser.parse_args()


def fetch(cache: Path) -> list[str]:
    """Let apt fetch the indexes into `cache`/apt; the options that make it look there."""
    root = cache / "apt"
    for folder in ("lists/partial", "archives/partial"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "sources.list").write_text("".join(source_lines()))
    options = [
        f"Dir::Etc::sourcelist={root / 'sources.list'}",
        "Dir::Etc::sourceparts=/dev/null",
        f"Dir::State::lists={root / 'lists'}",
        f"Dir::Cache={root}",
        "Acquire::Languages=none",
        *(f"APT::Architectures::={architecture}" for architecture in ARCHITECTURES),
    ]
    words = [word for option in options for word in ("-o", option)]
    subprocess.run(["apt-get", "update", "-qq", *words], check=True)  # noqa: S603, S607 - fixed words
    return words


def source_lines() -> list[str]:
    """The lines of sources.list; non-free-firmware began with Debian 12."""
    mirror, lines = find_mirror(), []
    for release, suite in SUITES.items():
        components = COMPONENTS if release == "debian:11" else f"{COMPONENTS} non-free-firmware"
        for place in (f"{mirror} {suite}", f"{mirror} {suite}-updates", f"{mirror}-security {suite}-security"):
            lines.append(f"deb [arch={','.join(ARCHITECTURES)} signed-by={KEYRING}] {place} {components}\n")
    return lines


def read_indexes(options: list[str]) -> dict[str, Index]:
    """The releases' indexes by id."""
    indexes = {release: Index(set(), defaultdict(lambda: defaultdict(set))) for release in SUITES}
    by_suite = {suite: indexes[release] for release, suite in SUITES.items()}
    form = "$(CODENAME) $(ARCHITECTURE) $(FILENAME)"
    command = ["apt-get", "indextargets", *options, "--format", form, "Created-By: Packages"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - fixed words
    for line in listed.splitlines():
        codename, architecture, path = line.split(" ")
        index = by_suite[codename.partition("-")[0]]
        text = subprocess.run([CAT, "cat-file", path], capture_output=True, text=True, check=True).stdout  # noqa: S603
        for fields in read_stanzas(text):
            index.real.add(fields["Package"])
            for provided in re.findall(r"(?:^|,)\s*([^\s,(:]+)", fields.get("Provides", "")):
                index.providers[architecture][provided].add(fields["Package"])
    return indexes


def read_date(cache: Path, suite: str) -> str:
    """The ISO date of the newest index of a suite: its own, its updates' or its security updates'."""
    found = []
    for path in (cache / "apt" / "lists").glob(f"*_dists_{suite}*_InRelease"):
        date = re.search(r"^Date: (.*)$", path.read_text(errors="replace"), re.MULTILINE)
        found += [f"{parsedate_to_datetime(date[1]):%Y-%m-%d}"] if date else []
    return max(found)


def compare(indexes: list[Index], seeds: list[str]) -> list[tuple[str, str]]:
    """The names that some release lacks, with their letters, in byte order."""
    names = {name for index in indexes for name in index.real}
    names |= {name for index in indexes for table in index.providers.values() for name in table}
    texts = ["\n".join(sorted(index.real)) for index in indexes]
    rows = []
    for name in sorted({name for name in names if not SKIPPED.match(name)} | set(seeds), key=str.encode):
        letters = "".join(letter(name, index, text) for index, text in zip(indexes, texts, strict=True))
        if letters.strip("y"):
            rows.append((name, letters))
    return rows


def letter(name: str, index: Index, text: str) -> str:
    """What apt-get makes of a name in one release; `text` has its real names, one a line."""
    if name in index.real:
        return "y"
    counts = [len(index.providers[architecture].get(name, ())) for architecture in ARCHITECTURES]
    if counts == [0, 0]:
        return "y" if "." in name and re.search(name.replace("+", r"\+"), text) else "n"
    refused = tuple(count > 1 for count in counts)
    return {(True, True): "v", (True, False): "a", (False, True): "b"}.get(refused, "y")


if __name__ == "__main__":
    main()
