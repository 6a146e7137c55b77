"""The ELF facts of programs that are not built yet, by C library and machine.

In: a `Workplace`. Out: `ElfFacts` with no more than what every such program has: the dynamic linker that the compiler
of the stage puts in, the C library it needs, the version that no dynamic program linked there does without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.artifacts.facts import ElfFacts, Linkage, VersionNeed
from depscan.artifacts.symbols import Symbols, pack
from depscan.images.architectures import architecture_of
from depscan.platforms import MACHINES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.platforms import Platform
    from depscan.toolchains.workplace import Workplace

MERGED = "2.34"  # glibc that took libpthread in: __libc_start_main and pthread_create got a new version there
_WIDE = frozenset({"x86_64", "aarch64", "ppc64le", "s390x", "riscv64", "mips64el", "loongarch64"})
_BIG = frozenset({"s390x"})


def static_program(machine: str, language: str | None = None) -> ElfFacts:
    """A program that asks for no dynamic linker and no library."""
    return _facts(machine, Linkage.STATIC, language=language, libc="none")


def dynamic_program(place: Workplace, needed: tuple[str, ...] = (), language: str | None = None) -> ElfFacts | None:
    """A program linked natively against the stage's C library; None where that is not known.

    `needed` are further libraries; the C library's own name is added.
    """
    libc = place.profile.libc
    return linked_program(libc.family, place.platform, libc.version, needed, language)


def linked_program(
    family: str, platform: Platform, version: str | None, needed: tuple[str, ...] = (), language: str | None = None
) -> ElfFacts | None:
    """A program linked for a platform against glibc or musl of this version (None: not known); None for others."""
    known = architecture_of(platform)
    machine = MACHINES.get(platform.architecture)
    if known is None or machine is None or family not in ("glibc", "musl"):
        return None
    if family == "musl":
        libc = known.musl_soname or "libc.so"
        return _facts(
            machine,
            Linkage.DYNAMIC,
            interpreter=known.musl,
            needed=(*needed, libc),
            language=language,
            libc="musl",
        )
    versions = {"libc.so.6": (VersionNeed(f"GLIBC_{MERGED}"),)} if is_at_least(version, MERGED) else {}
    return _facts(
        machine,
        Linkage.DYNAMIC,
        interpreter=known.glibc,
        needed=(*needed, "libc.so.6"),
        version_needs=versions,
        language=language,
        libc="glibc",
    )


def shared_object(family: str, platform: Platform, calls: tuple[str, ...] = ()) -> ElfFacts | None:
    """A library or an addon built for a platform against glibc or musl; None for others.

    `calls` are functions that it is known to call and that another C library may lack; without them nothing is known
    of its symbols.
    """
    known = architecture_of(platform)
    machine = MACHINES.get(platform.architecture)
    if known is None or machine is None or family not in ("glibc", "musl"):
        return None
    libc = "libc.so.6" if family == "glibc" else known.musl_soname or "libc.so"
    symbols = pack(Symbols(functions=calls)) if calls else b""
    return _facts(machine, Linkage.SHARED_OBJECT, needed=(libc,), libc=family, symbols=symbols)


def is_at_least(version: str | None, other: str) -> bool:
    """Whether a version such as 2.41 is known and not below another."""
    return version is not None and _numbers(version) >= _numbers(other)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def ceiling(place: Workplace) -> str | None:
    """The highest version that a program linked here can ask of glibc; None on another or unknown C library.

    Not each release defines symbols of its own, so what its libraries define comes before its number.
    """
    libc = place.profile.libc
    highest = libc.ceilings.get("GLIBC") or libc.version
    return f"GLIBC_{highest}" if libc.family == "glibc" and highest else None


def _facts(
    machine: str,
    linkage: Linkage,
    *,
    interpreter: str | None = None,
    needed: tuple[str, ...] = (),
    version_needs: Mapping[str, tuple[VersionNeed, ...]] | None = None,
    language: str | None = None,
    libc: str = "unknown",
    symbols: bytes = b"",
) -> ElfFacts:
    return ElfFacts(
        type="DYN" if linkage is Linkage.SHARED_OBJECT else "EXEC",
        machine=machine,
        bits=64 if machine in _WIDE else 32,
        little_endian=machine not in _BIG,
        linkage=linkage,
        interpreter=interpreter,
        needed=needed,
        version_needs=version_needs or {},
        symbols=symbols,
        libc=libc,
        language=language,
    )
