"""An image is for the machine that its name tells: programs are held against that, never against amd64 unawares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from depscan.platforms import DEFAULT_PLATFORM, parse_platform, platform_of_image

if TYPE_CHECKING:
    from tests.conftest import RunDepscan

ELF = Path(__file__).parents[1] / "fixtures" / "elf"

# Docker's own per-machine namespaces (docker-library/official-images, README), and how others name theirs.
NAMES = """
arm32v7/debian                                  linux/arm/v7
docker.io/arm32v6/alpine:3.20                   linux/arm/v6
arm32v5/debian:bookworm-slim@sha256:0           linux/arm/v5
arm64v8/node:20-alpine                          linux/arm64
i386/debian:buster                              linux/386
ppc64le/ubuntu                                  linux/ppc64le
s390x/alpine                                    linux/s390x
riscv64/debian:sid                              linux/riscv64
mips64le/debian                                 linux/mips64le
amd64/debian                                    linux/amd64
armhf/alpine:3.5                                linux/arm/v7
aarch64/ubuntu                                  linux/arm64
balenalib/armv7hf-debian:buster                 linux/arm/v7
balenalib/aarch64-alpine-node:12                linux/arm64
balenalib/amd64-debian                          linux/amd64
balenalib/raspberrypi3-debian:buster            linux/unknown
balenalib/jetson-nano-ubuntu                    linux/unknown
balenalib/intel-nuc-debian                      linux/unknown
resin/armhf-alpine                              linux/arm/v7
resin/rpi-raspbian:jessie                       linux/unknown
multiarch/debian-debootstrap:armhf-jessie       linux/arm/v7
multiarch/ubuntu-core:arm64-bionic              linux/arm64
multiarch/alpine:x86_64-latest-stable           linux/amd64
multiarch/qemu-user-static:x86_64-aarch64       linux/amd64
multiarch/crossbuild                            linux/amd64
hypriot/rpi-node                                linux/unknown
nvcr.io/nvidia/l4t-base:r32.4.4                 linux/unknown
homeassistant/armhf-base                        linux/arm/v7
ghcr.io/home-assistant/aarch64-base:3.18        linux/arm64
quay.io/pypa/manylinux2014_aarch64              linux/arm64
quay.io/pypa/manylinux_2_28_x86_64:latest       linux/amd64
x/app:1.0-arm32v7                               linux/arm/v7
x/app:latest-arm64                              linux/arm64
x/app:3.1-arm64v8                               linux/arm64
x/app:aarch64                                   linux/arm64
x/app:1.0-amd64                                 linux/amd64
registry.example:5000/x/app:1.0-aarch64         linux/arm64
lscr.io/linuxserver/nginx:arm64v8-latest        linux/arm64
gcr.io/distroless/static:nonroot-arm64          linux/arm64
x/app-arm64                                     linux/unknown
dockcross/linux-arm64:latest                    linux/amd64
ghcr.io/cross-rs/aarch64-unknown-linux-gnu:main linux/amd64
debian:12                                       linux/amd64
registry.example:5000/debian                    linux/amd64
x/charm:latest                                  linux/amd64
x/alarm:3                                       linux/amd64
scratch                                         linux/amd64
"""


@pytest.mark.parametrize("row", NAMES.strip().splitlines())
def test_the_machine_that_a_name_tells(row: str) -> None:
    name, platform = row.split()
    assert str(platform_of_image(name, DEFAULT_PLATFORM)) == platform


def test_the_platform_that_is_asked_for_keeps_its_variant() -> None:
    asked = parse_platform("linux/arm/v6")
    assert platform_of_image("arm32v7/debian", asked) == asked
    assert str(platform_of_image("amd64/debian", asked)) == "linux/amd64"
    assert platform_of_image("debian", asked) == asked


CASES = [
    # base, program, platform, cause of the failure (None: loads; "": unknown)
    ("arm32v7/debian:bookworm-slim", "hello-armhf", "linux/amd64", None),
    ("arm64v8/debian:bookworm-slim", "hello-arm64", "linux/amd64", None),
    ("arm64v8/alpine:3.20", "hello-musl-arm64", "linux/amd64", None),
    ("arm64v8/alpine:3.20", "hello-arm64", "linux/amd64", "interpreter-missing"),
    ("i386/debian:bookworm", "hello-i386", "linux/amd64", None),
    ("arm64v8/debian:12", "hello-glibc-dynamic", "linux/amd64", "wrong-architecture"),
    ("amd64/debian:12", "hello-glibc-dynamic", "linux/arm64", None),
    ("multiarch/debian-debootstrap:arm64-bookworm", "hello-arm64", "linux/amd64", None),
    ("balenalib/raspberrypi3-debian:buster", "hello-armhf", "linux/amd64", ""),
    ("hypriot/rpi-alpine", "hello-armhf", "linux/amd64", ""),
    ("x/app:1.0-arm64", "hello-arm64", "linux/amd64", ""),
]


@pytest.mark.parametrize("case", CASES)
def test_a_program_is_held_against_the_machine_of_its_image(
    case: tuple[str, str, str, str | None], tmp_path: Path, run_depscan: RunDepscan
) -> None:
    base, program, platform, cause = case
    (tmp_path / "p").write_bytes((ELF / program).read_bytes())
    (tmp_path / "p").chmod(0o755)
    (tmp_path / "Dockerfile").write_text(f'FROM {base}\nCOPY p /p\nFROM 0\nCMD ["/p"]\n')
    found = run_depscan("--isolated", "--format=json", f"--platform={platform}", str(tmp_path / "Dockerfile"))
    (scan,) = json.loads(found.out)["scans"]
    placement = scan["placements"][0]
    verdict = {None: "loads", "": "unknown"}.get(cause, "fails")
    assert (placement["verdict"], placement["cause"] or cause) == (verdict, cause)
    errors = [finding["rule"] for finding in scan["findings"] if finding["severity"] == "error"]
    assert bool(errors) is (verdict == "fails")
