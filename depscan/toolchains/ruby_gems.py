"""Gems with native code, and what a Gemfile.lock says of the variants that are locked.

In: the text of Gemfile.lock and Gemfile. Out: `Gem`s that an application needs at run time. A gem is built from source
where the lockfile has no variant for the platform; nokogiri, sqlite3, ffi and others come precompiled too, since 1.17,
2.0 and 1.17 apart for each C library (their changelogs), before for both in one (`x86_64-linux`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LINES = 50_000
_SPEC = re.compile(r" {4}([\w.-]+) \(([\w.]+)(?:-([\w-]+))?\)")
_EDGE = re.compile(r" {6}([\w.-]+)(?: \(.*\))?")
_ASKED = re.compile(r" {2}([\w.-]+)!?(?: \(.*\))?")
_GROUP = re.compile(r"\s*group\s+([^#]*?)\s+do\b")
_GEM = re.compile(r"""\s*gem\s+["']([\w.-]+)["'](.*)""")
_DEVELOPMENT = frozenset({"development", "test"})


class Known(Struct, frozen=True):
    """A gem that does not work without its extension: `file` below its directory.

    `links` are as `-lNAME`, alternatives joined by |; `sonames` are those of them that have been the same for years.
    From each gem's extconf.rb.
    """

    file: str
    links: tuple[str, ...] = ()
    sonames: tuple[str, ...] = ()


# Names as in Debian 12's packages ruby-* and puma (2026-11-24), as create_makefile of each ext/*/extconf.rb has them.
# nokogiri and sqlite3 compile the libraries that they need (their INSTALLATION documents), unless told otherwise.
NATIVE: dict[str, Known] = {
    "bcrypt": Known("lib/bcrypt_ext.so"),
    "bootsnap": Known("lib/bootsnap/bootsnap.so"),
    "msgpack": Known("lib/msgpack/msgpack.so"),
    "mysql2": Known("lib/mysql2/mysql2.so", ("mariadb|mysqlclient",)),
    "nio4r": Known("lib/nio4r_ext.so"),
    "nokogiri": Known("lib/nokogiri/nokogiri.so"),
    "pg": Known("lib/pg_ext.so", ("pq",), ("libpq.so.5",)),
    "puma": Known("lib/puma/puma_http11.so"),
    "sqlite3": Known("lib/sqlite3/sqlite3_native.so"),
    "websocket-driver": Known("lib/websocket_mask.so"),
}


class Gem(Struct, frozen=True):
    """A locked gem; `variants` are the platforms it is locked for, "" for its source."""

    name: str
    version: str
    variants: frozenset[str]


def read_lockfile(text: str, gemfile: str | None) -> tuple[Gem, ...]:
    """The gems of a Gemfile.lock that are not for development and tests alone, as far as the Gemfile tells."""
    variants: dict[str, set[str]] = {}
    versions: dict[str, str] = {}
    edges: dict[str, set[str]] = {}
    asked: list[str] = []
    section = current = ""
    for line in text.splitlines()[:MAX_LINES]:
        if line[:1].strip():
            section = line.strip()
        elif (spec := _SPEC.fullmatch(line)) is not None:
            current = spec[1]
            versions.setdefault(current, spec[2])
            variants.setdefault(current, set()).add(spec[3] or "")
        elif (edge := _EDGE.fullmatch(line)) is not None:
            edges.setdefault(current, set()).add(edge[1])
        elif section == "DEPENDENCIES" and (name := _ASKED.fullmatch(line)) is not None:
            asked.append(name[1])
    unneeded = _development(gemfile or "")
    needed = _reach([name for name in asked if name not in unneeded], edges)
    return tuple(Gem(name, versions[name], frozenset(variants[name])) for name in needed if name in versions)


def _reach(start: list[str], edges: dict[str, set[str]]) -> list[str]:
    reached = list(dict.fromkeys(start))
    seen = set(reached)
    for name in reached:  # grows while it is read
        new = sorted(edges.get(name, set()) - seen)
        seen.update(new)
        reached += new
    return reached


def _development(gemfile: str) -> set[str]:
    """The gems that a Gemfile has in groups for development and tests alone."""
    inside: list[bool] = []
    found: set[str] = set()
    for line in gemfile.splitlines()[:MAX_LINES]:
        group, gem = _GROUP.match(line), _GEM.match(line)
        if group is not None:
            inside.append(set(_words(group[1])) <= _DEVELOPMENT)
        elif re.search(r"\bdo\b(\s*\|.*\|)?\s*$", line) or re.match(r"\s*(if|unless|platforms?)\b", line):
            inside.append(False)
        elif re.match(r"\s*end\b", line) and inside:
            inside.pop()
        elif gem is not None:
            own = re.search(r"groups?(?::|\s*=>)\s*(\[[^\]]*\]|:\w+)", gem[2])
            if any(inside) or (own is not None and set(_words(own[1])) <= _DEVELOPMENT):
                found.add(gem[1])
    return found


def _words(text: str) -> Iterator[str]:
    return (found for found in re.findall(r"\w+", text) if found not in ("optional", "true", "false"))
