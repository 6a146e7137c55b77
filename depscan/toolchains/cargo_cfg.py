"""`cfg(...)` of Cargo.toml and .cargo/config.toml, for a target.

In: the text of `[target.TEXT.dependencies]` and a target's triple. Out: whether it holds; None where that is not known.
The values are those that `rustc --print cfg` prints for the -unknown-linux- targets (1.95). Names that it does not
print are off, but for those that the compiler's flags may set.
"""

from __future__ import annotations

import re

from msgspec import Struct

_TOKEN = re.compile(r'\s*(?:([A-Za-z_]\w*)|("(?:[^"\\]|\\.)*")|([(),=]))')
_MAX = 2_000  # characters of one condition
_DEPTH = 60
_ARCHITECTURES = {
    **{"i686": "x86", "i586": "x86", "armv7": "arm", "riscv64gc": "riscv64"},
    "powerpc64le": "powerpc64",
}
_NARROW = ("x86", "arm")
_SETTINGS = {"target_feature", "target_has_atomic", "panic", "feature", "relocation_model"}  # not known without rustc


class Platform(Struct, frozen=True):
    """What a target sets: names, values of keys, and the names that flags set (None: the flags are not known)."""

    triple: str
    values: dict[str, str]
    flags: frozenset[str] | None = frozenset()


class _Reader:
    """The words of a condition; a condition that cannot be read holds or not, nobody knows."""

    def __init__(self, text: str) -> None:
        self.tokens = [found.group().strip() for found in _TOKEN.finditer(text[:_MAX])]
        self.position = 0

    def take(self) -> str:
        token = self.tokens[self.position] if self.position < len(self.tokens) else ""
        self.position += 1
        return token

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""


def platform_of(triple: str, flags: str | None) -> Platform:
    """A target of Linux; `flags` is the compiler's flags as text, None where they are not known."""
    machine, *rest = triple.split("-")
    architecture = _ARCHITECTURES.get(machine, machine)
    environment = next((name for name in ("gnu", "musl") if name in rest[-1:][0]), "") if rest else ""
    values = {
        "target_os": "linux",
        "target_family": "unix",
        "target_env": environment,
        "target_arch": architecture,
        "target_vendor": rest[0] if len(rest) > 1 else "unknown",
        "target_pointer_width": "32" if architecture in _NARROW else "64",
        "target_endian": "big" if machine == "s390x" else "little",
        "target_abi": rest[-1][len(environment) :] if rest else "",
    }
    names = None if flags is None else frozenset(re.findall(r"--cfg[= ]([A-Za-z_]\w*)", flags))
    return Platform(triple, values, names)


def holds(condition: str, platform: Platform) -> bool | None:
    """Whether a condition, a triple or `cfg(...)`, holds on a platform; None where that is not known."""
    if not condition.startswith("cfg("):
        return condition == platform.triple if not condition.endswith(".json") else None
    reader = _Reader(condition[4:])
    return _value(reader, platform, 0)


def _value(reader: _Reader, platform: Platform, depth: int) -> bool | None:
    name = reader.take()
    if depth > _DEPTH or not name:
        reader.position = len(reader.tokens)
        return None
    if reader.peek() == "(":
        reader.take()
        return _combination(name, reader, platform, depth)
    if reader.peek() == "=":
        reader.take()
        return _equal(name, reader.take().strip('"'), platform)
    return _name(name, platform)


def _combination(name: str, reader: _Reader, platform: Platform, depth: int) -> bool | None:
    values: list[bool | None] = []
    while reader.peek() not in ("", ")"):
        values.append(_value(reader, platform, depth + 1))
        if reader.peek() == ",":
            reader.take()
    reader.take()
    if name == "not":
        return None if len(values) != 1 or values[0] is None else not values[0]
    if name not in ("all", "any"):
        return None
    decisive = name == "any"
    if decisive in values:
        return decisive
    return None if None in values else not decisive


def _equal(name: str, value: str, platform: Platform) -> bool | None:
    if name in platform.values:
        return platform.values[name] == value
    return None if name in _SETTINGS or platform.flags is None or name in platform.flags else False


def _name(name: str, platform: Platform) -> bool | None:
    if name in ("unix", "debug_assertions", "true"):
        return True
    if name in ("windows", "test", "proc_macro", "false"):
        return False
    return None if platform.flags is None else name in platform.flags
