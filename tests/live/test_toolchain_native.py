"""Predictions for C, C++ and Rust compilers beside what those of this machine really build on the same glibc.

Offline. `make live` has gcc and g++; musl-tools, rustc and cargo (Debian's package names) add rows where they are
installed. The stage's image is that of the host.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import pytest

from tests.live.building import compare

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the commands name x86_64"),
]

SOURCES = {
    "main.c": '#include <stdio.h>\nint main(void) { return puts("x"); }\n',
    "main.cc": "#include <iostream>\nint main() { std::cout << 1; }\n",
    "main.rs": 'fn main() { println!("x"); }\n',
    "Cargo.toml": '[package]\nname = "app"\nversion = "1.0.0"\nedition = "2021"\n[workspace]\n',
    "src/main.rs": 'fn main() { println!("{:?}", std::process::Command::new("true").status()); }\n',
    "src/bin/more.rs": 'fn main() { println!("{:?}", std::net::TcpStream::connect("localhost:1")); }\n',
    "CMakeLists.txt": "cmake_minimum_required(VERSION 3.10)\nproject(app CXX)\nadd_executable(app main.cc)\n",
    "Makefile": "CFLAGS = -O2\napp: main.c\n\t$(CC) $(CFLAGS) -o $@ $<\nstatic:\n\t$(CC) -static -o app main.c\n",
}
ROWS = (
    ("gcc", "gcc -o app main.c", "app"),
    ("gcc", "gcc -static -o app main.c", "app"),
    ("gcc", "gcc -static-pie -o app main.c", "app"),
    ("gcc", "gcc main.c", "a.out"),
    ("g++", "g++ -o app main.cc", "app"),
    ("g++", "g++ -static-libstdc++ -static-libgcc -o app main.cc", "app"),
    ("musl-gcc", "musl-gcc -o app main.c", "app"),
    ("musl-gcc", "musl-gcc -static -o app main.c", "app"),
    ("aarch64-linux-gnu-gcc", "aarch64-linux-gnu-gcc -o app main.c", "app"),
    ("make", "make", "app"),
    ("make", "make static", "app"),
    ("cmake", "cmake -S . -B out && cmake --build out", "out/app"),
    ("rustc", "rustc -O main.rs", "main"),
    ("rustc", "rustc -O -C target-feature=+crt-static -o app main.rs", "app"),
    ("cargo", "cargo build --release --offline", "target/release/app"),
    ("cargo", "cargo build --release --offline", "target/release/more"),
    ("cargo", "RUSTFLAGS='-C target-feature=+crt-static' cargo build --offline", "target/debug/app"),
    ("cargo", "cargo install --offline --path . --root out", "out/bin/app"),
)


@pytest.mark.parametrize(("tool", "command", "path"), ROWS)
def test_prediction_is_what_is_built(tool: str, command: str, path: str, tmp_path: Path) -> None:
    compare(tool, command, path, SOURCES, tmp_path)
