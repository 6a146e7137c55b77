"""Native files of .NET publish folders: the starter counts where it is started, a library where its RID is picked."""

from __future__ import annotations

from pathlib import Path

import pytest

from depscan.config import Config
from depscan.scan import scan

ELF = Path(__file__).parents[2] / "fixtures" / "elf"
PROGRAM, LIBRARY = (ELF / "hello-glibc-dynamic").read_bytes(), (ELF / "plugin-fortified.so").read_bytes()
TEXTS = ("App.dll", "App.runtimeconfig.json", "App.deps.json")


def examine(tmp_path: Path, base: str, start: str, binaries: dict[str, bytes]) -> dict[str, set[str]]:
    """The rules that speak, by artifact."""
    for name, data in {**dict.fromkeys(TEXTS, b"{}"), **binaries}.items():
        path = tmp_path / "publish" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o755)
    (tmp_path / "Dockerfile").write_text(f"FROM {base}\nCOPY publish /app\nENTRYPOINT {start}\n")
    found: dict[str, set[str]] = {}
    for finding in scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).scans[0].findings:
        for artifact in finding.artifacts:
            found.setdefault(artifact, set()).add(finding.rule)
    return found


RUNTIME = "mcr.microsoft.com/dotnet/runtime:8.0-alpine3.20"


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ('["dotnet", "/app/App.dll"]', {}),
        ('["/app/App"]', {"/app/App": {"glibc-exec-on-musl"}}),
    ],
)
def test_a_starter_counts_where_it_is_started(tmp_path: Path, start: str, expected: dict[str, set[str]]) -> None:
    assert examine(tmp_path, RUNTIME, start, {"App": PROGRAM}) == expected


@pytest.mark.parametrize(
    ("base", "identifiers", "told"),
    [
        (RUNTIME, ("linux-x64", "linux-musl-x64", "osx-x64"), set()),
        (RUNTIME, ("linux-x64", "linux-arm64"), {"linux-x64"}),
        ("mcr.microsoft.com/dotnet/runtime:8.0", ("linux-x64", "linux-musl-x64"), set()),
        (RUNTIME, ("linux-arm64", "win-x64"), set()),
    ],
)
def test_a_library_counts_where_its_identifier_is_picked(
    tmp_path: Path, base: str, identifiers: tuple[str, ...], told: set[str]
) -> None:
    files = {
        f"runtimes/{each}/native/libx.so": (ELF / "plugin.so").read_bytes() if "musl" in each else LIBRARY
        for each in identifiers
    }
    found = examine(tmp_path, base, '["dotnet", "/app/App.dll"]', files)
    assert {path.split("/")[3] for path in found} == told
