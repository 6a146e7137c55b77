"""What the addresses of downloads tell, and which programs are entered for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.platforms import Platform
from depscan.scan import scan
from depscan.toolchains.assets import read_asset
from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path

SITE = "https://example.com/v1"
PROTOC = "https://github.com/protocolbuffers/protobuf/releases/download"
GNU = f"{SITE}/tool-1.0-x86_64-unknown-linux-gnu"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tool-1.0-x86_64-unknown-linux-gnu.tar.gz", ("archive", "glibc", "amd64", "tool")),
        ("tool-v${V}-aarch64-unknown-linux-gnu.tar.xz", ("archive", "glibc", "arm64", "tool")),
        ("tool-armv7-unknown-linux-gnueabihf.gz", ("compressed", "glibc", "arm", "tool")),
        ("tool-x86_64-unknown-linux-gnu-cpu-only.tar.xz", ("archive", "glibc", "amd64", "tool")),
        ("tool_x86_64-linux-gnu", ("program", "glibc", "amd64", "tool")),
        ("my-tool-linux-glibc-x64.zip", ("archive", "glibc", "amd64", "my-tool")),
        ("x86_64-unknown-linux-gnu/tool-init", ("program", "glibc", "amd64", "tool-init")),
        ("tool-1.0-x86_64-unknown-linux-musl.tar.gz", ("archive", None, "amd64", "tool")),
        ("tool_Linux_arm64.tar.gz", ("archive", None, "arm64", "tool")),
        ("tool-linux-amd64", ("program", None, "amd64", "tool")),
        ("linux/arm64/tool", ("program", None, "arm64", "tool")),
        ("tool-${TARGETARCH}", None),
        ("tool-x86_64-apple-darwin.tar.gz", None),
        ("tool-x86_64-pc-windows-gnu.zip", None),
        ("tool-x86_64-unknown-linux-gnu.tar.gz.sha256", None),
        ("glibc-2.35-r1.apk", None),
        ("tool_1.0_amd64.deb", None),
        ("rust-std-1.80-x86_64-unknown-linux-gnu.tar.gz", ("archive", None, "amd64", "rust-std")),
        ("libfoo-x86_64-linux-gnu.tar.gz", ("archive", None, "amd64", "libfoo")),
    ],
)
def test_names(name: str, expected: tuple[str, str | None, str, str] | None) -> None:
    asset = read_asset(f"{SITE}/{name}")

    seen = asset and (asset.packing, asset.family, asset.platform and asset.platform.architecture, asset.program)
    assert seen == expected


@pytest.mark.parametrize(
    ("url", "product", "version"),
    [
        ("https://nodejs.org/dist/v20.11.0/node-v20.11.0-linux-x64.tar.xz", "node", "2.28"),
        ("https://nodejs.org/dist/v16.0.0/node-v16.0.0-linux-x64.tar.gz", "node", None),
        ("https://nodejs.org/dist/v${V}/node-v${V}-linux-x64.tar.xz", "node", None),
        ("https://github.com/krallin/tini/releases/download/${TINI_VERSION}/tini", "tini", None),
        ("https://github.com/krallin/tini/releases/download/v0.19.0/tini-amd64", "tini", None),
        ("https://awscli.amazonaws.com/awscli-exe-linux-aarch64-2.0.30.zip", "AWS CLI v2", None),
        (
            "https://github.com/protocolbuffers/protobuf/releases/download/v21.1/protoc-21.1-linux-x86_64.zip",
            "protoc",
            None,
        ),
        ("https://github.com/oven-sh/bun/releases/latest/download/bun-linux-x64.zip", "Bun", None),
    ],
)
def test_products(url: str, product: str, version: str | None) -> None:
    asset = read_asset(url)

    assert asset is not None
    assert asset.product is not None
    assert (asset.product.name, asset.family, asset.version) == (product, "glibc", version)


@pytest.mark.parametrize(
    "url",
    [
        "https://unofficial-builds.nodejs.org/download/release/v20.0.0/node-v20.0.0-linux-x64-musl.tar.xz",
        "https://github.com/krallin/tini/releases/download/v0.19.0/tini-static-amd64",
        f"{PROTOC}/v25.1/protoc-25.1-linux-x86_64.zip",
        "https://github.com/oven-sh/bun/releases/latest/download/bun-linux-x64-musl.zip",
        "https://github.com/gohugoio/hugo/releases/download/v0.1/hugo_0.1_linux-amd64.tar.gz",
    ],
)
def test_builds_for_musl_and_static_ones_are_not_taken_for_them(url: str) -> None:
    asset = read_asset(url)

    assert asset is not None
    assert (asset.product, asset.family) == (None, None)


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        pytest.param(f"curl -fsSLo /usr/bin/tool {GNU}", ["/usr/bin/tool"], id="curl -o"),
        pytest.param(f"cd /usr/bin && curl -LO {GNU}", ["/usr/bin/tool-1.0-x86_64-unknown-linux-gnu"], id="curl -O"),
        pytest.param(f"curl -sL {GNU} > /usr/bin/tool", ["/usr/bin/tool"], id="redirected"),
        pytest.param(f"wget -qO /usr/bin/tool {GNU}", ["/usr/bin/tool"], id="wget -O"),
        pytest.param(f"curl -sL {GNU}.tar.gz | tar xz -C /usr/bin", ["/usr/bin/tool"], id="pipe to tar"),
        pytest.param(f"wget -qO- {GNU}.tar.gz | tar xz -C /usr/bin other", ["/usr/bin/other"], id="member"),
        pytest.param(
            f"curl -sL {GNU}.tar.gz | tar -xzC /opt --wildcards '*/tool'",
            ["/opt/tool-1.0-x86_64-unknown-linux-gnu/tool"],
            id="member by a pattern",
        ),
        pytest.param(f"curl -sL {GNU}.tar.gz | tar -xzC /opt x/tool", ["/opt/x/tool"], id="member in a directory"),
        pytest.param(
            f"wget -qO- {GNU}.tar.gz | tar -xzC /opt/t --strip-components=1 t/bin/x", ["/opt/t/x"], id="stripped"
        ),
        pytest.param(f"curl -sL {GNU}.gz | gunzip > /usr/bin/tool", ["/usr/bin/tool"], id="pipe to gunzip"),
        pytest.param(
            f"cd /tmp && curl -LO {GNU}.tar.gz && tar xzf tool-*.tar.gz -C /usr/bin", ["/usr/bin/tool"], id="pattern"
        ),
        pytest.param(
            "gh release download v1 -R o/tool -p tool-x86_64-unknown-linux-gnu.tgz -D /tmp"
            " && tar xzf /tmp/tool-x86_64-unknown-linux-gnu.tgz -C /usr/bin",
            ["/usr/bin/tool"],
            id="gh",
        ),
        pytest.param(
            "gh release download --repo o/tool --pattern '*x86_64-unknown-linux-gnu' -O /usr/bin/tool",
            ["/usr/bin/tool"],
            id="gh with a pattern",
        ),
        pytest.param("gh release download -R o/tool -p '*-unknown-linux-gnu' && gh auth status", [], id="gh, no name"),
        pytest.param(f"curl -o /usr/bin/tool.gz {GNU}.gz && gunzip /usr/bin/tool.gz", ["/usr/bin/tool"], id="gunzip"),
        pytest.param(
            f"curl -o /tmp/t.zip {GNU}.zip && unzip /tmp/t.zip -d /usr/local/bin", ["/usr/local/bin/tool"], id="unzip"
        ),
        pytest.param(
            f"cd /tmp && curl -LO {GNU}.tar.gz && tar xf tool-*.tar.gz; tar xf tool-1.0-x86_64-unknown-linux-gnu.tar.gz"
            " && mv tool-*/tool /usr/bin/",
            ["/usr/bin/tool"],
            id="moved out of its directory",
        ),
        pytest.param(
            "curl -sL https://nodejs.org/dist/v20.1.0/node-v20.1.0-linux-x64.tar.xz | tar xJ -C /opt",
            ["/opt/node-v20.1.0-linux-x64/bin/node"],
            id="a product's own directory",
        ),
        pytest.param(
            "curl -o a.zip https://awscli.amazonaws.com/awscli-exe-linux-x86_64.zip && unzip a.zip && ./aws/install"
            " -b /b && rm -rf aws",
            ["/usr/local/aws-cli/v2/current/dist/aws", "/b/aws"],
            id="an installer",
        ),
        pytest.param(f"curl -sL {GNU}.tar.gz | sha256sum > /usr/bin/sum", [], id="another program of the pipe"),
        pytest.param(f"if x; then curl -o /usr/bin/tool {GNU}; fi", [], id="conditional"),
        pytest.param(f"curl -sL {GNU}.tar.gz -o /tmp/x.tgz", [], id="not unpacked"),
    ],
)
def test_paths(tmp_path: Path, command: str, paths: list[str]) -> None:
    found = predict(tmp_path, f"FROM debian:12\nRUN {command}\n")

    assert sorted(found) == sorted(paths)


def test_add_of_a_url(tmp_path: Path) -> None:
    (item,) = predict(tmp_path, f"FROM debian:12\nADD {GNU} /tool\n").values()

    assert (item.facts.libc, item.facts.interpreter) == ("glibc", "/lib64/ld-linux-x86-64.so.2")


@pytest.mark.parametrize(
    ("command", "verdict"),
    [
        (f"wget -qO- {GNU}.tar.gz | tar xz tool", "fails"),
        (f"wget -qO- {GNU}.tar.gz | tar xzC / tool", "unknown"),
        (f"wget -qO- {SITE}/root.tar.gz | tar xz; wget -qO /tool {GNU}", "unknown"),
    ],
)
def test_archive_of_a_program_brings_no_dynamic_linker(tmp_path: Path, command: str, verdict: str) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM alpine:3.20\nRUN {command}\nCMD /tool\n")

    (result,) = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).scans

    assert [(item.path, item.verdict) for item in result.placements] == [("/tool", verdict)]


def test_nothing_is_sure_to_load_of_which_only_the_name_is_known(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM debian:12\nRUN curl -o /usr/bin/tool {GNU}\nCMD tool\n")

    (result,) = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).scans

    assert [(item.path, item.verdict) for item in result.placements] == [("/usr/bin/tool", "unknown")]


@pytest.mark.parametrize(
    ("platform", "machines"),
    [
        pytest.param("amd64", [], id="a Dockerfile for another machine, looked at for the default platform"),
        pytest.param("arm64", ["x86_64"], id="amd64 where another platform is asked for"),
    ],
)
def test_machine_of_the_name(tmp_path: Path, platform: str, machines: list[str]) -> None:
    name = "amd64" if platform == "arm64" else "arm64"
    dockerfile = f"FROM debian:12\nRUN curl -o /usr/bin/tool {SITE}/tool-linux-{name}\n"

    found = predict(tmp_path, dockerfile, platforms=(Platform("linux", platform),))

    assert [item.facts.machine for item in found.values()] == machines


def test_architecture_of_the_platform_is_taken_where_the_name_tells_none(tmp_path: Path) -> None:
    url = f"{SITE}/tool-${{V}}-linux-gnu.tar.gz"
    arm = (Platform("linux", "arm64"),)

    (item,) = predict(tmp_path, f"FROM debian:12\nRUN curl {url} | tar xz -C /usr/bin\n", platforms=arm).values()

    assert item.facts.machine == "aarch64"


@pytest.mark.parametrize(
    ("base", "source", "target", "expected"),
    [
        ("node:20", "/usr/local/bin/node", "/usr/local/bin/", {"/usr/local/bin/node": "glibc"}),
        ("node:20-alpine", "/usr/local", "/usr/local", {"/usr/local/bin/node": "musl"}),
        ("eclipse-temurin:21-jdk-jammy", "/opt/java/openjdk", "/opt/j", {"/opt/j/bin/java": "glibc"}),
        ("denoland/deno:bin-2.5.6", "/deno", "/opt/deno", {"/opt/deno": "glibc"}),
        ("denoland/deno:2.5.6", "/deno", "/opt/deno", {}),
        ("oven/bun:1.3-alpine", "/usr/local/bin/bun", "/opt/bun", {"/opt/bun": "musl"}),
        ("ghcr.io/astral-sh/uv:0.9.5", "/uv", "/opt/uv", {"/opt/uv": "none"}),
        ("ghcr.io/astral-sh/uv:bookworm-slim", "/usr/local/bin/uv", "/opt/uv", {"/opt/uv": "none"}),
        ("node:20", "/usr/local/bin/npm", "/usr/local/bin/", {}),
        ("example.org/node:20", "/usr/local/bin/node", "/usr/local/bin/", {}),
    ],
)
@pytest.mark.parametrize("through_a_stage", [False, True])
def test_programs_of_images(
    tmp_path: Path, base: str, source: str, target: str, expected: dict[str, str], *, through_a_stage: bool
) -> None:
    first, name = (f"FROM {base} AS other\n", "other") if through_a_stage else ("", base)

    found = predict(tmp_path, f"{first}FROM debian:12\nCOPY --from={name} {source} {target}\n")

    assert {path: item.facts.libc for path, item in found.items()} == expected
