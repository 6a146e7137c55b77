"""Hand-made results: the seed's story (a glibc `hello` on Alpine), and makers for variations of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from depscan.artifacts.facts import Artifact, ElfFacts, Linkage, Origin, VersionNeed
from depscan.dockerfile.instructions import Form, Instruction, Offsets, Stage
from depscan.filesystem.entries import FileEntry, StageFilesystem
from depscan.findings import Confidence, Edit, Finding, Location, Related, Severity, Skipped, Suggestion
from depscan.images.profile import ImageProfile, Libc
from depscan.linking.placement import Cause, LinkResult, Placement, Verdict
from depscan.platforms import Platform
from depscan.results import Scan, ScanResult
from depscan.source import SourceText, Span

LOADER = "/lib64/ld-linux-x86-64.so.2"
AMD64 = Platform("linux", "amd64")
COPY_SOURCE = Span.at(2, 6, 2, 11)
BASE = Span.at(1, 6, 1, 17)


def make_filesystem() -> StageFilesystem:
    keyword = Instruction("FROM", (), (), (), Form.SHELL, "", Offsets(()), Span.at(1, 1, 1, 17), Span.at(1, 1, 1, 5))
    stage = Stage(0, None, "alpine:3.20", BASE, None, (), AMD64, None, keyword, (), {})
    profile = ImageProfile(
        "docker.io/library/alpine:3.20",
        Libc("musl", "1.2.5"),
        release="alpine:3.20",
        libraries_complete=True,
        source="knowledge",
        as_of="2026-01-02",
    )
    return StageFilesystem(stage, profile, {})


def make_placement(path: str = "/hello", source: str = "hello") -> Placement:
    facts = ElfFacts(
        type="DYN",
        machine="x86_64",
        bits=64,
        little_endian=True,
        linkage=Linkage.DYNAMIC,
        interpreter=LOADER,
        needed=("libc.so.6",),
        version_needs={"libc.so.6": (VersionNeed("GLIBC_2.2.5"), VersionNeed("GLIBC_2.34"))},
        libc="glibc",
        language="c",
    )
    artifact = Artifact("elf", facts, source, Origin.CONTEXT)
    entry = FileEntry(path, "file", 0o755, Origin.CONTEXT, source, COPY_SOURCE, 1)
    return Placement(
        artifact,
        entry,
        make_filesystem(),
        AMD64,
        LinkResult(),
        Verdict.FAILS,
        Cause.INTERPRETER_MISSING,
        LOADER,
    )


def make_finding(path: str = "Dockerfile") -> Finding:
    base = Suggestion(
        "base",
        "use debian:bookworm-slim",
        "debian:bookworm-slim",
        (Edit(Location(path, BASE), "debian:bookworm-slim"),),
        28_200_000,
    )
    return Finding(
        rule="glibc-exec-on-musl",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        message="/hello will not start: it needs glibc, and alpine:3.20 has musl",
        location=Location(path, COPY_SOURCE),
        related=(Related(Location(path, BASE), "musl 1.2.5"),),
        stage=0,
        artifact="/hello",
        artifacts=("/hello",),
        runtime_message="exec /hello: no such file or directory",
        evidence=(f"PT_INTERP of hello is {LOADER}",),
        label=f"built for glibc: asks for {LOADER}",
        identity="Dockerfile glibc-exec-on-musl /hello",
        suggestions=(base,),
    )


def make_scan(**changes: object) -> Scan:
    fields: dict[str, object] = {
        "source": SourceText.of("Dockerfile", "FROM alpine:3.20\nCOPY hello /hello\n"),
        "context": ".",
        "context_reason": "the Dockerfile's own directory",
        "target": "0",
        "platform": AMD64,
        "stages": (make_filesystem(),),
        "in_target": frozenset({0}),
        "run": frozenset({0}),
        "placements": (make_placement(),),
        "findings": (make_finding(),),
        "skipped": (Skipped("assets/broken", "truncated ELF file", Span.at(2, 1, 2, 5)),),
    }
    return Scan(**{**fields, **changes})  # type: ignore[arg-type]


def make_result(*scans: Scan, **changes: object) -> ScanResult:
    return ScanResult(scans or (make_scan(),), (), "2026-01-02", **changes)  # type: ignore[arg-type]


@pytest.fixture
def result() -> ScanResult:
    return make_result()


@pytest.fixture
def make():
    """The makers above, for tests that need another result."""

    class Makers:
        finding = staticmethod(make_finding)
        placement = staticmethod(make_placement)
        scan = staticmethod(make_scan)
        result = staticmethod(make_result)

    return Makers


@pytest.fixture
def data() -> Path:
    return Path(__file__).parent.parent / "data"
