"""Write depscan/knowledge/crates.jsonl: features of crates that lead to crates which bind system libraries.

For maintainers. In: scripts/crates.toml (which manifest stands where), and a directory with a git repository of each,
OWNER+NAME/repo or OWNER+NAME. Out: one row for each crate and range of versions that have the same features and
dependencies, cut down to those that lead to another crate of the list. The manifest of a version is the one at the tag
that is named after it, else at the earliest tag that has this version.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from depscan.toolchains.cargo_lock import numbers_of
from depscan.toolchains.cargo_manifests import Dependency, Manifest, read_manifest
from depscan.toolchains.crate_knowledge import LINKS, ROWS, read_links
from depscan.toolchains.crates import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

RECIPE = Path(__file__).parent / "crates.toml"
_SINCE = "2020-01-01"  # older releases are of compilers that today's crates do not build with


def main() -> None:
    """Read every manifest of every release, write the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", type=Path, metavar="DIRECTORY")
    place = parser.parse_args().repositories
    recipe = tomllib.loads(RECIPE.read_text("utf-8"))
    links = read_links(LINKS.read_bytes())
    wanted = {crate for crates in recipe.values() for crate in crates} | {
        link.name for link in links if link.links or link.elsewhere
    }
    told = {link.name: {*link.own, *link.asked} for link in links}
    lines = [
        json.dumps(row, separators=(",", ":"))
        for repository, crates in recipe.items()
        for crate, paths in crates.items()
        for row in rows(place, repository, crate, [paths] if isinstance(paths, str) else paths, wanted, told)
    ]
    ROWS.write_text("\n".join(sorted(lines)) + "\n", "utf-8")
    print(f"{len(lines)} rows of {len(wanted)} crates")  # noqa: T201


def rows(  # noqa: PLR0917 - one crate
    place: Path, repository: str, crate: str, paths: list[str], wanted: set[str], told: dict[str, set[str]]
) -> Iterator[dict[str, Any]]:
    """The rows of a crate: a range is as long as what matters stays the same."""
    folder = place / repository.replace("/", "+")
    git = Repository(folder / "repo" if (folder / "repo").is_dir() else folder)
    spans: list[tuple[str, str, dict[str, Any]]] = []
    for version, manifest in git.releases(crate, paths):
        row = cut(manifest, wanted, told.get(crate, set()))
        if spans and spans[-1][2] == row:
            spans[-1] = (spans[-1][0], version, row)
        else:
            spans.append((version, version, row))
    for index, (first, last, row) in enumerate(spans):
        after = f", <{spans[index + 1][0]}" if index + 1 < len(spans) else f", <{next_line(last)}"
        source = f"{repository} {paths[0]} {first}" + (f" to {last}" if last != first else "")
        yield {"name": crate, "versions": f">={first}{after}", **row, "source": f"{source}, {git.day}"}


def next_line(version: str) -> str:
    """The first version that is not compatible with one: nothing is known of it."""
    major, minor, _ = numbers_of(version)
    return f"{major + 1}.0.0" if major else f"0.{minor + 1}.0"


def cut(manifest: Manifest, wanted: set[str], kept: set[str]) -> dict[str, Any]:
    """A manifest without what leads to no crate of the list."""
    found = [each for each in manifest.dependencies if each.crate in wanted and each.kind != "dev"]
    twice = {each.crate for each in found if len({other.version for other in found if other.crate == each.crate}) > 1}
    dependencies = [replace(each, path="", version=each.version if each.crate in twice else "") for each in found]
    names = {each.name for each in dependencies}
    features = leading(manifest.features, names, kept)
    row: dict[str, Any] = {"features": features, "dependencies": [as_row(each) for each in dependencies]}
    return {**row, "macros": True} if manifest.macros else row


def leading(features: Any, names: set[str], kept: set[str]) -> dict[str, list[str]]:
    """The features that lead to a dependency of `names`, or are in `kept`."""
    good = set(kept) & set(features)
    while True:
        more = {name for name, values in features.items() if any(matters(value, names, good) for value in values)}
        if more <= good:
            return {
                name: [value for value in features[name] if matters(value, names, good)] for name in sorted(good | more)
            }
        good |= more


def matters(value: str, names: set[str], good: set[str]) -> bool:
    """Whether a word of a feature's list leads to what is kept."""
    name = value.removeprefix("dep:").partition("/")[0].removesuffix("?")
    return name in names if ":" in value or "/" in value else value in good


def as_row(dependency: Dependency) -> dict[str, Any]:
    """A dependency without what is as usual."""
    values = {name: getattr(dependency, name) for name in dependency.__struct_fields__}
    usual = Dependency(dependency.name)
    return {name: value for name, value in values.items() if name == "name" or value != getattr(usual, name)}


class Repository:
    """A git repository: the manifests of its releases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        words = self._git("log", "-1", "--format=%cs").strip()
        self.day = words or datetime.now(UTC).date().isoformat()
        words = self._git(
            "for-each-ref", "--sort=creatordate", "--format=%(creatordate:short) %(refname:short)", "refs/tags"
        )
        self.tags = [tag for day, tag in (line.split(" ", 1) for line in words.splitlines()) if day >= _SINCE]

    def releases(self, crate: str, paths: list[str]) -> Iterator[tuple[str, Manifest]]:
        """The versions of a crate, rising, with their manifests."""
        found: dict[str, tuple[int, Manifest]] = {}
        for tag, data, workspace, directory in self._manifests([*self.tags, "HEAD"], paths):
            version = version_of(data, workspace)
            manifest = read_manifest(data, directory, workspace, "/")
            if manifest is None or manifest.name != crate or not version or "-" in version:
                continue
            rank = _rank(tag, crate, version)
            if version not in found or found[version][0] < rank:
                found[version] = (rank, manifest)
        for version in sorted(found, key=numbers_of):
            yield re.split(r"\+", version)[0], found[version][1]

    def _manifests(self, tags: Iterable[str], paths: list[str]) -> Iterator[tuple[str, Any, Any, str]]:
        wanted = [(tag, path) for tag in tags for path in [*paths, "Cargo.toml"]]
        texts = self._read([f"{tag}:{path}" for tag, path in wanted])
        step = len(paths) + 1
        for start in range(0, len(wanted), step):
            top = parsed(texts[start + step - 1])
            for (tag, path), text in zip(
                wanted[start : start + step - 1], texts[start : start + step - 1], strict=True
            ):
                data = parsed(text)
                if data:
                    directory = "/" + path.rpartition("/")[0]
                    yield tag, data, {**table(top, "workspace"), **table(data, "workspace")}, directory

    def _read(self, names: list[str]) -> list[str | None]:
        command = ["git", "-C", str(self.folder), "cat-file", "--batch"]
        run = subprocess.run(command, input="\n".join(names).encode() + b"\n", capture_output=True, check=True)  # noqa: S603
        output, texts, position = run.stdout, [], 0
        for _ in names:
            end = output.index(b"\n", position)
            head = output[position:end].split()
            position = end + 1
            if len(head) != 3 or head[1] == b"missing":
                texts.append(None)
                continue
            size = int(head[2])
            texts.append(output[position : position + size].decode("utf-8", "replace") if head[1] == b"blob" else None)
            position += size + 1
        return texts

    def _git(self, *words: str) -> str:
        run = subprocess.run(["git", "-C", str(self.folder), *words], capture_output=True, text=True, check=True)  # noqa: S603, S607
        return run.stdout


def _rank(tag: str, crate: str, version: str) -> int:
    plain = version.partition("+")[0]
    named = tag.endswith((plain, version))
    return (
        3
        if named and crate in tag
        else 2
        if named and re.fullmatch(r"v?[\d.]+(\+.*)?", tag)
        else 1
        if tag != "HEAD"
        else 0
    )


def version_of(data: dict[str, Any], workspace: dict[str, Any]) -> str | None:
    """A package's version, its workspace's where it says so."""
    version = table(data, "package").get("version")
    if isinstance(version, dict):
        version = table(workspace, "package").get("version")
    return version if isinstance(version, str) else None


def parsed(text: str | None) -> dict[str, Any] | None:
    """A TOML file; None for one that is not there or broken."""
    try:
        return tomllib.loads(text) if text is not None else None
    except tomllib.TOMLDecodeError:
        return None


if __name__ == "__main__":
    main()
