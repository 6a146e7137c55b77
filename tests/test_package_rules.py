"""Package managers that a base lacks, and packages that a release lacks: through the public door, to the column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.platforms import parse_platform
from depscan.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

RULES = ("package-manager-mismatch", "package-not-in-release", "package-of-another-architecture")
UPDATE = "apt-get update && apt-get install -y"


def found(tmp_path: Path, text: str, **settings: object) -> list[tuple[str, str, str]]:
    """(place, confidence, message) of each finding of the three rules."""
    (tmp_path / "Dockerfile").write_text(text)
    config = Config(context=tmp_path, select=RULES, cache=False, jobs=1, **settings)  # type: ignore[arg-type]
    (result,) = scan([tmp_path / "Dockerfile"], config).scans
    return [
        (f"{start.line}:{start.column}..{end.line}:{end.column}", str(finding.confidence), finding.message)
        for finding in result.findings
        for start, end in [(finding.location.span.start, finding.location.span.end)]
    ]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("FROM alpine:3.22\nRUN apt-get update\n", "2:5..2:12", "apt-get is not in alpine:3.22; its manager is apk"),
        ("FROM golang:1.23-alpine3.21\nRUN set -e; \\\n  apt install -y gcc\n", "3:3..3:6", "apt is not in"),
        ("FROM debian:12\nRUN sudo apk add curl\n", "2:10..2:13", "apk is not in debian:12; its manager is apt-get"),
        ('FROM ubuntu:24.04\nRUN ["yum", "install", "x"]\n', "2:6..2:11", "yum is not in ubuntu:24.04"),
        ("FROM fedora:42\nRUN /usr/bin/apt-get update\n", "2:5..2:21", "apt-get is not in fedora:42"),
        ("FROM centos:7\nRUN dnf install -y gcc\n", "2:5..2:8", "dnf is not in centos:7; its manager is yum"),
        (
            "FROM debian:trixie\nRUN curl https://x/key | sudo apt-key add -\n",
            "2:31..2:38",
            "apt-key is not in debian:trixie; Debian 13 dropped it: a key below /etc/apt/keyrings",
        ),
        ("FROM debian:13\nRUN apk add x\n", "2:5..2:8", "apk is not in debian:13; its manager is apt-get"),
        ("FROM opensuse/leap:15.6\nRUN apk add x\n", "2:5..2:8", "apk is not in opensuse/leap:15.6"),
        (
            "FROM registry.access.redhat.com/ubi9-minimal:9.6\nRUN dnf install -y x\n",
            "2:5..2:8",
            "its manager is micro",
        ),
        ("FROM redhat/ubi8-minimal\nRUN yum install -y x\n", "2:5..2:8", "yum is not in redhat/ubi8-minimal:latest"),
        ("FROM mcr.microsoft.com/azurelinux/base/core:3.0\nRUN apt-get update\n", "2:5..2:12", "its manager is tdnf"),
        ("FROM alpine:3.22 AS a\nFROM a\nRUN <<EOF\nset -e\n  yum install x\nEOF\n", "5:3..5:6", "yum is not in"),
        ("ARG V=3.12\nFROM python:$V-alpine\nRUN apt-get update\n", "3:5..3:12", "apt-get is not in python:3.12-al"),
    ],
)
def test_a_manager_that_the_base_lacks(tmp_path: Path, text: str, place: str, message: str) -> None:
    (finding,) = found(tmp_path, text)
    assert finding[0] == place
    assert message in finding[2]


def test_a_manager_is_told_once_in_a_stage(tmp_path: Path) -> None:
    findings = found(tmp_path, "FROM alpine:3.22\nRUN apt-get update && apt-get install x\nRUN apt-get clean\n")
    assert [place for place, _, _ in findings] == ["2:5..2:12"]


@pytest.mark.parametrize(
    "text",
    [
        "FROM alpine:3.22\nRUN apk add curl\n",
        "FROM fedora:42\nRUN dnf install -y x\nRUN yum install -y y\n",
        "FROM amazonlinux:2023\nRUN yum install -y x && dnf install -y y\n",
        "FROM rockylinux:9\nRUN microdnf install x\n",  # nothing is known of it
        "FROM mcr.microsoft.com/azurelinux/base/core:3.0\nRUN yum install -y x\n",  # some of its images have it
        "FROM registry.access.redhat.com/ubi9/ubi:9.6\nRUN dnf install -y x\n",
        "FROM registry.access.redhat.com/ubi9/ubi-minimal:9.6\nRUN microdnf install -y dnf && dnf install -y gcc\n",
        "FROM registry.access.redhat.com/ubi9/ubi-minimal:9.6\nRUN microdnf install -y dnf\nRUN dnf install -y gcc\n",
        "FROM alpine:3.22\nRUN if command -v apt-get; then apt-get update; else apk update; fi\n",
        "FROM alpine:3.22\nRUN command -v apt-get && apt-get update || true\n",
        "FROM alpine:3.22\nRUN [ -x /usr/bin/apt-get ] && apt-get update\n",
        "FROM alpine:3.22\nRUN apt-get update || apk update\n",
        "FROM alpine:3.22\nRUN apk add curl && chroot /mnt apt-get update\n",
        "FROM alpine:3.22\nRUN . /etc/os-release; case $ID in alpine) apk add x;; *) apt-get update;; esac\n",
        "FROM alpine:3.22\nRUN apk add apt dpkg && apt update\n",
        "FROM debian:12\nRUN apt-get update && apt-get install -y dnf && dnf --version\n",
        "FROM debian:12\nCOPY --from=alpine:3.22 /sbin/apk /sbin/apk\nRUN apk add x\n",
        "FROM debian:12\nRUN --mount=from=alpine:3.22,target=/x PATH=/x/sbin:$PATH apk add y\n",
        "FROM debian:12\nRUN curl -sSL https://example.org/install | sh && apk add x\n",
        "FROM debian:12\nRUN /opt/tools/apk add x\n",
        "FROM private.example.org/base\nRUN apk add x\n",
        "ARG BASE=alpine\nFROM ${BASE}\nRUN apt-get update\n",
        'FROM alpine:3.22\nSHELL ["pwsh", "-c"]\nRUN apt-get update\n',
        'FROM alpine:3.22\nRUN echo "apt-get update"\n',
        "FROM debian:12\nRUN dpkg -l && rpm --version\n",
        "FROM alpine:3.22\nONBUILD RUN apt-get update\n",
    ],
)
def test_silent_on_managers(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (f"FROM debian:12-slim\nRUN {UPDATE} curl libssl1.1\n", "2:47..2:56", "Debian 12 has no package libssl1.1"),
        (
            f"FROM debian:bookworm\nRUN {UPDATE} \\\n    netcat \\\n    git\n",
            "3:5..3:11",
            "netcat is virtual in Debian",
        ),
        (f"FROM node:20-bookworm\nRUN {UPDATE} python2=2.7.18-3\n", "2:42..2:58", "package python2; Debian 11 has it"),
        (
            f"FROM debian:12\nRUN {UPDATE} openjdk-8-jdk\n",
            "2:42..2:55",
            "Debian 12 has no package openjdk-8-jdk (index",
        ),
        (f"FROM debian:12\nRUN {UPDATE} libicu76\n", "2:42..2:50", "no package libicu76; Debian 13 has it"),
        (f"FROM debian:13\nRUN {UPDATE} software-properties-common\n", "2:42..2:68", "Debian 11 and Debian 12 have it"),
        ('FROM debian:12\nRUN ["apt-get", "install", "-y", "libssl1.1"]\n', "2:34..2:45", "libssl1.1"),
        (f"FROM debian:12 AS a\nRUN true\nFROM a\nRUN {UPDATE} libffi7\n", "4:42..4:49", "no package libffi7"),
        ("FROM debian:12\nRUN <<EOF\napt-get update\napt install -y libffi7\nEOF\n", "4:16..4:23", "libffi7"),
        ("FROM debian:12\nRUN for p in curl libffi7; do apt-get install -y $p; done\n", "2:50..2:52", "libffi7"),
        (
            "FROM node:22-alpine3.20\nRUN apk add --no-cache python2\n",
            "2:24..2:31",
            "Alpine 3.20 has no package python2",
        ),
        ("FROM alpine:3.19\nRUN apk add -t .deps 'libssl1.1<2' x\n", "2:22..2:35", "libssl1.1; Alpine 3.18 has it"),
        (f"FROM debian:12\nRUN {UPDATE} libssl1.1 && make -C /src\n", "2:42..2:51", "libssl1.1"),
    ],
)
def test_a_package_that_the_release_lacks(tmp_path: Path, text: str, place: str, message: str) -> None:
    (finding,) = found(tmp_path, text)
    assert finding[:2] == (place, "likely")
    assert message in finding[2]


def test_each_package_is_a_finding_and_a_moving_tag_is_dated(tmp_path: Path) -> None:
    findings = found(tmp_path, f"FROM node:22\nRUN {UPDATE} libssl1.1 git libffi7\n")
    assert [place for place, _, _ in findings] == ["2:42..2:51", "2:56..2:63"]
    assert all("node:22 is Debian 12 today, and moves" in message for _, _, message in findings)


@pytest.mark.parametrize(
    "text",
    [
        f"FROM debian:11\nRUN {UPDATE} libssl1.1 netcat python2\n",
        "FROM alpine:3.15\nRUN apk add python2 libssl1.1\n",
        "FROM alpine:edge\nRUN apk add openssl1.1-compat\n",
        "FROM alpine:3.20\nRUN apk add python2@old\n",
        "FROM alpine:3.20\nRUN apk add -X https://dl-cdn.alpinelinux.org/alpine/v3.15/main python2\n",
        "FROM alpine:3.20\nRUN echo https://x/v3.15/main >> /etc/apk/repositories && apk add python2\n",
        "FROM alpine:3.20\nRUN apk add -t python2 curl\n",  # the name of a virtual package
        f"FROM debian:13\nRUN {UPDATE} libssl3 libasound2 libglib2.0-0\n",  # one package provides each
        f"FROM debian:12\nRUN {UPDATE} python3.9000 not-a-package libssl1.1:i386\n",  # misspelt, another architecture
        f"FROM debian:12\nRUN {UPDATE} -t bullseye libssl1.1\n",
        f"FROM debian:12\nRUN {UPDATE} libssl1.1/bullseye\n",
        f"FROM debian:12\nRUN {UPDATE} --ignore-missing libssl1.1\n",
        f"FROM debian:12\nRUN {UPDATE} libssl1.1 || true\n",
        f'FROM debian:12\nRUN if [ -n "$OLD" ]; then {UPDATE} libssl1.1; fi\n',
        "FROM debian:12\nRUN apt-get remove -y libssl1.1\n",
        "FROM debian:12\nRUN apt-get install -y ./libssl1.1_1.1.1_amd64.deb libssl1.1\n",
        f"FROM debian:12\nRUN dpkg --add-architecture i386 && {UPDATE} libssl1.1\n",
        f'FROM debian:12\nRUN echo "deb http://x bullseye main" > /etc/apt/sources.list\nRUN {UPDATE} libssl1.1\n',
        f"FROM debian:12\nRUN sed -i s/bookworm/bullseye/ /etc/apt/sources.list\nRUN {UPDATE} libssl1.1\n",
        f"FROM debian:12\nCOPY old.sources /etc/apt/sources.list.d/\nRUN {UPDATE} libssl1.1\n",
        f"FROM debian:12\nCOPY etc /etc\nRUN {UPDATE} libssl1.1\n",
        f"FROM debian:12\nRUN curl -fsSL https://deb.example.org/setup | bash - && {UPDATE} libssl1.1\n",
        f"FROM debian:12\nCOPY add.sh /\nRUN /add.sh\nRUN {UPDATE} libssl1.1\n",
        f"FROM debian:12 AS a\nRUN add-apt-repository x\nFROM a\nRUN {UPDATE} libssl1.1\n",
        f"FROM postgres:16-bookworm\nRUN {UPDATE} libssl1.1\n",  # has a source of its own
        f"FROM debian:sid\nRUN {UPDATE} libssl1.1\n",
        f"FROM debian:forky\nRUN {UPDATE} libssl1.1\n",
        f"FROM debian:testing\nRUN {UPDATE} libicu72\n",
        f"FROM ubuntu:22.04\nRUN {UPDATE} libssl1.1\n",
        f"FROM --platform=linux/s390x debian:12\nRUN {UPDATE} libssl1.1\n",
        f"ARG BASE=debian:12\nFROM $BASE\nRUN {UPDATE} libssl1.1\n",
    ],
)
def test_silent_on_packages(tmp_path: Path, text: str) -> None:
    for name, content in {"old.sources": "x", "add.sh": "#!/bin/sh\n", "etc/apt/sources.list": "deb x"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    assert found(tmp_path, text) == []


def test_sources_that_come_later_change_nothing(tmp_path: Path) -> None:
    run = "RUN apt-get update && apt-get install -y openjdk-11-jre\n"
    later = "RUN echo 'deb https://example.com stable main' > /etc/apt/sources.list.d/x.list\n"
    assert [place for place, _, _ in found(tmp_path, f"FROM debian:12\n{run}{later}")] == ["2:42..2:56"]
    assert found(tmp_path, f"FROM debian:12\n{later}{run}") == []


@pytest.mark.parametrize(("image", "package"), [("alpine:3.14", "nodejs-npm"), ("node:16-alpine3.15", "python")])
def test_names_that_alpine_dropped(tmp_path: Path, image: str, package: str) -> None:
    ((_, _, message),) = found(tmp_path, f"FROM {image}\nRUN apk add --no-cache {package} make\n")
    assert f"has no package {package}" in message
    assert found(tmp_path, f"FROM alpine:3.11\nRUN apk add --no-cache {package} make\n") == []


FOREIGN = "a package for amd64, and the image is built for arm64"


@pytest.mark.parametrize(
    ("run", "place", "message"),
    [
        ("dpkg -i tool_2.0_linux_amd64.deb", "2:13..2:37", f"tool_2.0_linux_amd64.deb is {FOREIGN}: dpkg refuses it"),
        ("V=2; apt-get install -y /tmp/tool-$V-amd64.deb", "2:29..2:51", f"tool-2-amd64.deb is {FOREIGN}"),
        ("dpkg -i tool_${VERSION}_amd64.deb", "2:13..2:38", f"tool_${{VERSION}}_amd64.deb is {FOREIGN}"),
    ],
)
def test_a_package_file_of_another_machine_is_refused(tmp_path: Path, run: str, place: str, message: str) -> None:
    text = f"FROM debian:12-slim\nRUN {run}\n"
    ((where, confidence, told),) = found(tmp_path, text, platforms=(parse_platform("linux/arm64"),))
    assert (where, confidence) == (place, "likely")
    assert told.startswith(message)


@pytest.mark.parametrize(
    ("platform", "lines"),
    [
        pytest.param("linux/amd64", "RUN dpkg -i tool_arm64.deb", id="looked at for the default platform"),
        pytest.param("linux/arm64", "RUN dpkg -i tool_arm64.deb tool-data_all.deb", id="its own and none"),
        pytest.param("linux/arm64", "ARG TARGETARCH\nRUN dpkg -i tool_${TARGETARCH}.deb", id="by the platform"),
        pytest.param("linux/arm64", 'RUN dpkg -i "tool_$(dpkg --print-architecture).deb"', id="by dpkg"),
        pytest.param("linux/arm64", "RUN dpkg -x tool_amd64.deb /srv/amd64", id="only unpacked"),
        pytest.param("linux/arm64", "RUN dpkg -i tool_amd64.deb || true", id="it may fail"),
        pytest.param("linux/arm64", "RUN if [ -z $A ]; then dpkg -i tool_amd64.deb; fi", id="behind a condition"),
        pytest.param("linux/arm64", "RUN dpkg --add-architecture amd64 && dpkg -i tool_amd64.deb", id="a second one"),
    ],
)
def test_a_package_file_that_fits_is_taken(tmp_path: Path, platform: str, lines: str) -> None:
    assert found(tmp_path, f"FROM debian:12-slim\n{lines}\n", platforms=(parse_platform(platform),)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FROM debian:12\nRUN apk add curl\n", "/bin/sh: 1: apk: not found"),
        ("FROM alpine:3.22\nRUN /usr/bin/apt-get update\n", "/bin/sh: /usr/bin/apt-get: not found"),
        ('FROM debian:12\nRUN ["apk", "add", "x"]\n', 'exec: "apk": executable file not found in $PATH'),
        ("FROM debian:12\nRUN sudo apk add curl\n", None),
        (f"FROM debian:12\nRUN {UPDATE} python\n", "E: Unable to locate package python"),
        (f"FROM debian:12\nRUN {UPDATE} awk\n", "E: Package 'awk' has no installation candidate"),
    ],
)
def test_what_the_build_says(tmp_path: Path, text: str, said: str | None) -> None:
    (tmp_path / "Dockerfile").write_text(text)
    config = Config(context=tmp_path, select=RULES, cache=False, jobs=1)
    (finding,) = scan([tmp_path / "Dockerfile"], config).scans[0].findings
    assert finding.runtime_message == said
    assert said is None or finding.moment == "docker build would say"
