"""Libraries that manifests ask for, as predicted of Debian 12 with -dev packages, beside what this Debian 12 builds.

Offline. Debian 12 with cmake, meson, pkg-config, libpq-dev, libsqlite3-dev and libxml2-dev; skipped elsewhere.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.live.building import build
from tests.toolchains.predicting import predict

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        "bookworm" not in Path("/etc/os-release").read_text("utf-8") or not Path("/usr/include/libxml2").is_dir(),
        reason="compared on Debian 12 with the -dev packages",
    ),
]

MAIN = """\
#include <libpq-fe.h>
#include <sqlite3.h>
#include <libxml/parser.h>
int main(void) { xmlInitParser(); return PQlibVersion() + sqlite3_libversion_number() == 0; }
"""
SONAMES = {"libpq.so.5", "libsqlite3.so.0", "libxml2.so.2"}
CMAKE = """\
cmake_minimum_required(VERSION 3.16)
project(app C)
find_package(LibXml2 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(DATA REQUIRED IMPORTED_TARGET libpq)
add_library(store STATIC store.c)
target_link_libraries(store PUBLIC sqlite3)
add_executable(app main.c)
target_link_libraries(app PRIVATE LibXml2::LibXml2 PkgConfig::DATA store)
"""
MESON = """\
project('app', 'c')
xml = dependency('libxml-2.0', version: '>=2.9')
pq = dependency('libpq')
lite = dependency('sqlite3')
executable('app', 'main.c', dependencies: [xml, pq, lite])
"""
MAKE = "LIBS := $(shell pkg-config --libs libpq sqlite3)\napp: main.c\n\tcc {}\n"
MODULES = "$(shell pkg-config --cflags --libs libxml-2.0) -I/usr/include/postgresql"
SOURCES = {
    "main.c": MAIN,
    "store.c": "int store(void) { return 0; }\n",
    "CMakeLists.txt": CMAKE,
    "meson.build": MESON,
    "Makefile": MAKE.format(f"-o app main.c {MODULES} $(LIBS)"),
}


@pytest.mark.parametrize(
    ("tool", "command", "path"),
    [
        ("cmake", "cmake -B out && cmake --build out", "out/app"),
        ("meson", "meson setup out && ninja -C out", "out/app"),
        ("pkg-config", "make", "app"),
        ("pkg-config", "cc main.c $(pkg-config --cflags --libs libpq sqlite3 libxml-2.0) -o app", "app"),
    ],
)
def test_libraries_are_those_that_are_linked(tool: str, command: str, path: str, tmp_path: Path) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"needs {tool}")
    install = "RUN apt-get install -y gcc libpq-dev libsqlite3-dev libxml2-dev"
    text = f"FROM debian:12\n{install}\nWORKDIR /src\nCOPY . .\nRUN {command}\n"
    predicted = predict(tmp_path, text, SOURCES)[f"/src/{path}"].facts

    built = build(command, path, tmp_path)

    print(f"{command}: predicted {sorted(predicted.needed)}; built {sorted(built.needed)}")
    assert set(predicted.needed) == {*SONAMES, "libc.so.6"}
    assert set(predicted.needed) == set(built.needed)
