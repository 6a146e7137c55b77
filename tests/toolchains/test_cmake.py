"""Programs that CMakeLists.txt names, where cmake builds and installs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path

LISTS = "project(tool CXX)\nadd_executable(${PROJECT_NAME} main.cc)  # add_executable(old main.cc)\n"
FILES = {
    "CMakeLists.txt": f"{LISTS}add_subdirectory(cli)\ninstall(TARGETS tool)\n",
    "cli/CMakeLists.txt": "add_executable(cli cli.c)\ninstall(TARGETS cli RUNTIME DESTINATION sbin)\n",
}
BUILT = {"/src/out/tool": "glibc", "/src/out/cli/cli": "glibc"}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param("cmake -S . -B out && cmake --build out", BUILT, id="build"),
        pytest.param("mkdir out && cd out && cmake .. && make -j4", BUILT, id="make"),
        pytest.param("cmake -Bout -GNinja && ninja -C out", BUILT, id="joined"),
        pytest.param("cmake -B out -G Ninja . && ninja -C out", BUILT, id="ninja"),
        pytest.param(
            "cmake -S . -B out && cmake --install out",
            {"/usr/local/bin/tool": "glibc", "/usr/local/sbin/cli": "glibc"},
            id="install",
        ),
        pytest.param(
            "cmake -S . -B out -DCMAKE_INSTALL_PREFIX=/opt/x && DESTDIR=/stage cmake --install out",
            {"/stage/opt/x/bin/tool": "glibc", "/stage/opt/x/sbin/cli": "glibc"},
            id="prefix and DESTDIR",
        ),
        pytest.param(
            "cmake -S . -B out && make -C out install DESTDIR=/d",
            {"/d/usr/local/bin/tool": "glibc", "/d/usr/local/sbin/cli": "glibc"},
            id="make install",
        ),
        pytest.param(
            "cmake -S . -B out -DCMAKE_EXE_LINKER_FLAGS=-static && cmake --build out",
            dict.fromkeys(BUILT, "none"),
            id="static",
        ),
        pytest.param("LDFLAGS=-static cmake -S . -B out && cmake --build out", dict.fromkeys(BUILT, "none"), id="env"),
        pytest.param("cmake -S . -B out -DTOOL_STATIC=ON && cmake --build out", {}, id="a switch of its own"),
        pytest.param("cmake -S . -B out -DCMAKE_TOOLCHAIN_FILE=x && cmake --build out", {}, id="another compiler"),
        pytest.param("cmake -S . -B $OUT && cmake --build $OUT", {}, id="an unknown directory"),
        pytest.param("cmake --build out", {}, id="not configured"),
    ],
)
def test_cmake(command: str, expected: dict[str, str], tmp_path: Path) -> None:
    found = predict(tmp_path, f"FROM gcc:13\nWORKDIR /src\nCOPY . .\nRUN {command}\n", FILES)
    assert {path: artifact.facts.libc for path, artifact in found.items()} == expected


def test_the_language_is_that_of_the_sources(tmp_path: Path) -> None:
    text = "FROM gcc:13\nWORKDIR /src\nCOPY . .\nRUN cmake -S . -B out && cmake --build out\n"
    found = predict(tmp_path, text, FILES)
    assert {path: "libstdc++.so.6" in artifact.facts.needed for path, artifact in found.items()} == {
        "/src/out/tool": True,
        "/src/out/cli/cli": False,
    }
