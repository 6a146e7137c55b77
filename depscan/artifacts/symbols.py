"""Dynamic symbols of an ELF file, apart from its other facts: a library has thousands, and few checks need them.

In: names as the parser reads them. Out: `pack` gives one small blob, which facts, caches and images carry; `unpack`
gives it back as `Symbols` where a symbol check needs it. A name is `name` or `name@VERSION`, the latter where its
version is not the base one.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

from msgspec import Struct

_MAX_BYTES = 64 << 20  # of a blob unpacked; the parser bounds the number of names
_KEPT = 128  # blobs unpacked at a time: the libraries that many programs share


class Symbols(Struct, frozen=True):
    """What a file leaves to others and what it offers.

    `functions` are the strong undefined symbols that are only called, and may be bound at the first call; `data` those
    that are bound when the file is loaded: objects, thread-local variables, copied ones, functions whose address is
    taken; both in the order of the relocations that name them. `exports` are the defined ones, weak too. Each is
    `name` or `name@VERSION`.
    """

    functions: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    exports: frozenset[str] = frozenset()

    @property
    def undefined(self) -> tuple[str, ...]:
        """All strong undefined symbols."""
        return self.functions + self.data


def pack(symbols: Symbols) -> bytes:
    """The blob; names hold neither line ends nor NUL, which the parser has seen to."""
    parts = (symbols.functions, symbols.data, tuple(sorted(symbols.exports)))
    return zlib.compress("\0".join("\n".join(part) for part in parts).encode(), 6)


@lru_cache(_KEPT)
def unpack(blob: bytes) -> Symbols | None:
    """The symbols of a blob; None for an empty or damaged one: nothing is known of them."""
    try:
        parts = zlib.decompressobj().decompress(blob, _MAX_BYTES).decode().split("\0")
    except (zlib.error, UnicodeDecodeError):
        return None
    if len(parts) != 3:
        return None
    functions, data, exports = (part.split("\n") if part else () for part in parts)
    return Symbols(tuple(functions), tuple(data), frozenset(exports))


@lru_cache(64)
def bare_names(exports: frozenset[str]) -> frozenset[str]:
    """The names without their versions; kept for the libraries that many programs share."""
    return frozenset(map(base_name, exports))


def base_name(symbol: str) -> str:
    """`puts` of `puts@GLIBC_2.2.5`."""
    return symbol.partition("@")[0]
