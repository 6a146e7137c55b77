"""Every known base and every package manager: whatever a RUN asks for, in words however odd, is no bug in depscan."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import pytest

from depscan.images.lookup import profile
from depscan.images.rows import all_releases, find_tags, read_rows
from depscan.packages import PROGRAMS
from depscan.packages.providers import may_bring_programs, names_needed, own_libraries, provides, who_provides
from depscan.platforms import DEFAULT_PLATFORM

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunDepscan

# What each program is asked to do; {} stands for a package.
REQUESTS = {
    "apk": (
        "update",
        "add --no-cache {}",
        "add -t .deps {}",
        "del {}",
        "del .deps",
        "upgrade",
        "search {}",
        "info -e {}",
    ),
    "apt": ("update", "install -y {}", "remove {}"),
    "apt-get": (
        "update",
        "install -y --no-install-recommends {}",
        "purge --auto-remove {}",
        "autoremove",
        "upgrade -y",
    ),
    "aptitude": ("update", "install -y {}", "purge {}", "search {}"),
    "dpkg": ("-i {}", "-P {}", "-l {}", "--add-architecture i386"),
    "dnf": ("makecache", "install -y {}", "remove -y {}", "module enable {}", "repoquery {}"),
    "dnf5": ("install -y {}", "remove -y {}", "upgrade -y"),
    "microdnf": ("install -y {}", "remove {}", "update"),
    "rpm": ("-i {}", "-Uvh {}", "-e {}", "-qa {}", "--import {}"),
    "tdnf": ("install -y {}", "erase -y {}", "update"),
    "yum": ("makecache", "install -y {}", "erase -y {}", "groupinstall -y {}", "list {}"),
    "pacman": ("-Sy", "-S --noconfirm {}", "-Rs {}", "-Syu --noconfirm", "-U {}", "-Ss {}"),
    "zypper": ("refresh", "install -y {}", "remove -y {}", "dup -y", "search {}"),
}
# Names of bases, of files and of nothing, constraints without a name, patterns, and what is hardly a word.
PACKAGES = (
    "", "busybox", "alpine", "debian", "scratch", "curl", "libssl-dev", "curl=7.*", "=1", ":amd64", "g++", "libc6-",
    "-", "--", ".", "..", "@web", "!curl", "a/b", "./x.deb", "https://x.example/a.rpm", "/tmp/*.apk", "'*'", "lib*",
    "'['", "'('", '"a b"', "'\\'", "$X", '"$X"', "python3-{a,b}", "näme", "\\", "0", "a" * 5_000,
)  # fmt: skip


def bases() -> dict[str, str]:
    """A reference for each distribution that some image stands on, by its newest known release."""
    images = dict.fromkeys(line.split(b'"')[1].decode() for line in read_rows("images.jsonl").splitlines() if line)
    tags = ((f"{image}:{tag}", row.release) for image in images for tag, row in find_tags(image).items())
    return {"scratch": "scratch", **{release.partition(":")[0]: reference for reference, release in tags}}


def requests() -> list[str]:
    """Each request once, each with another package."""
    packages = cycle(PACKAGES)
    return [f"{program} {text.format(next(packages))}" for program, asked in REQUESTS.items() for text in asked]


def test_every_program_is_asked() -> None:
    assert set(REQUESTS) == set(PROGRAMS)


@pytest.mark.parametrize("base", bases().values(), ids=bases())
def test_a_base_and_all_managers(base: str, tmp_path: Path, run_depscan: RunDepscan) -> None:
    runs = "\n".join(f"RUN {request}" for request in requests())
    (tmp_path / "Dockerfile").write_text(f"FROM {base}\n{runs}\n")
    found = run_depscan("--isolated", "--format=concise", str(tmp_path / "Dockerfile"))
    assert (found.code in (0, 1), found.err) == (True, "")


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("package", ["busybox", ""])
def test_no_shell_and_no_manager(program: str, package: str, tmp_path: Path, run_depscan: RunDepscan) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM busybox\nRUN {REQUESTS[program][0].format(package)} {package}\n")
    assert run_depscan("--isolated", "--format=concise", str(tmp_path / "Dockerfile")).code in (0, 1)


@pytest.mark.parametrize("manager", sorted(set(PROGRAMS.values())))
def test_a_release_and_all_packages(manager: str) -> None:
    for release in [row.id for row in all_releases()]:
        for package in (*PACKAGES, release, release.partition(":")[0], "\udc80", "a\nb", '"', "libraries"):
            assert isinstance(own_libraries(manager, release, package), tuple)
        for package in ("busybox", "bash"):
            assert package in names_needed(manager, release, package)
            provides(manager, release, package)
            may_bring_programs(manager, release, package)
            who_provides(manager, release, f"/bin/{package}")


@pytest.mark.parametrize("name", ["busybox", "bash", "python3", "alpine", "debian:99", "", "*", '"'])
def test_a_release_called_like_a_package_has_no_packages(name: str) -> None:
    assert [provides(manager, name, "bash") for manager in ("apt", "dnf", "pacman", "zypper")] == [None] * 4
    assert profile(name or "x", DEFAULT_PLATFORM, {}) is not None


def test_a_build_argument_of_any_bytes(tmp_path: Path, run_depscan: RunDepscan) -> None:
    text = (
        "FROM {}\nARG NAME\nRUN apt-get update && apt-get install -y $NAME\nRUN apk add $NAME\nRUN dnf install $NAME\n"
    )
    for base in ("debian:12", "alpine:3.20", "rockylinux:9"):
        (tmp_path / "Dockerfile").write_text(text.format(base))
        found = run_depscan("--isolated", "--build-arg=NAME=\udc80", str(tmp_path / "Dockerfile"))
        assert (found.code in (0, 1), found.err) == (True, "")
