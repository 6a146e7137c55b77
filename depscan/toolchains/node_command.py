"""Commands of npm, yarn, pnpm and bun that install packages, read from their words and settings.

In: a `Workplace`. Out: `Install`: what is installed where, for which platform, with which kinds of packages; None for
commands that install nothing, and where a setting that matters is not known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.platforms import Platform
from depscan.toolchains.node_packages import CPUS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset(
    """
    --prefix -C --cwd --dir --os --cpu --libc --omit --include -w --workspace --filter -F --registry --cache --loglevel
    --network-timeout --cache-folder --modules-folder --store-dir --network-concurrency --fetch-retries --mutex --only
    --fetch-timeout --location --node-linker --reporter --backend -p --package
    """.split()  # noqa: SIM905 - read as prose
)
_VERBS: dict[str, frozenset[str]] = {
    "npm": frozenset({"ci", "clean-install", "ic", "install-clean", "install", "i", "in", "ins", "add"}),
    "yarn": frozenset({"", "install", "add"}),
    "pnpm": frozenset({"install", "i", "add", "fetch"}),
    "bun": frozenset({"install", "i", "add", "ci"}),
}
_SETTINGS = ("libc", "os", "cpu", "omit", "ignore-scripts")
_RUNNERS = frozenset({"npx", "pnpx", "bunx"})


class Install(Struct, frozen=True):
    """An installation of packages below `directory`.

    `names` are those given by name, else the manifest's are installed. `libc` is the family that platform packages are
    chosen for. `dev`, `optional` and `scripts` say whether these are installed and run. `locked`: a lockfile counts.
    """

    tool: str
    directory: str
    names: tuple[str, ...]
    platform: Platform
    libc: str
    dev: bool
    optional: bool
    scripts: bool
    locked: bool
    everywhere: bool


def read_install(place: Workplace) -> Install | None:
    """What the command installs; None for other verbs, other systems and unknown places."""
    tool, flags, operands = _split(place)
    verb = operands.pop(0) if operands else ""
    if tool == "yarn" and verb == "global" and operands:
        verb, flags["-g"] = operands.pop(0) or "", "true"
    if tool == "yarn" and verb == "workspaces" and operands[:1] == ["focus"]:
        verb, operands = "install", []  # the workspaces named, with the packages of the one lockfile
    if verb not in _VERBS.get(tool, ()) or None in operands:
        return None
    everywhere = flags.get("-g") == "true" or flags.get("--global") == "true" or flags.get("--location") == "global"
    given = flags.get("--prefix") or flags.get("-C") or flags.get("--cwd") or flags.get("--dir")
    directory = "/usr/local/lib" if everywhere and given is None else place.path(given or ".")
    if directory is None or directory == "/":
        return None
    settings = _settings(place, directory, flags)
    platform, libc = _platform(place, settings)
    if platform is None or libc not in ("glibc", "musl"):
        return None
    omitted = settings.get("omit", "").split(",")
    production = "--production" in flags or "--prod" in flags or "-P" in flags or flags.get("--only") == "production"
    return Install(
        tool=tool,
        directory=directory,
        names=tuple(name for name in operands if name is not None),
        platform=platform,
        libc=libc,
        dev=not (production or "dev" in omitted or place.environment.get("NODE_ENV") == "production"),
        optional=not ("optional" in omitted or "--no-optional" in flags or "--ignore-optional" in flags),
        scripts=settings.get("ignore-scripts", "false") == "false",
        locked="--no-package-lock" not in flags and "--no-lockfile" not in flags and not everywhere,
        everywhere=everywhere,
    )


def runs(place: Workplace, program: str, verb: str) -> bool:
    """Whether the command is `npx PROGRAM VERB`, or the same by another runner."""
    _, _, operands = _split(place)
    words = [word.partition("@")[0] for word in operands if word and word not in ("exec", "dlx", "x", "run")]
    return words[:2] == [program, verb]


def _split(place: Workplace) -> tuple[str, dict[str, str], list[str | None]]:
    """The tool, its flags by name and its operands; words not known are None."""
    name = (place.command.name or "").partition("@")[0]
    tool = {"yarnpkg": "yarn", "npx": "npm", "pnpx": "pnpm", "bunx": "bun"}.get(name, name)
    flags: dict[str, str] = {}
    operands: list[str | None] = ["exec"] if name in _RUNNERS else []
    pending = list(reversed(place.words[1:]))
    while pending:
        word = pending.pop()
        if word is None or not word.startswith("-") or word == "-":
            operands.append(word)
            continue
        flag, equals, value = word.partition("=")
        if not equals:
            value = (pending.pop() or "") if flag in _VALUED and pending else "true"
        flags[flag] = f"{flags[flag]},{value}" if flag == "--omit" and flag in flags else value
    return tool, flags, operands


def _settings(place: Workplace, directory: str, flags: Mapping[str, str]) -> dict[str, str]:
    """The settings that matter, of .npmrc, then the environment, then the command."""
    text = place.files.read(f"{directory}/.npmrc") or ""
    found = dict(re.findall(rf"(?m)^\s*({'|'.join(_SETTINGS)})\s*=\s*(\S+)", text))
    for name in _SETTINGS:
        variable = f"npm_config_{name.replace('-', '_')}"
        for key, value in place.environment.items():
            if key.lower() == variable and value:
                found[name] = value
        if f"--{name}" in flags:
            found[name] = flags[f"--{name}"]
    return found


def _platform(place: Workplace, settings: Mapping[str, str]) -> tuple[Platform | None, str]:
    """The platform and the libc that packages are chosen for; None for another system."""
    libc, cpu = settings.get("libc") or place.profile.libc.family, settings.get("cpu")
    if settings.get("os", "linux") != "linux":
        return None, libc
    if cpu is None:
        return place.platform, libc
    architecture = next((name for name, word in CPUS.items() if word == cpu), None)
    return (Platform("linux", architecture) if architecture else None), libc
