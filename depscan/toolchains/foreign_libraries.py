"""System libraries that Rust crates link against, where Cargo.lock and Cargo.toml prove it.

In: a package, the workspace's Cargo.lock, the libraries of the stage. Out: sonames. Cargo.lock does not tell optional
dependencies, build dependencies and those of other systems apart, so the walk starts at what the package's manifest
requires in any case, and stops at crates that only work at build time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from depscan.toolchains.crates import read_toml, table, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from depscan.toolchains.crates import Package
    from depscan.toolchains.workplace import Workplace

# Crate -> the libraries it links (its `links` key and build script), the crate in Cargo.lock whose presence says that
# it builds its own copy instead, and the variable that asks for a static one. From each crate's README and build.rs.
_CRATES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "openssl-sys": (("ssl", "crypto"), "openssl-src", "OPENSSL_STATIC"),
    "pq-sys": (("pq",), "pq-src", "PQ_LIB_STATIC"),
    "mysqlclient-sys": (("mysqlclient", "mariadb"), "mysqlclient-src", "MYSQLCLIENT_STATIC"),
    "alsa-sys": (("asound",), "", "ALSA_STATIC"),
    "libudev-sys": (("udev",), "", "LIBUDEV_STATIC"),
}
# These compile their own copy where the feature `bundled` or `vendored` is on, and only then depend on the crate cc.
_BUNDLING: dict[str, tuple[tuple[str, ...], str]] = {
    "libsqlite3-sys": (("sqlite3",), "SQLITE3_STATIC"),
    "libdbus-sys": (("dbus-1",), "DBUS_STATIC"),
}
_BUILD_TIME = r".*[-_](macros?|macros?[-_]core|derive|build|codegen|bindgen)|(build|bindgen|cc|pkg-config|vcpkg)"


def foreign_libraries(package: Package, root: str, place: Workplace) -> tuple[str, ...]:
    """The sonames that a program of `package` will need, as far as the stage at hand has exactly one for each."""
    lock = read_toml(place.files, f"{root.rstrip('/')}/Cargo.lock")
    rows: dict[str, set[str]] = {}
    for row in (lock or {}).get("package", []):
        if isinstance(row, dict) and isinstance(row.get("name"), str):
            rows.setdefault(row["name"], set()).update(text.split()[0] for text in texts(row.get("dependencies", [])))
    reached = _reach(_required(package.manifest), rows)
    names = {name for crate in reached for name in _links(crate, rows, place)}
    return tuple(sorted(soname for name in names if (soname := place.soname(name)) is not None))


def _links(crate: str, rows: dict[str, set[str]], place: Workplace) -> tuple[str, ...]:
    """What a crate links dynamically; nothing where it may bring its own."""
    if crate in _BUNDLING:
        libraries, variable = _BUNDLING[crate]
        own = "cc" in rows.get(crate, ())
    elif crate in _CRATES:
        libraries, source, variable = _CRATES[crate]
        own = source in rows
    else:
        return ()
    asked = variable in place.environment or "PKG_CONFIG_ALL_STATIC" in place.environment
    return () if own or asked else libraries


def _reach(start: Iterable[str], rows: dict[str, set[str]]) -> list[str]:
    reached = [name for name in dict.fromkeys(start) if name in rows]
    seen = set(reached)
    for name in reached:  # grows while it is read
        for each in sorted(rows[name]):
            system = not name.endswith("-sys") or each.endswith("-sys")  # what a -sys crate needs else is for its build
            if each not in seen and each in rows and system and not re.fullmatch(_BUILD_TIME, each):
                seen.add(each)
                reached.append(each)
    return reached


def _required(manifest: dict[str, Any]) -> Iterator[str]:
    """The dependencies that hold on Linux with any features."""
    tables = [table(manifest, "dependencies")]
    tables += [
        table(manifest, "target", condition, "dependencies")
        for condition in table(manifest, "target")
        if re.fullmatch(r"cfg\((unix|target_os\s*=\s*\"linux\"|not\(windows\))\)", condition)
    ]
    for name, value in (row for each in tables for row in each.items()):
        if isinstance(value, dict):
            if value.get("optional") is not True:
                yield value["package"] if isinstance(value.get("package"), str) else name
        else:
            yield name
