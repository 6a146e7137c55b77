"""One module per package manager: command words to packages, packages to libraries and dynamic linkers.

In: a simple command of RUN. Out: `Installation` (what it names), and by `providers` what that brings as far as known.
Modules do not know their siblings; the table in this file is complete (a test holds it). A manager's module is imported
when its program first occurs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from depscan.packages.installation import Installation
    from depscan.shell.commands import SimpleCommand

PROGRAMS: dict[str, str] = {
    "apk": "apk",
    **dict.fromkeys(("apt-get", "apt", "aptitude", "dpkg"), "apt"),
    **dict.fromkeys(("dnf", "dnf5", "microdnf", "rpm", "tdnf", "yum"), "dnf"),
    "pacman": "pacman",
    "zypper": "zypper",
}
"""The module of this package that reads a program's command line, by the program's name."""


def read(command: SimpleCommand) -> Installation | None:
    """What a package manager's command asks for; None for any other program."""
    module = PROGRAMS.get(command.name or "")
    if module is None:
        return None
    return cast("Installation", import_module(f"{__name__}.{module}").read(command))


def install_command(manager: str, packages: tuple[str, ...]) -> str | None:
    """The shell text that installs `packages` in a RUN; None for an unknown manager."""
    module = PROGRAMS.get(manager)
    if module is None:
        return None
    template: str = import_module(f"{__name__}.{module}").INSTALL
    return template.format(packages=" ".join(packages))
