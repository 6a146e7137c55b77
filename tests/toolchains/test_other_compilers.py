"""What zig and dart are predicted to make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("base", "command", "expected"),
    [
        ("debian:12", "zig cc -o /out main.c", ("/out", "glibc", ["GLIBC_2.34"])),
        ("debian:12", "zig cc main.c", ("/src/a.out", "glibc", ["GLIBC_2.34"])),
        ("debian:12", "zig cc -target x86_64-linux-musl -o /out main.c", ("/out", "none", [])),
        ("debian:12", "zig c++ -target x86_64-linux-gnu.2.17 -o /out main.cc", ("/out", "glibc", [])),
        ("debian:12", "zig build-exe main.zig", ("/src/main", "none", [])),
        ("debian:12", "zig build-exe main.zig -lc --name tool", ("/src/tool", "glibc", ["GLIBC_2.34"])),
        ("dart:stable", "dart compile exe bin/server.dart -o bin/server", ("/src/bin/server", "glibc", [])),
        ("dart:stable", "dart compile exe bin/server.dart", ("/src/bin/server.exe", "glibc", [])),
    ],
)
def test_program(base: str, command: str, expected: tuple[str, str, list[str]], tmp_path: Path) -> None:
    ((path, found),) = predict(tmp_path, f"FROM {base}\nWORKDIR /src\nRUN {command}\n").items()
    versions = [need.name for need in found.facts.version_needs.get("libc.so.6", ())]
    assert (path, found.facts.libc, versions) == expected


@pytest.mark.parametrize(
    "command",
    [
        "zig build",
        "zig cc -c main.c",
        "zig cc -target x86_64-windows-gnu -o a.exe main.c",
        "zig cc -target $T -o /out main.c",
        "dart pub get",
        "dart compile kernel bin/server.dart",
        "dart compile exe --target-os linux bin/server.dart",
    ],
)
def test_nothing(command: str, tmp_path: Path) -> None:
    assert predict(tmp_path, f"FROM debian:12\nWORKDIR /src\nRUN {command}\n") == {}
