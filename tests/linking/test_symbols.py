"""Undefined symbols: who provides them, who must, and when the dynamic linkers miss them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from depscan.findings import Confidence
from depscan.images.exports import gcompat_exports, library_exports, musl_exports
from depscan.images.profile import ImageFile, ImageProfile, ImageTree, Libc, Library
from tests.linking.stages import (
    LOADER,
    glibc_image,
    library,
    link,
    musl_image,
    needs_version,
    outcome,
    program,
    root,
    symbols,
)

LOADS = ("loads", None, None)
MUSL_LOADER = "/lib/ld-musl-x86_64.so.1"


def musl_program(needed: tuple[str, ...] = ("libc.musl-x86_64.so.1",), **changes: Any) -> Any:
    return program(needed=needed, interpreter=MUSL_LOADER, libc="musl", **changes)


def missing(name: str) -> tuple[str, str, str]:
    return ("fails", "symbol-missing", name)


# What is known of the libraries


def test_musl_by_version() -> None:
    old, new = musl_exports("1.2.4_git20230717", "x86_64"), musl_exports("1.2.5", "aarch64")
    between, newer = musl_exports("1.1.21", "x86_64"), musl_exports("1.2.6", "x86_64")
    assert old is not None
    assert new is not None
    assert between is not None
    assert newer is not None
    assert ("statx" in old.certain, "statx" in new.certain) == (False, True)
    assert ("__synccall" in between.certain, "__synccall" in between.possible) == (False, True)  # hidden by 1.1.22
    assert (between.closed, newer.closed) == (True, False)
    assert all({"open64", "puts", "crypt", "__libc_start_main"} <= each.certain for each in (old, new, between, newer))


def test_an_older_musl_than_any_known_has_no_certain_name() -> None:
    old = musl_exports("1.1.15", "x86_64")
    assert old is not None
    assert old.certain == frozenset()
    assert musl_exports("1.2.5", "sparc") is None


@pytest.mark.parametrize(
    ("release", "sure", "perhaps", "closed"),
    [
        ("alpine:3.12", False, False, True),
        ("alpine:3.15", False, True, True),  # between 3.12 and 3.19
        ("alpine:3.19", True, True, True),
        ("alpine:3.23", True, True, False),
    ],
)
def test_alpines_libstdcxx_by_release(release: str, sure: bool, perhaps: bool, closed: bool) -> None:
    name = "_ZNKRSt7__cxx1115basic_stringbufIcSt11char_traitsIcESaIcEE3strEv"  # stringbuf::str() const &, of C++20
    found = library_exports("libstdc++.so.6", release, "x86_64")
    assert found is not None
    assert (name in found.certain, name in found.possible, found.closed) == (sure, perhaps, closed)
    assert library_exports("libstdc++.so.6", release, "aarch64") is None


def test_glibcs_libraries_by_release() -> None:
    buster = library_exports("libpthread.so.0", "debian:11", "x86_64")
    libc = library_exports("libc.so.6", "debian:13", "x86_64")
    assert buster is not None
    assert libc is not None
    assert "pthread_create" in buster.certain
    assert {"pthread_create", "__memcpy_chk", "__isoc23_strtol"} <= libc.certain
    assert library_exports("libc.so.6", "ubuntu:22.04", "x86_64") is None
    assert library_exports("../exports/libc.so.6", "debian:13", "x86_64") is None
    assert library_exports("libnothing.so.1", "debian:13", "x86_64") is None


def test_gcompat_defines_fortified_functions_but_not_c23s() -> None:
    assert {"__memcpy_chk", "__vsnprintf_chk", "gnu_get_libc_version"} <= gcompat_exports().certain
    assert "__isoc23_strtol" not in gcompat_exports().possible


# musl


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("puts", "exit", "open64"), LOADS),
        (("puts", "__memcpy_chk"), missing("__memcpy_chk")),
        (("fancy_call",), missing("fancy_call")),  # every library is known, and none has it
    ],
)
def test_a_program_of_musl(names: tuple[str, ...], expected: Any) -> None:
    placement = link(root({"/app": musl_program(**symbols(*names))}, musl_image()))
    assert outcome(placement) == expected


def test_musls_words_and_no_lazy_binding() -> None:
    facts = musl_program(**symbols("__memcpy_chk"), bind_now=False)
    (failure,) = link(root({"/app": facts}, musl_image())).link.failures
    assert failure.runtime_message == "Error relocating /app: __memcpy_chk: symbol not found"


def test_a_library_that_is_not_known_may_have_the_symbol() -> None:
    image = replace(
        musl_image(), libraries={**musl_image().libraries, **glibc_image(libraries=("libx.so.1",)).libraries}
    )
    facts = musl_program(("libx.so.1", "libc.musl-x86_64.so.1"), **symbols("x_open", "puts"))
    assert outcome(link(root({"/app": facts}, image))) == LOADS
    newer = musl_program(("libx.so.1",), **symbols("statx"))
    assert outcome(link(root({"/app": newer}, replace(image, libc=Libc("musl", "1.2.2"))))) == missing("statx")


def test_a_copied_library_provides_what_it_exports() -> None:
    foo = library("libfoo.so.1", needed=(), libc="musl", **symbols(exports=("foo",)))
    files = {"/app": musl_program(("libfoo.so.1",), runpath=("/l",), **symbols("foo")), "/l/libfoo.so.1": foo}
    assert outcome(link(root(files, musl_image()))) == LOADS
    files["/app"] = musl_program(("libfoo.so.1",), runpath=("/l",), **symbols("foo_new"))
    assert outcome(link(root(files, musl_image()))) == missing("foo_new")


def test_a_copied_librarys_own_symbols_count() -> None:
    foo = library("libfoo.so.1", needed=(), libc="musl", **symbols("__sprintf_chk", exports=("foo",)))
    files = {"/app": musl_program(("libfoo.so.1",), runpath=("/l",), **symbols("foo")), "/l/libfoo.so.1": foo}
    placement = link(root(files, musl_image()))
    assert outcome(placement) == missing("__sprintf_chk")
    assert placement.link.failures[0].runtime_message.startswith("Error relocating /l/libfoo.so.1: ")


def test_a_real_musl_is_read() -> None:
    facts = library("libc.musl-x86_64.so.1", needed=(), libc="musl", **symbols(exports=("puts", "open")))
    tree = ImageTree(files={MUSL_LOADER: ImageFile("file", 0o755)}, facts={MUSL_LOADER: facts})
    image = replace(musl_image(), tree=tree, release="alpine:3.20")
    placement = link(root({"/app": musl_program(**symbols("puts", "exit"))}, image))
    assert outcome(placement) == missing("exit")
    assert placement.confidence is Confidence.CERTAIN
    aliases = root({"/app": musl_program(**symbols("open64"))}, image)
    assert outcome(link(aliases)) == LOADS


# A glibc object under musl


def plugin(*names: str, **changes: Any) -> Any:
    facts = {"needed": ("libc.so.6",), **needs_version("GLIBC_2.14"), **symbols(*names), **changes}
    return library("plugin.so", **facts)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("memcpy@GLIBC_2.14", "__libc_start_main@GLIBC_2.14"), LOADS),  # versions do not count
        (("PyInit_x", "napi_create", "_ZN2v87Isolate10GetCurrentEv", "memcpy@GLIBC_2.14"), LOADS),  # of its host
        (("Py_None", "__memcpy_chk@GLIBC_2.14"), missing("__memcpy_chk")),
        (("mallinfo2@GLIBC_2.14",), missing("mallinfo2")),
        (("__vsnprintf_chk",), missing("__vsnprintf_chk")),  # no version: only libc has such a name
    ],
)
def test_a_plugin_of_glibc_on_musl(names: tuple[str, ...], expected: Any) -> None:
    placement = link(root({"/app": plugin(*names)}, musl_image()))
    assert outcome(placement) == expected
    assert placement.confidence is (Confidence.CERTAIN if expected == LOADS else Confidence.LIKELY)


def test_beyond_the_newest_known_musl_only_glibcs_own_names_are_missing() -> None:
    image = replace(musl_image(), libc=Libc("musl", "1.2.6"))
    assert outcome(link(root({"/app": plugin("__memcpy_chk@GLIBC_2.14")}, image))) == missing("__memcpy_chk")
    assert outcome(link(root({"/app": plugin("mallinfo2@GLIBC_2.14")}, image))) == ("unknown", None, None)


def compat(image: ImageProfile, *names: str, layer: str = "gcompat") -> Any:
    facts = program(**needs_version("GLIBC_2.34"), **symbols(*names))
    return link(root({"/app": facts}, image, loaders={LOADER: layer}))


@pytest.mark.parametrize(
    ("layer", "names", "expected"),
    [
        ("gcompat", ("puts@GLIBC_2.34", "__libc_start_main@GLIBC_2.34"), LOADS),
        ("gcompat", ("__memcpy_chk@GLIBC_2.34",), LOADS),
        ("gcompat", ("__isoc23_strtol@GLIBC_2.34",), missing("__isoc23_strtol")),
        ("gcompat", ("__dprintf_chk@GLIBC_2.34",), ("unknown", None, None)),  # in 1.1.0 only
        ("gcompat", ("makecontext@GLIBC_2.34",), ("unknown", None, None)),  # libucontext's
        ("libc6-compat", ("puts@GLIBC_2.34",), LOADS),
        ("libc6-compat", ("__memcpy_chk@GLIBC_2.34",), ("unknown", None, None)),  # a link to musl once
        ("libc6-compat", ("__isoc23_strtol@GLIBC_2.34",), missing("__isoc23_strtol")),
    ],
)
def test_layers_that_answer_for_glibc(layer: str, names: tuple[str, ...], expected: Any) -> None:
    assert outcome(compat(musl_image(), *names, layer=layer)) == expected


def test_unknown_symbols_are_named() -> None:
    placement = compat(musl_image(), "__dprintf_chk@GLIBC_2.34", "random_r@GLIBC_2.34")
    assert placement.link.unknowns == ("whether gcompat has __dprintf_chk, random_r is not known",)


def test_gcompat_does_not_help_a_plugin_of_musls_own_programs() -> None:
    where = root({"/app": plugin("__memcpy_chk@GLIBC_2.14")}, musl_image(), loaders={LOADER: "gcompat"})
    assert outcome(link(where)) == missing("__memcpy_chk")


# glibc


def foo(version: str = "FOO_1", **changes: Any) -> Any:
    return library("libfoo.so.1", needed=(), version_definitions=(version,), **changes)


def with_foo(facts: Any, lib: Any, release: str | None = "debian:12", **more: Any) -> Any:
    return link(root({"/app": facts, "/l/libfoo.so.1": lib}, replace(glibc_image(), release=release), **more))


NEEDS = {"needed": ("libfoo.so.1", "libc.so.6"), "runpath": ("/l",)}


def test_a_version_that_exists_without_the_symbol() -> None:
    facts = program(**NEEDS, **needs_version("FOO_1", "libfoo.so.1"), **symbols(data=("foo_new@FOO_1",)))
    placement = with_foo(facts, foo(**symbols(exports=("foo@FOO_1",))))
    assert outcome(placement) == missing("foo_new")
    assert placement.link.failures[0].runtime_message == (
        "/app: symbol lookup error: /app: undefined symbol: foo_new, version FOO_1"
    )
    assert outcome(with_foo(facts, foo(**symbols(exports=("foo_new",))))) == LOADS  # the base version answers for any
    assert outcome(with_foo(facts, foo())) == LOADS  # its symbols are not known


@pytest.mark.parametrize(
    ("changes", "environment", "expected"),
    [
        (symbols("gone"), {}, LOADS),  # lazily bound
        (symbols("gone"), {"LD_BIND_NOW": "1"}, missing("gone")),
        ({**symbols("gone"), "bind_now": True}, {}, missing("gone")),
        (symbols(data=("gone",)), {}, missing("gone")),
        (symbols(data=("puts", "cos", "__tls_get_addr", "foo")), {}, LOADS),
    ],
)
def test_lazy_and_immediate_binding(changes: dict[str, Any], environment: dict[str, str], expected: Any) -> None:
    lib = foo(**symbols(exports=("foo",)))
    placement = with_foo(program(**NEEDS, **changes), lib, environment=environment)
    assert outcome(placement) == expected


def test_a_late_failure_is_noted() -> None:
    placement = with_foo(program(**NEEDS, **symbols("gone")), foo(**symbols(exports=("foo",))))
    assert placement.link.notes == (
        "it starts without gone, which no library defines, and stops at the first call of it",
    )


def test_an_unversioned_symbol_needs_every_library_to_be_known() -> None:
    facts, lib = program(**NEEDS, **symbols(data=("gone",))), foo(**symbols(exports=("foo",)))
    assert outcome(with_foo(facts, lib, release="ubuntu:22.04")) == LOADS


def test_a_plugin_leaves_unversioned_symbols_to_its_host() -> None:
    facts = library("plugin.so", **NEEDS, **symbols("Py_None", "gone"))
    assert outcome(with_foo(facts, foo(**symbols(exports=("foo",))))) == LOADS


def test_a_copied_libc_lives_by_private_symbols_of_the_dynamic_linker() -> None:
    private = needs_version("GLIBC_PRIVATE", "ld-linux-x86-64.so.2")
    own = {"needed": ("ld-linux-x86-64.so.2",), "version_definitions": ("GLIBC_2.2.5",)}
    fits = library("libc.so.6", **own, **private, **symbols(data=("__tunable_get_val@GLIBC_PRIVATE",)))
    strange = library("libc.so.6", **own, **private, **symbols(data=("_dl_of_another_release@GLIBC_PRIVATE",)))
    facts = program(needed=("libc.so.6",), runpath=("/l",), **symbols())
    image = replace(glibc_image(), release="debian:12")
    assert outcome(link(root({"/app": facts, "/l/libc.so.6": fits}, image))) == LOADS
    placement = link(root({"/app": facts, "/l/libc.so.6": strange}, image))
    assert outcome(placement) == missing("_dl_of_another_release")


def test_all_failures_are_listed_in_the_order_of_the_dynamic_linker() -> None:
    facts = program(
        needed=("libgone.so.1", "libfoo.so.1", "libc.so.6"),
        runpath=("/l",),
        version_needs={
            **needs_version("FOO_1", "libfoo.so.1")["version_needs"],
            **needs_version("GLIBC_2.99")["version_needs"],
        },
        **symbols(data=("foo_new@FOO_1",)),
    )
    placement = with_foo(facts, foo(**symbols(exports=("foo@FOO_1",))))
    assert [(failure.cause.value, failure.detail) for failure in placement.link.failures] == [
        ("library-missing", "libgone.so.1"),
        ("version-missing", "GLIBC_2.99 (libc.so.6)"),
        ("symbol-missing", "foo_new"),
    ]
    assert placement.cause == "library-missing"


def test_many_missing_symbols_are_bounded() -> None:
    facts = musl_program(**symbols(*(f"__none_{number}_chk" for number in range(1000))))
    assert len(link(root({"/app": facts}, musl_image())).link.symbols) == 200


@pytest.mark.parametrize(("symbol", "verdict"), [("curl_global_trace", "fails"), ("curl_easy_init", "loads")])
def test_a_library_whose_one_version_says_nothing(symbol: str, verdict: str) -> None:
    version = "CURL_OPENSSL_4"
    app = program(
        needed=("libcurl.so.4",),
        **needs_version(version, "libcurl.so.4"),
        **symbols(data=(f"{symbol}@{version}",)),
    )
    image = replace(glibc_image(libraries=("libcurl.so.4",)), release="debian:12")
    libraries = {**image.libraries, "libcurl.so.4": Library("libcurl.so.4", versions=(version,))}
    assert outcome(link(root({"/app": app}, replace(image, libraries=libraries))))[0] == verdict
