"""The libraries that manifests of C and C++ programs ask for, where the stage has them by a -dev package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.toolchains.makefile import Makefile
from depscan.toolchains.system_libraries import libraries_asked_for
from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CURL = "libcurl.so.4"
PACKAGES = "libcurl4-openssl-dev libssl-dev libpq-dev"
CHECK = "find_package(PkgConfig)\npkg_check_modules(WEB REQUIRED IMPORTED_TARGET libcurl)\n"


def needed(directory: Path, command: str, files: Mapping[str, str], path: str) -> list[str]:
    """What a program of Debian 12 with some -dev packages is predicted to need beside libc."""
    text = (
        f"FROM debian:12\nRUN apt-get install -y gcc g++ cmake meson {PACKAGES}\nCOPY . /s\nWORKDIR /s\nRUN {command}\n"
    )
    found = predict(directory, text, files)[path].facts.needed
    return [each for each in found if not each.startswith(("libc.", "libstdc++"))]


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ("find_package(CURL REQUIRED)\ntarget_link_libraries(app PRIVATE CURL::libcurl)", [CURL]),
        ("find_package(CURL)\ntarget_link_libraries(app ${CURL_LIBRARIES})", [CURL]),
        ("target_link_libraries(app curl pthread m)", [CURL]),
        ("target_link_libraries(app -lcurl)", [CURL]),
        (CHECK + "target_link_libraries(app PkgConfig::WEB)", [CURL]),
        (CHECK + "target_link_libraries(app ${WEB_LIBRARIES})", [CURL]),
        ("target_link_libraries(app PRIVATE OpenSSL::SSL PostgreSQL::PostgreSQL)", ["libssl.so.3", "libpq.so.5"]),
        ("add_library(core STATIC c.c)\ntarget_link_libraries(core curl)\ntarget_link_libraries(app core)", [CURL]),
        ("add_library(core SHARED c.c)\ntarget_link_libraries(core curl)\ntarget_link_libraries(app core)", []),
        ("if(WITH_CURL)\ntarget_link_libraries(app curl)\nendif()", []),
        ("add_subdirectory(vendor/curl)\ntarget_link_libraries(app curl)", []),
        ("add_library(curl c.c)\ntarget_link_libraries(app curl)", []),
        ("set(OPENSSL_USE_STATIC_LIBS TRUE)\ntarget_link_libraries(app OpenSSL::SSL)", []),
        ("FetchContent_Declare(curl)\ntarget_link_libraries(app curl)", []),
        ("target_link_libraries(app unheard)", []),
    ],
)
def test_cmake(tmp_path: Path, links: str, expected: list[str]) -> None:
    files = {"CMakeLists.txt": f"project(app)\nadd_executable(app main.c)\n{links}\n", "main.c": ""}

    assert needed(tmp_path, "cmake -B b && cmake --build b", files, "/s/b/app") == expected


def test_cmake_with_libraries_of_its_own(tmp_path: Path) -> None:
    files = {"CMakeLists.txt": "add_executable(app main.c)\ntarget_link_libraries(app CURL::libcurl)\n"}

    assert needed(tmp_path, "cmake -B b -DCURL_ROOT=/opt/curl && cmake --build b", files, "/s/b/app") == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("web = dependency('libcurl')\nexecutable('app', 'main.c', dependencies: web)", [CURL]),
        ("web = dependency('libcurl', version: '>=7')\nexecutable('app', 'main.c', dependencies: [web])", [CURL]),
        ("executable('app', 'main.c', dependencies: dependency('libcurl'))", [CURL]),
        ("executable('app', 'main.c', dependencies: [dependency('libpq'), dependency('threads')])", ["libpq.so.5"]),
        ("web = cc.find_library('curl', required: true)\nexecutable('app', 'main.c', dependencies: web)", [CURL]),
        ("web = dependency('libcurl', required: false)\nexecutable('app', 'main.c', dependencies: web)", []),
        ("web = dependency('libcurl', static: true)\nexecutable('app', 'main.c', dependencies: web)", []),
        ("if x\nweb = dependency('libcurl')\nendif\nexecutable('app', 'main.c', dependencies: web)", []),
        ("web = dependency('libcurl')\nexecutable('app', 'main.c')", []),
    ],
)
def test_meson(tmp_path: Path, body: str, expected: list[str]) -> None:
    files = {"meson.build": f"project('app', 'c')\ncc = meson.get_compiler('c')\n{body}\n", "main.c": ""}

    assert needed(tmp_path, "meson setup b && meson compile -C b", files, "/s/b/app") == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cc -o app main.c $(shell pkg-config --cflags --libs libcurl)", [CURL]),
        ("cc -o app main.c $(LIBS)", [CURL]),
        ("cc -o app main.c `pkg-config --libs libcurl`", [CURL]),
        ("cc -o app main.c $(shell pkg-config --cflags libcurl)", []),
        ("cc -o app main.c $(shell pkg-config --static --libs libcurl)", []),
    ],
)
def test_makefile(tmp_path: Path, line: str, expected: list[str]) -> None:
    files = {"Makefile": f"LIBS := $(shell pkg-config --libs libcurl)\napp: main.c\n\t{line}\n", "main.c": ""}

    assert needed(tmp_path, "make", files, "/s/app") == expected


def test_command(tmp_path: Path) -> None:
    command = "gcc main.c $(pkg-config --cflags --libs openssl) -o app"

    calls = {"main.c": "int main(void) { return EVP_MD_CTX_new() == 0; }\n"}
    assert needed(tmp_path, command, calls, "/s/app") == ["libssl.so.3", "libcrypto.so.3"]


def test_a_library_that_the_linker_may_leave_out(tmp_path: Path) -> None:
    calls = {"main.c": "int main(void) { return SSL_library_init() == 0; }\n"}
    assert needed(tmp_path, "gcc main.c -lssl -lcrypto -o app", calls, "/s/app") == ["libssl.so.3"]


def test_libraries_that_link_each_other_many_times_cost_little(tmp_path: Path) -> None:
    lines = [f"add_library(l{n} STATIC c.c)\ntarget_link_libraries(l{n} {f'l{n + 1} ' * 30})" for n in range(60)]
    lines.append("add_library(l60 STATIC c.c)\ntarget_link_libraries(l60 l0 curl)\ntarget_link_libraries(app l0)")
    files = {"CMakeLists.txt": "add_executable(app main.c)\n" + "\n".join(lines)}

    assert needed(tmp_path, "cmake -B b && cmake --build b", files, "/s/b/app") == [CURL]


def test_condition_on_what_pkg_config_says_is_not_known() -> None:
    makefile = Makefile({}, {}, lambda _: None)
    makefile.add("X := $(shell pkg-config --libs x)\nifdef X\nall:\n\ta\nelse\nall:\n\tb\nendif\n")

    assert [each.text for each in makefile.recipes(["all"])] == []


@pytest.mark.parametrize("text", ["pkg-config " + "--libs a " * 100_000, "$(pkg-config" * 5000, "pkg-config --libs"])
def test_hostile_texts(text: str) -> None:
    assert libraries_asked_for(text) == ()
