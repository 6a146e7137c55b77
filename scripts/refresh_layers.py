"""Write depscan/knowledge/layers.jsonl: what official images add to their distribution. For maintainers.

In: layers.toml beside this script, the indexes of each Debian suite, depscan/knowledge/packages.json. Out: one row for
each layer and release: the layer below, the sonames of its packages and all they depend on which are not in the base
image nor in the layer below, and interpreters by path. Run it after refresh_packages.py.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from debian_archive import read_arguments, suites
from refresh_debian import close, files_by_package, libraries
from refresh_packages import interpreters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from debian_archive import Suite

Row = dict[str, Any]
Brought = tuple[set[str], set[str]]  # sonames and interpreters

HERE = Path(__file__).parent
KNOWLEDGE = HERE.parent / "depscan" / "knowledge"
OUTPUT = KNOWLEDGE / "layers.jsonl"


def main() -> None:
    """Join all layers with all suites and write the file."""
    layers = tomllib.loads((HERE / "layers.toml").read_text("utf-8"))
    debian = {release: DebianRelease(suite) for release, suite in suites(read_arguments(__doc__)).items()}
    alpine = AlpineRows(json.loads((KNOWLEDGE / "packages.json").read_text("utf-8"))["alpine"]["packages"])
    check_names(layers, debian)
    rows = [row for name in layers for row in layer_rows(name, layers, debian, alpine)]
    lines = [json.dumps(row, separators=(",", ":")) for row in sorted(rows)]
    OUTPUT.write_text("".join(f"{line}\n" for line in lines), "utf-8")


class DebianRelease:
    """Looks packages up in one suite's Contents and Depends."""

    def __init__(self, suite: Suite) -> None:
        self.suite, self.files = suite, files_by_package(suite)

    def brought(self, names: Iterable[str]) -> Brought:
        """What the packages that exist in this suite bring, with all they depend on."""
        members = close([name for name in names if name in self.suite.packages], self.suite.packages)
        files = {name: self.files.get(name, set()) for name in members}
        sonames = {soname for name, paths in files.items() for soname in libraries(name, paths)}
        return sonames, {path for paths in files.values() for path in interpreters(paths)}


class AlpineRows:
    """Looks packages up in the rows that hold for every release of Alpine."""

    def __init__(self, rows: dict[str, Row]) -> None:
        self.rows = rows

    def brought(self, names: Iterable[str]) -> Brought:
        """What the packages with a row bring, with all they depend on."""
        found = list(names)
        for name in found:
            found += [each for each in self.rows.get(name, {}).get("depends", ()) if each not in found]
        rows = [self.rows.get(name, {}) for name in found]
        sonames = {soname for row in rows for soname in row.get("libraries", ())}
        return sonames, {path for row in rows for path in row.get("interpreters", ())}


def check_names(layers: dict[str, Row], debian: dict[str, DebianRelease]) -> None:
    """A name that no suite has is a typing mistake."""
    known = {name for release in debian.values() for name in release.suite.packages}
    for layer, row in layers.items():
        strange = set(f"{row.get('debian', '')} {row.get('ubuntu', '')}".split()) - known
        if strange:
            raise SystemExit(f"layers.toml: [{layer}] names packages that no suite has: {', '.join(sorted(strange))}")


def layer_rows(
    name: str, layers: dict[str, Row], debian: dict[str, DebianRelease], alpine: AlpineRows
) -> Iterator[Any]:
    """[layer, layer below, release, sonames, interpreters, source] of each release that the layer is made for."""
    layer, chain = layers[name], list(layers_below(name, layers))

    def row(release: str, brought: Brought) -> list[str]:
        programs = {*brought[1], *layer.get("programs", "").split()}
        sonames = (soname for soname in sorted(brought[0]) if not soname.startswith("ld-"))
        return [name, layer.get("on", ""), release, " ".join(sonames), " ".join(sorted(programs)), layer["source"]]

    if any("debian" in each for each in chain):
        for release, archive in debian.items():
            yield row(release, minus(archive, chain, "debian", base_libraries(release)))
    if any("ubuntu" in each for each in chain):
        parts = [minus(archive, chain, "ubuntu", set()) for archive in debian.values()]
        yield row("ubuntu", (set.intersection(*(part[0] for part in parts)), set()))
    if any("alpine" in each for each in chain):
        yield row("alpine", minus(alpine, chain, "alpine", set()))


def minus(archive: DebianRelease | AlpineRows, chain: list[Row], distribution: str, base: set[str]) -> Brought:
    """What the first layer of a chain brings beyond the others and the base image."""
    own, below = (archive.brought(packages_of(part, distribution)) for part in (chain, chain[1:]))
    return own[0] - below[0] - base, own[1] - below[1]


def base_libraries(release: str) -> set[str]:
    """The sonames of a release's base image."""
    lines = (KNOWLEDGE / "releases.jsonl").read_text("utf-8").splitlines()
    return next(set(row["libraries"]) for row in map(json.loads, lines) if row["id"] == release)


def layers_below(name: str, layers: dict[str, Row]) -> Iterator[Row]:
    """The layer and those it stands on."""
    at: str | None = name
    while at:
        yield layers[at]
        at = layers[at].get("on")


def packages_of(chain: list[Row], distribution: str) -> list[str]:
    """All package names of a chain of layers."""
    return [package for row in chain for package in row.get(distribution, "").split()]


if __name__ == "__main__":
    main()
