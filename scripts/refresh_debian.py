"""Write depscan/knowledge/debian.txt: what each package of Debian's archive draws in and brings. For maintainers.

In: the Contents and Packages indexes of each suite, package_seeds.txt beside this script. Out: a line for each package
that may bring a shared library or an interpreter: its name and, for each set of releases in which it is the same, a
mask and words: packages it surely draws in (a dependency's first alternative), `?` and those another alternative or
provider may draw in, or arm64's package, `+` and those it recommends, file names of libraries in default directories
(`*` for the one in the package's name), paths of interpreters. All but `?` is of amd64: of the libraries of packages
that both have, 99.5 % are the same. A name that exactly one package provides draws that one in. Base packages, which
every image with apt has, are drawn in by none.

Kept are all packages with libraries in default directories, all of SECTIONS, the seeds, and what these draw in; `!`
marks a package that may draw in one that is not kept. Of the moving suites libraries alone are read: their bit stands
on a set of another release with the same libraries, whatever else that has. The same input gives the same bytes.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from debian_archive import MOVING, read_arguments, suites
from refresh_packages import PROGRAM, interpreters, sonames

from depscan.packages.archive import OWN, own_library, read_libraries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from debian_archive import Suite

Rows = dict[str, dict[str, int]]  # package -> words -> mask of the releases

HERE = Path(__file__).parent
OUTPUT = HERE.parent / "depscan" / "knowledge" / "debian.txt"
SECTIONS = frozenset(
    {"admin", "database", "httpd", "interpreters", "libs", "net", "oldlibs", "shells", "utils", "vcs", "web"}
)
LIBRARY = re.compile(r"(?:usr/)?lib/(?:x86_64-linux-gnu/)?([^/\s]+\.so(?:\.[^/\s]+)?)$")
EDGES = ("Pre-Depends", "Depends", "Recommends")
NAME = re.compile(r"\s*([a-z0-9][a-z0-9+.-]*)")


def main() -> None:
    """Read all suites and write the file."""
    arguments = read_arguments(__doc__)
    archives = {release: Archive(suite) for release, suite in suites(arguments).items()}
    moving = suites(arguments, MOVING)
    rows: Rows = defaultdict(lambda: defaultdict(int))
    for bit, archive in enumerate(archives.values()):
        for name, words in archive.rows():
            rows[name][words] |= 1 << bit
    for bit, suite in enumerate(moving.values(), len(archives)):
        add_libraries(rows, suite, 1 << bit)
    head = describe({release: archive.suite for release, archive in archives.items()} | moving)
    lines = [
        f"{name} " + " ".join(f":{mask} {words}".rstrip() for words, mask in rows[name].items())
        for name in sorted(rows)
    ]
    OUTPUT.write_text("\n".join([json.dumps(head, separators=(",", ":"), sort_keys=True), *lines, ""]), "utf-8")


def describe(read: dict[str, Suite]) -> dict[str, Any]:
    """The first line: the releases in the order of their bits, with dates and sources."""
    sources = {}
    for release, suite in read.items():
        indexes = "binary-amd64" if release in MOVING else "binary-{amd64,arm64}"
        contents = suite.contents_sources["amd64"]
        sources[release] = f"Debian {suite.version}, dists/{suite.name}/main: {contents}, {indexes}/Packages.xz"
    dates = {release: suite.as_of for release, suite in read.items()}
    return {"releases": list(read), "moving": list(MOVING), "as_of": dates, "sources": sources}


def add_libraries(rows: Rows, suite: Suite, bit: int) -> None:
    """Mark what a moving suite's packages bring: on the latest words with the same libraries, else on words of its own.

    Contents may still list packages that have left the suite: these are no packages of it.
    """
    for name, paths in files_by_package(suite).items():
        found = libraries(name, paths) if name in suite.packages else []
        if found:
            known = (words for words in reversed(rows[name]) if [*read_libraries(name, words.split(" "))] == found)
            rows[name][next(known, " ".join(abbreviate(name, found)))] |= bit


def abbreviate(name: str, found: list[str]) -> list[str]:
    """The libraries of a package as they are written."""
    return [OWN if each == own_library(name) else each for each in found]


def alternatives(clauses: str) -> Iterator[list[str]]:
    """The names of each clause of a dependency field, without versions."""
    for clause in clauses.split(","):
        names = [found[1] for each in clause.split("|") if (found := NAME.match(each))]
        if names:
            yield names


class Archive:
    """One suite's packages, and which of them matter."""

    def __init__(self, suite: Suite) -> None:
        self.suite, self.packages, self.arm64 = suite, suite.packages, suite.packages_of("arm64")
        self.libraries: dict[str, list[str]] = {}
        self.programs: dict[str, list[str]] = {}
        self._read_files()

    def _read_files(self) -> None:
        for name, paths in files_by_package(self.suite).items():
            self.libraries[name] = libraries(name, paths)
            self.programs[name] = interpreters(paths)

    @cached_property
    def providers(self) -> dict[str, list[str]]:
        """The packages that provide each name, where no package has it."""
        found: dict[str, list[str]] = defaultdict(list)
        for name, fields in self.packages.items():
            for names in alternatives(fields.get("Provides", "")):
                if names[0] not in self.packages:
                    found[names[0]].append(name)
        return {name: list(dict.fromkeys(owners)) for name, owners in found.items()}

    @cache  # noqa: B019 - a script's few objects live as long as it does
    def edges(self, name: str) -> dict[str, str]:
        """The packages that one may draw in, each with its mark: none for surely, ? or +."""
        if name not in self.packages:
            return dict.fromkeys(self.providers[name], "")
        fields = self.packages[name]
        surely, perhaps, recommended = [], [], []
        for names in alternatives(f"{fields.get('Pre-Depends', '')},{fields.get('Depends', '')}"):
            found = self._real(names)
            if self.base.isdisjoint(found):
                surely += [each for each in names[:1] if each in self.packages]
                perhaps += found
        for names in alternatives(fields.get("Recommends", "")):
            recommended += self._real(names)
        perhaps += self._on_arm64(name)
        marked = {**dict.fromkeys(recommended, "+"), **dict.fromkeys(perhaps, "?"), **dict.fromkeys(surely, "")}
        return {each: mark for each, mark in marked.items() if each not in self.base and each != name}

    def _on_arm64(self, name: str) -> list[str]:
        """What a package draws in on arm64 alone: one package in 200 has other dependencies there."""
        here, there = (
            {each for field in EDGES for names in alternatives(fields.get(field, "")) for each in names}
            for fields in (self.packages[name], self.arm64.get(name, {}))
        )
        return self._real(sorted(there - here))

    def _real(self, names: Iterable[str]) -> list[str]:
        return [each for name in names for each in ([name] if name in self.packages else self.providers.get(name, []))]

    @cached_property
    def base(self) -> frozenset[str]:
        """What is essential or required, and what that draws in: in every image with apt."""
        names = [
            name
            for name, fields in self.packages.items()
            if fields.get("Essential") == "yes" or fields.get("Priority") == "required"
        ]
        known = {**self.packages, "usrmerge": {}}  # its other alternative, usr-is-merged, is what images have
        return frozenset(close(names, known)) - {"usrmerge"}

    @cache  # noqa: B019 - as above
    def surely(self, name: str) -> frozenset[str]:
        """A package and all it surely draws in."""
        seen = {name: None}
        for each in (pending := [name]):
            for found, mark in self.edges(each).items():
                if not mark and found not in seen:
                    seen[found] = None
                    pending.append(found)
        return frozenset(seen)

    @cached_property
    def bringing(self) -> frozenset[str]:
        """The packages that may bring something, by whatever way."""
        above: dict[str, list[str]] = defaultdict(list)
        for name in self.packages:
            for each in self.edges(name):
                above[each].append(name)
        found = {name for name in self.packages if self.libraries.get(name) or self.programs.get(name)}
        pending = list(found)
        for name in pending:
            new = [each for each in above[name] if each not in found]
            found.update(new)
            pending += new
        return frozenset(found)

    @cached_property
    def kept(self) -> frozenset[str]:
        """The packages that get a row."""
        seeds = re.compile("|".join(seed_lines()))
        names = [
            name
            for name, fields in self.packages.items()
            if self.libraries.get(name) or fields.get("Section") in SECTIONS or seeds.fullmatch(name)
        ]
        return frozenset(each for name in names for each in self.surely(name))

    def rows(self) -> Iterator[tuple[str, str]]:
        """Name and words of each row."""
        for name in self.kept:
            if name in self.bringing:
                yield name, " ".join(self._words(name))
            else:
                yield name, "-"
        for name, owners in self.providers.items():
            if len(owners) == 1 and owners[0] in self.kept:
                yield name, owners[0]

    def _words(self, name: str) -> Iterator[str]:
        edges = {each: mark for each, mark in self.edges(name).items() if each in self.bringing}
        if any(each not in self.kept for each in edges):
            yield "!"
        surely = [each for each, mark in edges.items() if not mark]
        yield from sorted(each for each in surely if not self._is_implied(each, surely))
        reached = self.surely(name)
        yield from sorted(mark + each for each, mark in edges.items() if mark and each in self.kept - reached)
        yield from abbreviate(name, self.libraries.get(name, []))
        yield from self.programs.get(name, ())

    def _is_implied(self, name: str, others: list[str]) -> bool:
        """Whether another of these draws it in; of two that draw in each other the first stands."""
        return any(
            name in self.surely(each) and (each not in self.surely(name) or each < name)
            for each in others
            if each != name
        )


def seed_lines() -> Iterator[str]:
    """The expressions of package_seeds.txt."""
    for line in (HERE / "package_seeds.txt").read_text().splitlines():
        if not line.startswith("#"):
            yield from line.split()


def seeded(suite: Suite) -> list[str]:
    """The packages that the seeds name, and all that they depend on."""
    seeds = re.compile("|".join(seed_lines()))
    return close([name for name in suite.packages if seeds.fullmatch(name)], suite.packages)


def files_by_package(suite: Suite) -> dict[str, set[str]]:
    """Paths of libraries in default directories and of programs, by package."""
    files: dict[str, set[str]] = defaultdict(set)
    for path, owners in suite.contents("amd64"):
        if LIBRARY.match(path) or PROGRAM.match(path):
            for owner in owners.split(","):
                files[owner.rpartition("/")[2]].add(path)
    return files


def libraries(name: str, paths: Iterable[str]) -> list[str]:
    """The libraries of a package; of a -dev package not the names for the linker."""
    return sonames((found[1] for path in paths if (found := LIBRARY.match(path))), drop_bare=name.endswith("-dev"))


def depends(fields: dict[str, str]) -> Iterator[str]:
    """The first alternative of each dependency."""
    for names in alternatives(f"{fields.get('Pre-Depends', '')},{fields.get('Depends', '')}"):
        yield names[0]


def close(names: Iterable[str], packages: dict[str, dict[str, str]]) -> list[str]:
    """The names and all that they depend on."""
    seen = dict.fromkeys(names)
    for name in (pending := list(seen)):
        for each in depends(packages[name]):
            if each in packages and each not in seen:
                seen[each] = None
                pending.append(each)
    return list(seen)


if __name__ == "__main__":
    main()
