"""What an ELF file does not say outright: how it is linked, for which C library, from which language.

In: the raw header and the names LIEF read. Out: the linkage, the libc and the language, each by evidence that stands
in the file; where the evidence is absent the answer is unknown (libc) or None (language).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from depscan.artifacts.facts import Linkage
from depscan.artifacts.header import DF_1_PIE, DT_DEBUG, DT_FLAGS_1, DT_NEEDED, DT_SONAME, ET_EXEC, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from depscan.artifacts.facts import ElfFacts
    from depscan.artifacts.header import Header

    Search = Callable[[re.Pattern[bytes]], bool]

# rustc puts /rustc/<commit>/ into the panic locations of the standard library (rustc --remap-path-prefix of its CI).
_RUST_PATH = re.compile(rb"/rustc/[0-9a-f]{40}")
# musl's src/errno/__strerror.h names errno 0 so; every program with printf or strerror carries the table.
_MUSL_MESSAGE = re.compile(rb"No error information\0")
# Static programs of glibc load their NSS modules while they run, and these fit their own glibc alone. Since 2.34 the
# modules `files` and `dns` are part of libc.a (glibc's NEWS); the text of its module names then is "libnss_%s.so%s".
_NSS_MODULES = re.compile(rb"libnss_(\0|%s\.so\.%d)")

_MUSL_PATH_FILE = re.compile(rb"/etc/ld-musl-[\w-]+\.path\0")

_GLIBC_INTERPRETER = re.compile(r"ld-linux.*\.so\.\d+|ld64\.so\.\d+|ld\.so\.1|ld-lsb.*\.so\.\d+|ld-2\.\d+\.so")
_GLIBC_LIBRARY = re.compile(
    r"(libc|libm)\.so\.6(\.1)?|lib(pthread|rt)\.so\.[01]|libdl\.so\.2|ld-linux.*\.so\.\d|ld64\.so\.\d"
)
_BIONIC_LIBRARIES = frozenset({"libdl.so", "libm.so", "liblog.so", "libandroid.so"})


class Traces(Struct, frozen=True):
    """What stands in a file beside its facts.

    `owners` of notes, names of `sections`, text of .comment, whether dynamic symbols are defined (`exports`), and
    `search`, which looks for a pattern in the constant data.
    """

    owners: frozenset[str]
    sections: frozenset[str]
    comment: bytes
    exports: bool
    search: Search


def infer(stated: ElfFacts, header: Header, traces: Traces) -> ElfFacts:
    """Add linkage, libc and language to what the file states; raises UnreadableError for a program no linker makes."""
    linkage = find_linkage(header, exports=traces.exports)
    language = find_language(traces)
    if linkage in (Linkage.STATIC, Linkage.STATIC_PIE):
        libc = find_static_libc(stated.abi_note, language, traces.search)
    else:
        libc = find_libc(stated, traces)
    static = linkage in (Linkage.STATIC, Linkage.STATIC_PIE)
    loads_nss = static and libc == "glibc" and traces.search(_NSS_MODULES)
    return structs.replace(stated, linkage=linkage, libc=libc, language=language, loads_nss=loads_nss)


def find_linkage(header: Header, *, exports: bool) -> Linkage | None:
    """Tell how the program is linked; None for an object file or core.

    `exports` says whether dynamic symbols are defined. Raises UnreadableError for a program that needs libraries and
    names no dynamic linker: no linker makes that, and "static" would be a guess.
    """
    if header.segments == ():
        return None
    program = header.type == ET_EXEC or _is_linked_as_program(header)
    if header.dynamic is None and (header.interpreter is not None or header.type != ET_EXEC):
        raise UnreadableError("corrupted: no dynamic section where there must be one")
    if header.interpreter is not None:
        return Linkage.DYNAMIC if program or not header.count(DT_SONAME) else Linkage.SHARED_OBJECT
    if program and header.count(DT_NEEDED):
        raise UnreadableError("corrupted: needs libraries but names no dynamic linker")
    if header.type == ET_EXEC:
        return Linkage.STATIC
    if program or (header.entry and not exports and not header.count(DT_NEEDED) and not header.count(DT_SONAME)):
        return Linkage.STATIC_PIE
    return Linkage.SHARED_OBJECT


def _is_linked_as_program(header: Header) -> bool:
    """Tell a position-independent program from a library: DF_1_PIE, or DT_DEBUG, which linkers give programs only."""
    return bool((header.value(DT_FLAGS_1) or 0) & DF_1_PIE) or header.count(DT_DEBUG) > 0


def find_libc(stated: ElfFacts, traces: Traces) -> str:
    """Tell the C library of a file that is linked dynamically: glibc, musl or unknown.

    In falling order of weight: the dynamic linker's name, version needs and definitions, the soname and the libraries
    it needs. musl's own library, where distributions give it no soname, is told by the name of its path file.
    """
    linker = (stated.interpreter or "").rsplit("/", 1)[-1]
    if linker.startswith("ld-musl-"):
        return "musl"
    versions = [need.name for group in stated.version_needs.values() for need in group]
    versions.extend(stated.version_definitions)
    if _GLIBC_INTERPRETER.fullmatch(linker) or any(version.startswith("GLIBC_") for version in versions):
        return "glibc"
    names = {*stated.needed, stated.soname or ""}
    if any(_GLIBC_LIBRARY.fullmatch(name) for name in names):
        return "glibc"
    if any(name.startswith("libc.musl-") for name in names):
        return "musl"
    if "libc.so" in names and "Android" not in traces.owners and _BIONIC_LIBRARIES.isdisjoint(names):
        return "musl"
    return "musl" if names == {""} and traces.search(_MUSL_PATH_FILE) else "unknown"


def find_static_libc(abi_note: tuple[str, str] | None, language: str | None, search: Search) -> str:
    """Tell the C library inside a static program: glibc, musl, none or unknown.

    glibc's start files carry an NT_GNU_ABI_TAG note, musl's do not; musl is told by a message of its own. Go needs no
    C library, so a Go program with neither has none.
    """
    if search(_MUSL_MESSAGE):
        return "musl"
    if abi_note is not None and abi_note[0] == "linux":
        return "glibc"
    return "none" if language == "go" else "unknown"


def find_language(traces: Traces) -> str | None:
    """Tell the language: go by its build id note or build info, rust by rustc's marks, c by GCC's or clang's."""
    if "Go" in traces.owners or ".go.buildinfo" in traces.sections:
        return "go"
    if b"rustc version" in traces.comment or traces.search(_RUST_PATH):
        return "rust"
    return "c" if b"GCC: (" in traces.comment or b"clang version" in traces.comment else None
