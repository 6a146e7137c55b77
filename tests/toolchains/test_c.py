"""What gcc, clang and cross compilers are predicted to link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"main.c": "int main(void) { return 0; }\n", "main.cc": "#include <iostream>\nint main() { std::cout << 1; }\n"}
APT = "apt-get update && apt-get install -y gcc g++ libpq-dev && "
C = ("libc.so.6",)
CXX = ("libstdc++.so.6", "libc.so.6")
ALPINE = ("libc.musl-x86_64.so.1",)


@pytest.mark.parametrize(
    ("base", "command", "expected"),
    [
        pytest.param("debian:12", "gcc -o /out main.c", ("/out", "glibc", "x86_64", C), id="gcc"),
        pytest.param("debian:12", "gcc-12 -o/out main.c", ("/out", "glibc", "x86_64", C), id="version, joined"),
        pytest.param("debian:12", "cc main.c", ("/src/a.out", "glibc", "x86_64", C), id="a.out"),
        pytest.param("debian:12", "clang -O2 main.c -o /out -lm", ("/out", "glibc", "x86_64", C), id="clang"),
        pytest.param("debian:12", "g++ -o /out main.cc", ("/out", "glibc", "x86_64", CXX), id="g++"),
        pytest.param("debian:12", "g++ -static-libstdc++ -o /out main.cc", ("/out", "glibc", "x86_64", C), id="static"),
        pytest.param(
            "debian:12", "gcc -o /out main.c -lpq", ("/out", "glibc", "x86_64", ("libpq.so.5", *C)), id="library"
        ),
        pytest.param("debian:12", "gcc -static -o /out main.c", ("/out", "none", "x86_64", ()), id="static"),
        pytest.param(
            "debian:12", "gcc -o /out $X -static main.c", ("/out", "none", "x86_64", ()), id="static for sure"
        ),
        pytest.param("debian:12", "musl-gcc -o /out main.c", ("/out", "musl", "x86_64", ("libc.so",)), id="musl-gcc"),
        pytest.param(
            "debian:12", "aarch64-linux-gnu-gcc -o /out main.c", ("/out", "glibc", "aarch64", C), id="cross compiler"
        ),
        pytest.param("alpine:3.20", "gcc -o /out main.c", ("/out", "musl", "x86_64", ALPINE), id="alpine"),
    ],
)
def test_program(base: str, command: str, expected: tuple[object, ...], tmp_path: Path) -> None:
    install = APT if base.startswith("debian") else "apk add gcc musl-dev && "
    found = predict(tmp_path, f"FROM {base}\nWORKDIR /src\nCOPY . .\nRUN {install}{command}\n", FILES)
    (path, artifact), *more = found.items()
    assert (path, artifact.facts.libc, artifact.facts.machine, artifact.facts.needed) == expected
    assert more == []


@pytest.mark.parametrize(
    "command",
    [
        "gcc -c main.c",
        "gcc -c main.c -o main.o",
        "gcc -shared -fPIC -o libx.so main.c",
        "gcc -E main.c",
        "gcc --version",
        "gcc -nostdlib -o /out main.c",
        "gcc -o $OUT main.c",
        "x86_64-w64-mingw32-gcc -o /out.exe main.c",
        "test -f x || gcc -o /out main.c",
    ],
)
def test_nothing(command: str, tmp_path: Path) -> None:
    assert predict(tmp_path, f"FROM debian:12\nWORKDIR /src\nCOPY . .\nRUN {command}\n", FILES) == {}


def test_words_that_are_not_known_make_it_possible(tmp_path: Path) -> None:
    sure = {}
    for flags in ("$CFLAGS", "$(pkg-config --libs x)", ""):
        (found,) = predict(tmp_path, f"FROM debian:12\nCOPY . .\nRUN gcc {flags} -o /out main.c\n", FILES).values()
        sure[flags] = found.confidence.value
    assert sure == {"$CFLAGS": "possible", "$(pkg-config --libs x)": "likely", "": "likely"}


@pytest.mark.parametrize(
    ("base", "source", "asked"),
    [
        ("debian:13", "main.cc", ["GLIBCXX_3.4.32"]),
        ("debian:12", "main.cc", []),
        ("debian:13", "plain.cc", []),
        ("gcc:13-bookworm", "main.cc", ["GLIBCXX_3.4.32"]),
        ("gcc:13.1-bookworm", "main.cc", []),
        ("gcc:12-bookworm", "main.cc", []),
    ],
)
def test_iostream_of_gcc_13(base: str, source: str, asked: list[str], tmp_path: Path) -> None:
    files = {**FILES, "plain.cc": "#include <vector>\nint main() {}\n"}
    (found,) = predict(tmp_path, f"FROM {base}\nCOPY . .\nRUN g++ -o /out {source}\n", files).values()
    assert [need.name for need in found.facts.version_needs.get("libstdc++.so.6", ())] == asked
