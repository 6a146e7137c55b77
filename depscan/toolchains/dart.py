"""dart compile exe: the SDK's own runtime with the program in it.

In: a command. Out: the program. It is linked when the SDK is made, not in the stage: the runtime of dart-lang's Linux
SDK needs libdl, libpthread, libm and libc and asks for nothing newer than GLIBC_2.18, as measured on the one that the
npm package sass-embedded-linux-x64 1.108.2 carries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.artifacts.prediction import Product
from depscan.toolchains.arguments import read_arguments
from depscan.toolchains.elf import linked_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset({"-o", "--output", "-D", "--define", "-p", "--packages", "-S", "--save-debugging-info"})
_NEEDED = ("libdl.so.2", "libpthread.so.0", "libm.so.6")


def predict(place: Workplace) -> Iterator[Product]:
    """The program of `dart compile exe`, beside its source where no -o names it."""
    arguments = read_arguments(place.command.words[1:], _VALUED)
    if arguments.operands[:2] != ("compile", "exe") or len(arguments.operands) < 3 or arguments.has("--target-os"):
        return
    default = f"{arguments.operands[2].removesuffix('.dart')}.exe"
    path = place.path(arguments.value("-o", "--output") if arguments.has("-o", "--output") else default)
    facts = linked_program("glibc", place.platform, None, _NEEDED)
    if path is not None and facts is not None and place.profile.libc.family == "glibc":
        yield Product(path, "dart", facts, evidence=("dart compile exe joins the program to the SDK's glibc runtime",))
