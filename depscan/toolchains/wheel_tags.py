"""Whether the pip of a stage takes a wheel, by its tags.

In: a `Wheel`, the stage's Python, C library and machine. Out: None where pip takes it, else the reason in words. The
order and meaning of tags are those of the library `packaging`, which pip itself uses; it is imported only where a wheel
is given by its file (30 ms). What is not known, Python's version or glibc's, refuses nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.wheels import Wheel
    from depscan.toolchains.workplace import Workplace

# What uname and so a platform tag calls the ELF machine.
_MACHINES = {"i386": "i686", "arm": "armv7l"}
_LEVEL = re.compile(r"(many|musl)linux_(\d+)_(\d+)_(\w+)")
_LEGACY = {"manylinux2014": (2, 17), "manylinux2010": (2, 12), "manylinux1": (2, 5)}  # PEP 600
_ANY_MINOR = 99
_VERSIONS = range(6, 20)  # minor versions of Python 3


def refuse(wheel: Wheel, version: str | None, place: Workplace) -> str | None:
    """Why pip takes no wheel of these tags for Python `version` (3.12; None: not known)."""
    machine = _MACHINES.get(place.machine, place.machine)
    platforms = [*_platforms(place, machine)]
    if not wheel.pure and not set(platforms).intersection(wheel.platforms):
        return _of_platform(wheel, place, machine)
    versions = [version] if version is not None else [f"3.{minor}" for minor in _VERSIONS]
    if any(_takes(wheel, each, platforms) for each in versions):
        return None
    tag = f"{'.'.join(wheel.python)}-{'.'.join(wheel.abi)}"
    has = f"has Python {version}" if version is not None else "has CPython 3"
    return f"is for {tag}, and {place.profile.name} {has}"


def _takes(wheel: Wheel, version: str, platforms: list[str]) -> bool:
    from packaging.tags import compatible_tags, cpython_tags  # noqa: PLC0415 - 30 ms, where there is a wheel

    numbers = (3, int(version.partition(".")[2]))
    interpreter = f"cp3{numbers[1]}"
    tags = (*cpython_tags(numbers, platforms=platforms), *compatible_tags(numbers, interpreter, platforms))
    known = {(tag.interpreter, tag.abi, tag.platform) for tag in tags}
    return any((p, a, f) in known for p in wheel.python for a in wheel.abi for f in wheel.platforms)


def _platforms(place: Workplace, machine: str) -> Iterator[str]:
    """The platform tags of the stage; both libraries' where its own is not known."""
    libc = place.profile.libc
    if libc.family != "musl":
        for minor in range(_minor(libc.version) if libc.family == "glibc" else _ANY_MINOR, 4, -1):
            yield f"manylinux_2_{minor}_{machine}"
            yield from (f"{name}_{machine}" for name, level in _LEGACY.items() if level == (2, minor))
    if libc.family != "glibc":
        minor = _minor(libc.version) if libc.family == "musl" else _ANY_MINOR
        yield from (f"musllinux_1_{each}_{machine}" for each in range(minor, -1, -1))
    yield f"linux_{machine}"


def _minor(version: str | None) -> int:
    found = re.match(r"\d+\.(\d+)", version or "")
    return int(found[1]) if found else _ANY_MINOR


def _of_platform(wheel: Wheel, place: Workplace, machine: str) -> str:
    first = wheel.platforms[0]
    level = next((found for tag in wheel.platforms if (found := _LEVEL.fullmatch(tag)) and found[4] == machine), None)
    if level is not None:
        libc = place.profile.libc
        wanted = f"{'glibc' if level[1] == 'many' else 'musl'} {level[2]}.{level[3]}"
        return f"asks for {wanted} ({level[0]}), and {place.profile.name} has {libc.family} {libc.version}"
    return f"is for {first}, and {place.profile.name} is linux on {machine}"
