"""Predictions for C, C++ and Rust compilers beside what those of this machine really build on the same glibc.

Offline. `make live` has gcc and g++; musl-tools, rustc and cargo (Debian's package names) add rows where they are
installed. The stage's image is that of the host.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from depscan.artifacts.reading import read_facts
from depscan.config import Config
from depscan.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

    from depscan.artifacts.facts import ElfFacts

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
    if shutil.which(tool) is None:
        pytest.skip(f"needs {tool}")
    for name, text in SOURCES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    predicted = _predict(command, path, tmp_path)
    built = _build(command, path, tmp_path)
    assert predicted.machine == built.machine
    assert predicted.interpreter == built.interpreter
    if built.interpreter is None:
        return
    assert set(predicted.needed) <= set(built.needed)
    asked = {need.name for needs in built.version_needs.values() for need in needs}
    surely = {need.name for needs in predicted.version_needs.values() for need in needs}
    assert surely <= asked, "a version that it may lack"
    highest = max(tuple(map(int, name[6:].split("."))) for name in asked or {"GLIBC_0"} if name.startswith("GLIBC_"))
    assert highest <= tuple(map(int, platform.libc_ver()[1].split("."))), "above the ceiling"


def _predict(command: str, path: str, directory: Path) -> ElfFacts:
    (directory / "Dockerfile").write_text(f"FROM builder\nWORKDIR /src\nCOPY . .\nRUN {command}\n")
    config = Config(cache=False, jobs=1, bases={"builder": f"glibc:{platform.libc_ver()[1]}"})
    (result,) = scan([directory / "Dockerfile"], config).scans
    (found,) = [item.artifact.facts for item in result.placements if item.path == f"/src/{path}"]
    return found


def _build(command: str, path: str, directory: Path) -> ElfFacts:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    subprocess.run(command, shell=True, cwd=directory, env=environment, check=True, capture_output=True, timeout=300)
    (facts,) = read_facts([directory / path], jobs=1, cache=False).values()
    assert not isinstance(facts, str), facts
    return facts
