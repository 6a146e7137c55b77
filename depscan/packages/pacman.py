"""pacman of Arch Linux (pacman(8)); its verbs are options: -S, -R, -U."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.packages.installation import Installation, read_names

if TYPE_CHECKING:
    from depscan.shell.commands import SimpleCommand

INSTALL = "pacman -Sy --noconfirm {packages}"

_REPOSITORY = re.compile(r"^[\w.-]+/|[<>=].*$", re.DOTALL)
_VALUED = frozenset({"-b", "--dbpath", "-r", "--root", "--config", "--ignore", "--overwrite", "--cachedir"})


def read(command: SimpleCommand) -> Installation:
    """What a pacman command installs and removes."""
    words = list(command.words[1:])
    skipped = {place + 1 for place, word in enumerate(words) if word.text in _VALUED}
    operands = [
        word
        for place, word in enumerate(words)
        if place not in skipped and not (word.text is not None and word.text.startswith("-"))
    ]
    options = "".join(word.text for word in words if word.text and re.fullmatch(r"-[A-Za-z]+", word.text))
    names, complete = read_names(operands, _REPOSITORY)
    if "U" in options:
        return Installation("pacman", complete=False, outside=True)
    if "R" in options:
        return Installation("pacman", removed=names, complete=complete)
    upgrades = "S" in options and "u" in options
    return Installation("pacman", names if "S" in options else (), complete=complete, upgrades=upgrades)
