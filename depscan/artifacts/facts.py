"""What is known of a program or library: the types of this room.

In: nothing (types only). Out: `ElfFacts` (what linking compares) and `Artifact` (facts with origin and evidence).
A binary that does not exist yet is the same `Artifact` with origin predicted and a lower confidence.

Annotations are evaluated at once, without the __future__ import: msgspec reads them, and from text that takes longer.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field

from depscan.artifacts.prediction import Prediction
from depscan.findings import Confidence

if TYPE_CHECKING:
    from depscan.artifacts.script import Script


class Linkage(StrEnum):
    """How a program comes to its code. An object file or core has none."""

    DYNAMIC = "dynamic"
    STATIC = "static"
    STATIC_PIE = "static-pie"
    SHARED_OBJECT = "shared-object"


class Origin(StrEnum):
    """Where an artifact's bytes come from."""

    CONTEXT = "context"
    STAGE = "stage"
    IMAGE = "image"
    URL = "url"
    PREDICTED = "predicted"


class VersionNeed(Struct, frozen=True):
    """One vernaux entry: a version that the named library must define, unless weak (VER_FLG_WEAK)."""

    name: str
    weak: bool = False


class ElfFacts(Struct, frozen=True):
    """What an ELF file says of itself.

    `machine` is x86_64, i386, arm, armeb, aarch64, ppc64le, s390x, riscv64, ... (class and byte order folded in);
    `bits` 32 or 64; `type` EXEC, DYN, REL or CORE; `float_abi` hard or soft (arm only). `version_needs` maps a needed
    library to its version needs; `version_definitions` are the versions that this file defines. `abi_note` is
    (os, lowest kernel version) of NT_GNU_ABI_TAG. `isa_level` is x86-64-v2, -v3 or -v4 where the GNU property note
    demands it. `relr` says that it has DT_RELR relocations, `bind_now` that all its symbols are bound when it is
    loaded, `no_default_libraries` that its needs are not looked for in default directories (DF_1_NODEFLIB). `symbols`
    is the blob of its dynamic symbols (see `symbols`), None where it was left in the cache. `os_abi` is the raw
    EI_OSABI: 0 (System V) or 3 (GNU) on Linux, 9 in files for FreeBSD. `libc` is glibc, musl, none or unknown, by
    evidence; `language` go, rust or c, or None where nothing tells. `loads_nss` says that it is static, of a glibc
    before 2.34, and looks names of hosts or users up: by modules that it loads while it runs.
    """

    type: str
    machine: str
    bits: int
    little_endian: bool
    linkage: Linkage | None
    interpreter: str | None = None
    needed: tuple[str, ...] = ()
    soname: str | None = None
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    version_needs: Mapping[str, tuple[VersionNeed, ...]] = field(default_factory=dict)
    version_definitions: tuple[str, ...] = ()
    abi_note: tuple[str, str] | None = None
    isa_level: str | None = None
    float_abi: str | None = None
    relr: bool = False
    bind_now: bool = False
    no_default_libraries: bool = False
    symbols: bytes | None = None
    libc: str = "unknown"
    language: str | None = None
    os_abi: int = 0
    loads_nss: bool = False


MEMBER = "archive-member"  # the kind of an artifact inside an archive


NO_ELF = ElfFacts(type="NONE", machine="none", bits=0, little_endian=True, linkage=None)


class Artifact(Struct, frozen=True):
    """A program or library. `source` is the path in the context, or what the report shall call its origin.

    `kind` is elf, script or archive-member. `evidence` are the sentences that a finding prints. `prediction` is what a
    file that is not built yet rests on, None for one that was read. `script` is the first line of a script, whose
    `facts` are NO_ELF.
    """

    kind: str
    facts: ElfFacts
    source: str
    origin: Origin
    evidence: tuple[str, ...] = ()
    confidence: Confidence = Confidence.CERTAIN
    prediction: Prediction | None = None
    script: "Script | None" = None
