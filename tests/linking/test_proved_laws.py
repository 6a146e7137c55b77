"""Laws that tests/live/laws/ proves with real linkers, held here without them: they need no root and no compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tests.linking.stages import glibc_image, library, link, musl_image, outcome, program, root

if TYPE_CHECKING:
    from depscan.images.profile import ImageProfile

MULTIARCH = "/usr/lib/x86_64-linux-gnu"
LOADS = ("loads", None, None)
NO_FOO = ("fails", "library-missing", "libfoo.so.1")
UNFIT = ("fails", "wrong-architecture", "libfoo.so.1")
FOO = library("libfoo.so.1", needed=())
SMALL_FOO = library("libfoo.so.1", needed=(), machine="i386", bits=32)
ARM_FOO = library("libfoo.so.1", needed=(), machine="aarch64")
NEEDS_FOO = {"needed": ("libfoo.so.1",)}


@pytest.mark.parametrize(
    ("version", "level", "verdict"),
    [
        ("2.36", "x86-64-v2", "loads"),
        ("2.33", "x86-64-v2", "loads"),
        ("2.31", "x86-64-v2", "fails"),
        ("2.36", "x86-64-v3", "unknown"),  # not every CPU has it
    ],
)
def test_builds_for_newer_cpus(version: str, level: str, verdict: str) -> None:
    files = {"/app": program(**NEEDS_FOO), f"{MULTIARCH}/glibc-hwcaps/{level}/libfoo.so.1": FOO}
    assert outcome(link(root(files, glibc_image(version))))[0] == verdict


def test_a_build_for_newer_cpus_beside_one_for_all() -> None:
    places = (f"{MULTIARCH}/glibc-hwcaps/x86-64-v3", MULTIARCH)
    files = {"/app": program(**NEEDS_FOO), **{f"{place}/libfoo.so.1": FOO for place in places}}
    assert outcome(link(root(files, glibc_image()))) == LOADS


@pytest.mark.parametrize(
    ("ldconfig", "place", "expected"),
    [
        (2, "/usr/local/lib/libfoo.so.1.2.3", LOADS),
        (2, f"{MULTIARCH}/libfoo.so.1.2.3", LOADS),
        (None, f"{MULTIARCH}/libfoo.so.1.2.3", NO_FOO),
        (0, "/usr/local/lib/libfoo.so.1.2.3", NO_FOO),  # ldconfig ran before the COPY
        (2, "/opt/lib/libfoo.so.1.2.3", NO_FOO),
    ],
)
def test_ldconfig_links_by_soname(ldconfig: int | None, place: str, expected: Any) -> None:
    where = root({"/app": program(**NEEDS_FOO), place: FOO}, glibc_image(), ldconfig=ldconfig)
    assert outcome(link(where)) == expected


@pytest.mark.parametrize(
    ("image", "first", "expected"),
    [
        (glibc_image(), SMALL_FOO, LOADS),
        (glibc_image(), ARM_FOO, LOADS),
        (glibc_image(), b"GROUP ( /lib/libfoo.so.1 )", UNFIT),  # no ELF file ends the search
        (musl_image(), SMALL_FOO, UNFIT),  # so does another class on musl
    ],
)
def test_a_file_that_is_no_library_for_the_program(image: ImageProfile, first: Any, expected: Any) -> None:
    interpreter = image.loaders[0]
    files = {"/app": program(interpreter=interpreter, **NEEDS_FOO), "/a/libfoo.so.1": first, "/b/libfoo.so.1": FOO}
    assert outcome(link(root(files, image, environment={"LD_LIBRARY_PATH": "/a:/b"}))) == expected


@pytest.mark.parametrize(("file", "expected"), [(SMALL_FOO, UNFIT), (ARM_FOO, NO_FOO)])
def test_glibc_names_only_another_class(file: Any, expected: Any) -> None:
    files = {"/app": program(**NEEDS_FOO), "/a/libfoo.so.1": file}
    assert outcome(link(root(files, glibc_image(), environment={"LD_LIBRARY_PATH": "/a"}))) == expected


def test_origin_of_a_library_is_where_its_link_stands() -> None:
    foo = library("libfoo.so.1", needed=("libbar.so.1",), runpath=("$ORIGIN",))
    files = {
        "/app": program(runpath=("/found",), **NEEDS_FOO),
        "/real/libfoo.so.1": foo,
        "/real/libbar.so.1": library("libbar.so.1", needed=()),
    }
    where = root(files, glibc_image(), links={"/found/libfoo.so.1": "/real/libfoo.so.1"})
    assert outcome(link(where)) == ("fails", "library-missing", "libbar.so.1")


def test_only_glibc_takes_semicolons() -> None:
    files = {"/app": program(**NEEDS_FOO), "/a/libfoo.so.1": FOO}
    environment = {"LD_LIBRARY_PATH": "/nowhere;/a"}
    assert outcome(link(root(files, glibc_image(), environment=environment))) == LOADS
    files["/app"] = program(interpreter=musl_image().loaders[0], **NEEDS_FOO)
    assert outcome(link(root(files, musl_image(), environment=environment))) == NO_FOO


def test_a_bundled_dynamic_linker_is_known_by_its_soname() -> None:
    linker = library("ld-linux-x86-64.so.2", needed=())
    needs = program(interpreter="/app.d/ld.so", needed=("ld-linux-x86-64.so.2",))
    assert outcome(link(root({"/app": needs, "/app.d/ld.so": linker}, musl_image()))) == LOADS


def test_the_kernel_executes_the_dynamic_linker() -> None:
    linker = library("ld-linux-x86-64.so.2", needed=())
    where = root({"/app": program(interpreter="/ld.so", needed=()), "/ld.so": linker}, glibc_image())
    entry = where.filesystem.entries["/ld.so"]
    where.filesystem.entries["/ld.so"] = replace(entry, mode=0o644)  # type: ignore[index]
    assert outcome(link(where)) == ("fails", "not-executable", "/ld.so")
