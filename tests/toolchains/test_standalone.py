"""What `bun build --compile` and `deno compile` are predicted to make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path

BUN = "bun build --compile --minify"


@pytest.mark.parametrize(
    ("base", "command", "expected"),
    [
        ("oven/bun:1", f"{BUN} app.ts --outfile /server", {"/server": ("glibc", "x86_64")}),
        ("oven/bun:1-alpine", f"{BUN} app.ts --outfile=/server", {"/server": ("musl", "x86_64")}),
        ("oven/bun:1", f"{BUN} ./src/app.ts", {"/w/app": ("glibc", "x86_64")}),
        ("oven/bun:1", f"{BUN} app.ts --target=bun-linux-x64-musl --outfile s", {"/w/s": ("musl", "x86_64")}),
        ("oven/bun:1", f"{BUN} app.ts --target=bun-linux-x64-musl-baseline --outfile s", {"/w/s": ("musl", "x86_64")}),
        ("oven/bun:1", f"{BUN} app.ts --target bun-linux-arm64 --outfile s", {"/w/s": ("glibc", "aarch64")}),
        ("oven/bun:1", f"{BUN} app.ts --target=bun-windows-x64 --outfile s.exe", {}),
        ("oven/bun:1", f"{BUN} src/index.ts", {}),
        ("oven/bun:1", f"{BUN} app.ts --outfile $OUT", {}),
        ("oven/bun:1", "bun build app.ts --outdir dist", {}),
        ("oven/bun:1-distroless", f"{BUN} app.ts", {}),
        ("denoland/deno:2.5.6", "deno compile -A -o /server main.ts", {"/server": ("glibc", "x86_64")}),
        ("denoland/deno:2.5.6", "deno compile --allow-net app.ts", {"/w/app": ("glibc", "x86_64")}),
        ("denoland/deno:alpine-2.5.6", "deno compile --output s main.ts", {"/w/s": ("glibc", "x86_64")}),
        (
            "denoland/deno:2.5.6",
            "deno compile --target aarch64-unknown-linux-gnu -o s main.ts",
            {"/w/s": ("glibc", "aarch64")},
        ),
        ("denoland/deno:2.5.6", "deno compile --target x86_64-apple-darwin -o s main.ts", {}),
        ("denoland/deno:2.5.6", "deno cache main.ts", {}),
    ],
)
def test_programs(tmp_path: Path, base: str, command: str, expected: dict[str, tuple[str, str]]) -> None:
    found = predict(tmp_path, f"FROM {base}\nWORKDIR /w\nRUN {command}\n")

    assert {path: (item.facts.libc, item.facts.machine) for path, item in found.items()} == expected


def test_bun_for_musl_needs_the_runtime_of_cxx(tmp_path: Path) -> None:
    found = predict(tmp_path, f"FROM oven/bun:1-alpine\nRUN {BUN} app.ts --outfile /server\n")

    assert "libstdc++.so.6" in found["/server"].facts.needed
