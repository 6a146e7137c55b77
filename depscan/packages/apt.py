"""apt-get, apt, aptitude and dpkg of Debian and Ubuntu (apt-get(8), aptitude(8), dpkg(1))."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.packages.installation import Installation, is_file, read_names, read_request

if TYPE_CHECKING:
    from depscan.packages.installation import Request
    from depscan.shell.commands import SimpleCommand

INSTALL = "apt-get update && apt-get install -y --no-install-recommends {packages} && rm -rf /var/lib/apt/lists/*"

_VALUED = frozenset(
    "-t --target-release --default-release -o --option -c --config-file -a --host-architecture".split()  # noqa: SIM905
)
_VERSION = re.compile(r"(=.*|/.*|:[a-z0-9]+(=.*)?|\+|\^)$", re.DOTALL)
_UPGRADES = frozenset({"upgrade", "dist-upgrade", "full-upgrade", "safe-upgrade", "build-dep", "satisfy"})
_AUTOMATIC = frozenset({"--auto-remove", "--autoremove"})
_REMOVES = frozenset({"remove", "purge", "autoremove", "auto-remove", "autopurge"})


def read(command: SimpleCommand) -> Installation:
    """What an apt or dpkg command installs and removes; `build-dep` brings what it does not name."""
    if command.name == "dpkg":
        return _read_dpkg(command)
    request = read_request(command.words[1:], _VALUED)
    if request.options & {"-s", "--simulate", "--just-print", "--dry-run", "--download-only", "-d"}:
        return Installation("apt")
    if request.verb in _UPGRADES:
        return Installation("apt", upgrades=True)
    if request.verb in _REMOVES:
        names, complete = read_names(request.operands, _VERSION)
        auto = "auto" in request.verb or bool(request.options & _AUTOMATIC)
        return Installation(
            "apt", removed=names, complete=complete, upgrades="auto" in request.verb, only_removes=True, unneeded=auto
        )
    if request.verb in {"install", "reinstall"}:
        return _read_install(request)
    return Installation("apt")


def _read_install(request: Request) -> Installation:
    wanted = [word for word in request.operands if not is_file(word.text, ".deb")]
    removed = [word for word in wanted if (word.text or "").endswith("-")]
    names, complete = read_names([word for word in wanted if word not in removed], _VERSION)
    gone = tuple((word.text or "").rstrip("-") for word in removed)
    groups = any((word.text or "").endswith("^") for word in wanted)
    return Installation(
        "apt",
        names,
        gone,
        complete=complete and not groups and "--install-suggests" not in request.options,
        outside=len(wanted) < len(request.operands),
        recommends="--no-install-recommends" not in request.options,
    )


def _read_dpkg(command: SimpleCommand) -> Installation:
    options = [word.text or "" for word in command.words[1:] if (word.text or "-").startswith("-")]
    operands = [word for word in command.words[1:] if word.text is None or not word.text.startswith("-")]
    if any(re.fullmatch(r"-[a-zA-Z]*i[a-zA-Z]*|--install|--unpack", option) for option in options):
        return Installation("apt", complete=False, outside=True)
    if any(option in {"-r", "-P", "--remove", "--purge"} for option in options):
        names, complete = read_names(operands, _VERSION)
        return Installation("apt", removed=names, complete=complete, only_removes=True)
    return Installation("apt")
