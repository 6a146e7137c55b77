"""Which Python a stage has, and where it keeps packages.

In: a `Workplace`. Out: `Interpreter`, None where no Python is known. docker-library's images have theirs in /usr/local
(docker-library/python */Dockerfile), the uv images that name a Python stand on these (astral-sh/uv Dockerfile), Debian,
Ubuntu and Alpine put theirs in /usr/bin. As of 2026-11-24.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from depscan.toolchains.workplace import Workplace

_OFFICIAL = re.compile(
    r"(?:.*/library/)?python:(?!2)(?:(3\.\d+)|3|latest|slim|alpine|bookworm|trixie|bullseye)?(?![\w.]*rc).*"
)
_UV = re.compile(r"(?:ghcr\.io/)?astral-sh/uv:(?:.*-)?python(3\.\d+)(?:-.*)?")
# Release -> the version of its package python3 (packages.debian.org, packages.ubuntu.com, pkgs.alpinelinux.org).
_VERSIONS = {
    "debian:10": "3.7", "debian:11": "3.9", "debian:12": "3.11", "debian:13": "3.13",
    "ubuntu:18.04": "3.6", "ubuntu:20.04": "3.8", "ubuntu:22.04": "3.10", "ubuntu:24.04": "3.12",
    "alpine:3.16": "3.10", "alpine:3.17": "3.10", "alpine:3.18": "3.11", "alpine:3.19": "3.11", "alpine:3.20": "3.12",
    "alpine:3.21": "3.12", "alpine:3.22": "3.12",
}  # fmt: skip
_PACKAGE = re.compile(r"python3(\.\d+)?(-(pip|venv|dev|full|minimal))?|py3-pip")
ANY = "*"  # in a path: a version that is not known


class Interpreter(Struct, frozen=True):
    """A Python: `path` of its program, `version` as 3.12 (None: not known), `packages` the directory pip fills."""

    path: str
    version: str | None
    packages: str

    @property
    def tag(self) -> str:
        """What file names call it: cpython-312."""
        return f"cpython-{self.version.replace('.', '')}" if self.version else f"cpython-{ANY}"


def find_interpreter(place: Workplace) -> Interpreter | None:
    """The Python that `python3` and `pip` of the stage are."""
    name = place.profile.name
    official, uv = _OFFICIAL.fullmatch(name), _UV.fullmatch(name)
    version = uv[1] if uv else official[1] if official else None
    if official or uv:
        return Interpreter("/usr/local/bin/python3", version, library("/usr/local", version))
    release = place.profile.release or ""
    if not any(_PACKAGE.fullmatch(package.partition("=")[0]) for package in place.packages):
        return None
    version = system_version(place)
    if release.startswith("alpine:"):
        return Interpreter("/usr/bin/python3", version, library("/usr", version))
    if not release.startswith(("debian:", "ubuntu:")):
        return None
    packages = posixpath.join(posixpath.dirname(library("/usr/local", version)), "dist-packages")
    return Interpreter("/usr/bin/python3", version, packages)


def system_version(place: Workplace) -> str | None:
    """The version of the Python that the stage's distribution has, installed or not; None where that is not known."""
    return release_version(place.profile.release)


def release_version(release: str | None) -> str | None:
    """The version of a release's package python3; None where that is not known."""
    return _VERSIONS.get(release or "")


def library(prefix: str, version: str | None) -> str:
    """The directory of packages below a prefix or a virtual environment."""
    return posixpath.join(prefix, f"lib/python{version or f'3.{ANY}'}/site-packages")
