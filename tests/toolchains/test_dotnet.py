"""What `dotnet publish`, `dotnet build` and `dotnet tool install` are predicted to make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.platforms import Platform
from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path

DEBIAN, ALPINE = "mcr.microsoft.com/dotnet/sdk:8.0", "mcr.microsoft.com/dotnet/sdk:8.0-alpine3.20"
HOST = ("libstdc++.so.6", "libgcc_s.so.1")


def project(*properties: str, sdk: str = "Microsoft.NET.Sdk.Web") -> dict[str, str]:
    """A project of net8.0 with these properties."""
    lines = "\n".join(properties)
    group = f"<PropertyGroup><TargetFramework>net8.0</TargetFramework>{lines}</PropertyGroup>"
    text = f'<Project Sdk="{sdk}">{group}</Project>'
    return {"Shop.csproj": text}


@pytest.mark.parametrize(
    ("base", "flags", "files", "expected"),
    [
        pytest.param(DEBIAN, "-r linux-x64", {}, ("glibc", "x86_64", "likely"), id="-r"),
        pytest.param(DEBIAN, "--runtime=linux-musl-x64", {}, ("musl", "x86_64", "likely"), id="--runtime="),
        pytest.param(DEBIAN, "--runtime:linux-musl-arm64", {}, ("musl", "aarch64", "possible"), id="--runtime:"),
        pytest.param(DEBIAN, "-r alpine-x64", {}, ("musl", "x86_64", "likely"), id="old identifier of Alpine"),
        pytest.param(DEBIAN, "-r ubuntu.22.04-x64", {}, ("glibc", "x86_64", "likely"), id="old identifier of Ubuntu"),
        pytest.param(DEBIAN, "-r linux-arm", {}, ("glibc", "arm", "possible"), id="arm"),
        pytest.param(DEBIAN, "-a arm64", {}, ("glibc", "aarch64", "possible"), id="-a"),
        pytest.param(ALPINE, "-a amd64", {}, ("musl", "x86_64", "likely"), id="-a on Alpine"),
        pytest.param(DEBIAN, "--os linux-musl", {}, ("musl", "x86_64", "likely"), id="--os"),
        pytest.param(
            DEBIAN,
            "-p:RuntimeIdentifier=linux-musl-x64",
            {},
            ("musl", "x86_64", "likely"),
            id="property in the command",
        ),
        pytest.param(
            DEBIAN, "/p:RuntimeIdentifier=linux-musl-x64", {}, ("musl", "x86_64", "likely"), id="as MSBuild spells it"
        ),
        pytest.param(
            DEBIAN,
            "",
            project("<RuntimeIdentifier>linux-musl-x64</RuntimeIdentifier>"),
            ("musl", "x86_64", "likely"),
            id="property in the project",
        ),
        pytest.param(
            DEBIAN,
            "",
            {
                **project(),
                "Directory.Build.props": "<Project><PropertyGroup><RuntimeIdentifier>linux-musl-x64</RuntimeIdentifier>"
                "</PropertyGroup></Project>",
            },
            ("musl", "x86_64", "likely"),
            id="Directory.Build.props",
        ),
        pytest.param(DEBIAN, "", project(), ("glibc", "x86_64", "likely"), id="a program without identifier"),
        pytest.param(ALPINE, "", {}, ("musl", "x86_64", "possible"), id="nothing known but the SDK"),
        pytest.param(DEBIAN, "-r win-x64", {}, None, id="Windows"),
        pytest.param(DEBIAN, "-r $RID", {}, None, id="not known"),
        pytest.param(DEBIAN, "", project(sdk="Microsoft.NET.Sdk"), None, id="a library"),
        pytest.param(DEBIAN, "", project("<UseAppHost>false</UseAppHost>"), None, id="no apphost"),
        pytest.param(
            DEBIAN,
            "",
            project('<RuntimeIdentifier Condition="x">linux-musl-x64</RuntimeIdentifier>'),
            None,
            id="under a condition",
        ),
    ],
)
def test_identifier(
    tmp_path: Path, base: str, flags: str, files: dict[str, str], expected: tuple[str, str, str] | None
) -> None:
    dockerfile = f"FROM {base}\nWORKDIR /src\nCOPY . .\nRUN dotnet publish Shop.csproj -o /out {flags}\n"

    found = predict(tmp_path, dockerfile, files)

    seen = {path: (item.facts.libc, item.facts.machine, item.confidence.value) for path, item in found.items()}
    assert seen == ({"/out/Shop": expected} if expected else {})


@pytest.mark.parametrize(
    ("flags", "properties", "needed", "linkage"),
    [
        pytest.param("", (), (*HOST, "libc.so.6"), "dynamic", id="apphost"),
        pytest.param("-p:PublishAot=true", (), ("libc.so.6",), "dynamic", id="Native AOT does without the C++ runtime"),
        pytest.param("", ("<PublishAot>true</PublishAot>",), ("libc.so.6",), "dynamic", id="Native AOT by the project"),
        pytest.param(
            "",
            ("<PublishAot>true</PublishAot>", "<StaticExecutable>true</StaticExecutable>"),
            (),
            "static",
            id="static",
        ),
    ],
)
def test_needs(tmp_path: Path, flags: str, properties: tuple[str, ...], needed: tuple[str, ...], linkage: str) -> None:
    dockerfile = f"FROM {DEBIAN}\nWORKDIR /src\nCOPY . .\nRUN dotnet publish -r linux-x64 -o /out {flags}\n"

    facts = predict(tmp_path, dockerfile, project(*properties))["/out/Shop"].facts

    assert (facts.needed, facts.linkage) == (needed, linkage)


def test_native_aot_asks_for_the_glibc_of_its_builder(tmp_path: Path) -> None:
    dockerfile = f"FROM {DEBIAN}\nWORKDIR /src\nCOPY . .\nRUN dotnet publish -r linux-x64 -p:PublishAot=true -o /out\n"

    found = predict(tmp_path, dockerfile, project())["/out/Shop"]

    assert found.prediction is not None
    assert found.prediction.product.ceiling == "GLIBC_2.36"
    assert [need.name for need in found.facts.version_needs["libc.so.6"]] == ["GLIBC_2.34"]


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("publish -r linux-x64", "/src/bin/Release/net8.0/linux-x64/publish/Shop"),
        ("publish -c Debug -r linux-x64", "/src/bin/Debug/net8.0/linux-x64/publish/Shop"),
        ("publish", "/src/bin/Release/net8.0/publish/Shop"),
        ("build -r linux-x64", "/src/bin/Debug/net8.0/linux-x64/Shop"),
        ("build -c Release", "/src/bin/Release/net8.0/Shop"),
    ],
)
def test_default_directories(tmp_path: Path, command: str, path: str) -> None:
    dockerfile = f"FROM {DEBIAN}\nWORKDIR /src\nCOPY . .\nRUN dotnet {command}\n"

    assert list(predict(tmp_path, dockerfile, project())) == [path]


def test_assembly_name_names_the_program(tmp_path: Path) -> None:
    dockerfile = f"FROM {DEBIAN}\nWORKDIR /src\nCOPY . .\nRUN dotnet publish -o /out\n"

    assert list(predict(tmp_path, dockerfile, project("<AssemblyName>shopd</AssemblyName>"))) == ["/out/shopd"]


def test_program_of_a_solution_is_named_by_its_copy(tmp_path: Path) -> None:
    dockerfile = f"""FROM {DEBIAN} AS build
RUN dotnet publish All.sln -r linux-x64 -o /out
FROM debian:12-slim
COPY --from=build /out/server /server
"""

    assert list(predict(tmp_path, dockerfile)) == ["/server"]


def test_tools_get_a_starter_of_the_sdk_itself(tmp_path: Path) -> None:
    dockerfile = f"""FROM {DEBIAN} AS build
RUN dotnet tool install --tool-path /tools dotnet-trace
FROM alpine:3.20
COPY --from=build /tools/dotnet-trace /tools/dotnet-trace
"""

    (item,) = predict(tmp_path, dockerfile).values()

    assert (item.facts.libc, item.facts.needed) == ("glibc", (*HOST, "libc.so.6"))


def test_platform_of_the_stage_is_the_sdks(tmp_path: Path) -> None:
    dockerfile = f"FROM {DEBIAN}\nWORKDIR /src\nCOPY . .\nRUN dotnet publish -o /out\n"

    (item,) = predict(tmp_path, dockerfile, project(), platforms=(Platform("linux", "arm64"),)).values()

    assert item.facts.machine == "aarch64"


@pytest.mark.parametrize("text", ["<Project", "<!DOCTYPE x [<!ENTITY a 'b'>]><Project/>", "", "<Project/>" * 2])
def test_broken_projects_are_as_unknown_ones(tmp_path: Path, text: str) -> None:
    dockerfile = f"FROM {DEBIAN}\nWORKDIR /src\nCOPY . .\nRUN dotnet publish Shop.csproj -o /out\n"

    (item,) = predict(tmp_path, dockerfile, {"Shop.csproj": text}).values()

    assert item.confidence == "possible"
