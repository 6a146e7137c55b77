"""dnf, yum, microdnf, tdnf and rpm of Fedora, Red Hat and their kin (dnf(8), rpm(8))."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.packages.installation import Installation, is_file, read_names, read_request

if TYPE_CHECKING:
    from depscan.shell.commands import SimpleCommand

INSTALL = "dnf install -y {packages} && dnf clean all"

_VALUED = frozenset(
    "-c --config -x --exclude --installroot --enablerepo --disablerepo --repo --repoid --releasever --setopt "  # noqa: SIM905
    "--forcearch -d -e -R".split()
)
_VERSION = re.compile(r"(-\d[^-]*(-[^-]+)?)?(\.(x86_64|i686|aarch64|ppc64le|s390x|noarch))?$")
_INSTALLS = frozenset({"install", "localinstall", "in", "reinstall", "install-n", "install-na"})
_REMOVES = frozenset({"remove", "erase", "autoremove"})
_UPGRADES = frozenset({"update", "upgrade", "groupinstall", "group", "module", "distro-sync", "swap", "builddep"})


def read(command: SimpleCommand) -> Installation:
    """What a dnf, yum or rpm command installs and removes; groups and modules bring what they do not name."""
    if command.name == "rpm":
        return _read_rpm(command)
    request = read_request(command.words[1:], _VALUED)
    root = request.value("--installroot")
    if request.verb in _REMOVES:
        names, complete = read_names(request.operands, _VERSION)
        return Installation("dnf", removed=names, complete=complete, upgrades=request.verb == "autoremove", root=root)
    if request.verb in _UPGRADES:
        return Installation("dnf", upgrades=True, root=root)
    if request.verb not in _INSTALLS:
        return Installation("dnf", root=root)
    wanted = [word for word in request.operands if not is_file(word.text, ".rpm")]
    names, complete = read_names([word for word in wanted if not (word.text or "").startswith("@")], _VERSION)
    groups = any((word.text or "").startswith("@") for word in wanted)
    outside = len(wanted) < len(request.operands)
    return Installation("dnf", names, complete=complete and not groups, outside=outside, root=root)


def _read_rpm(command: SimpleCommand) -> Installation:
    """Rpm -i, -U, -F and -e; --import and queries change no package."""
    options = "".join(
        word.text[1:] for word in command.words[1:] if word.text and re.fullmatch(r"-[a-zA-Z]+", word.text)
    )
    long_options = {word.text for word in command.words[1:]}
    operands = [word for word in command.words[1:] if word.text is None or not word.text.startswith("-")]
    if "--import" in long_options or "q" in options or "V" in options:
        return Installation("dnf")
    if "e" in options or "--erase" in long_options:
        names, complete = read_names(operands, _VERSION)
        return Installation("dnf", removed=names, complete=complete)
    installs = bool(set(options) & set("iUF")) or bool(long_options & {"--install", "--upgrade", "--reinstall"})
    return Installation("dnf", complete=not installs, outside=installs)
