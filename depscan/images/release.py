"""Which release a real image is, and which package manager and C library package it has.

In: its `Contents`. Out: the release's id as the knowledge names it (debian:12, alpine:3.20, ubi:9), the package
manager's name, and the version of the libc package. os-release(5) names the distribution, dpkg's and apk's databases
the package.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def find_libc_package(contents: Contents) -> str | None:
    """Name and version of the package that brings the C library, by dpkg's or apk's database; None without one."""
    for path, data in contents.texts.items():
        if path == "/var/lib/dpkg/status" or path.startswith("/var/lib/dpkg/status.d/libc6"):
            found = next(_stanzas(data, b"Package: libc6\n", b"Version: "), None)
        elif path.endswith("/apk/db/installed"):
            found = next(_stanzas(data, b"P:musl\n", b"V:"), None) or next(_stanzas(data, b"P:glibc\n", b"V:"), None)
        else:
            found = None
        if found:
            return found
    return None


def _stanzas(data: bytes, head: bytes, key: bytes) -> Iterator[str]:
    """The value of `key` in the stanzas that hold the line `head`."""
    at = data.find(head)
    while at >= 0 and (at == 0 or data[at - 1 : at] == b"\n"):
        start, end = data.rfind(b"\n\n", 0, at) + 1, data.find(b"\n\n", at)
        stanza = data[max(start, 0) : end if end >= 0 else None]
        value = next((line[len(key) :] for line in stanza.splitlines() if line.startswith(key)), None)
        if value:
            name = head.partition(b":")[2].strip().decode()
            yield f"{name} {value.decode('utf-8', 'replace')[:80]}"
        at = data.find(head, at + 1)
