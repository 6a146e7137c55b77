"""Runs over what a repository declares: each build with its own settings, each platform judged, each place named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from depscan.config import Config
from depscan.errors import UsageError
from depscan.platforms import DEFAULT_PLATFORM, parse_platform
from depscan.reports import FORMATS
from depscan.scan import scan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.results import ScanResult

ELF = Path(__file__).parents[2] / "fixtures" / "elf"
SCHEMA = json.loads((Path(__file__).parents[2] / "depscan" / "reports" / "schema.json").read_text())
PREBUILT = 'FROM debian:12\nCOPY bin/app /app\nCMD ["/app"]\n'
PER_ARCHITECTURE = 'FROM debian:12\nARG TARGETARCH\nCOPY bin/app-${TARGETARCH} /app\nCMD ["/app"]\n'
PROGRAMS = {"bin/app": "hello-static", "bin/app-amd64": "hello-static", "bin/app-arm64": "hello-arm64"}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "bin").mkdir()
    for name, fixture in PROGRAMS.items():
        shutil.copy(ELF / fixture, tmp_path / name)
        (tmp_path / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(files: Mapping[str, str], path: str = ".", *platforms: str) -> ScanResult:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    asked = tuple(map(parse_platform, platforms))
    return scan([path], Config(cache=False, jobs=1, platforms=asked, default_platform=DEFAULT_PLATFORM))


def told(result: ScanResult) -> list[tuple[str, str]]:
    return [
        (str(scan.platform), finding.rule)
        for scan in result.scans
        for finding in scan.findings
        if finding.severity == "error"
    ]


COMPOSE = "services:\n  web:\n    build:\n      context: .\n      platforms: [linux/amd64, linux/arm64]\n"
BAKE = 'target "app" {\n  platforms = ["linux/amd64", "linux/arm64"]\n}\n'
WORKFLOW = """\
jobs:
  image:
    steps:
      - uses: docker/build-push-action@v6
        with: {context: ., platforms: "linux/amd64,linux/arm64"}
"""


@pytest.mark.parametrize(
    ("path", "text", "place"),
    [
        ("compose.yaml", COMPOSE, "compose.yaml:3: built for linux/arm64 as declared here: service web"),
        ("docker-bake.hcl", BAKE, "docker-bake.hcl:1: built for linux/arm64 as declared here: target app"),
        (
            ".github/workflows/ci.yml",
            WORKFLOW,
            ".github/workflows/ci.yml:4: built for linux/arm64 as declared here: job image",
        ),
    ],
)
def test_a_prebuilt_file_is_judged_on_each_declared_platform(
    repository: Path, path: str, text: str, place: str
) -> None:
    result = run({"Dockerfile": PREBUILT, path: text})
    assert told(result) == [("linux/arm64", "wrong-architecture")]
    (finding,) = [each for each in result.reported if each.severity == "error"]
    assert finding.message == "/app will not start: it is for amd64, and the image is for linux/arm64"
    assert (finding.location.path, finding.location.span.start.line) == ("Dockerfile", 2)
    assert f"\n  {place}\n" in FORMATS["text"](result)


def test_platforms_of_the_option_are_judged_too(repository: Path) -> None:
    result = run({"Dockerfile": PREBUILT}, "Dockerfile", "linux/amd64", "linux/arm64")
    assert told(result) == [("linux/arm64", "wrong-architecture")]


def test_a_file_for_each_architecture_fits_all(repository: Path) -> None:
    assert told(run({"Dockerfile": PER_ARCHITECTURE, "compose.yaml": COMPOSE})) == []


def test_a_file_for_an_architecture_that_is_not_there(repository: Path) -> None:
    bake = BAKE.replace("arm64", "s390x")
    result = run({"Dockerfile": PER_ARCHITECTURE, "docker-bake.hcl": bake})
    missing = [
        (str(scan.platform), finding.rule)
        for scan in result.scans
        for finding in scan.findings
        if finding.rule == "copy-source-missing"
    ]
    assert missing == [("linux/s390x", "copy-source-missing")]


def test_a_stage_of_the_builders_own_is_not_judged_for_the_target(repository: Path) -> None:
    text = """\
FROM --platform=$BUILDPLATFORM debian:12 AS tools
COPY bin/app-arm64 /app
CMD ["bash"]
FROM debian:12
ARG TARGETARCH
COPY bin/app-${TARGETARCH} /app
"""
    assert told(run({"Dockerfile": text}, "Dockerfile", "linux/arm64", "linux/s390x")) == []


TWO = 'target "good" {\n  args = { FILE = "app" }\n}\ntarget "bad" {\n  args = { FILE = "app-arm64" }\n}\n'
BY_ARGUMENT = 'FROM debian:12\nARG FILE\nCOPY bin/${FILE} /app\nCMD ["/app"]\n'


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_report_names_the_build(repository: Path, name: str) -> None:
    result = run({"Dockerfile": BY_ARGUMENT, "docker-bake.hcl": TWO})
    assert told(result) == [("linux/amd64", "wrong-architecture")]
    text = FORMATS[name](result)
    if name == "json":
        document = json.loads(text)
        jsonschema.validate(document, SCHEMA)
        assert [scan["build"] for scan in document["scans"]] == [
            {"source": "docker-bake.hcl", "name": "target good", "line": 1},
            {"source": "docker-bake.hcl", "name": "target bad", "line": 4},
        ]
    else:
        assert "target bad of docker-bake.hcl" in text


def test_a_finding_that_builds_share_stands_once(repository: Path) -> None:
    bake = 'target "a" {\n}\ntarget "b" {\n  args = { B = 1 }\n}\ntarget "c" {\n  args = { FILE = "app" }\n}\n'
    result = run({"Dockerfile": BY_ARGUMENT.replace("ARG FILE", "ARG FILE=app-arm64"), "docker-bake.hcl": bake})
    (message,) = [each.message for each in result.reported if each.severity == "error"]
    assert message.endswith(" (in target a of docker-bake.hcl, target b of docker-bake.hcl)")
    text = FORMATS["text"](result)
    assert text.count("wrong-architecture") == 2, "its name and its page"
    assert "\n  Dockerfile:3, in target a of docker-bake.hcl, target b of docker-bake.hcl\n" in text


def test_a_finding_that_builds_share_is_as_grave_as_in_the_worst(repository: Path) -> None:
    text = "FROM golang:1.24 AS b\nARG TARGETARCH=amd64\nCOPY . .\n"
    text += "RUN CGO_ENABLED=0 GOARCH=$TARGETARCH go build -o /app .\n"
    text += 'FROM scratch\nCOPY --from=b /app /app\nENTRYPOINT ["/app"]\n'
    bake = 'target "a" {\n}\ntarget "b" {\n  platforms = ["linux/amd64", "linux/arm64"]\n}\n'
    result = run({"Dockerfile": text, "docker-bake.hcl": bake})
    found = [(each.rule, str(each.severity)) for each in result.reported if each.rule == "targetarch-shadowed"]
    assert found == [("targetarch-shadowed", "error")]
    assert [str(each.severity) for each in result.scans[0].findings if each.rule == "targetarch-shadowed"] == [
        "warning"
    ]


def test_without_declarations_reports_stay_as_they_were(repository: Path) -> None:
    result = run({"Dockerfile": PREBUILT.replace("app /", "app-arm64 /")}, "Dockerfile")
    document = json.loads(FORMATS["json"](result))
    jsonschema.validate(document, SCHEMA)
    assert "build" not in document["scans"][0]


def test_the_rest_is_checked_when_a_build_cannot_be(repository: Path) -> None:
    bake = BAKE + 'target "gone" {\n  target = "nope"\n}\n'
    result = run({"Dockerfile": PREBUILT, "docker-bake.hcl": bake, "compose.yaml": "services: [\n"})
    assert told(result) == [("linux/arm64", "wrong-architecture")]
    rows = [(scan.source.path, row.subject, row.reason) for scan in result.scans for row in scan.skipped]
    assert rows == [
        ("docker-bake.hcl", "target gone", "--target nope: Dockerfile has no such stage; its stages are 0"),
        ("compose.yaml", "compose.yaml", "not valid YAML: did not find expected node content"),
    ]
    jsonschema.validate(json.loads(FORMATS["json"](result)), SCHEMA)


def test_it_is_wrong_use_when_none_can_be(repository: Path) -> None:
    with pytest.raises(UsageError, match="has no such stage"):
        run({"Dockerfile": PREBUILT, "docker-bake.hcl": 'target "gone" {\n  target = "nope"\n}\n'})


def test_a_wrong_base_is_wrong_use_among_several_builds(repository: Path) -> None:
    Path("Dockerfile").write_text(PREBUILT)
    Path("Dockerfile.two").write_text("FROM scratch\nCOPY bin/app /app\n")
    with pytest.raises(UsageError, match="No such file or directory"):
        scan(["."], Config(cache=False, jobs=1, bases={"debian:12": "./missing"}))


def test_an_inline_dockerfile_is_marked_in_the_file_that_holds_it(repository: Path) -> None:
    text = "services:\n  web:\n    build:\n      context: .\n      dockerfile_inline: |\n"
    text += "".join(f"        {line}\n" for line in PREBUILT.replace("app /", "app-arm64 /").splitlines())
    (finding,) = [each for each in run({"compose.yaml": text}).reported if each.severity == "error"]
    start = finding.location.span.start
    assert (finding.location.path, start.line, start.column) == ("compose.yaml", 7, 14)


def test_an_argument_that_is_not_known_is_no_finding(repository: Path) -> None:
    compose = "services: {web: {build: {context: ., args: {FILE: '${GONE}'}}}}\n"
    dockerfile = BY_ARGUMENT.replace("ARG FILE", "ARG FILE=app-arm64")
    assert told(run({"Dockerfile": dockerfile, "compose.yaml": compose})) == []


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ("docker-image://debian:12", []),
        ("docker-image://alpine:3.20", [("linux/amd64", "glibc-exec-on-musl")]),
        ("target:base", []),
        ("bin", []),
    ],
)
def test_a_named_context_takes_the_place_of_the_base(
    repository: Path, context: str, expected: list[tuple[str, str]]
) -> None:
    shutil.copy(ELF / "hello-glibc-dynamic", "bin/app")
    bake = f'target "app" {{\n  contexts = {{ base = "{context}" }}\n}}\n'
    result = run({"Dockerfile": PREBUILT.replace("debian:12", "base"), "docker-bake.hcl": bake})
    assert told(result) == expected


def test_options_come_before_what_is_declared(repository: Path) -> None:
    assert told(run({"Dockerfile": PREBUILT, "compose.yaml": COMPOSE}, ".", "linux/amd64")) == []
