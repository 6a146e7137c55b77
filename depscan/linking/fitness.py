"""Whether a dynamic linker takes a file for a library, by its ELF header alone.

In: the facts of the file and of the program that would load it. Out: `Misfit`, or None where it fits. glibc compares
class, byte order, OS/ABI and machine in this order (elf/dl-load.c, open_verify; sysdeps/gnu/ldsodefs.h). It passes over
another class or machine and goes on to search; so does Debian's over another byte order (tests/live/laws), which
upstream refuses. What else is wrong ends the search. musl looks at nothing of all this (ldso/dynlink.c, map_library):
where class or byte order differ it reads nonsense, a file for another machine it maps, loads what that needs, and stops
at its first relocation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from depscan.artifacts.facts import ElfFacts

NO_ELF, SHORT, MUSL_REFUSED = "invalid ELF header", "file too short", "Exec format error"
_OTHER_FLOAT = "internal error"  # glibc's check of arm's float ABI (sysdeps/unix/sysv/linux/arm) has no words for it
OTHER_RELOCATIONS = "unsupported relocation type"
_OTHER_SYSTEM = "ELF file OS ABI invalid"

NARROW = frozenset({"i386", "arm"})  # machines of platforms with 32 bits
_BIG_ENDIAN = frozenset({"s390x", "s390", "ppc64", "ppc", "mips64", "mips", "armeb", "aarch64_be"})

# EI_OSABI: gABI, "ELF Identification". glibc takes the first two, on arm the third too.
_SYSV, _GNU, _ARM = 0, 3, 64
_SYSTEMS = {1: "HP-UX", 2: "NetBSD", 6: "Solaris", 9: "FreeBSD", 12: "OpenBSD"}


class Misfit(Struct, frozen=True):
    """What is wrong: `words` are the dynamic linker's own, None where it says only that there is no such file.

    `detail` is the machine or the operating system that the file is for. `final` says that the search ends here,
    `mapped` that the file is in the process all the same, and what it needs with it.
    """

    words: str | None
    detail: str
    final: bool = False
    mapped: bool = False


def find_misfit(found: ElfFacts, wanted: ElfFacts, *, family: str | None) -> Misfit | None:
    """Compare a file with the program or library that would load it."""
    misfit = find_native_misfit(found, wanted.machine, wanted.bits, family=family)
    if misfit is None and family != "musl" and None is not found.float_abi != wanted.float_abi is not None:
        return Misfit(_OTHER_FLOAT, found.machine, final=True)
    return misfit


def find_native_misfit(found: ElfFacts, machine: str, bits: int, *, family: str | None) -> Misfit | None:
    """Compare a file with any program of `machine` with `bits`."""
    other_order = found.little_endian != (machine not in _BIG_ENDIAN)
    if family == "musl":
        if found.bits != bits or other_order:
            return Misfit(MUSL_REFUSED, found.machine, final=True)
        return Misfit(OTHER_RELOCATIONS, found.machine, final=True, mapped=True) if found.machine != machine else None
    if found.bits != bits:
        return Misfit(f"wrong ELF class: ELFCLASS{found.bits}", found.machine)
    if other_order:
        return Misfit(None, found.machine)
    if found.os_abi not in (_SYSV, _GNU) and (machine, found.os_abi) != ("arm", _ARM):
        return Misfit(_OTHER_SYSTEM, _SYSTEMS.get(found.os_abi, f"OS/ABI {found.os_abi}"), final=True)
    return Misfit(None, found.machine) if found.machine != machine else None
