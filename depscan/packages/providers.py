"""What a package brings: shared libraries, dynamic linkers, interpreters, with those of the packages it depends on.

In: a manager, a release and a package name. Out: `Provision`, or None where nothing is known of that package. The facts
are packaged data: debian.txt (see `archive`), ubuntu.json and packages.json, made by scripts/refresh_*.py. All have one
package a line, so that a look-up decodes its own lines: all of them would cost as much as the rest of a run. A release
of another distribution is never asked in place of one that is missing.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from depscan.images.library_rows import find_definitions
from depscan.images.profile import Library
from depscan.images.rows import read_rows
from depscan.packages.archive import Archive, find_archive
from depscan.packages.rows import Head, PackageRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_DNF_KIN = frozenset({"yum", "microdnf"})
_MEASURED = ("alpine:3.8", "alpine:3.10", "alpine:3.13", "alpine:3.18", "alpine:3.20")  # of packages.json
_ENTERPRISE_LINUX = re.compile(r"(?:almalinux|centos|oraclelinux|rockylinux|ubi):(?:stream)?(\d+)")
MAX_CLOSURE = 2_000  # packages that one may draw in; Debian's largest closures have a third of that


class _Table(Struct, frozen=True):
    """The packages of one release, or of all releases of a distribution, by name; their rows are not decoded yet."""

    head: Head
    packages: dict[str, bytes]

    def find(self, package: str) -> PackageRow | None:
        """The row of a package, or None."""
        return _ROW.decode(self.packages[package]) if package in self.packages else None

    def who_has(self, name: str) -> Iterator[str]:
        """The packages with a library of this name or an interpreter at this path."""
        needle = msgspec.json.encode(name)
        for package, row in self.packages.items():
            if needle in row and name in (*_ROW.decode(row).libraries, *_ROW.decode(row).interpreters):
                yield package


_ROW = msgspec.json.Decoder(PackageRow)
_Packages = _Table | Archive


class Provision(Struct, frozen=True):
    """What a package and its dependencies bring.

    `libraries` by soname (without path: in a default directory); `loaders` maps the image's own dynamic linker to the
    paths of those added, `compat` names the layer; `complete` says that nothing else comes in. `possible` are the names
    of all libraries that may come in, whichever alternatives are taken; None where that is not known.
    """

    libraries: Mapping[str, Library]
    loaders: Mapping[str, tuple[str, ...]]
    compat: str | None
    interpreters: tuple[str, ...]
    complete: bool
    source: str
    as_of: str
    possible: frozenset[str] | None = None


def provides(manager: str, release: str | None, package: str, *, recommends: bool = True) -> Provision | None:
    """What `package` of a release (e.g. debian:12) brings; None where the data has no row for it.

    `recommends` says that recommended packages may come in too.
    """
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
        possible=_possible(tables, package, recommends=recommends),
    )


def own_libraries(manager: str, release: str | None, package: str) -> tuple[str, ...]:
    """The libraries in a package itself; none where nothing is known of it."""
    found = _find(_tables(manager, release), package)
    return found[0].libraries if found else ()


def names_needed(manager: str, release: str | None, package: str) -> frozenset[str]:
    """The packages that one surely draws in, without which it cannot stay."""
    tables, names, pending = _tables(manager, release), {package}, [package]
    for name in pending:  # grows while it is read
        found = _find(tables, name)
        new = [each for each in (found[0].depends if found else ()) if each not in names]
        if len(names) <= MAX_CLOSURE:
            names.update(new)
            pending += new
    return frozenset(names)


def may_bring_programs(
    manager: str, release: str | None, package: str, *, recommends: bool = True
) -> frozenset[str] | None:
    """The names of all interpreters that may come in with a package; None where these are not known.

    Where apk's package is not known in its own release, those releases of Alpine answer that know all of it.
    """
    reached = _programs(_tables(manager, release), package, recommends=recommends)
    if reached is not None or manager != "apk" or not (release or "").startswith("alpine"):
        return reached
    known = [_programs(_tables(manager, each), package, recommends=recommends) for each in _MEASURED]
    answers = [each for each in known if each is not None]
    return frozenset().union(*answers) if answers else None


def _programs(tables: tuple[_Packages, ...], package: str, *, recommends: bool) -> frozenset[str] | None:
    names: set[str] = set()
    for count, row in enumerate(_reach(tables, package, lambda row: _drawn_in(row, recommends=recommends))):
        if row is None or not row.complete or count == MAX_CLOSURE:
            return None
        names.update(path.rpartition("/")[2] for path in row.interpreters)
    return frozenset(names)


def who_provides(manager: str, release: str | None, name: str) -> tuple[str, ...]:
    """The packages of a release that themselves contain a library of this name, or an interpreter at this path.

    Empty where none is known.
    """
    tables = _tables(manager, release)
    return tuple(sorted({package for table in tables for package in table.who_has(name)}))


def may_bring_libc(manager: str, package: str) -> bool:
    """Whether a package may bring a dynamic linker of another libc than the distribution's, by its name.

    On Alpine these are the compat layers and builds of glibc, elsewhere Debian's and Fedora's packages of musl.
    """
    names = r"gcompat|libc6|glibc" if manager == "apk" else r"^musl"
    return re.search(names, package) is not None


def _find(tables: tuple[_Packages, ...], package: str) -> tuple[PackageRow, Head] | None:
    return next(((row, table.head) for table in tables if (row := table.find(package))), None)


def _closure(tables: tuple[_Packages, ...], package: str) -> list[PackageRow]:
    """The rows of a package and of all it depends on."""
    return [row for row in _reach(tables, package, lambda row: row.depends) if row is not None]


def _possible(tables: tuple[_Packages, ...], package: str, *, recommends: bool) -> frozenset[str] | None:
    """The libraries of all packages that may come in; None where one of these is not known."""
    names: set[str] = set()
    for count, row in enumerate(_reach(tables, package, lambda row: _drawn_in(row, recommends=recommends))):
        if row is None or not row.complete or count == MAX_CLOSURE:
            return None
        names.update(row.libraries)
    return frozenset(names)


def _drawn_in(row: PackageRow, *, recommends: bool) -> tuple[str, ...]:
    return (*row.depends, *row.perhaps, *(row.recommends if recommends else ()))


def _reach(
    tables: tuple[_Packages, ...], package: str, drawn_in: Callable[[PackageRow], tuple[str, ...]]
) -> Iterator[PackageRow | None]:
    """The rows of a package and of those drawn in, up to a bound; None for one without row."""
    names = {package: None}
    pending = [package]
    for name in pending:
        found = _find(tables, name)
        row = found[0] if found else None
        yield row
        new = [each for each in (drawn_in(row) if row else ()) if each not in names]
        if len(names) <= MAX_CLOSURE:
            names.update(dict.fromkeys(new))
            pending += dict.fromkeys(new)


@cache
def _tables(manager: str, release: str | None) -> tuple[_Packages, ...]:
    """The tables of exactly this release, and of what holds for all releases of its distribution or family."""
    manager = "dnf" if manager in _DNF_KIN else manager
    family = _ENTERPRISE_LINUX.fullmatch(release or "")
    names = dict.fromkeys([release or "", (release or "").partition(":")[0], f"el{family[1]}" if family else ""])
    tables = (find_archive(release) if manager == "apt" else None, *(_table(name) for name in names))
    return tuple(table for table in tables if table is not None and table.head.manager == manager)


@cache
def _table(release: str) -> _Table | None:
    file = "ubuntu.json" if release.startswith("ubuntu:") else "packages.json"
    data, name = read_rows(file), msgspec.json.encode(release)
    first = re.search(rb"\n" + re.escape(name) + rb':(\{.*),"packages":\{\n', data)  # a package may be called busybox
    if first is None:
        return None
    lines = data[first.end() : data.find(b"\n}}", first.end())].split(b"\n")
    rows = (line.removesuffix(b",").partition(b'":') for line in lines)
    packages = {quoted[1:].decode(): row for quoted, _, row in rows}  # no name has anything that JSON escapes
    return _Table(msgspec.json.decode(first[1] + b"}", type=Head), packages)
