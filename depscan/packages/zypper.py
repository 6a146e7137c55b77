"""zypper of SUSE (zypper(8))."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.packages.installation import Installation, is_file, read_names, read_request

if TYPE_CHECKING:
    from depscan.shell.commands import SimpleCommand

INSTALL = "zypper --non-interactive install {packages}"

_VALUED = frozenset("-R --root --installroot -C -r --repo --from -t --type --plus-repo -p --reposd-dir".split())  # noqa: SIM905
_CONSTRAINT = re.compile(r"([<>=].*|\.(x86_64|i586|i686|aarch64|noarch))$", re.DOTALL)


def read(command: SimpleCommand) -> Installation:
    """What a zypper command installs and removes; patterns bring what they do not name."""
    request = read_request(command.words[1:], _VALUED)
    root = request.value("-R", "--root", "--installroot")
    if request.verb in {"remove", "rm"}:
        names, complete = read_names(request.operands, _CONSTRAINT)
        return Installation("zypper", removed=names, complete=complete, root=root)
    if request.verb in {"update", "up", "dist-upgrade", "dup", "patch", "source-install", "si"}:
        return Installation("zypper", upgrades=True, root=root)
    if request.verb not in {"install", "in"}:
        return Installation("zypper", root=root)
    wanted = [word for word in request.operands if not is_file(word.text, ".rpm")]
    names, complete = read_names(wanted, _CONSTRAINT)
    outside = len(wanted) < len(request.operands) or request.value("-p", "--plus-repo") is not None
    patterns = request.value("-t", "--type") == "pattern"
    return Installation("zypper", names, complete=complete and not patterns, outside=outside, root=root)
