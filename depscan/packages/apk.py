"""apk of Alpine and Wolfi: `apk add`, `del`, `upgrade` (apk(8), apk-world(5) for what may follow a name)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.packages.installation import Installation, is_file, read_names, read_request

if TYPE_CHECKING:
    from depscan.shell.commands import SimpleCommand

INSTALL = "apk add --no-cache {packages}"

_VALUED = frozenset(
    "-t --virtual -X --repository -p --root --repositories-file --arch --keys-dir --cache-dir --cache-max-age "  # noqa: SIM905
    "--wait --timeout --progress-fd".split()
)
_CONSTRAINT = re.compile(r"[=~<>@].*$", re.DOTALL)
_FILE_NAME = re.compile(r"^.*/|(-\d[^-/]*(-r\d+)?)?\.apk$")
_OFFICIAL = re.compile(r"^@?\S*?(https?://([\w.-]+/)*(alpine|wolfi)|https?://[\w.-]*(alpinelinux\.org|wolfi\.dev))")


def read(command: SimpleCommand) -> Installation:
    """What an apk command installs and removes; names of virtual packages (`-t`) are not packages."""
    request = read_request(command.words[1:], _VALUED)
    root = request.value("-p", "--root")
    if request.verb == "del":
        names, complete = read_names(request.operands, _CONSTRAINT)
        return Installation("apk", removed=names, complete=complete, only_removes=True, unneeded=True, root=root)
    if request.verb in {"upgrade", "fix"}:
        return Installation("apk", upgrades=True, root=root)
    if request.verb != "add":
        return Installation("apk", root=root)
    files = [word for word in request.operands if is_file(word.text, ".apk")]
    wanted = [word for word in request.operands if word not in files]
    names, complete = read_names([word for word in wanted if not (word.text or "").startswith("!")], _CONSTRAINT)
    repositories = [value for name, value in request.values if name in {"-X", "--repository"}]
    names += tuple(_FILE_NAME.sub("", word.text or "") for word in files)
    outside = bool(files) or any(not _OFFICIAL.match(each or "") for each in repositories)
    upgrades = bool(request.options & {"-u", "--upgrade", "-U", "-l", "--latest"})
    virtual = request.value("-t", "--virtual")
    return Installation("apk", names, complete=complete, outside=outside, upgrades=upgrades, virtual=virtual, root=root)
