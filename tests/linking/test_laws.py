"""One test per law of the kernel and the dynamic linkers (see LINKER.md's sources in the modules' docstrings)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from depscan.artifacts.facts import Linkage
from depscan.filesystem.entries import Presence
from depscan.findings import Confidence
from depscan.images.profile import Libc, Library
from depscan.platforms import Platform
from tests.linking.stages import (
    LOADER,
    change,
    glibc_image,
    library,
    link,
    musl_image,
    needs_version,
    outcome,
    program,
    root,
    scratch_image,
    unknown_image,
)

LOADS = ("loads", None, None)


def kind(**changes):
    return outcome(link(root({"/app": program(**changes)}, glibc_image())))


# The kernel


def test_interpreter_of_another_libc_is_missing():
    placement = link(root({"/app": program()}, musl_image()))
    assert outcome(placement) == ("fails", "interpreter-missing", LOADER)
    assert placement.link.failures[0].runtime_message == "exec /app: no such file or directory"
    assert placement.confidence is Confidence.CERTAIN


def test_static_and_static_pie_need_nothing():
    for linkage in (Linkage.STATIC, Linkage.STATIC_PIE):
        static = program(linkage=linkage, interpreter=None, needed=())
        for image in (musl_image(), scratch_image(), unknown_image(), glibc_image("2.17")):
            assert outcome(link(root({"/app": static}, image))) == LOADS


def test_another_machine_is_an_exec_format_error_before_anything_else():
    placement = link(root({"/app": program(machine="aarch64", interpreter="/lib/ld-linux-aarch64.so.1")}, musl_image()))
    assert outcome(placement) == ("fails", "wrong-architecture", "aarch64")
    assert placement.link.failures[0].runtime_message == "exec /app: exec format error"


def test_another_machine_fails_on_an_unknown_image_too():
    assert link(root({"/app": program(machine="s390x")}, unknown_image())).cause == "wrong-architecture"


def test_i386_on_amd64_lacks_its_interpreter_only():
    facts = program(machine="i386", bits=32, interpreter="/lib/ld-linux.so.2")
    assert outcome(link(root({"/app": facts}, glibc_image()))) == ("fails", "interpreter-missing", "/lib/ld-linux.so.2")


def test_packages_may_bring_the_32_bit_dynamic_linker_of_the_own_libc():
    facts = program(machine="i386", bits=32, interpreter="/lib/ld-linux.so.2")
    where = root({"/app": facts}, glibc_image(), changes=(change("/usr", "/lib", "/lib64"),))
    assert outcome(link(where)) == ("unknown", None, None)


def test_packages_without_compat_layer_leave_the_interpreter_missing():
    where = root({"/app": program()}, musl_image(), changes=(change("/usr", "/lib", "/lib64"),))
    placement = link(where)
    assert outcome(placement) == ("fails", "interpreter-missing", LOADER)
    assert placement.confidence is Confidence.CERTAIN


def test_a_run_that_may_bring_another_libc_leaves_the_interpreter_unknown():
    where = root({"/app": program()}, musl_image(), changes=(change("/", foreign_libc=True),))
    assert outcome(link(where)) == ("unknown", None, None)


def test_interpreter_is_found_through_directory_links():
    image = replace(glibc_image(), loaders=("/usr/lib64/ld-linux-x86-64.so.2",), links={"/lib64": "usr/lib64"})
    assert outcome(link(root({"/app": program()}, image))) == LOADS


def test_a_loop_of_links_ends():
    where = root({"/app": program()}, scratch_image(), links={"/lib64": "/lib64"})
    assert outcome(link(where)) == ("fails", "interpreter-missing", LOADER)


def test_a_deleted_interpreter_is_missing():
    where = root({"/app": program()}, glibc_image(), removed=frozenset({"/lib64"}))
    assert outcome(link(where)) == ("fails", "interpreter-missing", LOADER)


def test_no_execute_bit_is_permission_denied_but_the_last_of_the_reasons():
    assert outcome(link(root({"/app": program()}, glibc_image(), mode=0o644))) == ("fails", "not-executable", None)
    assert link(root({"/app": program()}, musl_image(), mode=0o644)).cause == "interpreter-missing"


def test_a_later_unknown_run_may_have_set_the_execute_bit():
    where = root({"/app": program()}, glibc_image(), mode=0o644, changes=(change("/"),))
    assert outcome(link(where)) == LOADS


def test_a_shared_object_needs_no_execute_bit():
    where = root({"/app": library("libapp.so.1")}, glibc_image(), mode=0o644)
    assert outcome(link(where)) == LOADS


def test_an_unknown_image_gives_no_verdict_on_a_dynamic_program():
    assert outcome(link(root({"/app": program()}, unknown_image()))) == ("unknown", None, None)


def test_an_unmodelled_architecture_gives_no_verdict():
    platform = Platform("linux", "sparc64")
    assert outcome(link(root({"/app": program()}, glibc_image(), platform=platform), platform=platform))[0] == "unknown"


# glibc's dynamic linker: search order

NEEDS_FOO = {"needed": ("libfoo.so.1", "libc.so.6")}
FOO = library("libfoo.so.1")
MISSING_FOO = ("fails", "library-missing", "libfoo.so.1")


@pytest.mark.parametrize(
    ("where", "changes", "environment", "expected"),
    [
        ("/usr/lib/x86_64-linux-gnu", {}, {}, LOADS),
        ("/opt/lib", {}, {}, MISSING_FOO),
        ("/opt/lib", {"rpath": ("/opt/lib",)}, {}, LOADS),
        ("/opt/lib", {"runpath": ("/opt/lib",)}, {}, LOADS),
        (
            "/opt/lib",
            {"runpath": ("/nowhere",), "rpath": ("/opt/lib",)},
            {},
            MISSING_FOO,
        ),  # RPATH beside RUNPATH is ignored
        ("/opt/lib", {"runpath": ("$ORIGIN/opt/lib",)}, {}, LOADS),
        ("/opt/lib", {"runpath": ("${ORIGIN}/../opt/lib",)}, {}, LOADS),
        ("/opt/lib/x86_64-linux-gnu", {"runpath": ("/opt/$LIB",)}, {}, LOADS),
        ("/opt/lib64", {"runpath": ("/opt/$LIB",)}, {}, MISSING_FOO),
        ("/opt/lib", {}, {"LD_LIBRARY_PATH": "/x:/opt/lib"}, LOADS),
        ("/opt/lib", {}, {"LD_LIBRARY_PATH": None}, ("unknown", None, None)),
        ("/srv", {}, {"LD_LIBRARY_PATH": ""}, MISSING_FOO),
        ("/usr/local/lib", {}, {}, MISSING_FOO),  # only ldconfig's cache knows it
    ],
)
def test_glibc_search_order(where, changes, environment, expected):
    files = {"/app": program(**NEEDS_FOO, **changes), f"{where}/libfoo.so.1": FOO}
    assert outcome(link(root(files, glibc_image(), environment=environment))) == expected


def test_runpath_is_not_inherited_but_rpath_is():
    bar = library("libbar.so.1", needed=("libfoo.so.1",))
    files = {"/opt/libbar.so.1": bar, "/opt/libfoo.so.1": FOO}
    needs_bar = {"needed": ("libbar.so.1", "libc.so.6")}
    inherited = link(root({"/app": program(**needs_bar, rpath=("/opt",)), **files}, glibc_image()))
    own_only = link(root({"/app": program(**needs_bar, runpath=("/opt",)), **files}, glibc_image()))
    assert outcome(inherited) == LOADS
    assert outcome(own_only) == MISSING_FOO
    assert own_only.link.failures[0].runtime_message == (
        "/app: error while loading shared libraries: libfoo.so.1: "
        "cannot open shared object file: No such file or directory"
    )


def test_ldconfig_after_the_copy_brings_cached_directories():
    files = {"/app": program(**NEEDS_FOO), "/usr/local/lib/libfoo.so.1": FOO}
    assert outcome(link(root(files, glibc_image(), ldconfig=2))) == LOADS
    assert outcome(link(root(files, glibc_image(), ldconfig=0))) == MISSING_FOO


def test_a_later_unknown_run_may_have_run_ldconfig():
    files = {"/app": program(**NEEDS_FOO), "/usr/local/lib/libfoo.so.1": FOO}
    assert outcome(link(root(files, glibc_image(), changes=(change("/srv"),))))[0] == "unknown"


def test_ld_so_conf_counts_with_ldconfig_only():
    files = {"/app": program(**NEEDS_FOO), "/opt/x/libfoo.so.1": FOO, "/etc/ld.so.conf.d/x.conf": b"# mine\n/opt/x\n"}
    assert outcome(link(root(files, glibc_image(), ldconfig=2))) == LOADS
    assert outcome(link(root(files, glibc_image()))) == MISSING_FOO


def test_a_library_of_another_machine_is_passed_over():
    files = {
        "/app": program(**NEEDS_FOO, runpath=("/opt",)),
        "/opt/libfoo.so.1": library("libfoo.so.1", machine="aarch64"),
    }
    assert outcome(link(root(files, glibc_image()))) == MISSING_FOO


def test_an_object_loaded_under_its_soname_satisfies_later_needs():
    first = library("libfoo.so.1")
    files = {"/app": program(needed=("libalias.so", "libfoo.so.1"), runpath=("/opt",)), "/opt/libalias.so": first}
    assert outcome(link(root(files, glibc_image()))) == LOADS


def test_a_need_with_a_slash_is_a_path():
    files = {"/app": program(needed=("/opt/libfoo.so.1",)), "/opt/libfoo.so.1": FOO}
    assert outcome(link(root(files, glibc_image()))) == LOADS


def test_missing_needs_a_complete_list():
    where = root({"/app": program(**NEEDS_FOO)}, glibc_image(complete=False))
    assert outcome(link(where)) == ("unknown", None, None)


def test_packages_make_a_missing_library_unknown():
    where = root({"/app": program(**NEEDS_FOO)}, glibc_image(), changes=(change("/usr", "/lib"),))
    assert outcome(link(where)) == ("unknown", None, None)


def test_a_named_package_brings_its_library():
    where = root({"/app": program(**NEEDS_FOO)}, glibc_image(), libraries={"libfoo.so.1": Library("libfoo.so.1")})
    assert outcome(link(where)) == LOADS


def test_the_same_library_under_another_number_is_told():
    where = root({"/app": program(needed=("libssl.so.1.1",))}, glibc_image(libraries=("libssl.so.3",)))
    (need,) = link(where).link.needs
    assert (need.presence, need.other_major) == (Presence.MISSING, "libssl.so.3")


def test_the_host_mounts_nvidia_libraries_and_those_of_the_configuration():
    where = root({"/app": program(needed=("libcuda.so.1", "libvendor.so.2"))}, glibc_image())
    assert outcome(link(where)) == ("fails", "library-missing", "libvendor.so.2")
    assert outcome(link(where, host_provided=("libvendor.so.*",))) == LOADS


def test_a_cycle_of_needs_ends():
    one, two = library("libone.so", needed=("libtwo.so",)), library("libtwo.so", needed=("libone.so",))
    files = {"/app": program(needed=("libone.so",), runpath=("/l",)), "/l/libone.so": one, "/l/libtwo.so": two}
    assert outcome(link(root(files, glibc_image(), environment={"LD_LIBRARY_PATH": "/l"}))) == LOADS


# glibc's dynamic linker: versions


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (needs_version("GLIBC_2.36"), LOADS),
        (needs_version("GLIBC_2.4"), LOADS),
        (needs_version("GLIBC_2.38"), ("fails", "version-missing", "GLIBC_2.38 (libc.so.6)")),
        (needs_version("GLIBC_2.99", weak=True), LOADS),
        (needs_version("GLIBC_PRIVATE"), LOADS),
        (needs_version("GLIBC_ABI_DT_RELR"), LOADS),
        (needs_version("GLIBC_ABI_GNU2_TLS"), ("unknown", None, None)),  # may arrive in a stable update
        (needs_version("FOO_BAR"), ("unknown", None, None)),
    ],
)
def test_versions_against_the_ceiling(facts, expected):
    assert kind(**facts) == expected


def test_a_version_failure_prints_glibcs_words():
    placement = link(root({"/app": program(**needs_version("GLIBC_2.38"))}, glibc_image()))
    assert placement.link.failures[0].runtime_message == (
        "/app: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by /app)"
    )


def test_a_copied_library_answers_by_its_own_definitions():
    cxx = library("libstdc++.so.6", version_definitions=("GLIBCXX_3.4.9", "GLIBCXX_3.4.32"))
    facts = program(needed=("libstdc++.so.6",), runpath=("/opt",), **needs_version("GLIBCXX_3.4.32", "libstdc++.so.6"))
    image = glibc_image(libraries=("libstdc++.so.6",))
    assert outcome(link(root({"/app": facts, "/opt/libstdc++.so.6": cxx}, image))) == LOADS
    assert link(root({"/app": facts}, image)).detail == "GLIBCXX_3.4.32 (libstdc++.so.6)"


def test_a_provider_without_definitions_only_warns():
    facts = program(needed=("libfoo.so.1",), runpath=("/opt",), **needs_version("FOO_1", "libfoo.so.1"))
    assert outcome(link(root({"/app": facts, "/opt/libfoo.so.1": FOO}, glibc_image()))) == LOADS


def test_a_missing_library_comes_before_a_missing_version():
    facts = program(needed=("libfoo.so.1", "libc.so.6"), **needs_version("GLIBC_2.99"))
    assert outcome(link(root({"/app": facts}, glibc_image()))) == MISSING_FOO


def test_a_needed_librarys_own_version_need_counts():
    foo = library("libfoo.so.1", **needs_version("GLIBC_2.99"))
    files = {"/app": program(**NEEDS_FOO, runpath=("/opt",)), "/opt/libfoo.so.1": foo}
    assert link(root(files, glibc_image())).detail == "GLIBC_2.99 (libc.so.6)"


# musl's dynamic linker

MUSL = {"interpreter": "/lib/ld-musl-x86_64.so.1", "libc": "musl"}


def musl(needed, **changes):
    return program(needed=needed, **{**MUSL, **changes})


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (musl(("libc.musl-x86_64.so.1",)), LOADS),
        (musl(("libc.so",)), LOADS),
        (musl(("libc.so.6", "libpthread.so.0", "libm.so.6", "libdl.so.2", "librt.so.1", "libutil.so.1")), LOADS),
        (musl(("ld-linux-x86-64.so.2",)), ("fails", "library-missing", "ld-linux-x86-64.so.2")),
        (musl(("libresolv.so.2",)), ("fails", "library-missing", "libresolv.so.2")),
        (musl(("libc.so",), **needs_version("GLIBC_2.99")), LOADS),  # versions are ignored
    ],
)
def test_musl_answers_its_own_names_and_ignores_versions(facts, expected):
    assert outcome(link(root({"/app": facts}, musl_image()))) == expected


def test_musl_inherits_runpath_along_the_chain():
    bar = library("libbar.so.1", needed=("libfoo.so.1",), libc="musl")
    files = {"/app": musl(("libbar.so.1",), runpath=("/opt",)), "/opt/libbar.so.1": bar, "/opt/libfoo.so.1": FOO}
    assert outcome(link(root(files, musl_image()))) == LOADS


def test_musl_searches_usr_local_lib_without_any_cache():
    files = {"/app": musl(("libfoo.so.1",)), "/usr/local/lib/libfoo.so.1": FOO}
    assert outcome(link(root(files, musl_image()))) == LOADS


def test_musls_path_file_replaces_the_default():
    files = {"/app": musl(("libfoo.so.1",)), "/usr/lib/libfoo.so.1": FOO, "/etc/ld-musl-x86_64.path": b"/opt\n/srv"}
    placement = link(root(files, musl_image()))
    assert outcome(placement) == MISSING_FOO
    assert [step.path for step in placement.link.needs[0].trace] == ["/opt/libfoo.so.1", "/srv/libfoo.so.1"]
    assert placement.link.failures[0].runtime_message == (
        "Error loading shared library libfoo.so.1: No such file or directory (needed by /app)"
    )


# Second libcs, bundled dynamic linkers, shared objects


def test_gcompat_answers_for_glibc_but_symbols_are_not_proved():
    where = root(
        {"/app": program()}, musl_image(), loaders={LOADER: "gcompat"}, changes=(change("/usr", foreign_libc=True),)
    )
    placement = link(where)
    assert outcome(placement) == ("unknown", None, None)
    assert placement.link.notes == ("gcompat answers for glibc here",)


def test_a_link_to_musls_dynamic_linker_is_musl():
    where = root({"/app": program()}, musl_image(), links={LOADER: "/lib/libc.musl-x86_64.so.1"})
    assert link(where).link.notes == ("a link to musl's dynamic linker answers for glibc here",)


def test_a_bundled_dynamic_linker_with_its_libc_on_scratch():
    loader, libc = library("ld-linux-x86-64.so.2", needed=()), library("libc.so.6", needed=("ld-linux-x86-64.so.2",))
    files = {"/app": program(), LOADER: loader, "/lib64/libc.so.6": libc}
    assert outcome(link(root(files, scratch_image()))) == LOADS
    assert outcome(link(root({"/app": program(), LOADER: loader}, scratch_image()))) == (
        "fails",
        "library-missing",
        "libc.so.6",
    )


def test_a_second_libc_answers_for_its_own_programs():
    second = replace(glibc_image("2.26"), search_paths=("/usr/glibc-compat/lib",))
    image = replace(musl_image(), secondary=second)
    assert outcome(link(root({"/app": program()}, image))) == LOADS
    assert link(root({"/app": program(**needs_version("GLIBC_2.28"))}, image)).cause == "version-missing"
    assert outcome(link(root({"/app": musl(("libc.musl-x86_64.so.1",))}, image))) == LOADS


def test_a_shared_object_is_loaded_by_the_stages_own_dynamic_linker():
    plugin = library("plugin.so", needed=("libc.so.6", "libfoo.so.1"))
    assert outcome(link(root({"/app": plugin}, glibc_image()))) == MISSING_FOO
    assert outcome(link(root({"/app": plugin}, scratch_image()))) == ("fails", "library-missing", "libc.so.6")


def test_a_plugin_may_leave_a_library_to_its_host():
    plugin = library("plugin.so", needed=("libfoo.so.1",))
    where = root({"/app": plugin, "/opt/host/libfoo.so.1": FOO}, glibc_image())
    assert outcome(link(where)) == ("unknown", None, None)
    assert (
        outcome(link(root({"/app": program(**NEEDS_FOO), "/opt/host/libfoo.so.1": FOO}, glibc_image()))) == MISSING_FOO
    )


def test_a_glibc_plugin_on_musl_lives_by_symbols_that_are_not_compared():
    plugin = library("plugin.so", needed=("libc.so.6",))
    assert outcome(link(root({"/app": plugin}, musl_image()))) == ("unknown", None, None)


def test_a_musl_plugin_on_glibc_lacks_musl():
    plugin = library("plugin.so", needed=("libc.musl-x86_64.so.1",), libc="musl")
    assert outcome(link(root({"/app": plugin}, glibc_image()))) == ("fails", "library-missing", "libc.musl-x86_64.so.1")


# Laws that few programs meet


def test_nodeflib_forbids_the_default_directories_but_not_the_cache():
    files = {"/app": program(**NEEDS_FOO, no_default_libraries=True), "/usr/lib/libfoo.so.1": FOO}
    assert outcome(link(root(files, glibc_image()))) == MISSING_FOO
    files["/usr/local/lib/libfoo.so.1"] = FOO
    image = replace(glibc_image(), search_paths=("/usr/lib",), libraries={})
    needs = {
        "/app": program(needed=("libfoo.so.1",), no_default_libraries=True),
        "/usr/local/lib/libfoo.so.1": library("libfoo.so.1", needed=()),
    }
    assert outcome(link(root({**files, **needs}, image, ldconfig=2))) == LOADS


def test_a_missing_preload_is_ignored_and_a_present_one_counts():
    files = {"/app": program(), "/l/libhook.so": library("libhook.so", needed=("libfoo.so.1",))}
    absent = {"LD_PRELOAD": "/nowhere.so libnone.so:"}
    assert outcome(link(root(files, glibc_image(), environment=absent))) == LOADS
    present = {"LD_PRELOAD": "/l/libhook.so"}
    assert outcome(link(root(files, glibc_image(), environment=present))) == MISSING_FOO


def test_a_preloaded_object_satisfies_a_need():
    files = {"/app": program(**NEEDS_FOO), "/l/libfoo.so.1": FOO}
    assert outcome(link(root(files, glibc_image(), environment={"LD_PRELOAD": "/l/libfoo.so.1"}))) == LOADS


@pytest.mark.parametrize(
    ("paths", "workdir", "expected"),
    [(("", "/opt"), "/here", LOADS), ((), "/here", MISSING_FOO), (("/x", ""), "/elsewhere", MISSING_FOO)],
)
def test_an_empty_run_path_entry_is_the_working_directory(paths, workdir, expected):
    files = {"/app": program(**NEEDS_FOO, rpath=paths), "/here/libfoo.so.1": FOO}
    assert outcome(link(root(files, glibc_image(), workdir=workdir))) == expected


def test_musl_passes_over_empty_entries_and_ignores_a_run_path_with_other_tokens():
    files = {"/here/libfoo.so.1": FOO, "/opt/libfoo.so.1": FOO}
    empty = {"/app": musl(("libfoo.so.1",), rpath=("",)), **files}
    assert outcome(link(root(empty, musl_image(), workdir="/here"))) == MISSING_FOO
    environment = {"LD_LIBRARY_PATH": ":/nowhere"}
    where = root({"/app": musl(("libfoo.so.1",)), **files}, musl_image(), workdir="/here", environment=environment)
    assert outcome(link(where)) == MISSING_FOO
    token = {"/app": musl(("libfoo.so.1",), rpath=("/opt", "/x/$LIB")), **files}
    assert outcome(link(root(token, musl_image()))) == MISSING_FOO
    origin = {"/app": musl(("libfoo.so.1",), rpath=("${ORIGIN}/opt",)), **files}
    assert outcome(link(root(origin, musl_image()))) == LOADS


@pytest.mark.parametrize(
    ("version", "directory", "expected"),
    [
        ("2.36", "tls", LOADS),
        ("2.37", "tls", MISSING_FOO),
        ("2.36", "haswell", ("unknown", None, None)),  # as the CPU is
        ("2.33", "glibc-hwcaps/x86-64-v2", LOADS),
        ("2.32", "glibc-hwcaps/x86-64-v2", MISSING_FOO),
        ("2.41", "glibc-hwcaps/x86-64-v3", ("unknown", None, None)),
        ("2.41", "glibc-hwcaps/power10", MISSING_FOO),
    ],
)
def test_subdirectories_for_capabilities(version, directory, expected):
    files = {"/app": program(**NEEDS_FOO, runpath=("/opt",)), f"/opt/{directory}/libfoo.so.1": FOO}
    assert outcome(link(root(files, glibc_image(version)))) == expected


def test_a_build_for_any_cpu_is_preferred_to_a_doubtful_one():
    files = {
        "/app": program(**NEEDS_FOO, runpath=("/opt",)),
        "/opt/glibc-hwcaps/x86-64-v4/libfoo.so.1": FOO,
        "/opt/libfoo.so.1": FOO,
    }
    assert outcome(link(root(files, glibc_image()))) == LOADS


SCRIPT = b"/* GNU ld script */\nOUTPUT_FORMAT(elf64-x86-64)\nGROUP ( /lib/libfoo.so.1 AS_NEEDED ( /lib/x.so.2 ) )\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SCRIPT, "/app: error while loading shared libraries: /opt/libfoo.so.1: invalid ELF header"),
        (b"", "/app: error while loading shared libraries: /opt/libfoo.so.1: file too short"),
    ],
)
def test_a_file_that_is_no_elf_ends_the_search(content, words):
    files = {"/app": program(**NEEDS_FOO, runpath=("/opt", "/l")), "/opt/libfoo.so.1": content, "/l/libfoo.so.1": FOO}
    placement = link(root(files, glibc_image()))
    assert outcome(placement) == ("fails", "wrong-architecture", "libfoo.so.1")
    assert placement.link.failures[0].runtime_message == words


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (SCRIPT, "Error loading shared library /opt/libfoo.so.1: Exec format error (needed by /app)"),
        (
            library("libfoo.so.1", machine="i386", bits=32),
            "Error loading shared library /opt/libfoo.so.1: Exec format error (needed by /app)",
        ),
        (
            library("libfoo.so.1", machine="aarch64"),
            "Error relocating /opt/libfoo.so.1: unsupported relocation type",
        ),
    ],
)
def test_musl_takes_the_first_file_whatever_it_is(file, words):
    files = {"/app": musl(("libfoo.so.1",), runpath=("/opt", "/l")), "/opt/libfoo.so.1": file, "/l/libfoo.so.1": FOO}
    placement = link(root(files, musl_image()))
    assert outcome(placement) == ("fails", "wrong-architecture", "libfoo.so.1")
    assert placement.link.failures[0].runtime_message == words


def test_only_a_library_of_another_class_is_named_so():
    files = {
        "/app": program(**NEEDS_FOO, runpath=("/opt",)),
        "/opt/libfoo.so.1": library("libfoo.so.1", machine="i386", bits=32),
    }
    placement = link(root(files, glibc_image()))
    assert placement.link.failures[0].runtime_message.endswith("wrong ELF class: ELFCLASS32")


def test_a_library_of_another_float_abi_ends_the_search():
    arm = Platform("linux", "arm", "v7")
    interpreter = "/lib/ld-linux-armhf.so.3"
    image = replace(glibc_image(), loaders=(interpreter,))
    facts = {"machine": "arm", "bits": 32, "float_abi": "hard"}
    files = {
        "/app": program(**NEEDS_FOO, **facts, runpath=("/opt", "/l"), interpreter=interpreter),
        "/opt/libfoo.so.1": library("libfoo.so.1", **{**facts, "float_abi": "soft"}),
        "/l/libfoo.so.1": library("libfoo.so.1", **facts),
    }
    assert link(root(files, image, platform=arm), platform=arm).cause == "wrong-architecture"
    del files["/opt/libfoo.so.1"]
    assert outcome(link(root(files, image, platform=arm), platform=arm)) == LOADS


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.2.3", ("fails", "version-missing", "DT_RELR (musl)")),
        ("1.1.24", ("fails", "version-missing", "DT_RELR (musl)")),
        ("1.2.4", LOADS),
        ("1.2.5", LOADS),
    ],
)
def test_musl_knows_dt_relr_since_1_2_4(version, expected):
    image = replace(musl_image(), libc=Libc("musl", version))
    placement = link(root({"/app": musl(("libc.musl-x86_64.so.1",), relr=True)}, image))
    assert outcome(placement) == expected
    if expected != LOADS:
        assert placement.link.failures[0].runtime_message == "Segmentation fault (core dumped)"


@pytest.mark.parametrize(
    ("version", "need", "expected"),
    [
        ("2.36", "GLIBC_ABI_DT_RELR", LOADS),
        ("2.36", "GLIBC_2.2.5", ("fails", "version-missing", "GLIBC_ABI_DT_RELR (libc.so.6)")),
        ("2.35", "GLIBC_2.2.5", LOADS),  # read over, which no verdict can tell from a file without
    ],
)
def test_glibc_refuses_dt_relr_without_its_version_need(version, need, expected):
    placement = link(root({"/app": program(relr=True, **needs_version(need))}, glibc_image(version)))
    assert outcome(placement) == expected
    if expected != LOADS:
        words = "/app: DT_RELR without GLIBC_ABI_DT_RELR dependency"
        assert placement.link.failures[0].runtime_message == words


def test_a_cpu_level_is_noted_and_gives_no_verdict():
    placement = link(root({"/app": program(isa_level="x86-64-v3")}, glibc_image()))
    assert outcome(placement) == LOADS
    assert placement.link.notes == ("it needs a CPU of level x86-64-v3",)
