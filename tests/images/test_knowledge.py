"""What the packaged knowledge says of images, against what the distributions and image publishers say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.findings import Confidence
from depscan.images.candidates import all_bases, candidates
from depscan.images.knowledge import knowledge_as_of, lookup, release_profile
from depscan.images.lookup import profile
from depscan.images.reference import parse_reference
from depscan.images.rows import KNOWLEDGE, all_releases, find_release, find_tags
from depscan.platforms import DEFAULT_PLATFORM, Platform, parse_platform

if TYPE_CHECKING:
    from depscan.images.profile import ImageProfile

ARM64, RISCV = parse_platform("linux/arm64"), parse_platform("linux/riscv64")


def known(text: str, platform: Platform = DEFAULT_PLATFORM) -> ImageProfile:
    return profile(text, platform, {})


# Reference, libc family, version, release, confidence. The versions are those of the distributions' own release notes
# and package trackers (tracker.debian.org/glibc, packages.ubuntu.com/libc6, pkgs.alpinelinux.org/musl, Red Hat's and
# Fedora's release notes); the releases those of the images' Dockerfiles and Docker Hub pages.
LOOKUPS = """
debian:12                                           glibc   2.36  debian:12                certain
debian:bookworm-slim                                glibc   2.36  debian:12                certain
debian:bookworm-20240101-slim                       glibc   2.36  debian:12                certain
debian:12.5                                         glibc   2.36  debian:12                certain
debian:11-slim                                      glibc   2.31  debian:11                certain
debian:buster                                       glibc   2.28  debian:10                certain
debian:stretch-slim                                 glibc   2.24  debian:9                 certain
debian:8.11                                         glibc   2.19  debian:8                 certain
debian:trixie                                       glibc   2.41  debian:13                certain
debian:stable-slim                                  glibc   2.41  debian:13                likely
debian                                              glibc   2.41  debian:13                likely
ubuntu:14.04                                        glibc   2.19  ubuntu:14.04             certain
ubuntu:xenial                                       glibc   2.23  ubuntu:16.04             certain
ubuntu:bionic-20230530                              glibc   2.27  ubuntu:18.04             certain
ubuntu:20.04                                        glibc   2.31  ubuntu:20.04             certain
ubuntu:jammy-20240101                               glibc   2.35  ubuntu:22.04             certain
ubuntu:24.04                                        glibc   2.39  ubuntu:24.04             certain
public.ecr.aws/ubuntu/ubuntu:22.04                  glibc   2.35  ubuntu:22.04             certain
alpine                                              musl    1.2.6 alpine:3.24              certain
alpine:3                                            musl    1.2.6 alpine:3.24              certain
alpine:3.20.3                                       musl    1.2.5 alpine:3.20              certain
alpine:3.19                                         musl    1.2.4 alpine:3.19              certain
alpine:3.16.9                                       musl    1.2.3 alpine:3.16              certain
alpine:3.12                                         musl    1.1.24 alpine:3.12             certain
alpine:3.4                                          musl    -     -                        likely
lukemathwalker/cargo-chef:0.1.68-rust-1.82.0-slim   glibc   2.36  debian:12                likely
lukemathwalker/cargo-chef:latest-rust-1-alpine3.22  musl    1.2.5 alpine:3.22              likely
ghcr.io/astral-sh/uv:0.5-python3.12-bookworm-slim   glibc   2.36  debian:12                likely
astral/uv:python3.13-trixie                         glibc   2.41  debian:13                likely
docker.io/arm64v8/alpine:3.18                       musl    1.2.4 alpine:3.18              certain
registry.local:5000/library/alpine:3.18             musl    1.2.4 alpine:3.18              certain
centos:7.9.2009                                     glibc   2.17  centos:7                 certain
centos:centos7                                      glibc   2.17  centos:7                 certain
centos:6                                            glibc   2.12  centos:6                 certain
quay.io/centos/centos:stream9                       glibc   2.34  centos:stream9           certain
quay.io/centos/centos:stream10-minimal              glibc   2.39  centos:stream10          certain
ghcr.io/oracle/oraclelinux:9                        glibc   2.34  oraclelinux:9            certain
mcr.microsoft.com/azurelinux/base/core:3.0          glibc   2.38  azurelinux:3.0           likely
mcr.microsoft.com/dotnet/sdk:6.0                    glibc   2.31  debian:11                likely
rockylinux:9.3                                      glibc   2.34  rockylinux:9             certain
rockylinux/rockylinux:8-minimal                     glibc   2.28  rockylinux:8             certain
almalinux:9                                         glibc   2.34  almalinux:9              certain
almalinux/9-minimal                                 glibc   2.34  almalinux:9              likely
oraclelinux:8-slim                                  glibc   2.28  oraclelinux:8            certain
fedora:38                                           glibc   2.37  fedora:38                certain
fedora:39                                           glibc   2.38  fedora:39                certain
amazonlinux:2                                       glibc   2.26  amazonlinux:2            certain
amazonlinux:2023                                    glibc   2.34  amazonlinux:2023         certain
opensuse/leap:15.5                                  glibc   2.31  opensuse:15.5            certain
photon:4.0                                          glibc   2.32  photon:4.0               certain
registry.access.redhat.com/ubi9/ubi-minimal:9.3     glibc   2.34  ubi:9                    certain
registry.redhat.io/ubi8/nodejs-18                   glibc   2.28  ubi:8                    certain
redhat/ubi10                                        glibc   2.39  ubi:10                   certain
quay.io/pypa/manylinux2014_x86_64                   glibc   2.17  manylinux:2014           certain
quay.io/pypa/manylinux_2_28_aarch64:2024-01-01      glibc   2.28  manylinux:2_28           certain
quay.io/pypa/musllinux_1_2_x86_64                   musl    -     -                        likely
gcr.io/distroless/static-debian12                   none    -     distroless:static-debian12 certain
gcr.io/distroless/base-debian12:nonroot             glibc   2.36  distroless:base-debian12 certain
gcr.io/distroless/base-debian10                     glibc   2.28  distroless:base-debian10 certain
gcr.io/distroless/static-debian10:nonroot           none    -     distroless:static-debian10 certain
gcr.io/distroless/cc-debian10:any                   glibc   -     -                        likely
gcr.io/distroless/java:8                            glibc   -     -                        likely
gcr.io/distroless/cc-debian13:debug-nonroot         glibc   2.41  distroless:cc-debian13   certain
gcr.io/distroless/base-debian11                     glibc   2.31  distroless:base-debian11 certain
gcr.io/distroless/base                              glibc   2.41  distroless:base-debian13 likely
gcr.io/distroless/nodejs20-debian12                 glibc   2.36  distroless:nodejs-debian12 certain
gcr.io/distroless/base-debian12:latest-arm64        glibc   2.36  distroless:base-debian12 likely
cgr.dev/chainguard/static                           none    -     chainguard:static        certain
cgr.dev/chainguard/wolfi-base                       glibc   2.43  wolfi                    likely
cgr.dev/chainguard/git                              unknown -     -                        possible
cgr.dev/chainguard/busybox:latest                   unknown -     -                        possible
cgr.dev/chainguard/github-cli                       glibc   2.43  wolfi                    likely
busybox:musl                                        none    -     busybox:musl             certain
busybox:1.36                                        glibc   -     busybox:glibc-1.36       likely
busybox:1.31-glibc                                  glibc   -     busybox:glibc-1.36       likely
docker.io/distroless/base                           unknown -     -                        possible
busybox:1.33.1                                      none    -     busybox:uclibc           likely
busybox:1.35-uclibc                                 none    -     busybox:uclibc           likely
scratch                                             none    -     scratch                  certain
multiarch/qemu-user-static:x86_64-aarch64           none    -     scratch                  likely
multiarch/qemu-user-static:arm-7.2.0-1              none    -     scratch                  likely
multiarch/qemu-user-static:register                 unknown -     -                        possible
quay.io/prometheus/busybox-linux-amd64:latest       none    -     busybox:uclibc           likely
quay.io/prometheus/busybox:glibc                    glibc   2.41  busybox:glibc            likely
tonistiigi/xx:1.9.0                                 none    -     scratch                  likely
frolvlad/alpine-glibc:alpine-3.7_glibc-2.26         musl    1.1.18 alpine:3.7              certain
python:3.12-slim-bookworm                           glibc   2.36  debian:12                certain
python:3.12-alpine3.19                              musl    1.2.4 alpine:3.19              certain
python:3.6-slim                                     glibc   2.31  debian:11                certain
python:2.7                                          glibc   2.28  debian:10                certain
public.ecr.aws/docker/library/python:3.11-bullseye  glibc   2.31  debian:11                certain
node:14-buster-slim                                 glibc   2.28  debian:10                certain
node:18.17.0                                        glibc   2.36  debian:12                certain
node:18.17.0-alpine                                 musl    1.2.4 alpine:3.18              certain
node:20.11.0                                        glibc   2.36  debian:12                certain
golang:1.21.5-bookworm                              glibc   2.36  debian:12                certain
golang:1.13                                         glibc   2.28  debian:10                certain
golang:1.17-alpine                                  musl    1.2.3 alpine:3.16              certain
rust:1.75                                           glibc   2.36  debian:12                certain
rust:1.65-slim-buster                               glibc   2.28  debian:10                certain
nginx:1.25.3-alpine                                 musl    1.2.4 alpine:3.18              certain
nginx:stable                                        glibc   2.41  debian:13                likely
postgres:13-bullseye                                glibc   2.31  debian:11                certain
openjdk:11-jre-slim                                 glibc   2.31  debian:11                certain
eclipse-temurin:17-jdk-jammy                        glibc   2.35  ubuntu:22.04             certain
maven:3.9-eclipse-temurin-17-alpine                 musl    -     -                        likely
buildpack-deps:bookworm-scm                         glibc   2.36  debian:12                certain
mcr.microsoft.com/dotnet/aspnet:8.0                 glibc   2.36  debian:12                likely
mcr.microsoft.com/dotnet/runtime-deps:10.0.1        glibc   2.39  ubuntu:24.04             likely
mcr.microsoft.com/dotnet/sdk:8.0-alpine3.19         musl    1.2.4 alpine:3.19              likely
mcr.microsoft.com/playwright:v1.40.0-jammy          glibc   2.35  ubuntu:22.04             likely
mcr.microsoft.com/devcontainers/base:ubuntu-22.04   glibc   2.35  ubuntu:22.04             likely
nvidia/cuda:12.2.0-base-ubuntu22.04                 glibc   2.35  ubuntu:22.04             likely
nvidia/cuda:11.8.0-runtime-ubi8                     glibc   2.28  ubi:8                    likely
bitnami/minideb:bookworm                            glibc   2.36  debian:12                likely
bitnami/redis:7.2.4-debian-12-r9                    glibc   2.36  debian:12                likely
ghcr.io/astral-sh/uv:python3.12-bookworm-slim       glibc   2.36  debian:12                likely
ghcr.io/astral-sh/uv:0.5.4                          none    -     scratch                  likely
ghcr.io/astral-sh/uv:0.5.4-python3.13-alpine        musl    -     -                        likely
ghcr.io/linuxserver/baseimage-alpine:3.20           musl    1.2.5 alpine:3.20              likely
lscr.io/linuxserver/baseimage-alpine:arm64v8-3.19   musl    1.2.4 alpine:3.19              likely
linuxserver/baseimage-alpine:edge-12ab              unknown -     -                        possible
lscr.io/linuxserver/baseimage-ubuntu:jammy          glibc   2.35  ubuntu:22.04             likely
phusion/baseimage:0.9.18                            glibc   2.19  ubuntu:14.04             likely
phusion/baseimage:0.10.1                            glibc   2.23  ubuntu:16.04             likely
phusion/baseimage:0.11                              glibc   2.27  ubuntu:18.04             likely
phusion/baseimage:18.04-1.0.0                       glibc   2.27  ubuntu:18.04             likely
phusion/baseimage:jammy-1.0.4                       glibc   2.35  ubuntu:22.04             likely
phusion/passenger-ruby32:2.5.1                      glibc   2.31  ubuntu:20.04             likely
phusion/passenger-full:3.1.4                        glibc   2.39  ubuntu:24.04             likely
phusion/passenger-full:4.0.0                        unknown -     -                        possible
public.ecr.aws/lambda/python:3.11                   glibc   2.26  amazonlinux:2            likely
public.ecr.aws/lambda/python:3.12-arm64             glibc   2.34  amazonlinux:2023         likely
public.ecr.aws/lambda/provided:al2023               glibc   2.34  amazonlinux:2023         likely
amazon/aws-lambda-provided:al2                      glibc   2.26  amazonlinux:2            likely
public.ecr.aws/lambda/ruby:3.3                      glibc   -     -                        likely
grafana/grafana:10-alpine                           musl    -     -                        likely
goharbor/photon:5.0                                 glibc   2.36  photon:5.0               likely
corp.example/hub/alpine:3.20                        musl    1.2.5 alpine:3.20              likely
corp.example:5000/hub/python:3.12-slim              unknown -     -                        possible
corp.example:5000/hub/python:3.12-slim-bookworm     glibc   2.36  debian:12                likely
corp.example:5000/hub/debian                        unknown -     -                        possible
x/debian:latest                                     unknown -     -                        possible
x/debian:12                                         glibc   2.36  debian:12                likely
x/alpine:edge                                       unknown -     -                        possible
x/scratch                                           unknown -     -                        possible
progrium/busybox                                    unknown -     -                        possible
gcr.io/cloud-builders/docker                        unknown -     -                        possible
x/oracle-8                                          unknown -     -                        possible
java:oracle-8                                       unknown -     -                        possible
mysql:8.4-oraclelinux9                              glibc   2.34  oraclelinux:9            certain
ros:kinetic                                         unknown -     -                        possible
ros:lunar-ros-core                                  unknown -     -                        possible
x/app:groovy                                        unknown -     -                        possible
x/app:ubuntu-groovy                                 glibc   2.32  ubuntu:20.10             likely
adoptopenjdk/openjdk11:alpine                       musl    1.2.2 alpine:3.14              likely
adoptopenjdk/openjdk8:jdk8u292-b10-alpine           musl    1.2.2 alpine:3.14              likely
adoptopenjdk/openjdk8-openj9:alpine-slim            musl    1.2.2 alpine:3.14              likely
adoptopenjdk/openjdk15:alpine-jre                   musl    1.2.2 alpine:3.14              likely
adoptopenjdk/openjdk16-openj9:alpine                musl    1.2.2 alpine:3.14              likely
adoptopenjdk/openjdk16:alpine                       musl    -     -                        likely
adoptopenjdk/openjdk12:alpine                       musl    -     -                        likely
adoptopenjdk/openjdk14-openj9:alpine-jre            musl    -     -                        likely
gcc:4                                               glibc   2.19  debian:8                 likely
gcc:4.9                                             glibc   2.19  debian:8                 likely
gcc:5.4.0                                           glibc   2.19  debian:8                 likely
gcc:4.8                                             glibc   -     -                        possible
gcc:6.3                                             glibc   2.19  debian:8                 certain
gcr.io/distroless/base-debian9                      glibc   2.24  distroless:base-debian9  certain
gcc:7.5.0                                           glibc   2.28  debian:10                certain
gcc:9.2                                             glibc   2.28  debian:10                certain
gcc:10.2                                            glibc   2.28  debian:10                certain
gcc:6.5                                             glibc   -     -                        possible
dokken/centos-stream-9                              glibc   2.34  centos:stream9           likely
corp.example/team/base-debian-12:7                  glibc   2.36  debian:12                likely
quay.io/jupyter/scipy-notebook                      glibc   2.39  ubuntu:24.04             likely
quay.io/sclorg/s2i-base-c9s:c9s                     glibc   2.34  centos:stream9           likely
heroku/heroku:22-build                              glibc   2.35  ubuntu:22.04             likely
mcr.microsoft.com/dotnet/sdk:8.0-azurelinux3.0      glibc   2.38  azurelinux:3.0           likely
ubi9/s2i-base:1                                     glibc   2.34  ubi:9                    likely
denoland/deno:bin-2.9.1                             none    -     scratch                  likely
denoland/deno:2.5.6                                 glibc   -     -                        likely
denoland/deno:ubuntu-2.5.6                          glibc   2.35  ubuntu:22.04             likely
denoland/deno:distroless                            unknown -     -                        possible
denoland/deno:alpine-2.5.6                          musl    -     -                        likely
oven/bun                                            glibc   -     -                        likely
oven/bun:1.3-slim                                   glibc   -     -                        likely
oven/bun:1-alpine                                   musl    -     -                        likely
oven/bun:1-distroless                               unknown -     -                        possible
crystallang/crystal:1.11.2-build                    glibc   2.35  ubuntu:22.04             likely
crystallang/crystal:1.14                            glibc   2.39  ubuntu:24.04             likely
crystallang/crystal:1.14-alpine                     musl    -     -                        likely
crystallang/crystal:1.12.2                          unknown -     -                        possible
ghcr.io/astral-sh/uv:debian-slim                    glibc   -     -                        likely
ghcr.io/graalvm/graalvm-ce:22.3.3                   glibc   -     -                        likely
someone/python:3.12                                 unknown -     -                        possible
quay.io/team/golang:1.25                            unknown -     -                        possible
ghcr.io/team/node:22                                unknown -     -                        possible
ghcr.io/team/debian:12                              glibc   2.36  debian:12                likely
ghcr.io/team/node:22-bookworm                       glibc   2.36  debian:12                likely
myorg/app:1.0-alpine3.19                            musl    1.2.4 alpine:3.19              likely
ghcr.io/me/app:2-jammy                              glibc   2.35  ubuntu:22.04             likely
python:3.99                                         glibc   -     -                        possible
node:99-alpine                                      musl    -     -                        likely
myorg/app:1.0                                       unknown -     -                        possible
golang@sha256:{hex}                                 unknown -     -                        possible
debian@sha256:{hex}                                 glibc   -     -                        possible
""".replace("{hex}", "ab" * 32)


@pytest.mark.parametrize("row", LOOKUPS.strip().splitlines(), ids=lambda row: row.split()[0])
def test_lookup(row: str) -> None:
    reference, family, version, release, confidence = row.split()
    found = known(reference)
    shown = (found.libc.family, found.libc.version or "-", found.release or "-", found.confidence)
    assert shown == (family, version, release, confidence), found.why


def test_a_moving_tag_says_so_with_the_date() -> None:
    moving = known("python:3.12")
    assert moving.moving
    assert moving.why == "python:3.12 stands on debian:13 as of 2026-08-21; the tag moves"
    assert not known("python:3.6").moving  # published no more: it stays where it is
    assert not known("debian:bookworm").moving
    assert known("debian:sid").moving


def test_measured_roots_list_their_libraries() -> None:
    bookworm, trixie, alpine = known("debian:bookworm-slim"), known("debian:trixie"), known("alpine:3.20")
    assert bookworm.libraries_complete and trixie.libraries_complete and alpine.libraries_complete
    for soname, where in {
        "libstdc++.so.6": (True, True, False),
        "libgcc_s.so.1": (True, True, False),
        "libssl.so.3": (False, True, True),
        "libffi.so.8": (True, False, False),
        "libsqlite3.so.0": (False, True, False),
        "libbz2.so.1.0": (True, True, False),  # the soname that Debian's libbz2 really has
        "libcurl.so.4": (False, False, False),
        "libc.musl-x86_64.so.1": (False, False, True),
        "ld-linux-x86-64.so.2": (True, True, False),
    }.items():
        assert tuple(soname in image.libraries for image in (bookworm, trixie, alpine)) == where, soname


def test_a_language_image_has_its_roots_libraries_as_a_floor() -> None:
    slim = known("python:3.12-slim-bookworm")
    assert "libstdc++.so.6" in slim.libraries
    assert not slim.libraries_complete and not slim.interpreters_complete
    assert slim.loaders_complete
    assert {"libstdc++.so.6", "libgcc_s.so.1"} <= set(known("node:20-alpine3.19").libraries)
    assert "libstdc++.so.6" not in known("python:3.12-alpine3.19").libraries


def test_without_a_list_only_libcs_own_libraries_are_claimed() -> None:
    centos = known("centos:7")
    assert "libpthread.so.0" in centos.libraries and "libnsl.so.1" not in centos.libraries
    assert not centos.libraries_complete
    assert known("fedora:43").libc.ceilings["GLIBC"] == "2.42"
    assert known("fedora:38").libc.ceilings["GLIBC"] == "2.36"  # glibc 2.37 defines no GLIBC_2.37
    assert known("debian:12").libc.abi_tags == {"ABI_DT_RELR"}
    assert known("ubuntu:22.04").libc.abi_tags == frozenset()
    assert known("amazonlinux:2023").libc.ceilings["GLIBCXX"] == "3.4.33"


def test_gcc_has_a_cxx_runtime_of_its_own() -> None:
    own, plain = known("gcc:13-bookworm"), known("buildpack-deps:bookworm")
    assert (own.libraries["libstdc++.so.6"].versions, own.libc.ceilings.get("GLIBCXX")) == (None, None)
    assert plain.libraries["libstdc++.so.6"].versions
    assert plain.libc.ceilings["GLIBCXX"] == "3.4.30"
    assert own.libc.ceilings["GLIBC"] == "2.36"


def test_distroless() -> None:
    base, cc, static = (known(f"gcr.io/distroless/{name}-debian12") for name in ("base", "cc", "static"))
    assert base.libraries_complete and cc.libraries_complete and static.libraries_complete
    assert "libssl.so.3" in base.libraries and "libstdc++.so.6" not in base.libraries
    assert "GLIBCXX" not in base.libc.ceilings and cc.libc.ceilings["GLIBCXX"] == "3.4.30"
    assert {"libstdc++.so.6", "libgcc_s.so.1", "libgomp.so.1"} <= set(cc.libraries)
    assert static.loaders == () and static.loaders_complete and static.libraries == {}
    assert base.package_manager is None and base.interpreters == frozenset() and base.interpreters_complete
    assert not known("gcr.io/distroless/base-debian12:debug").interpreters_complete
    assert "libssl.so.1.1" in known("gcr.io/distroless/base-debian11").libraries
    assert base.environment is not None and base.environment["SSL_CERT_FILE"]


@pytest.mark.parametrize(
    ("platform", "debian", "alpine", "triplet"),
    [
        ("linux/amd64", "/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1", "x86_64-linux-gnu"),
        ("linux/arm64", "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1", "aarch64-linux-gnu"),
        ("linux/arm/v7", "/lib/ld-linux-armhf.so.3", "/lib/ld-musl-armhf.so.1", "arm-linux-gnueabihf"),
        ("linux/arm/v5", "/lib/ld-linux.so.3", "/lib/ld-musl-arm.so.1", "arm-linux-gnueabi"),
        ("linux/386", "/lib/ld-linux.so.2", "/lib/ld-musl-i386.so.1", "i386-linux-gnu"),
        ("linux/ppc64le", "/lib64/ld64.so.2", "/lib/ld-musl-powerpc64le.so.1", "powerpc64le-linux-gnu"),
        ("linux/s390x", "/lib/ld64.so.1", "/lib/ld-musl-s390x.so.1", "s390x-linux-gnu"),
        ("linux/riscv64", "/lib/ld-linux-riscv64-lp64d.so.1", "/lib/ld-musl-riscv64.so.1", "riscv64-linux-gnu"),
    ],
)
def test_loaders_and_search_paths(platform: str, debian: str, alpine: str, triplet: str) -> None:
    there = parse_platform(platform)
    bookworm, musl = known("debian:12", there), known("alpine:3.20", there)
    assert bookworm.loaders == (debian,) and musl.loaders == (alpine,)
    assert bookworm.loaders_complete and musl.loaders_complete
    assert debian.rpartition("/")[2] in bookworm.libraries
    assert bookworm.search_paths == (f"/lib/{triplet}", f"/usr/lib/{triplet}", "/lib", "/usr/lib")
    assert bookworm.cache_paths == ("/usr/local/lib", f"/usr/local/lib/{triplet}")
    assert musl.search_paths == ("/lib", "/usr/local/lib", "/usr/lib") and musl.cache_paths == ()


def test_search_paths_of_rpm_systems() -> None:
    assert known("rockylinux:9").search_paths == ("/lib64", "/usr/lib64", "/lib", "/usr/lib")
    assert known("rockylinux:9", parse_platform("linux/386")).search_paths == ("/lib", "/usr/lib")


def test_usr_is_merged_since_bookworm() -> None:
    merged = {"/bin": "usr/bin", "/sbin": "usr/sbin", "/lib": "usr/lib", "/lib64": "usr/lib64"}
    assert known("debian:12").links == merged and known("debian:12").links_complete
    assert known("debian:12", ARM64).links == {key: merged[key] for key in ("/bin", "/sbin", "/lib")}
    assert known("debian:11").links == {} and known("debian:11").links_complete
    assert known("fedora:43").links == merged
    assert not known("ubuntu:24.04").links_complete


def test_interpreters() -> None:
    assert {"/bin/sh", "/bin/bash", "/usr/bin/env", "/usr/bin/perl"} <= known("debian:12").interpreters
    alpine = known("alpine:3.20")
    assert "/bin/sh" in alpine.interpreters and "/bin/bash" not in alpine.interpreters and alpine.interpreters_complete
    assert known("scratch").interpreters == frozenset() and known("scratch").interpreters_complete
    chiseled = known("mcr.microsoft.com/dotnet/runtime-deps:8.0-jammy-chiseled")
    assert (chiseled.release, chiseled.package_manager, chiseled.interpreters) == ("ubuntu:22.04", None, frozenset())


def test_glibc_beside_musl() -> None:
    image = known("frolvlad/alpine-glibc:alpine-3.7_glibc-2.26")
    second = image.secondary
    assert image.loaders == ("/lib/ld-musl-x86_64.so.1",) and second is not None
    assert (second.libc.family, second.libc.version, second.libc.ceilings) == ("glibc", "2.26", {"GLIBC": "2.26"})
    assert second.loaders[0] == "/lib64/ld-linux-x86-64.so.2" and "/lib/ld-linux-x86-64.so.2" in second.loaders
    assert second.search_paths[0] == "/usr/glibc-compat/lib" and "/usr/lib" in second.cache_paths
    assert "libc.so.6" in second.libraries and "libz.so.1" in second.libraries
    assert "libstdc++.so.6" not in second.libraries and second.libraries_complete
    latest = known("frolvlad/alpine-glibc").secondary
    assert latest is not None and latest.libc.version == "2.42"
    assert known("frolvlad/alpine-glibc:alpine-3.15_glibc-2.34").secondary is not None


def test_distroless_on_debian_9_has_openssl() -> None:
    cc, base = known("gcr.io/distroless/cc-debian9"), known("gcr.io/distroless/base-debian9")
    assert {"libssl.so.1.1", "libcrypto.so.1.1", "libstdc++.so.6"} <= set(cc.libraries)
    assert "libssl.so.1.1" in base.libraries and "libstdc++.so.6" not in base.libraries


@pytest.mark.parametrize(
    ("text", "manager"),
    [
        ("registry.access.redhat.com/ubi8/ubi-micro", None),
        ("redhat/ubi10-micro", None),
        ("registry.access.redhat.com/ubi9/python-311", "dnf"),
        ("cgr.dev/chainguard/node:18", None),
        ("cgr.dev/chainguard/python:latest-dev", "apk"),
        ("cgr.dev/chainguard/wolfi-base", "apk"),
        ("dhi.io/static:20251003-musl-alpine3.23", None),
        ("dhi.io/node:22-alpine3.22-dev", "apk"),
        ("mcr.microsoft.com/dotnet/runtime:8.0-jammy-chiseled", None),
    ],
)
def test_a_stripped_image_has_no_package_manager_and_no_shell(text: str, manager: str | None) -> None:
    image = known(text)
    assert image.package_manager == manager
    assert manager is not None or (not image.interpreters and not image.interpreters_complete)


def test_of_a_machine_that_nobody_knows_nothing_is_sure() -> None:
    image = known("balenalib/raspberry-pi-debian:buster")
    assert (image.libc.family, image.confidence) == ("unknown", "possible")


def test_nix_has_no_dynamic_linker_at_a_standard_path() -> None:
    nix = known("nixos/nix")
    assert nix.loaders == () and nix.loaders_complete
    assert nix.libc.family == "glibc"


@pytest.mark.parametrize(
    "text",
    ["adoptopenjdk/openjdk11:alpine", "me/alpine-glibc:3.19-alpine3.19", "me/app:glibc-alpine3.18", "redis:3.2-32bit"],
)
def test_where_a_second_dynamic_linker_may_be(text: str) -> None:
    assert not known(text).loaders_complete


@pytest.mark.parametrize(
    "text",
    [
        "mcr.microsoft.com/windows/servercore:ltsc2022",
        "golang:1.21-nanoserver",
        "python:3.12-windowsservercore-ltsc2022",
    ],
)
def test_windows(text: str) -> None:
    image = known(text)
    assert image.windows and image.libc.family == "unknown"


def test_an_image_for_another_architecture_keeps_its_own() -> None:
    assert known("arm64v8/debian:12").loaders == ("/lib/ld-linux-aarch64.so.1",)
    assert known("i386/debian:12").loaders == ("/lib/ld-linux.so.2",)


def test_environment_and_working_directory() -> None:
    golang = known("golang:1.21-alpine")
    assert golang.environment is not None and golang.environment["GOPATH"] == "/go" and golang.workdir == "/go"
    assert golang.environment["GOLANG_VERSION"] is None  # set, but its value varies
    debian = known("debian:12")
    assert debian.environment == {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    assert known("scratch").environment == {}
    assert known("nginx:1.25").environment is None and known("nginx:1.25").workdir is None


def test_sizes_only_where_a_source_has_them() -> None:
    assert known("debian:bookworm-slim").size == known("debian:12-slim").size == 28238443
    assert known("alpine").size == 3849738 and known("ubuntu:24.04").size == 29764116
    assert known("debian:bookworm").size == 48503440 and known("alpine:3.20").size is None
    assert known("ubuntu:24.04", ARM64).size is None
    assert (known("debian:12").size, known("debian:12").unpacked_size) == (48503440, 116570000)
    assert (known("debian:13-slim").unpacked_size, known("debian:13").unpacked_size) == (78810000, 120090000)
    assert (known("almalinux:9").size, known("almalinux:9-minimal").size) == (71727902, None)
    assert (known("oraclelinux:9-slim").size, known("oraclelinux:9").size) == (47931319, 95083931)
    assert known("ubuntu:24.04", ARM64).unpacked_size is None


def test_an_architecture_without_facts_is_unknown() -> None:
    strange = known("debian:12", Platform("linux", "wasm"))
    assert strange.libc.family == "unknown" and "wasm" in strange.why


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("python:3.12-bulseye", "did you mean python:3.12-bullseye?"),
        ("node:20-bookwrm-slim", "did you mean node:20-bookworm-slim?"),
        ("debian:bookwrm", "did you mean debian:bookworm?"),
        ("ubuntu:jamy", "did you mean ubuntu:jammy?"),
        ("golang:1.21-alpin", "did you mean golang:1.21-alpine?"),
        ("maven:3.9-eclipse-temruin-17", "did you mean maven:3.9-eclipse-temurin-17?"),
        ("myorg/app:1", "--base myorg/app:1=glibc:VERSION"),
        ("Not An Image", "not an image reference"),
        ("$BASE", "not an image reference"),
    ],
)
def test_an_unknown_image_says_why(text: str, hint: str) -> None:
    image = known(text)
    assert hint in image.why
    assert image.release is None and image.confidence is Confidence.POSSIBLE


@pytest.mark.parametrize("text", ["alpine:3.4", "nginx:1.13-alpine", "python:3.99", "maven:3.8.5-eclipse-temurin-17"])
def test_another_number_is_no_near_miss(text: str) -> None:
    assert "did you mean" not in known(text).why


def test_every_release_makes_a_profile_on_every_architecture() -> None:
    from depscan.images.architectures import architecture_of

    names = ["amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64"]
    rows = list(all_releases())
    assert len(rows) >= 136
    assert [row.id for row in rows] == sorted({row.id for row in rows})
    for row in rows:
        assert find_release(row.id) == row
        assert row.source and row.as_of <= knowledge_as_of()
        for name in names:
            architecture = architecture_of(Platform("linux", name))
            assert architecture is not None
            made = release_profile(row, architecture)
            assert all(path.startswith("/") and "{" not in path for path in (*made.search_paths, *made.links))
            assert bool(made.loaders) == (row.libc in ("glibc", "musl") and row.layout != "nix")


def test_every_row_of_tags_is_found() -> None:
    import json

    lines = [json.loads(line) for line in (KNOWLEDGE / "images.jsonl").read_text("utf-8").splitlines()]
    seen: set[tuple[str, str]] = set()
    for image, release, settled, moving in lines:
        tags = find_tags(image)
        for tag in settled.split():
            assert (tags[tag].release, tags[tag].moving) == (release, False), (image, tag)
        for tag in moving.split():
            assert (tags[tag].release, tags[tag].moving) == (release, True), (image, tag)
        named = {(image, tag) for tag in (*settled.split(), *moving.split())}
        assert not named & seen, named & seen
        seen |= named
    assert len(seen) > 20_000


def test_the_knowledge_is_small() -> None:
    import zlib

    sizes = [(path.stat().st_size, zlib.compress(path.read_bytes())) for path in KNOWLEDGE.rglob("*") if path.is_file()]
    assert sum(len(packed) for _, packed in sizes) < 1_100_000  # what it weighs in the wheel
    assert sum(size for size, _ in sizes) < 5_000_000


def test_candidates_keep_the_language_image_first() -> None:
    assert candidates(known("python:3.12-alpine"))[:2] == ("python:3.12-slim-bookworm", "python:3.12-slim-trixie")
    assert "node:20-bookworm-slim" in candidates(known("node:20-alpine"))[:2]
    assert candidates(known("php:8.1-fpm-alpine"))[0] == "php:8.1-fpm-bookworm"
    assert candidates(known("golang:1.21-alpine"))[0] == "golang:1.21-bookworm"
    assert "golang:1.21-alpine3.20" in candidates(known("golang:1.21"))


def test_candidates_step_to_newer_releases() -> None:
    assert candidates(known("debian:11"))[:2] == ("debian:bookworm-slim", "debian:trixie-slim")
    assert candidates(known("ubuntu:20.04"))[:3] == ("ubuntu:22.04", "ubuntu:24.04", "ubuntu:26.04")
    assert candidates(known("rockylinux:8"))[:2] == ("rockylinux:9", "rockylinux:10")
    assert candidates(known("gcr.io/distroless/static"))[2] == "gcr.io/distroless/base-debian12"
    assert candidates(known("scratch"))[0] == "gcr.io/distroless/base-debian12"


@pytest.mark.parametrize("text", ["alpine:3.16", "scratch", "debian:10", "ubuntu:18.04", "node:18-alpine", "me/app:1"])
def test_candidates_always_offer_the_usual_bases(text: str) -> None:
    found = candidates(known(text))
    usual = {"debian:bookworm-slim", "debian:trixie-slim", "ubuntu:22.04", "ubuntu:24.04", "frolvlad/alpine-glibc"}
    assert usual | {"gcr.io/distroless/base-debian12", "gcr.io/distroless/cc-debian12", "alpine:3.24"} <= set(found)
    assert len(found) == len(set(found)) and text not in found
    assert all(lookup(parse_reference(other), DEFAULT_PLATFORM) for other in found)


def test_all_bases_are_known() -> None:
    bases = all_bases(RISCV)
    assert len(bases) > 40
    assert {base.libc.family for base in bases} == {"none", "musl", "glibc"}
    assert all(base.release for base in bases)
