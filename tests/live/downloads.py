"""Packages of PyPI, npm and Debian, fetched with the registries' own clients and held to a sha256.

In: a request, `pypi NAME==VERSION PYTHON PLATFORM...`, `npm NAME@VERSION` or `debian SUITE ARCHITECTURE NAME=VERSION`.
Out: the path of the one file that the client brought. Debian's come through an apt of their own, which knows the
suites and architectures that the subjects are of and leaves this machine's alone.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.live.roots import cache_folder, root

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ARCHITECTURES = {"bullseye": "amd64,arm64", "bookworm": "amd64,arm64,i386", "trixie": "amd64"}
_OPTIONS = """\
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}/cache";
APT::Architectures {{ "amd64"; "arm64"; "i386"; }};
APT::Sandbox::User "root";
Acquire::Languages "none";
"""


class DownloadError(Exception):
    """A package could not be had; the message is the client's."""


def download(request: str, folder: Path) -> Path:
    """Fetch what `request` names into `folder`, which is empty."""
    source, *words = request.split()
    {"pypi": _from_pypi, "npm": _from_npm, "debian": _from_debian}[source](words, folder)
    files = list(folder.iterdir())
    if len(files) != 1:
        raise DownloadError(f"{request}: {len(files)} files came")
    return files[0]


def digest(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _from_pypi(words: Sequence[str], folder: Path) -> None:
    requirement, python, *platforms = words
    version = f"{python[2]}.{python[3:]}"
    wanted = [f"--platform={platform}" for platform in platforms]
    options = ("--no-deps", "--only-binary=:all:", "--implementation=cp", f"--python-version={version}", *wanted)
    _run([sys.executable, "-m", "pip", "download", "--quiet", "--dest", ".", *options, requirement], folder)


def _from_npm(words: Sequence[str], folder: Path) -> None:
    _run(["npm", "pack", "--silent", *words], folder)


def _from_debian(words: Sequence[str], folder: Path) -> None:
    suite, architecture, package = words
    name, _, version = package.partition("=")
    which = f"{name}:{architecture}={version}" if version else f"{name}:{architecture}/{suite}"
    _run(["apt-get", "--quiet", "download", which], folder, {"APT_CONFIG": str(_apt_folder() / "apt.conf")})


def _apt_folder() -> Path:
    """An apt with the package lists of all suites, fetched once a run; the mirror is the one debootstrap uses."""
    folder = cache_folder() / "apt"
    if str(folder) in _FETCHED:
        return folder
    (folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (folder / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    mirror = (root("bookworm") / "etc" / "apt" / "sources.list").read_text().split()[1]
    options = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg"
    lines = [f"deb [{options} arch={names}] {mirror} {suite} main\n" for suite, names in _ARCHITECTURES.items()]
    (folder / "sources.list").write_text("".join(lines))
    (folder / "apt.conf").write_text(_OPTIONS.format(folder=folder))
    _run(["apt-get", "update", "-qq"], folder, {"APT_CONFIG": str(folder / "apt.conf")})
    _FETCHED.add(str(folder))
    return folder


_FETCHED: set[str] = set()


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DownloadError(str(error)) from None
    if done.returncode != 0:
        raise DownloadError(f"{' '.join(command[-4:])}: {(done.stderr or done.stdout).strip()[-300:]}")
