"""nvm, fnm and volta: the builds of Node that they download.

In: an installation of one of them, or one of its commands. Out: the program of Node. All take the builds of nodejs.org,
which are for glibc: fnm and volta on Alpine too (Schniz/fnm src/arch.rs, a53186d, 2026-04-17; volta-cli/volta
crates/volta-core/src/tool/node/mod.rs, 5eedd5fb, 2025-11-15). nvm does so up to 0.39.5 and asks nodejs.org for a build
for musl since, which it does not have: then it compiles, or fails (nvm-sh/nvm nvm.sh, tags v0.39.5, v0.39.6, and
b17550a, 2026-07-15).
"""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.prediction import Made, Product
from depscan.toolchains.arguments import read_arguments
from depscan.toolchains.assets import read_asset
from depscan.toolchains.download import program
from depscan.toolchains.homes import home
from depscan.toolchains.node_packages import CPUS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset(
    """
    --arch --fnm-dir --node-dist-mirror --log-level --version-file-strategy --corepack-enabled --alias
    --reinstall-packages-from --progress
    """.split()  # noqa: SIM905 - read as prose
)
_LAST_FOR_GLIBC = (0, 39, 5)
_ANY = "*"  # in a path: a version that is not known


class _Tool(Struct, frozen=True):
    """A tool: its directories, the first of which the variable is set, the path of Node in it for a version.

    `settings` are variables and flags after which Node comes from elsewhere, or for another machine.
    """

    directories: tuple[str, ...]
    path: str
    settings: tuple[str, ...]


_TOOLS = {
    "nvm": _Tool(
        ("$NVM_DIR", "$XDG_CONFIG_HOME/nvm", "$HOME/.nvm"),
        "versions/node/v{version}/bin/node",
        ("NVM_NODEJS_ORG_MIRROR", "-s", "--no-binary"),
    ),
    "fnm": _Tool(
        ("$FNM_DIR", "$XDG_DATA_HOME/fnm", "$HOME/.local/share/fnm"),
        "node-versions/v{version}/installation/bin/node",
        ("FNM_NODE_DIST_MIRROR", "FNM_ARCH", "--node-dist-mirror", "--arch", "--fnm-dir"),
    ),
    "volta": _Tool(("$VOLTA_HOME", "$HOME/.volta"), "tools/image/node/{version}/bin/node", ("VOLTA_HOOKS",)),
}


def predict(place: Workplace) -> Iterator[Product | Made]:
    """What nvm's script makes, or the Node that a command asks for."""
    name = place.command.name
    if name not in _TOOLS:
        yield from _nvm(place)
        return
    arguments = read_arguments(place.command.words[1:], _VALUED)
    verb, operands = arguments.operands[:1], arguments.operands[1:]
    if arguments.unknown or (verb != ("install",) and not (name == "fnm" and arguments.has("--install-if-missing"))):
        return
    if any(each in place.environment or arguments.has(each) for each in _TOOLS[name].settings):
        return
    wanted = next(iter(operands), None)
    if name == "volta":
        if wanted is None or not re.fullmatch(r"node(@.*)?", wanted):
            return
        wanted = wanted.partition("@")[2]
    yield from _node(name, wanted or _of_project(place), place)


def _nvm(place: Workplace) -> Iterator[Product | Made]:
    """The script stands at nvm.sh, its version in package.json beside; NODE_VERSION asks for a Node at once."""
    directory = home(place.environment, *_TOOLS["nvm"].directories)
    found = re.search(r"/nvm/v?(\d+\.\d+\.\d+)/install\.sh", place.words[0] or "")
    if directory is None or not (path := place.path(directory)):
        return
    yield Made(posixpath.join(path, "nvm.sh"), text="")
    if found is not None:
        yield Made(posixpath.join(path, "package.json"), text=json.dumps({"name": "nvm", "version": found[1]}))
    wanted = place.environment.get("NODE_VERSION", "")
    if wanted and (found or place.profile.libc.family == "glibc"):
        yield from _node("nvm", wanted, place, of_nvm=found[1] if found else None)


def _of_project(place: Workplace) -> str:
    """The version that the directory's .nvmrc or .node-version names."""
    for name in (".nvmrc", ".node-version"):
        path = place.path(name)
        text = place.files.read(path, 1024) if path else None
        if text is not None:
            return text.strip()
    return ""


def _node(tool: str, wanted: str, place: Workplace, *, of_nvm: str | None = None) -> Iterator[Product]:
    directory = home(place.environment, *_TOOLS[tool].directories)
    if directory is None or (tool == "nvm" and not _takes_glibc(directory, of_nvm, place)):
        return
    found = re.fullmatch(r"v?(\d+)(?:\.(\d+|x))?(?:\.(\d+|x))?", wanted)
    exact = found is not None and (found[3] or "x") != "x"
    version = wanted.removeprefix("v") if exact else f"{found[1]}.{_ANY}" if found else _ANY
    path = place.path(posixpath.join(directory, _TOOLS[tool].path.format(version=version)))
    cpu = CPUS.get(place.platform.architecture)
    number = f"{found[1]}.0.0" if found else "$VERSION"
    asset = read_asset(f"https://nodejs.org/dist/v{number}/node-v{number}-linux-{cpu}.tar.xz")
    product = program(asset, path, place.platform) if asset and path else None
    yield from [product] if product else []


def _takes_glibc(directory: str, version: str | None, place: Workplace) -> bool:
    """Whether nvm takes builds for glibc here."""
    if place.profile.libc.family != "musl":
        return True
    text = place.files.read(posixpath.join(directory, "package.json")) or ""
    told = version or "".join(re.findall(r'"name": "nvm", "version": "([\d.]+)"', text))
    numbers = tuple(int(part) for part in told.split(".") if part)
    return bool(numbers) and numbers <= _LAST_FOR_GLIBC
