"""The dynamic linkers of a real image, and what is built into them.

In: the files and ELF facts of an image. Out: `Linker`s: whose they are, where they stand, which directories they search
and where their cache is. These are read from their bytes: glibc's rtld keeps its system directories as one run of
strings (elf/dl-load.c, SYSTEM_DIRS), musl its default path and version (ldso/dynlink.c, src/internal/version.c).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from depscan.artifacts.facts import ElfFacts
    from depscan.images.rootview import RootView

_GLIBC = re.compile(r"ld-linux.*\.so\.\d+|ld64\.so\.\d|ld\.so\.1|ld-2\.\d+\.so")
_NAMES = (
    ("musl", re.compile(r"ld-musl-.*\.so\.1")),
    ("uclibc", re.compile(r"ld(64)?-uClibc.*\.so.*")),
    ("glibc", _GLIBC),
)
_SYSTEM_DIRECTORIES = re.compile(rb"((?:/(?:[\w.+-]+/){0,12}?lib(?:64|32|x32)?/(?:[\w.+-]+-linux-\w+/)?\0)+)")
_CACHE = re.compile(rb"\0((?:/[\w.+-]+){0,12}/etc/ld\.so\.cache)\0")
_MUSL_PATH = re.compile(rb"\0((?:/[\w.+-]+)+(?::(?:/[\w.+-]+)+)*)\0")
_MUSL_VERSION = re.compile(rb"\0(\d+\.\d+\.\d+)(?:-git[^\0]{0,60})?\0")
_GLIBC_VERSION = re.compile(
    rb"GNU C Library \(([^)\n]{1,80})\) (?:stable|development|.{1,40}) ?release version (\d+\.\d+)"
)
_MAX_BYTES = 64 << 20


_BANNER = re.compile(rb"ld\.so \([^)\n]{1,80}\) \w{1,20} release version (\d+\.\d+)")  # since 2.33 (elf/dl-usage.c)


class BuiltIn(Struct, frozen=True):
    """What a dynamic linker has in itself: default directories, the path of its cache (glibc), its version."""

    directories: tuple[str, ...] = ()
    cache: str | None = None
    version: str | None = None


class Linker(Struct, frozen=True):
    """A dynamic linker: its real `path`, all `names` by which it can be reached, what is built into it."""

    family: str
    path: str
    names: tuple[str, ...]
    facts: ElfFacts
    directories: tuple[str, ...] = ()
    cache: str | None = None
    version: str | None = None


def family_of_linker(path: str) -> str | None:
    """Whose dynamic linker a path names, by its file name; None for other files."""
    name = posixpath.basename(path)
    return next((family for family, pattern in _NAMES if pattern.fullmatch(name)), None)


def find_linkers(view: RootView) -> list[Linker]:
    """All dynamic linkers whose facts are known, each once."""
    names: dict[str, list[str]] = {}
    families: dict[str, str] = {}
    for path in sorted(view.files):
        family = family_of_linker(path)
        resolved = view.resolve(path) if family else None
        if family and resolved and resolved in view.facts:
            names.setdefault(resolved, []).append(path)
            families[resolved] = family
    return [_linker(view, path, families[path], tuple(found)) for path, found in names.items()]


def _linker(view: RootView, path: str, family: str, names: tuple[str, ...]) -> Linker:
    data = read_bytes(view.libraries[path])
    facts = view.facts[path]
    if family == "musl":
        return Linker(
            family, path, names, facts, _musl_directories(view, path, names, data), version=musl_version(data)
        )
    cache = _CACHE.search(data)
    return Linker(family, path, names, facts, _glibc_directories(data), cache[1].decode() if cache else None)


def family_of_bytes(data: bytes) -> str | None:
    """Whose dynamic linker a file is, whatever its name: musl's and glibc's know their own."""
    if musl_version(data) is not None:
        return "musl"
    return "glibc" if _CACHE.search(data) and _SYSTEM_DIRECTORIES.search(data) else None


def read_built_in(data: bytes, family: str) -> BuiltIn:
    """What the bytes of a dynamic linker tell, whatever root it stands in."""
    if family == "musl":
        return BuiltIn(next(_musl_default(data), ()), version=musl_version(data))
    cache, banner = _CACHE.search(data), _BANNER.search(data)
    return BuiltIn(
        _glibc_directories(data), cache[1].decode() if cache else None, banner[1].decode() if banner else None
    )


def _glibc_directories(data: bytes) -> tuple[str, ...]:
    match = _SYSTEM_DIRECTORIES.search(data)
    return tuple(part.decode().rstrip("/") for part in match[1].split(b"\0") if part) if match else ()


def _musl_directories(view: RootView, path: str, names: tuple[str, ...], data: bytes) -> tuple[str, ...]:
    """The path file replaces the default; its name has the linker's own architecture."""
    for name in (path, *names):
        stem = posixpath.basename(name).removesuffix(".so.1")
        text = view.texts.get(f"/etc/{stem}.path")
        if text is not None:
            parts = re.split(r"[:\n]", text.decode("utf-8", "replace"))
            return tuple(part.strip() for part in parts if part.strip().startswith("/"))
    return next(_musl_default(data), ())


def _musl_default(data: bytes) -> Iterator[tuple[str, ...]]:
    for match in _MUSL_PATH.finditer(data):
        parts = match[1].decode().split(":")
        if len(parts) > 1 and any(part.endswith("/lib") for part in parts):
            yield tuple(parts)


def musl_version(data: bytes) -> str | None:
    """The version that musl's dynamic linker prints."""
    if b"musl libc" not in data:
        return None
    match = _MUSL_VERSION.search(data)
    return match[1].decode() if match else None


def glibc_version(data: bytes) -> tuple[str, str] | None:
    """Version and builder's name (Debian GLIBC 2.36-9+deb12u14) in the banner of libc.so.6 (csu/version.c)."""
    match = _GLIBC_VERSION.search(data)
    return (match[2].decode(), match[1].decode("utf-8", "replace")) if match else None


def read_bytes(path: Path) -> bytes:
    """The first bytes of a kept library; b"" where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(_MAX_BYTES)
    except OSError:
        return b""
