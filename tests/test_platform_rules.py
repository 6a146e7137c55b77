"""Mistakes that only a build for another platform meets: through the public door, to the column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.findings import Severity
from depscan.platforms import parse_platform
from depscan.scan import scan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RULES = ("targetarch-shadowed", "cross-build-ineffective", "final-stage-on-buildplatform")
BUILDER = "FROM --platform=$BUILDPLATFORM golang:1.24 AS b\n"
FINAL = 'FROM scratch\nCOPY --from=b /app /app\nENTRYPOINT ["/app"]\n'
BOTH = ("linux/amd64", "linux/arm64")


def found(
    tmp_path: Path, text: str, platforms: tuple[str, ...] = (), arguments: Mapping[str, str | None] | None = None
) -> list[tuple[str, str, str, str]]:
    """(rule, place, severity, message) of each finding of the three rules on the first platform."""
    (tmp_path / "Dockerfile").write_text(text)
    config = Config(
        context=tmp_path,
        select=RULES,
        platforms=tuple(map(parse_platform, platforms)),
        build_arguments=dict(arguments or {}),
        cache=False,
        jobs=1,
    )
    result = scan([tmp_path / "Dockerfile"], config).scans[0]
    return [
        (finding.rule, f"{start.line}:{start.column}..{end.line}:{end.column}", str(finding.severity), finding.message)
        for finding in result.findings
        for start, end in [(finding.location.span.start, finding.location.span.end)]
    ]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("FROM alpine:3.22\nARG TARGETARCH=amd64\nRUN wget https://x/$TARGETARCH\n", "2:5..2:21", "is amd64 on every"),
        ("FROM alpine:3.22\nARG A TARGETARCH=arm64\nADD https://x/${TARGETARCH}.tgz /\n", "2:7..2:23", "is arm64 on"),
        (
            "FROM alpine:3.22\nARG TARGETARCH=${TARGETARCH:-amd64}\nRUN x $TARGETARCH\n",
            "2:5..2:36",
            "is amd64 on every",
        ),
        ("FROM alpine:3.22\nARG TARGETARCH=$TARGETARCH\nRUN x $TARGETARCH\n", "2:5..2:27", "it is empty on every"),
        (
            "FROM alpine:3.22\nARG TARGETARCH=amd64\nENV GOARCH=$TARGETARCH\nRUN true\n",
            "2:5..2:21",
            "ARG TARGETARCH re",
        ),
        ("FROM alpine:3.22\nARG TARGETARCH=amd64\nENV A=$TARGETARCH\nRUN x $A\n", "2:5..2:21", "ARG TARGETARCH repl"),
        ("FROM alpine:3.22 AS a\nARG TARGETARCH=amd64\nFROM a\nRUN x $TARGETARCH\n", "2:5..2:21", "ARG TARGETARCH rep"),
        ("FROM alpine:3.22\nARG TARGETVARIANT=v7\nRUN x $TARGETVARIANT\n", "2:5..2:21", "ARG TARGETVARIANT replaces"),
        (
            "ARG TARGETARCH=amd64\nFROM alpine:3.22\nARG TARGETARCH\nRUN x $TARGETARCH\n",
            "1:5..1:21",
            "before the first",
        ),
        (
            "ARG TARGETPLATFORM=linux/amd64\nFROM --platform=$TARGETPLATFORM alpine:3.22\n",
            "1:5..1:31",
            "linux/amd64 on",
        ),
    ],
)
def test_a_default_that_shadows_the_platform(tmp_path: Path, text: str, place: str, message: str) -> None:
    (finding,) = found(tmp_path, text)
    assert finding[:3] == ("targetarch-shadowed", place, "warning")
    assert message in finding[3]


@pytest.mark.parametrize(
    "text",
    [
        "FROM alpine:3.22\nARG TARGETARCH\nRUN x $TARGETARCH\n",
        "FROM alpine:3.22\nARG TARGETARCH\nRUN x ${TARGETARCH:-amd64}\n",
        "FROM alpine:3.22\nARG TARGETARCH\nARG TARGETARCH=${TARGETARCH:-amd64}\nRUN x $TARGETARCH\n",
        "FROM alpine:3.22\nARG TARGETOS=linux TARGETVARIANT=\nRUN x $TARGETOS $TARGETVARIANT\n",
        "FROM alpine:3.22\nARG TARGETARCH=amd64\nLABEL arch=$TARGETARCH\n",
        "FROM alpine:3.22\nARG TARGETARCH=amd64\nRUN echo for $TARGETARCH && true\n",
        "FROM alpine:3.22\nARG TARGETARCH=amd64\nARG TARGETARCH\nRUN x $TARGETARCH\n",
        "FROM alpine:3.22\nARG TARGETARCH=amd64\nRUN x $TARGETARCHIVE\n",
        "FROM alpine:3.22\nARG ARCH=amd64\nRUN x $ARCH\n",
        "ARG TARGETARCH=${TARGETARCH:-amd64}\nFROM x:$TARGETARCH\n",
        "ARG TARGETARCH=amd64\nFROM alpine:3.22\nRUN x $TARGETARCH\n",  # the stage does not take it
        "ARG BUILDPLATFORM=linux/amd64\nFROM --platform=$BUILDPLATFORM alpine:3.22\n",  # slow, but right
    ],
)
def test_silent_on_defaults(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, text) == []


def test_several_platforms_make_it_an_error_and_a_build_argument_makes_it_none(tmp_path: Path) -> None:
    text = "FROM alpine:3.22\nARG TARGETARCH=amd64\nRUN wget https://x/$TARGETARCH\n"
    assert [severity for _, _, severity, _ in found(tmp_path, text, BOTH)] == ["error"]
    assert found(tmp_path, text, BOTH, {"TARGETARCH": "arm64"}) == []


@pytest.mark.parametrize(
    ("build", "place", "message"),
    [
        ("RUN go build -o /app .\n", "2:5..2:13", "nothing sets GOARCH"),
        ("RUN GOARCH=$TARGETARCH go build -o /app .\n", "2:24..2:32", "the stage has no ARG TARGETARCH"),
        ("ENV GOARCH=$TARGETARCH\nRUN go build -o /app .\n", "3:5..3:13", "the stage has no ARG TARGETARCH"),
        ("ENV GOARCH=amd64\nRUN go build -o /app .\n", "3:5..3:13", "GOARCH is amd64 for every target"),
        ("RUN export GOARCH=amd64 && go build -o /app .\n", "2:28..2:36", "GOARCH is amd64 for every target"),
        ("ARG TARGETARCH\nRUN GOARCH=$TARGETARCH; go build -o /app .\n", "3:25..3:33", "set but not exported"),
        ("ARG TARGETARCH\nRUN go build -o /app .\n", "3:5..3:13", "nothing sets GOARCH"),
        ("WORKDIR /src\nRUN gcc -O2 -o ../app main.c\n", "3:5..3:12", "gcc compiles for the machine that builds"),
        ("RUN go build -o /tmp/x . && mv /tmp/x /app\n", "2:5..2:13", "nothing sets GOARCH"),
        ("RUN cd /src && go build -o x . && cp x /app\n", "2:16..2:24", "nothing sets GOARCH"),
    ],
)
def test_a_cross_build_that_is_none(tmp_path: Path, build: str, place: str, message: str) -> None:
    (finding,) = found(tmp_path, BUILDER + build + FINAL)
    assert finding[:3] == ("cross-build-ineffective", place, "warning")
    assert message in finding[3]
    assert [severity for _, _, severity, _ in found(tmp_path, BUILDER + build + FINAL, BOTH)] == ["error"]


def test_products_by_their_usual_names(tmp_path: Path) -> None:
    cargo = "FROM --platform=$BUILDPLATFORM rust:1.90 AS b\nWORKDIR /src\nRUN cargo build --release\nFROM debian:13\n"
    (finding,) = found(tmp_path, cargo + "COPY --from=b /src/target/release/app /app\n")
    assert finding[1] == "3:5..3:16"
    install = BUILDER + "RUN go install ./cmd/app\nFROM debian:13\nCOPY --from=b /go/bin/app /app\n"
    assert [place for _, place, _, _ in found(tmp_path, install)] == ["2:5..2:15"]
    unnamed = BUILDER + "WORKDIR /src\nRUN go build\nFROM debian:13\nCOPY --from=b /src/app /app\n"
    assert [place for _, place, _, _ in found(tmp_path, unnamed)] == ["3:5..3:13"]


@pytest.mark.parametrize(
    "text",
    [
        BUILDER + "ARG TARGETARCH\nRUN GOARCH=$TARGETARCH go build -o /app .\n" + FINAL,
        BUILDER + "ARG TARGETARCH\nENV GOARCH=$TARGETARCH\nRUN go build -o /app .\n" + FINAL,
        BUILDER + "ARG TARGETARCH\nRUN export GOARCH=$TARGETARCH; go build -o /app .\n" + FINAL,
        BUILDER + "ARG TARGETPLATFORM\nRUN export GOARCH=${TARGETPLATFORM#*/}; go build -o /app .\n" + FINAL,
        BUILDER
        + "ARG TARGETARCH\nRUN case $TARGETARCH in arm64) export GOARCH=arm64;; esac; go build -o /app .\n"
        + FINAL,
        BUILDER + "ARG TARGETARCH\nRUN make ARCH=$TARGETARCH && mv out /app\n" + FINAL,
        BUILDER + "COPY --from=tonistiigi/xx / /\nARG TARGETPLATFORM\nRUN xx-go build -o /app .\n" + FINAL,
        BUILDER + "RUN make\n" + FINAL,
        BUILDER + "ARG GOARCH=amd64\nRUN go build -o /app .\n" + FINAL,  # --build-arg is meant
        BUILDER + "RUN GOOS=js GOARCH=wasm go build -o /app .\n" + FINAL,
        BUILDER + "RUN GOOS=windows GOARCH=amd64 go build -o /app .\n" + FINAL,
        BUILDER + "RUN go build -o /tool ./tool && /tool > /app\n" + FINAL,  # the tool stays
        BUILDER + "RUN go generate ./... && go test ./...\n" + FINAL,
        BUILDER + "WORKDIR /src\nRUN go build\nFROM debian:13\nCOPY --from=b /src/config.yaml /\n",
        BUILDER + "RUN go build -o /app .\nFROM scratch\nCOPY --from=b /app /\n",  # only carries
        BUILDER.replace(" --platform=$BUILDPLATFORM", "") + "RUN go build -o /app .\n" + FINAL,
        "FROM --platform=$BUILDPLATFORM rust:1.90 AS b\nARG TARGETARCH\nRUN cargo build --target $(x $TARGETARCH)\n"
        "FROM debian:13\nCOPY --from=b /target/release/app /app\n",
        "FROM --platform=$BUILDPLATFORM node:22 AS b\nRUN npm ci && npm run build\nFROM nginx\nCOPY --from=b /dist /\n",
        "FROM --platform=$BUILDPLATFORM maven:3 AS b\nRUN mvn package\nFROM debian:13\nCOPY --from=b /a.jar /a.jar\n",
    ],
)
def test_silent_on_cross_builds(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('FROM --platform=$BUILDPLATFORM alpine:3.22\nENTRYPOINT ["/app"]\n', "1:6..1:31"),
        ('FROM debian:13 AS x\nFROM --platform=${BUILDPLATFORM} scratch\nCMD ["/app"]\n', "2:6..2:33"),
        ('FROM --platform=$BUILDPLATFORM node:22 AS a\nRUN true\nFROM a\nCMD ["node", "."]\n', "1:6..1:31"),
        # a step by its name, but it starts what was given to it
        ('FROM --platform=$BUILDPLATFORM alpine AS builder\nCOPY app /bin/app\nCMD ["/bin/app"]\n', "1:6..1:31"),
        ('FROM --platform=$BUILDPLATFORM alpine AS release\nADD a/app b/ /bin/\nCMD ["app"]\n', "1:6..1:31"),
        # it starts nothing, but holds a program of another stage
        ("FROM x AS b\nFROM --platform=$BUILDPLATFORM alpine AS final\nCOPY --from=b /app /bin/\n", "2:6..2:31"),
        ("FROM x AS b\nFROM --platform=$BUILDPLATFORM alpine\nCOPY --from=b /app /usr/bin/app\n", "2:6..2:31"),
    ],
)
def test_an_image_that_is_pinned_to_the_builder(tmp_path: Path, text: str, place: str) -> None:
    (finding,) = found(tmp_path, text)
    assert finding[:3] == ("final-stage-on-buildplatform", place, "warning")
    assert [severity for _, _, severity, _ in found(tmp_path, text, BOTH)] == ["error"]


def test_a_product_is_followed_through_a_stage_that_carries(tmp_path: Path) -> None:
    carrier = "FROM scratch AS files\nCOPY --from=b /app /out/app\n"
    final = 'FROM alpine:3.22\nCOPY --from=files /out/ /usr/bin/\nENTRYPOINT ["app"]\n'
    (finding,) = found(tmp_path, f"{BUILDER}RUN go build -o /app .\n{carrier}{final}")
    assert finding[:2] == ("cross-build-ineffective", "2:5..2:13")
    assert found(tmp_path, f'{BUILDER}RUN go build -o /app .\n{carrier}FROM alpine:3.22\nCMD ["sh"]\n') == []


def test_a_default_for_the_builders_platform_is_named(tmp_path: Path) -> None:
    text = 'ARG BUILDPLATFORM=linux/amd64\nFROM --platform=$BUILDPLATFORM alpine:3.22\nENTRYPOINT ["/app"]\n'
    (finding,) = found(tmp_path, text)
    assert "stands on alpine:3.22 of linux/amd64, which ARG BUILDPLATFORM gives as the builder's" in finding[3]


@pytest.mark.parametrize(
    "text",
    [
        'FROM --platform=$BUILDPLATFORM golang:1.24 AS b\nFROM alpine:3.22\nCMD ["/app"]\n',
        'FROM --platform=$TARGETPLATFORM alpine:3.22\nCMD ["/app"]\n',
        "FROM --platform=$BUILDPLATFORM scratch\nCOPY . /\n",
        'FROM --platform=$BUILDPLATFORM golang:1.24 AS lint\nCMD ["golangci-lint", "run"]\n',
        'FROM --platform=$BUILDPLATFORM node:22 AS dev-tools\nCMD ["npm", "start"]\n',
        'FROM --platform=$BUILDPLATFORM rust:1.90\nENTRYPOINT ["cargo"]\n',
        "FROM --platform=$BUILDPLATFORM golang:1.24\nCMD bash\n",
        'FROM --platform=$BUILDPLATFORM node:22 AS build\nCOPY . .\nCMD ["npm", "run", "build"]\n',
        "FROM --platform=$BUILDPLATFORM alpine\nCOPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/uv\n",
        "FROM x AS b\nFROM --platform=$BUILDPLATFORM alpine AS release\nCOPY --from=b /app /bin/\n",
        "FROM x AS b\nFROM --platform=$BUILDPLATFORM scratch\nCOPY --from=b /app /bin/\n",
        "FROM x AS b\nFROM --platform=$BUILDPLATFORM alpine\nCOPY --from=b /dist /srv/\n",
    ],
)
def test_silent_on_final_stages(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, text) == []


@pytest.mark.parametrize(
    ("builder", "line", "expected"),
    [
        (
            "FROM golang:1.24 AS b\nARG TARGETARCH=amd64\nCOPY . .\n",
            "RUN CGO_ENABLED=0 GOARCH=$TARGETARCH go build -o /app .\n",
            ("targetarch-shadowed", 2),
        ),
        (BUILDER + "COPY . .\n", "RUN CGO_ENABLED=0 GOARCH=amd64 go build -o /app .\n", ("cross-build-ineffective", 3)),
        (
            "FROM golang:1.24 AS b\nCOPY . .\n",
            "RUN CGO_ENABLED=0 GOARCH=amd64 go build -o /app .\n",
            ("wrong-architecture", 5),
        ),
    ],
)
def test_one_cause_is_one_finding(tmp_path: Path, builder: str, line: str, expected: tuple[str, int]) -> None:
    (tmp_path / "Dockerfile").write_text(builder + line + FINAL)
    config = Config(context=tmp_path, platforms=(parse_platform("linux/arm64"),), cache=False, jobs=1)
    (result,) = scan([tmp_path / "Dockerfile"], config).scans
    found = [finding for finding in result.findings if finding.severity is Severity.ERROR]
    assert [(each.rule, each.location.span.start.line) for each in found] == [expected]
    assert (
        any(each.location.span.start.line == expected_copy(builder) for each in found[0].related) or found[0].artifact
    )


def expected_copy(builder: str) -> int:
    """The line of FINAL's COPY behind a builder and its RUN."""
    return builder.count("\n") + 3


@pytest.mark.parametrize(
    ("name", "platform"),
    [
        ("Dockerfile", "linux/amd64"),
        ("Dockerfile.arm64", "linux/arm64"),
        ("Dockerfile-aarch64", "linux/arm64"),
        ("Dockerfile.tag.AARCH64", "linux/arm64"),
        ("arm64v8.Dockerfile", "linux/arm64"),
        ("Containerfile.armhf", "linux/arm/v7"),
        ("Dockerfile.arm32v6", "linux/arm/v6"),
        ("Dockerfile_s390x", "linux/s390x"),
        ("Dockerfile.aarch64-unknown-linux-gnu", "linux/amd64"),
        ("Dockerfile.charm64", "linux/amd64"),
        ("Dockerfile.arm64.amd64", "linux/amd64"),
    ],
)
def test_a_dockerfile_called_after_a_machine(tmp_path: Path, name: str, platform: str) -> None:
    (tmp_path / name).write_text("FROM scratch\n")
    assert [str(each.platform) for each in scan([tmp_path], Config(cache=False)).scans] == [platform]
    assert [str(each.platform) for each in scan([tmp_path / name], Config(cache=False)).scans] == ["linux/amd64"]
    asked = Config(cache=False, platforms=(parse_platform("linux/386"),))
    assert [str(each.platform) for each in scan([tmp_path], asked).scans] == ["linux/386"]
