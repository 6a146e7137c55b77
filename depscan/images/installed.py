"""The packages that a real image lists: dpkg's, apk's and rpm's databases.

In: its `Contents`. Out: `Installed`. dpkg and apk keep texts (deb-control(5), and apk's installed-db); rpm keeps binary
headers, for which see `rpm_databases`. A database that cannot be read is named with the reason, never guessed at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.images.contents import MAX_DATABASE
from depscan.images.profile import Package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from depscan.images.contents import Contents

_MAX_PACKAGES = 100_000
_LIBC_PACKAGES = ("libc6", "musl", "glibc", "libc")


class Installed(Struct, frozen=True):
    """`packages` in order of name, None where no database was read; `unread` names those that could not be, and why."""

    packages: tuple[Package, ...] | None = None
    unread: str | None = None

    @property
    def libc(self) -> str | None:
        """Name and version of the package that brings the C library."""
        versions = {package.name: package.version for package in self.packages or ()}
        return next((f"{name} {versions[name]}" for name in _LIBC_PACKAGES if name in versions), None)


def find_installed(contents: Contents) -> Installed:
    """What all databases of an image list together."""
    found: set[Package] = set()
    unread: dict[str, str] = {}
    texts = {path: fields for path in contents.texts if (fields := _fields(path))}
    for path, fields in texts.items():
        found.update(_listed(contents.texts[path], fields))
    databases = {path: place for path, place in contents.databases.items() if not path.endswith("-wal")}
    for path, place in databases.items():
        reason = "it has changes in a -wal file beside it" if f"{path}-wal" in contents.databases else None
        reason = reason or _read_rpm(place, found)
        if reason:
            unread[path] = reason
    known = texts or len(databases) > len(unread)
    packages = tuple(sorted(found, key=lambda package: (package.name, package.version, package.architecture)))
    reasons = "; ".join(f"{path}: {unread[path]}" for path in sorted(unread))
    return Installed(packages if known else None, reasons or None)


def _fields(path: str) -> tuple[bytes, bytes, bytes] | None:
    """Which fields hold name, version and architecture in a text database; None for another file."""
    if path.endswith("/apk/db/installed"):
        return b"P:", b"V:", b"A:"
    if path.startswith("/var/lib/dpkg/") and not path.endswith(".md5sums"):
        return b"Package: ", b"Version: ", b"Architecture: "
    return None


def _listed(data: bytes, fields: tuple[bytes, bytes, bytes]) -> Iterator[Package]:
    """The packages of a text database, without those that are removed and left their configuration."""
    for stanza in data.split(b"\n\n"):
        values = {
            field: line[len(field) :] for line in stanza.split(b"\n") for field in fields if line.startswith(field)
        }
        name, version, architecture = (values.get(field, b"").decode("utf-8", "replace")[:255] for field in fields)
        if name and version and b"\nStatus: deinstall" not in stanza:
            yield Package(name, version, architecture)


def _read_rpm(place: Path, found: set[Package]) -> str | None:
    """Add what a database of rpm lists; gives the reason where it cannot be read, and adds nothing then."""
    from depscan.images.rpm_databases import UnreadDatabaseError, read_blobs  # noqa: PLC0415 - few images have one
    from depscan.images.rpm_headers import read_header  # noqa: PLC0415 - likewise

    try:
        with open(place, "rb") as file:
            data = file.read(MAX_DATABASE + 1)
        if len(data) > MAX_DATABASE:
            return f"larger than {MAX_DATABASE >> 20} MB"
        packages = set[Package]()
        for number, blob in enumerate(read_blobs(data)):
            packages.update(package for package in (read_header(blob),) if package)
            if number == _MAX_PACKAGES:
                return f"more than {_MAX_PACKAGES} packages"
    except OSError as error:
        return error.strerror or "it cannot be read"
    except UnreadDatabaseError as error:
        return str(error)
    found.update(packages)
    return None
