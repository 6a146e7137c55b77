"""What each dynamic linker makes of a library's ELF header; tests/live/laws/ proves the same with real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.linking.stages import change, glibc_image, library, link, musl_image, outcome, program, root, symbols

if TYPE_CHECKING:
    from depscan.images.profile import ImageProfile

GLIBC, MUSL = glibc_image(), musl_image()
FREEBSD = {"os_abi": 9}
ARM64 = {"machine": "aarch64"}
S390X = {"machine": "s390x", "little_endian": False}
I386 = {"machine": "i386", "bits": 32}
ABSENT = "cannot open shared object file: No such file or directory"


@pytest.mark.parametrize(
    ("image", "changes", "detail", "message"),
    [
        (GLIBC, FREEBSD, "FreeBSD", "/app: ELF file OS ABI invalid"),
        (GLIBC, {"os_abi": 200}, "OS/ABI 200", "/app: ELF file OS ABI invalid"),
        (GLIBC, ARM64, "aarch64", f"/app: {ABSENT}"),
        (GLIBC, S390X, "s390x", f"/app: {ABSENT}"),
        (GLIBC, I386, "i386", "/app: wrong ELF class: ELFCLASS32"),
        (MUSL, I386, "i386", "Error loading shared library /app: Exec format error"),
        (MUSL, S390X, "s390x", "Error loading shared library /app: Exec format error"),
        (MUSL, ARM64, "aarch64", "Error relocating /app: unsupported relocation type"),
    ],
)
def test_a_library_opened_by_its_path(image: ImageProfile, changes: Any, detail: str, message: str) -> None:
    placement = link(root({"/app": library("libfoo.so.1", needed=(), **changes)}, image))
    assert outcome(placement) == ("fails", "wrong-architecture", detail)
    assert placement.link.failures[0].runtime_message == message


@pytest.mark.parametrize(("image", "os_abi"), [(GLIBC, 0), (GLIBC, 3), (MUSL, 9)])
def test_operating_systems_that_pass(image: ImageProfile, os_abi: int) -> None:
    assert (
        outcome(link(root({"/app": library("libfoo.so.1", needed=(), os_abi=os_abi, libc=image.libc.family)}, image)))[
            0
        ]
        == "loads"
    )


def test_the_kernel_starts_a_program_of_any_operating_system() -> None:
    assert outcome(link(root({"/app": program(os_abi=9)}, GLIBC)))[0] == "loads"


def test_musl_names_a_missing_library_first_but_a_finding_the_machine() -> None:
    placement = link(root({"/app": library("libfoo.so.1", needed=("libnone.so.1",), **ARM64)}, MUSL))
    assert outcome(placement) == ("fails", "library-missing", "libnone.so.1")
    assert [failure.detail for failure in placement.link.failures] == ["libnone.so.1", "aarch64"]
    assert placement.culprit is placement.link.failures[1]


def test_musl_loads_what_another_machines_library_needs() -> None:
    foo = library("libfoo.so.1", needed=("libnone.so.1",), **ARM64)
    files = {"/app": program(interpreter=MUSL.loaders[0], needed=("libfoo.so.1",)), "/usr/lib/libfoo.so.1": foo}
    details = [failure.detail for failure in link(root(files, MUSL)).link.failures]
    assert details == ["libnone.so.1", "libfoo.so.1"]


def test_musl_answers_for_a_second_libc() -> None:
    second = library("libc2.so", needed=(), **symbols(exports=("__libc_start_main", "stdin", "one")))
    app = program(interpreter=MUSL.loaders[0], needed=("libc2.so",), **symbols(data=("one",)))
    where = root({"/app": app, "/usr/lib/libc2.so": second}, MUSL)
    assert outcome(link(where)) == ("fails", "symbol-missing", "one")


@pytest.mark.parametrize(("image", "verdict"), [(GLIBC, "loads"), (MUSL, "fails")])
def test_only_glibc_compares_sonames(image: ImageProfile, verdict: str) -> None:
    app = program(interpreter=image.loaders[0], needed=("libfoo.so.1", "libbar.so.1"), runpath=("/opt",))
    where = root({"/app": app, "/opt/libfoo.so.1": library("libbar.so.1", needed=())}, image)
    assert outcome(link(where))[0] == verdict


# Libraries that find what they need in the process of a host


def wheel(**module: Any) -> dict[str, Any]:
    return {
        "/app": library("liba.so.1", needed=("libb.so.1",)),
        "/libs/libb.so.1": library("libb.so.1", needed=()),
        "/module.so": library("module.so", **module),
    }


LINKS = {"/libs/liba.so.1": "/app"}


def test_the_module_that_loads_a_wheels_own_library_has_the_search_path() -> None:
    placement = link(root(wheel(needed=("liba.so.1",), rpath=("/libs",)), GLIBC, links=LINKS))
    assert outcome(placement) == ("loads", None, None)
    assert placement.link.notes == ("/module.so loads it",)


def test_a_module_has_loaded_the_sibling_before() -> None:
    module = {"needed": ("libb.so.1", "liba.so.1"), "runpath": ("/libs",)}
    assert outcome(link(root(wheel(**module), GLIBC, links=LINKS)))[0] == "loads"


@pytest.mark.parametrize(
    "module",
    [
        {"needed": ("liba.so.1",), "runpath": ("/libs",)},  # not inherited
        {"needed": ("liba.so.1", "libnone.so.1"), "rpath": ("/libs",)},  # does not load itself
        {"needed": (), "rpath": ("/libs",)},
    ],
)
def test_no_module_brings_what_the_library_needs(module: Any) -> None:
    placement = link(root(wheel(**module), GLIBC, links=LINKS, changes=(change("/nowhere"),)))
    assert outcome(placement)[0] == "unknown"
