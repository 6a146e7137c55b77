"""Which release a real image is, and which package manager it has.

In: its `Contents`. Out: the release's id as the knowledge names it (debian:12, alpine:3.20, ubi:9), and the package
manager's name. os-release(5) names the distribution.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depscan.images.contents import Contents

_ASSIGNMENT = re.compile(r"""^([A-Z_]+)=(["']?)(.*?)\2\s*$""", re.MULTILINE)

# os-release's ID where the knowledge has another name; ids of which it counts major versions, or the first two numbers.
_NAMES = {
    "amzn": "amazonlinux",
    "ol": "oraclelinux",
    "rocky": "rockylinux",
    "arch": "archlinux",
    "opensuse-leap": "opensuse",
    "opensuse-tumbleweed": "opensuse",
    "openEuler": "openeuler",
}
_MAJOR = {"almalinux", "rockylinux", "oraclelinux", "rhel", "debian"}
_ROLLING = {"archlinux": "archlinux:latest", "wolfi": "wolfi", "void": "voidlinux"}

# The programs of package managers, the first that is there counts.
_MANAGERS = {
    "apt": ("/usr/bin/apt-get", "/bin/apt-get"),
    "apk": ("/sbin/apk", "/usr/bin/apk", "/usr/sbin/apk"),
    "dnf": ("/usr/bin/dnf", "/usr/bin/dnf5", "/usr/bin/microdnf"),
    "yum": ("/usr/bin/yum",),
    "tdnf": ("/usr/bin/tdnf",),
    "zypper": ("/usr/bin/zypper",),
    "pacman": ("/usr/bin/pacman",),
}


def find_release(contents: Contents) -> str | None:
    """The release's id, or None where the image does not say."""
    data = contents.texts.get("/etc/os-release") or contents.texts.get("/usr/lib/os-release")
    if data is None:
        return None
    fields = {match[1]: match[3] for match in _ASSIGNMENT.finditer(data.decode("utf-8", "replace"))}
    name = _NAMES.get(fields.get("ID", ""), fields.get("ID", ""))
    if not name or name in _ROLLING:
        return _ROLLING.get(name)
    version = fields.get("VERSION_ID", "") or fields.get("VERSION_CODENAME", "")
    if not version:
        return name
    return _numbered(name, version, fields)


def _numbered(name: str, version: str, fields: dict[str, str]) -> str:
    if name == "rhel":
        name = "ubi" if "Red Hat" in fields.get("NAME", "") else name
    if name == "centos" and "Stream" in fields.get("NAME", ""):
        return f"centos:stream{version}"
    if fields.get("ID") == "opensuse-tumbleweed":
        return "opensuse:tumbleweed"
    if name in _MAJOR or name == "ubi":
        return f"{name}:{version.partition('.')[0]}"
    if name == "alpine":
        return f"alpine:{'.'.join(version.split('.')[:2])}"
    return f"{name}:{version}"


def find_package_manager(contents: Contents) -> str | None:
    """The package manager whose program is there, or None."""
    found = (name for name, paths in _MANAGERS.items() if any(path in contents.files for path in paths))
    return next(found, None)
