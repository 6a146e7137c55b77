"""One module per package manager: command words to packages, packages to libraries and dynamic linkers.

In: a simple command of RUN. Out: `Installation` (what it names), and by `providers` what that brings as far as known.
Modules do not know their siblings; the table in this file is complete (a test holds it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.packages import apk, apt, dnf, pacman, zypper
from depscan.packages.installation import Installation

if TYPE_CHECKING:
    from collections.abc import Callable

    from depscan.shell.commands import SimpleCommand

MANAGERS = (apk, apt, dnf, pacman, zypper)
_READERS: dict[str, Callable[[SimpleCommand], Installation | None]] = {
    program: module.read for module in MANAGERS for program in module.PROGRAMS
}

PROGRAMS = frozenset(_READERS)

__all__ = ["MANAGERS", "PROGRAMS", "Installation", "install_command", "read"]


def read(command: SimpleCommand) -> Installation | None:
    """What a package manager's command asks for; None for any other program."""
    reader = _READERS.get(command.name or "")
    return reader(command) if reader else None


def install_command(manager: str, packages: tuple[str, ...]) -> str | None:
    """The shell text that installs `packages` in a RUN; None for an unknown manager."""
    module = next((module for module in MANAGERS if manager in module.PROGRAMS), None)
    return module.INSTALL.format(packages=" ".join(packages)) if module else None
