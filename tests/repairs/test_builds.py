"""Suggestions for programs that are not built yet: edits of the build command or of the builder's FROM, proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.platforms import parse_platform
from depscan.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

GO = """FROM golang:1.24 AS build
WORKDIR /src
RUN {command}
FROM {runtime}
COPY --from=build /out/api /usr/local/bin/api
ENTRYPOINT ["api"]
"""


@pytest.mark.parametrize(
    ("command", "edits"),
    [
        ("go build -o /out/api .", {(3, 5, "CGO_ENABLED=0 ")}),
        ("cd cmd && go build -o /out/api .", {(3, 15, "CGO_ENABLED=0 ")}),
        ("CGO_ENABLED=1 go build -o /out/api .", set()),  # who sets it needs C
    ],
)
def test_go_is_built_without_cgo(tmp_path: Path, command: str, edits: set[tuple[int, int, str]]) -> None:
    found = suggested(tmp_path, GO.format(command=command, runtime="alpine:3.20"), "build-flag")
    assert found == edits


C = """FROM {builder} AS build
COPY main.c .
RUN {command}
FROM {runtime}
COPY --from=build /out/api /usr/local/bin/api
ENTRYPOINT ["api"]
"""
PLAIN, RESOLVING = "int main(void) { return 0; }", "int main(void) { return getaddrinfo(0, 0, 0, 0); }"
BUILD = "mkdir /out && gcc -O2 -o /out/api main.c"


@pytest.mark.parametrize(
    ("builder", "command", "source", "edits"),
    [
        ("gcc:14", BUILD, PLAIN, {(3, 19, "gcc -static")}),
        ("debian:12", f"apt-get update && apt-get install -y gcc && {BUILD} -lm", PLAIN, {(3, 63, "gcc -static")}),
        ("gcc:14", f"{BUILD} -lcurl", PLAIN, set()),  # its archive asks for others
        ("gcc:14", BUILD, RESOLVING, set()),  # glibc loads modules for that
        ("gcc:14", f"{BUILD} other.c", PLAIN, set()),  # what other.c does is not known
        ("fedora:41", f"dnf install -y gcc && {BUILD}", PLAIN, set()),  # no archive of glibc without glibc-static
    ],
)
def test_c_is_linked_statically_where_that_can_be(
    tmp_path: Path, builder: str, command: str, source: str, edits: set[tuple[int, int, str]]
) -> None:
    (tmp_path / "main.c").write_text(source)
    text = C.format(builder=builder, command=command, runtime="alpine:3.20")
    assert suggested(tmp_path, text, "build-flag") == edits


@pytest.mark.parametrize(
    ("runtime", "base"),
    [
        ("alpine:3.20", "golang:1.24-alpine3.20"),
        ("debian:11-slim", "golang:1.24-bullseye"),
        ("gcr.io/distroless/base-debian11", "golang:1.24-bullseye"),
    ],
)
def test_the_builder_moves_to_the_release_of_the_runtime(tmp_path: Path, runtime: str, base: str) -> None:
    text = GO.format(command="CGO_ENABLED=1 go build -o /out/api .", runtime=runtime)
    assert (1, 6, base) in suggested(tmp_path, text, "builder-base")


def test_a_builder_whose_packages_come_from_apt_does_not_move_to_alpine(tmp_path: Path) -> None:
    command = "apt-get update && apt-get install -y libpcap-dev && CGO_ENABLED=1 go build -o /out/api ."
    assert suggested(tmp_path, GO.format(command=command, runtime="alpine:3.20"), "builder-base") == set()


RUST = """FROM {builder} AS build
WORKDIR /src
COPY . .
RUN cargo build --release
FROM debian:bookworm-slim
COPY --from=build /src/target/release/api /usr/local/bin/api
ENTRYPOINT ["api"]
"""


@pytest.mark.parametrize(
    ("builder", "base"),
    [
        ("rust:1", "rust:1-bookworm"),
        ("lukemathwalker/cargo-chef:latest-rust-1", "lukemathwalker/cargo-chef:latest-rust-1-bookworm"),
    ],
)
def test_what_may_fail_is_mended_only_where_it_no_longer_may(tmp_path: Path, builder: str, base: str) -> None:
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "api"\nversion = "1.0.0"\n')
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.rs").write_text("fn main() {}")
    text = RUST.format(builder=builder)
    bases = {text for _, _, text in suggested(tmp_path, text, "base")}
    assert "debian:trixie-slim" in bases
    assert all("trixie" in each or "debian13" in each for each in bases)  # those of an older glibc may fail, too
    assert (1, 6, base) in suggested(tmp_path, text, "builder-base")


CROSS = """FROM golang:1.24 AS build
WORKDIR /src
{line}
COPY . .
RUN {command}
FROM scratch
COPY --from=build /api /api
ENTRYPOINT ["/api"]
"""


@pytest.mark.parametrize(
    ("line", "command", "edits"),
    [
        (
            "ENV CGO_ENABLED=0",
            "GOARCH=amd64 go build -o /api .",
            {(5, 1, "ARG TARGETARCH\n"), (5, 5, "GOARCH=$TARGETARCH")},
        ),
        (
            "ENV CGO_ENABLED=0 GOARCH=amd64",
            "go build -o /api .",
            {(5, 1, "ARG TARGETARCH\n"), (5, 5, "GOARCH=$TARGETARCH ")},
        ),
        ("ARG TARGETARCH", "CGO_ENABLED=0 GOARCH=amd64 go build -o /api .", {(5, 19, "GOARCH=$TARGETARCH")}),
        ("ARG TARGETARCH=amd64", "CGO_ENABLED=0 GOARCH=$TARGETARCH go build -o /api .", {(3, 5, "TARGETARCH")}),
    ],
)
def test_go_is_built_for_the_platform(
    tmp_path: Path, line: str, command: str, edits: set[tuple[int, int, str]]
) -> None:
    text = CROSS.format(line=line, command=command)
    found = {*suggested(tmp_path, text, "build-flag", "linux/arm64"), *suggested(tmp_path, text, "edit", "linux/arm64")}
    assert found == edits


def suggested(directory: Path, text: str, kind: str, platform: str = "linux/amd64") -> set[tuple[int, int, str]]:
    """Line, column and text of the edits of the only finding's suggestions of a kind."""
    (directory / "Dockerfile").write_text(text)
    config = Config(cache=False, jobs=1, ignore=("base-end-of-life",), platforms=(parse_platform(platform),))
    (result,) = scan([directory / "Dockerfile"], config).scans
    (finding,) = [item for item in result.findings if item.suggestions]
    edits = [edit for item in finding.suggestions if item.kind == kind for edit in item.edits]
    return {(edit.location.span.start.line, edit.location.span.start.column, edit.text) for edit in edits}


LOCK = """{"lockfileVersion": 3, "packages": {
 "": {"dependencies": {"bcrypt": "5.1.1"}},
 "node_modules/bcrypt": {"version": "5.1.1", "hasInstallScript": true}}}"""
NODE = """FROM node:22-alpine AS modules
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
FROM node:22-bookworm-slim
COPY --from=modules /app /app
CMD ["node", "/app/server.js"]
"""


def test_modules_move_to_the_libc_of_the_runtime_or_the_runtime_to_theirs(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"bcrypt": "5.1.1"}}')
    (tmp_path / "package-lock.json").write_text(LOCK)
    assert (1, 6, "node:22-bookworm-slim") in suggested(tmp_path, NODE, "builder-base")
    bases = suggested(tmp_path, NODE, "base")
    assert {text.partition(":")[0] for _, _, text in bases} == {"node"}  # no image without node can start it


DOTNET = """FROM mcr.microsoft.com/dotnet/sdk:8.0 AS build
WORKDIR /src
RUN dotnet publish Api.csproj -c Release -o /out {flags}
FROM mcr.microsoft.com/dotnet/runtime-deps:8.0-alpine
COPY --from=build /out /app
ENTRYPOINT ["/app/Api"]
"""


@pytest.mark.parametrize(
    ("flags", "edits"),
    [
        ("-r linux-x64", {(3, 53, "linux-musl-x64")}),
        ("--runtime=linux-x64 --self-contained", {(3, 60, "linux-musl-x64")}),
        ("-r linux-x64 --no-restore", set()),  # the packages of another identifier would not be there
    ],
)
def test_dotnet_is_published_for_the_libc_of_the_runtime(
    tmp_path: Path, flags: str, edits: set[tuple[int, int, str]]
) -> None:
    assert suggested(tmp_path, DOTNET.format(flags=flags), "build-flag") == edits


def test_an_identifier_of_the_project_is_overruled(tmp_path: Path) -> None:
    (tmp_path / "Api.csproj").write_text(
        '<Project Sdk="Microsoft.NET.Sdk.Web"><PropertyGroup><TargetFramework>net8.0</TargetFramework>'
        "<RuntimeIdentifier>linux-x64</RuntimeIdentifier></PropertyGroup></Project>"
    )
    text = DOTNET.format(flags="").replace("WORKDIR /src\n", "WORKDIR /src\nCOPY . .\n")
    assert suggested(tmp_path, text, "build-flag") == {(4, 49, " -r linux-musl-x64")}


WHEEL = "FROM python:3.12-alpine\nCOPY w/ /w/\nRUN pip install /w/fast-1.0-cp312-cp312-manylinux_2_28_x86_64.whl\n"


@pytest.mark.parametrize(
    ("text", "kind", "edit"),
    [
        (f'{WHEEL}CMD ["python"]\n', "base", (1, 6, "python:3.12-slim-bookworm")),
        ("FROM python:3.12-slim\nRUN apk add --no-cache gcc\n", "base", (1, 6, "python:3.12-alpine3.24")),
        ("FROM alpine:3.20\nRUN apt-get update\n", "base", (1, 6, "debian:bookworm-slim")),
        (
            "FROM debian:12 AS b\nRUN apt-get update && apt-get install -y python3-venv && python3 -m venv /venv\n"
            'FROM python:3.12-slim\nCOPY --from=b /venv /venv\nCMD ["/venv/bin/python"]\n',
            "builder-base",
            (1, 6, "python:3.12-slim"),
        ),
    ],
)
def test_another_base_mends_what_the_text_asks_of_it(
    tmp_path: Path, text: str, kind: str, edit: tuple[int, int, str]
) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "fast-1.0-cp312-cp312-manylinux_2_28_x86_64.whl").write_bytes(b"")
    assert edit in suggested(tmp_path, text, kind)


def test_a_release_of_elixir_needs_a_base_with_a_shell(tmp_path: Path) -> None:
    (tmp_path / "mix.exs").write_text("def project, do: [app: :shop]\n")
    text = (
        "FROM elixir:1.16 AS build\nWORKDIR /src\nCOPY mix.exs .\nRUN MIX_ENV=prod mix release\nFROM alpine:3.20\n"
        'COPY --from=build /src/_build/prod/rel/shop /app\nCMD ["/app/bin/shop", "start"]\n'
    )

    bases = {base for _, _, base in suggested(tmp_path, text, "base")}

    assert any(base.startswith("debian:") for base in bases)
    assert not any("distroless" in base for base in bases)
