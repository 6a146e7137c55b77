"""What a package brings: shared libraries, dynamic linkers, interpreters, with those of the packages it depends on.

In: a manager, a release and a package name. Out: `Provision`, or None where nothing is known of that package. The facts
are packaged data (knowledge/packages.json, made by scripts/refresh_packages.py from the distributions' own indexes).
It has one package a line, so that a look-up decodes its own lines: all of them would cost as much as the rest of a run.
A release of another distribution is never asked in place of one that is missing.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

from depscan.images.library_rows import find_definitions
from depscan.images.profile import Library
from depscan.images.rows import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_CLOSURE = 2_000  # packages that one may draw in; Debian's largest closures have a third of that


class PackageRow(Struct, frozen=True):
    """One package as the data file has it.

    `libraries` are file names that the dynamic linker finds by default in the package itself, `depends` the packages
    of the same table that it draws in, `loaders` the dynamic linkers it adds by that of the image (`compat` names the
    layer), `interpreters` paths of programs that scripts name. `complete` says that `depends` leaves nothing out.
    `source` and `as_of` stand where they differ from the release's.
    """

    libraries: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    loaders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    compat: str | None = None
    interpreters: tuple[str, ...] = ()
    complete: bool = False
    source: str | None = None
    as_of: str | None = None


class _Head(Struct, frozen=True):
    """Of which manager the packages of a release are, and where its rows come from."""

    manager: str
    source: str
    as_of: str


class _Table(Struct, frozen=True):
    """The packages of one release, or of all releases of a distribution, by name; their rows are not decoded yet."""

    head: _Head
    packages: dict[str, bytes]

    def find(self, package: str) -> PackageRow | None:
        """The row of a package, or None."""
        return _ROW.decode(self.packages[package]) if package in self.packages else None

    def who_has(self, soname: str) -> Iterator[str]:
        """The packages with a library of this name."""
        needle = msgspec.json.encode(soname)
        for name, row in self.packages.items():
            if needle in row and soname in _ROW.decode(row).libraries:
                yield name


_ROW = msgspec.json.Decoder(PackageRow)


class Provision(Struct, frozen=True):
    """What a package and its dependencies bring.

    `libraries` by soname (without path: in a default directory); `loaders` maps the image's own dynamic linker to the
    paths of those added, `compat` names the layer; `complete` says that nothing else comes in.
    """

    libraries: Mapping[str, Library]
    loaders: Mapping[str, tuple[str, ...]]
    compat: str | None
    interpreters: tuple[str, ...]
    complete: bool
    source: str
    as_of: str


def provides(manager: str, release: str | None, package: str) -> Provision | None:
    """What `package` of a release (e.g. debian:12) brings; None where the data has no row for it."""
    tables = _tables(manager, release)
    own = _find(tables, package)
    if own is None:
        return None
    row, head = own
    members = _closure(tables, package)
    sonames = sorted({soname for member in members for soname in member.libraries})
    defined = find_definitions(release or "", None)  # of another architecture some names differ: these are left out
    linking = next((member for member in members if member.loaders), row)
    return Provision(
        libraries={soname: Library(soname, versions=defined.get(soname)) for soname in sonames},
        loaders=linking.loaders,
        compat=linking.compat,
        interpreters=tuple(path for member in members for path in member.interpreters),
        complete=all(member.complete for member in members),
        source=row.source or head.source,
        as_of=row.as_of or head.as_of,
    )


def who_provides(manager: str, release: str | None, soname: str) -> tuple[str, ...]:
    """The packages of a release that themselves contain a library of this name; empty where none is known."""
    tables = _tables(manager, release)
    return tuple(sorted({name for table in tables for name in table.who_has(soname)}))


def may_bring_libc(manager: str, package: str) -> bool:
    """Whether a package may bring a dynamic linker of another libc than the distribution's, by its name.

    On Alpine these are the compat layers and builds of glibc, elsewhere Debian's and Fedora's packages of musl.
    """
    names = r"gcompat|libc6|glibc" if manager == "apk" else r"^musl"
    return re.search(names, package) is not None


def _find(tables: tuple[_Table, ...], package: str) -> tuple[PackageRow, _Head] | None:
    return next(((row, table.head) for table in tables if (row := table.find(package))), None)


def _closure(tables: tuple[_Table, ...], package: str) -> list[PackageRow]:
    """The rows of a package and of all it depends on."""
    names, rows = [package], []
    for name in names:
        found = _find(tables, name)
        if found is None or len(names) > MAX_CLOSURE:
            continue
        rows.append(found[0])
        names += [each for each in found[0].depends if each not in names]
    return rows


@cache
def _tables(manager: str, release: str | None) -> tuple[_Table, ...]:
    """The tables of exactly this release, and of what holds for all releases of its distribution."""
    names = dict.fromkeys([release or "", (release or "").partition(":")[0]])
    tables = (_table(name) for name in names)
    return tuple(table for table in tables if table is not None and table.head.manager == manager)


@cache
def _table(release: str) -> _Table | None:
    data, name = read_rows("packages.json"), msgspec.json.encode(release)
    start = data.find(b"\n" + name + b":")
    if start < 0:
        return None
    first, *lines = data[start + 1 : data.find(b"\n}}", start)].split(b"\n")
    head = first[len(name) + 1 :].removesuffix(b',"packages":{') + b"}"
    rows = (line.removesuffix(b",").partition(b'":') for line in lines)
    packages = {quoted[1:].decode(): row for quoted, _, row in rows}  # no name has anything that JSON escapes
    return _Table(msgspec.json.decode(head, type=_Head), packages)
