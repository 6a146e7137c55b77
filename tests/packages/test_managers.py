"""Command lines of package managers: what they name."""

from __future__ import annotations

import pkgutil
from typing import TYPE_CHECKING

import pytest

from depscan import packages
from depscan.packages import read
from depscan.shell.parser import parse_script

if TYPE_CHECKING:
    from depscan.packages.installation import Installation


def request(text: str) -> Installation | None:
    return read(parse_script(text, {"V": "1.0"}).commands[-1])


@pytest.mark.parametrize(
    ("text", "installed"),
    [
        ("apk add --no-cache bash curl", ["bash", "curl"]),
        ("apk --no-cache add -t .deps gcc=13.2-r1 'musl-dev<2' foo@edge foo~1", ["gcc", "musl-dev", "foo"]),
        ("apk add --virtual=.deps so:libpq.so.5", ["so:libpq.so.5"]),
        ("apk add -X https://dl-cdn.alpinelinux.org/alpine/edge/testing x", ["x"]),
        ("apk add foo=$V bar=$UNKNOWN", ["foo", "bar"]),
        ("apk update", []),
        ("apt-get install -y --no-install-recommends libpq5 curl=7.* libc6:i386 x/bookworm", ["libpq5", "libc6", "x"]),
        ("apt-get -o A=B -t trixie install x", ["x"]),
        ("apt install libssl3t64", ["libssl3t64"]),
        ("aptitude install -y x", ["x"]),
        ("apt-get update", []),
        ("apt-get install -d x", []),
        ("dnf install -y --setopt=a=b glibc-devel.x86_64 python3-3.9.1-2.el9 x", ["glibc-devel", "python3", "x"]),
        ("yum -y install a", ["a"]),
        ("microdnf install -y --enablerepo x a", ["a"]),
        ("tdnf install -y a", ["a"]),
        ("zypper --non-interactive install --from r 'a>=1' b", ["a", "b"]),
        ("zypper in a", ["a"]),
        ("pacman -Syu --noconfirm core/a b", ["a", "b"]),
    ],
)
def test_names_without_version_architecture_and_repository(text: str, installed: list[str]) -> None:
    found = request(text)
    assert found is not None
    assert list(found.installed) == installed


@pytest.mark.parametrize(
    ("text", "removed"),
    [
        ("apk del .deps curl", ["curl", ".deps"]),
        ("apt-get purge -y --auto-remove gcc", ["gcc"]),
        ("apt-get install a b-", ["b"]),
        ("dpkg -r x", ["x"]),
        ("dnf remove -y x", ["x"]),
        ("rpm -e --nodeps x", ["x"]),
        ("zypper rm x", ["x"]),
        ("pacman -Rns x", ["x"]),
    ],
)
def test_removals(text: str, removed: list[str]) -> None:
    found = request(text)
    assert found is not None
    assert sorted(found.removed) == sorted(removed)


@pytest.mark.parametrize(
    "text",
    [
        "apk add ./x.apk",
        "apk add --allow-untrusted glibc-2.35-r1.apk",
        "apk add -X https://example.com/repo x",
        "apt-get install -y ./x.deb",
        "apt-get install -y /tmp/x_1.0_amd64.deb",
        "dpkg -i x.deb",
        "dnf install -y https://example.com/x.rpm",
        "rpm -Uvh x.rpm",
        "zypper in -y ./x.rpm",
        "pacman -U x.pkg.tar.zst",
    ],
)
def test_packages_from_elsewhere(text: str) -> None:
    found = request(text)
    assert found is not None
    assert found.outside


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("apk add $UNKNOWN", False),
        ("apk add a b", True),
        ("apk add a=$UNKNOWN", True),
        ("apt-get install 'lib*'", True),
        ("apt-get install lib*", False),
        ("apt-get install lamp-server^", False),
        ("dnf install @development", False),
        ("zypper install -t pattern devel", False),
    ],
)
def test_complete_says_that_all_names_are_known(text: str, complete: bool) -> None:
    found = request(text)
    assert found is not None
    assert found.complete is complete


@pytest.mark.parametrize(
    "text",
    [
        "apk upgrade",
        "apk add -u x",
        "apt-get dist-upgrade",
        "apt-get build-dep x",
        "dnf update",
        "pacman -Syu",
        "yum module x",
    ],
)
def test_upgrades_change_what_they_do_not_name(text: str) -> None:
    found = request(text)
    assert found is not None
    assert found.upgrades


def test_a_local_file_names_its_package() -> None:
    found = request("apk add --allow-untrusted /tmp/glibc-2.35-r1.apk glibc-bin-2.35-r1.apk x.apk")
    assert found is not None
    assert found.installed == ("glibc", "glibc-bin", "x")


def test_another_root() -> None:
    found = request("apk --root /rootfs --initdb add busybox")
    assert found is not None
    assert (found.root, found.installed) == ("/rootfs", ("busybox",))


def test_other_programs_are_none() -> None:
    assert request("make install") is None


def test_the_table_has_every_module() -> None:
    others = {"archive", "availability", "installation", "managers", "providers", "rows"}
    modules = {module.name for module in pkgutil.iter_modules(packages.__path__)} - others
    assert set(packages.PROGRAMS.values()) == modules
