"""What the scripts of installers are predicted to bring, and what a command behind them makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.scan import scan
from depscan.toolchains.installers import find_installer
from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

UV = "https://astral.sh/uv/install.sh"
BUN = "https://bun.sh/install"
DENO = "https://deno.land/install.sh"
NVM = "https://raw.githubusercontent.com/nvm-sh/nvm"
RUSTUP = "https://sh.rustup.rs"
CARGO = {"Cargo.toml": '[package]\nname = "api"\n', "src/main.rs": "fn main() {}\n"}
MUSL_HOST = "x86_64-unknown-linux-musl"
NODE = "versions/node/v20.11.0/bin/node"


def libcs(directory: Path, base: str, lines: str, files: Mapping[str, str] | None = None) -> dict[str, str]:
    """The C library of each predicted file, by path; none stands for a static program."""
    found = predict(directory, f"FROM {base}\n{lines}\n", files)
    return {path: artifact.facts.libc for path, artifact in found.items()}


@pytest.mark.parametrize(
    ("base", "command", "expected"),
    [
        ("debian:12", f"curl -LsSf {UV} | sh", {"/root/.local/bin/uv": "glibc", "/root/.local/bin/uvx": "glibc"}),
        ("alpine:3.20", f"wget -qO- {UV} | sh", {"/root/.local/bin/uv": "none", "/root/.local/bin/uvx": "none"}),
        (
            "debian:12",
            f"curl -LsSf {UV} | env UV_INSTALL_DIR=/usr/local/bin sh",
            {"/usr/local/bin/uv": "glibc", "/usr/local/bin/uvx": "glibc"},
        ),
        (
            "debian:12",
            "curl -LsSf https://astral.sh/uv/0.4.30/install.sh | sh",
            {"/root/.cargo/bin/uv": "glibc", "/root/.cargo/bin/uvx": "glibc"},
        ),
        ("debian:12", f"curl -fsSL {BUN} | bash", {"/root/.bun/bin/bun": "glibc"}),
        ("alpine:3.20", f"curl -fsSL {BUN} | bash -s bun-v1.3.0", {"/root/.bun/bin/bun": "musl"}),
        ("debian:12", f"curl -fsSL {BUN} | BUN_INSTALL=/usr/local bash", {"/usr/local/bin/bun": "glibc"}),
        ("alpine:3.20", f"curl -fsSL {DENO} | sh", {"/root/.deno/bin/deno": "glibc"}),
        (
            "alpine:3.20",
            "wget -qO- https://deno.land/x/install/install.sh | sh -s v1.40.0",
            {"/root/.deno/bin/deno": "glibc"},
        ),
        (
            "alpine:3.20",
            f"export DENO_INSTALL=/usr/local && curl -fsSL {DENO} | sh",
            {"/usr/local/bin/deno": "glibc"},
        ),
        (
            "debian:12",
            "curl https://get.volta.sh | bash",
            {"/root/.volta/bin/volta": "glibc", "/root/.volta/bin/volta-shim": "glibc"},
        ),
        (
            "debian:12",
            "curl -fsSL https://fnm.vercel.app/install | bash -s -- --install-dir /opt/fnm --skip-shell",
            {"/opt/fnm/fnm": "none"},
        ),
        (
            "debian:12",
            "curl -fsSL https://get.pnpm.io/install.sh | PNPM_VERSION=10.4.0 PNPM_HOME=/pnpm sh -",
            {"/pnpm/pnpm": "glibc"},
        ),
        ("debian:12", "wget -qO- https://get.pnpm.io/install.sh | sh -", {"/root/.local/share/pnpm/bin/pnpm": "glibc"}),
        ("debian:12", "curl -fsSL https://get.pnpm.io/install.sh | PNPM_VERSION=$UNKNOWN sh -", {}),
        ("debian:12", f"curl -fsSL {BUN} | BUN_INSTALL=$(find-home) bash", {}),
        ("alpine:3.20", "curl -fsSL https://example.org/install.sh | sh", {}),
        ("alpine:3.20", f"curl -fsSL {DENO} -o install.sh", {}),
        ("alpine:3.20", f"test -x deno || curl -fsSL {DENO} | sh", {}),
        ("example.org/unknown:1", f"curl -fsSL {BUN} | bash", {}),
    ],
)
def test_scripts_through_a_pipe(tmp_path: Path, base: str, command: str, expected: dict[str, str]) -> None:
    assert libcs(tmp_path, base, f"RUN {command}") == expected


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(f"ADD {BUN} /install.sh\nRUN bash /install.sh", id="ADD"),
        pytest.param(f"RUN curl -fsSLo i.sh {BUN} && chmod +x i.sh && ./i.sh", id="fetched, then run"),
        pytest.param(f"RUN wget -O /tmp/i.sh {BUN} && mv /tmp/i.sh /i && bash /i bun-v1.3.0", id="moved"),
        pytest.param(f"RUN bash <(curl -fsSL {BUN})", id="process substitution"),
        pytest.param(f'RUN bash -c "$(curl -fsSL {BUN})"', id="command substitution"),
        pytest.param(f"RUN curl -fsSL -o - {BUN} | bash -", id="to standard output"),
    ],
)
def test_ways_to_run_a_script(tmp_path: Path, lines: str) -> None:
    assert libcs(tmp_path, "debian:12", lines) == {"/root/.bun/bin/bun": "glibc"}


def test_installer_changes_no_more_than_it_is_known_to(tmp_path: Path) -> None:
    lines = f"RUN curl -LsSf {UV} | sh\nRUN curl -sSL https://install.python-poetry.org | python3 -"
    (tmp_path / "Dockerfile").write_text(f"FROM python:3.12-slim\n{lines}\n")

    (result,) = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).scans

    assert [change.foreign_libc for change in result.stages[0].changes] == [False, False]
    assert not any(change.touches("/usr/lib/libx.so.1") for change in result.stages[0].changes)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("-y", "glibc"),
        ("-y --profile minimal --default-toolchain 1.85", "glibc"),
        (f"-y --default-host {MUSL_HOST}", "none"),
        (f"-y --default-toolchain stable-{MUSL_HOST}", "none"),
        (f"-y\nRUN rustup set default-host {MUSL_HOST}", "none"),
        (f"-y\nRUN rustup default nightly-{MUSL_HOST}", "none"),
        (f"-y\nENV RUSTUP_TOOLCHAIN=1.85-{MUSL_HOST}", "none"),
        (f"-y --default-host {MUSL_HOST}\nRUN rustup default stable-x86_64-unknown-linux-gnu", "glibc"),
    ],
)
def test_rustup_tells_the_host_that_cargo_builds_for(tmp_path: Path, command: str, expected: str) -> None:
    lines = (
        f"RUN curl -sSf {RUSTUP} | sh -s -- {command}\nENV PATH=/root/.cargo/bin:$PATH\nCOPY . .\nRUN cargo build -r"
    )

    assert libcs(tmp_path, "debian:12", lines, CARGO)["/target/release/api"] == expected


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({}, f"cargo +nightly-{MUSL_HOST} build -r"),
        ({"rust-toolchain": f"1.85-{MUSL_HOST}\n"}, "cargo build -r"),
        ({"rust-toolchain.toml": f'[toolchain]\nchannel = "stable-{MUSL_HOST}"\n'}, "cargo build -r"),
    ],
)
def test_toolchain_of_a_command_or_project_names_the_host(tmp_path: Path, files: dict[str, str], command: str) -> None:
    found = libcs(tmp_path, "rust:1.85", f"COPY . .\nRUN {command}", CARGO | files)

    assert found == {"/target/release/api": "none"}


@pytest.mark.parametrize(("toolchain", "asks"), [("", True), ("1.85", True), ("1.70", False)])
def test_release_of_rustup_tells_what_std_asks_for(tmp_path: Path, toolchain: str, *, asks: bool) -> None:
    given = f"--default-toolchain {toolchain}" if toolchain else ""
    files = CARGO | {"src/main.rs": "use std::process::Command;\nfn main() {}\n"}
    lines = f"RUN curl -sSf {RUSTUP} | sh -s -- -y {given}\nCOPY . .\nRUN /root/.cargo/bin/cargo build -r"

    found = predict(tmp_path, f"FROM ubuntu:24.04\n{lines}\n", files)["/target/release/api"]

    assert ("GLIBC_2.39" in {need.name for need in found.facts.version_needs["libc.so.6"]}) == asks


def test_rustup_in_directories_of_its_own(tmp_path: Path) -> None:
    lines = f"ENV CARGO_HOME=/opt/cargo RUSTUP_HOME=/opt/rustup\nRUN curl {RUSTUP} | sh -s -- -y"

    assert set(libcs(tmp_path, "debian:12", lines)) == {
        f"/opt/cargo/bin/{name}" for name in ("rustup", "cargo", "rustc")
    }


@pytest.mark.parametrize(
    ("base", "lines", "expected"),
    [
        (
            "debian:12",
            f"ENV NVM_DIR=/opt/nvm\nRUN curl -o- {NVM}/v0.40.1/install.sh | bash\n"
            "RUN . $NVM_DIR/nvm.sh && nvm install 20.11.0",
            {f"/opt/nvm/{NODE}": "glibc"},
        ),
        (
            "debian:12",
            f"ENV NVM_DIR=/opt/nvm NODE_VERSION=20.11.0\nRUN curl -o- {NVM}/master/install.sh | bash",
            {f"/opt/nvm/{NODE}": "glibc"},
        ),
        (
            "debian:12",
            f"RUN curl -o- {NVM}/v0.40.1/install.sh | bash && . ~/.nvm/nvm.sh && nvm install --lts",
            {"/root/.nvm/versions/node/v*/bin/node": "glibc"},
        ),
        (
            "alpine:3.20",
            f"RUN curl -o- {NVM}/v0.39.5/install.sh | bash && . ~/.nvm/nvm.sh && nvm install 20.11.0",
            {f"/root/.nvm/{NODE}": "glibc"},
        ),
        ("alpine:3.20", f"RUN curl -o- {NVM}/v0.39.7/install.sh | bash && . ~/.nvm/nvm.sh && nvm install 20.11.0", {}),
        ("alpine:3.20", f"RUN curl -o- {NVM}/master/install.sh | bash && . ~/.nvm/nvm.sh && nvm install 20.11.0", {}),
        (
            "alpine:3.20",
            "RUN fnm install 20.11.0",
            {"/root/.local/share/fnm/node-versions/v20.11.0/installation/bin/node": "glibc"},
        ),
        ("alpine:3.20", "RUN fnm install 20.11.0 --arch x64-musl", {}),
        (
            "alpine:3.20",
            "ENV FNM_NODE_DIST_MIRROR=https://unofficial-builds.nodejs.org/download/release\nRUN fnm install 20",
            {},
        ),
        ("debian:12", "ENV VOLTA_HOME=/v\nRUN volta install node@20", {"/v/tools/image/node/20.*/bin/node": "glibc"}),
        ("debian:12", "RUN volta install yarn", {}),
    ],
)
def test_node_by_version_managers(tmp_path: Path, base: str, lines: str, expected: dict[str, str]) -> None:
    assert libcs(tmp_path, base, lines) == expected


def test_node_of_the_project(tmp_path: Path) -> None:
    lines = "ENV NVM_DIR=/n\nWORKDIR /app\nCOPY .nvmrc .\nRUN nvm install"

    found = predict(tmp_path, f"FROM debian:12\n{lines}\n", {".nvmrc": "v20.11.0\n"})

    assert list(found) == [f"/n/{NODE}"]
    assert [need.name for need in found[f"/n/{NODE}"].facts.version_needs["libc.so.6"]] == ["GLIBC_2.28"]


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("uv python install 3.12", "cpython-3.12-linux-x86_64-gnu/bin/python3.12"),
        ("uv venv --python 3.13", "cpython-3.13-linux-x86_64-gnu/bin/python3.13"),
    ],
)
def test_pythons_that_uv_downloads(tmp_path: Path, command: str, path: str) -> None:
    lines = f"COPY --from=ghcr.io/astral-sh/uv:0.9.5 /uv /opt/\nENV UV_PYTHON_INSTALL_DIR=/python\nRUN {command}"

    assert libcs(tmp_path, "debian:12-slim", lines) == {"/opt/uv": "none", f"/python/{path}": "glibc"}


@pytest.mark.parametrize("url", ["x" * 100_000, "https://" + "a" * 50_000 + "/install.sh", "https://bun.sh/install\0"])
def test_hostile_addresses_are_none_of_them(url: str) -> None:
    assert find_installer(url, {}) is None
