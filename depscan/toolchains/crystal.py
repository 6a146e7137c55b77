"""crystal build and shards build: programs linked against the stage's C library.

In: a command. Out: its programs. `--static` links statically (crystal-lang.org, "Static Linking"); without it the
program needs libc and a number of libraries that depend on what it requires, of which none is predicted. Measured with
1.6 on glibc 2.36. Places: a program beside the command, those of shard.yml's `targets` in bin.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.toolchains.arguments import Arguments, read_arguments
from depscan.toolchains.native_programs import STATIC_FLAG, native_program, static_native_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.artifacts.prediction import Product
    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset(
    "-o --output -D --define --emit --link-flags --mcpu --mattr --mcmodel --target -x86-asm-syntax --threads -O".split()  # noqa: SIM905
)
_MAX_PROGRAMS = 500
_ELSEWHERE = ("--cross-compile", "--target", "--no-codegen")


def predict(place: Workplace) -> Iterator[Product]:
    """The programs of a building command; nothing for other verbs and other machines."""
    arguments = read_arguments(place.command.words[1:], _VALUED)
    verb = next(iter(arguments.operands), "")
    verbs = ("build",) if place.command.name == "shards" else ("build", "compile", "c")
    if verb not in verbs or arguments.has(*_ELSEWHERE):
        return
    flags = " ".join(value or "" for value in arguments.values("--link-flags"))
    static = arguments.has("--static") or re.search(STATIC_FLAG, flags) is not None
    if not static and (arguments.unknown or None in arguments.values("--link-flags")):
        return
    for path in _of_shard(place, arguments) if place.command.name == "shards" else _of_file(place, arguments):
        if static:
            yield static_native_program(path, place, "--static: it is linked statically", tool="crystal")
            continue
        product = native_program(path, place, "no --static: it is linked dynamically", tool="crystal")
        yield from [product] if product else []


def _of_file(place: Workplace, arguments: Arguments) -> Iterator[str]:
    sources = [each for each in arguments.operands[1:] if each.endswith(".cr")]
    if not sources:
        return
    name = posixpath.basename(sources[0]).removesuffix(".cr")
    output = arguments.value("-o", "--output") if arguments.has("-o", "--output") else name
    path = place.path(output)
    yield from [path] if path else []


def _of_shard(place: Workplace, arguments: Arguments) -> Iterator[str]:
    """The targets named, else those of shard.yml."""
    manifest = place.path("shard.yml")
    names = arguments.operands[1:] or _targets((place.files.read(manifest) if manifest else None) or "")
    paths = (place.path(f"bin/{name}") for name in names)
    yield from (path for path in paths if path)


def _targets(text: str) -> tuple[str, ...]:
    section = re.search(r"(?m)^targets:[ \t]*\n((?:(?:[ \t]+[^\n]*)?(?:\n|$))*)", text)
    lines = section[1].split("\n") if section else []
    margins = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    found = (re.fullmatch(rf" {{{min(margins, default=0)}}}([\w.-]+):\s*", line) for line in lines)
    return tuple(each[1] for each in found if each)[:_MAX_PROGRAMS]
