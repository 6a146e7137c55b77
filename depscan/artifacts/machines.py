"""Machine names, as `ElfFacts.machine` and `platforms.MACHINES` spell them, from the raw ELF numbers.

In: a `Header`. Out: the machine with class and byte order folded in, and arm's float ABI. Numbers: Linux's elf-em.h;
arm flags: "ELF for the Arm Architecture", section e_flags; mips flags: binutils' include/elf/mips.h.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from depscan.artifacts.header import Header

EM_X86_64 = 62
_EM_MIPS, _EM_ARM = 8, 40
_EF_ARM_ABI_FLOAT_SOFT, _EF_ARM_ABI_FLOAT_HARD = 0x200, 0x400
_EF_MIPS_ABI2 = 0x20

# e_machine -> (32-bit little endian, 32-bit big, 64-bit little, 64-bit big). x32 is x86_64 with 32 bits.
_MACHINES: dict[int, tuple[str | None, str | None, str | None, str | None]] = {
    3: ("i386", None, None, None),
    _EM_MIPS: ("mipsel", "mips", "mips64el", "mips64"),
    20: ("ppcle", "ppc", None, None),
    21: (None, None, "ppc64le", "ppc64"),
    22: (None, "s390", None, "s390x"),
    _EM_ARM: ("arm", "armeb", None, None),
    EM_X86_64: ("x86_64", None, "x86_64", None),
    183: ("aarch64", "aarch64_be", "aarch64", "aarch64_be"),
    243: ("riscv32", None, "riscv64", None),
    258: ("loongarch32", None, "loongarch64", None),
}
# The dynamic linkers that glibc and musl name after the float ABI.
_FLOAT_INTERPRETERS = {
    "ld-linux-armhf.so.3": "hard",
    "ld-musl-armhf.so.1": "hard",
    "ld-linux.so.3": "soft",
    "ld-musl-arm.so.1": "soft",
}


def name_machine(header: Header) -> str:
    """Name the machine, e.g. ppc64le; `machine-<e_machine>` when it has no name here."""
    row = _MACHINES.get(header.machine, (None, None, None, None))
    n32 = header.machine == _EM_MIPS and header.bits == 32 and header.flags & _EF_MIPS_ABI2
    column = (2 if header.bits == 64 or n32 else 0) + (0 if header.little_endian else 1)
    return row[column] or f"machine-{header.machine}"


def name_raw_machine(head: bytes) -> str | None:
    """Name the machine of an ELF file by its first 20 bytes; None where that needs its flags, or has no name here."""
    order: Literal["little", "big"] = "big" if head[5:6] == b"\2" else "little"
    row = _MACHINES.get(int.from_bytes(head[18:20], order), (None, None, None, None))
    return row[(2 if head[4:5] == b"\2" else 0) + (order == "big")]


def find_float_abi(header: Header) -> str | None:
    """Tell arm's float ABI, hard or soft: by e_flags, else by the dynamic linker's name; None when neither tells."""
    if header.machine != _EM_ARM:
        return None
    if header.flags & _EF_ARM_ABI_FLOAT_HARD:
        return "hard"
    if header.flags & _EF_ARM_ABI_FLOAT_SOFT:
        return "soft"
    return _FLOAT_INTERPRETERS.get((header.interpreter or "").rsplit("/", 1)[-1])
