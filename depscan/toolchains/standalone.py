"""bun build --compile and deno compile: a runtime with the program in it.

In: a command. Out: the program. It is a copy of the runtime that runs the command, or of the one for --target (bun.sh,
"Single-file executable"; docs.deno.com, "deno compile"). Measured with bun 1.4.5: the program needs what bun itself
needs; that for musl needs libstdc++. Deno has builds for glibc alone, and 2.9.6 needs libgcc_s.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.artifacts.prediction import Product
from depscan.platforms import Platform
from depscan.toolchains.arguments import read_arguments
from depscan.toolchains.elf import linked_program
from depscan.toolchains.triples import read_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.artifacts.facts import ElfFacts
    from depscan.toolchains.arguments import Arguments
    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset(
    """
    --outfile --target --outdir --define --external -e --format --entry-naming --root --loader --banner --footer
    -o --output --include --icon --exclude --import-map --config -c --lock --cert --v8-flags --env-file --location
    """.split()  # noqa: SIM905 - read as prose
)
_BUN_TARGET = r"bun-linux-(x64|arm64|aarch64)(?:-(?:baseline|modern))?(-musl)?(?:-(?:baseline|modern))?(?:-v[\d.]+)?"
_CPUS = {"x64": "amd64", "arm64": "arm64", "aarch64": "arm64"}


def predict(place: Workplace) -> Iterator[Product]:
    """The program that the command writes; nothing for other verbs and other systems."""
    arguments = read_arguments(place.command.words[1:], _VALUED)
    verb, sources = arguments.operands[:1], arguments.operands[1:]
    if arguments.unknown or not sources:
        return
    if place.command.name == "bun" and verb == ("build",) and arguments.has("--compile"):
        path, facts = _output(arguments, ("--outfile",), sources[0], place), _of_bun(arguments, place)
    elif place.command.name == "deno" and verb == ("compile",):
        path, facts = _output(arguments, ("-o", "--output"), sources[0], place), _of_deno(arguments, place)
    else:
        return
    if path is not None and facts is not None and not path.endswith(".exe"):
        tool = place.command.name
        why = f"{tool} joins the program to a copy of itself"
        yield Product(path, f"{tool}-compile", facts, evidence=(why,), refuted_by="a runtime for another C library")


def _output(arguments: Arguments, flags: tuple[str, ...], source: str, place: Workplace) -> str | None:
    """The path that a flag names, else the source's name; of index.ts and its like that of the directory is taken."""
    if arguments.has(*flags):
        return place.path(arguments.value(*flags))
    own = re.sub(r"\.\w+$", "", posixpath.basename(source))
    return None if re.fullmatch(r"(index|main|mod|cli)", own) else place.path(own)


def _of_bun(arguments: Arguments, place: Workplace) -> ElfFacts | None:
    if not arguments.has("--target") or arguments.value("--target") in ("bun", "node"):
        return _bun(place.profile.libc.family, place.platform)
    found = re.fullmatch(_BUN_TARGET, arguments.value("--target") or "")
    return _bun("musl" if found[2] else "glibc", Platform("linux", _CPUS[found[1]])) if found else None


def _bun(family: str, platform: Platform) -> ElfFacts | None:
    return linked_program(family, platform, None, ("libstdc++.so.6",) if family == "musl" else ())


def _of_deno(arguments: Arguments, place: Workplace) -> ElfFacts | None:
    platform = place.platform
    if arguments.has("--target"):
        target = read_target(arguments.value("--target") or "")
        if target is None:
            return None
        platform = target.platform
    return linked_program("glibc", platform, None, ("libgcc_s.so.1",))
