"""zig cc, zig c++ and zig build-exe: programs for the target that is named, else for the stage itself.

In: a command. Out: its program. Measured with 0.17.1: a musl target is linked statically, a gnu target dynamically and
for the glibc that stands behind it (`x86_64-linux-gnu.2.17`), no target against the stage's own; a Zig program without
-lc needs no C library. What `zig build` makes stands in build.zig, a program of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.artifacts.prediction import Product
from depscan.findings import Confidence
from depscan.platforms import MACHINES
from depscan.toolchains.arguments import read_arguments
from depscan.toolchains.elf import ceiling, linked_program, static_program
from depscan.toolchains.triples import Target, read_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.arguments import Arguments
    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset("-o -target --target -O -I -L -D -l -x -mcpu --name -isystem -include -MF".split())  # noqa: SIM905
_COMPILERS = frozenset({"cc", "c++"})
_NO_PROGRAM = ("-c", "-S", "-E", "-shared", "-dynamic", "-nostdlib", "--version", "-ofmt", "-femit-bin")


def predict(place: Workplace) -> Iterator[Product]:
    """The program of a compiling command; nothing for `zig build`, objects and libraries."""
    arguments = read_arguments(place.command.words[1:], _VALUED)
    verb, inputs = arguments.operands[:1], arguments.operands[1:]
    if not inputs or verb[0] not in {*_COMPILERS, "build-exe"} or arguments.has(*_NO_PROGRAM):
        return
    path = place.path(_output(verb[0], inputs, arguments))
    target = _target(arguments, place)
    if path is None or target is None:
        return
    machine = MACHINES[target.platform.architecture]
    named = arguments.has("-target", "--target")
    without_libc = verb[0] == "build-exe" and not any(re.match("-l|--library", name) for name, _ in arguments.flags)
    if without_libc or arguments.has("-static") or (named and target.family == "musl"):
        yield Product(path, "zig", static_program(machine), evidence=("zig links it statically for this target",))
        return
    facts = linked_program(target.family, target.platform, target.version)
    if facts is not None:
        sure = Confidence.POSSIBLE if arguments.unknown else Confidence.LIKELY
        yield Product(path, "zig", facts, sure, None if named else ceiling(place), ("zig links libc dynamically",))


def _output(verb: str, inputs: tuple[str, ...], arguments: Arguments) -> str | None:
    if verb in _COMPILERS:
        return arguments.value("-o") if arguments.has("-o") else "a.out"
    name = inputs[0].rpartition("/")[2].removesuffix(".zig")
    return arguments.value("--name") if arguments.has("--name") else name


def _target(arguments: Arguments, place: Workplace) -> Target | None:
    if not arguments.has("-target", "--target"):
        return Target("", place.profile.libc.family, place.platform, version=place.profile.libc.version)
    given = arguments.value("-target", "--target")
    return read_target(given) if given else None
