"""Libraries of a second machine that the kernel runs beside the image's own: i386 on amd64."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.linking.stages import change, glibc_image, library, link, needs_version, outcome, program, root

if TYPE_CHECKING:
    from depscan.artifacts.facts import ElfFacts

I386_LINKER = "/lib/ld-linux.so.2"


def i386_library() -> ElfFacts:
    return library("libfoo.so.1", machine="i386", bits=32, needed=())


def test_no_program_here_could_load_it() -> None:
    assert outcome(link(root({"/app": i386_library()}, glibc_image()))) == ("fails", "wrong-architecture", "i386")


def test_a_later_run_may_have_brought_the_other_dynamic_linker() -> None:
    assert outcome(link(root({"/app": i386_library()}, glibc_image(), changes=(change("/"),))))[0] == "unknown"


def test_the_other_dynamic_linker_is_there() -> None:
    files = {"/app": i386_library(), I386_LINKER: library("ld-linux.so.2", machine="i386", bits=32, needed=())}
    assert outcome(link(root(files, glibc_image())))[0] == "loads"


def test_versions_of_the_dynamic_linker_itself() -> None:
    linker = library("ld-linux-x86-64.so.2", needed=(), version_definitions=("GLIBC_2.3",))
    needs = program(needed=("ld-linux-x86-64.so.2",), **needs_version("GLIBC_2.35", "ld-linux-x86-64.so.2"))
    where = root({"/app": needs, "/lib64/ld-linux-x86-64.so.2": linker}, glibc_image())
    assert outcome(link(where)) == ("fails", "version-missing", "GLIBC_2.35 (ld-linux-x86-64.so.2)")
