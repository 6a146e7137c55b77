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
multiarch/ubuntu-debootstrap:powerpc-xenial     linux/unknown
armbuild/ubuntu-debootstrap:vivid               linux/unknown
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
    assert str(platform_of_image(name, DEFAULT_PLATFORM).platform) == platform


def test_the_platform_that_is_asked_for_keeps_its_variant() -> None:
    asked = parse_platform("linux/arm/v6")
    assert platform_of_image("arm32v7/debian", asked).platform == asked
    assert str(platform_of_image("amd64/debian", asked).platform) == "linux/amd64"
    assert platform_of_image("debian", asked).platform == asked


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
    (tmp_path / "Dockerfile").write_text(f'FROM {base} AS a\nCOPY p /p\nFROM a\nCMD ["/p"]\n')
    found = run_depscan("--isolated", "--format=json", f"--platform={platform}", str(tmp_path / "Dockerfile"))
    (scan,) = json.loads(found.out)["scans"]
    placement = scan["placements"][0]
    verdict = {None: "loads", "": "unknown"}.get(cause, "fails")
    assert (placement["verdict"], placement["cause"] or cause) == (verdict, cause)
    errors = [finding["rule"] for finding in scan["findings"] if finding["severity"] == "error"]
    assert bool(errors) is (verdict == "fails")


FOREIGN = [
    # base, option, (severity, confidence) of wrong-architecture
    ("arm64v8/debian:12", (), ("error", "certain")),
    ("docker.io/arm32v7/debian:12", (), ("error", "certain")),
    ("i386/debian:12", (), ("error", "certain")),
    ("x/app:1.0-arm64", (), ("error", "likely")),
    ("x/app:1.0-arm64", ("--platform=linux/amd64",), ("error", "likely")),
    ("registry.example/arm64v8/debian:12", (), ("error", "likely")),
    ("ghcr.io/home-assistant/aarch64-base:3.18", (), ("error", "likely")),
    ("gcr.io/distroless/static:nonroot-arm64", (), ("error", "likely")),
    ("x/app:1.0-amd64", ("--platform=linux/amd64",), None),
    ("x/app-arm64", (), None),
]


@pytest.mark.parametrize(("base", "options", "told"), FOREIGN)
def test_a_strangers_name_proves_no_machine(
    base: str, options: tuple[str, ...], told: tuple[str, str] | None, tmp_path: Path, run_depscan: RunDepscan
) -> None:
    """A name that a stranger chose makes a program of another machine likely wrong; Docker's namespaces are certain."""
    (tmp_path / "p").write_bytes((ELF / "hello-static").read_bytes())
    (tmp_path / "p").chmod(0o755)
    (tmp_path / "Dockerfile").write_text(f'FROM {base} AS a\nFROM a\nCOPY p /p\nENTRYPOINT ["/p"]\n')
    found = run_depscan("--isolated", "--format=json", *options, str(tmp_path / "Dockerfile"))
    (scan,) = json.loads(found.out)["scans"]
    findings = [each for each in scan["findings"] if each["rule"] == "wrong-architecture"]
    shown = [(each["severity"], each["confidence"], each["location"]["line"]) for each in findings]
    assert shown == ([(*told, 3)] if told else [])
    assert not any(each["rule"] == "built-for-another-platform" for each in scan["findings"])
    if told == ("error", "likely"):
        assert any(each.startswith("only the name of ") for each in findings[0]["evidence"])


@pytest.mark.parametrize(
    ("base", "name", "verdict"),
    [
        ("arm32v7/debian:12", "qemu-arm-static", "unknown"),
        ("arm64v8/debian:12", "qemu-aarch64", "unknown"),
        ("balenalib/armv7hf-debian:buster", "qemu-arm-static", "unknown"),
        ("arm64v8/debian:12", "qemu-img", "fails"),
        ("arm64v8/debian:12", "qemu-arm-statical", "fails"),
        ("debian:12", "qemu-arm-static", "loads"),
    ],
)
def test_an_emulator_is_of_the_machine_that_builds(
    base: str, name: str, verdict: str, tmp_path: Path, run_depscan: RunDepscan
) -> None:
    (tmp_path / name).write_bytes((ELF / "hello-static").read_bytes())
    (tmp_path / name).chmod(0o755)
    (tmp_path / "Dockerfile").write_text(f"FROM {base}\nCOPY {name} /usr/bin/\n")
    found = run_depscan("--isolated", "--format=json", str(tmp_path / "Dockerfile"))
    (scan,) = json.loads(found.out)["scans"]
    assert [each["verdict"] for each in scan["placements"]] == [verdict]
    assert bool([each for each in scan["findings"] if each["severity"] == "error"]) is (verdict == "fails")
