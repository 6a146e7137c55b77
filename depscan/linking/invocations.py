"""Programs that are started by their dynamic linker's name: ld.so --library-path DIR PROGRAM.

In: the words of a command. Out: an `Invocation`, or None. The options are those of glibc's elf/rtld.c (`ld.so --help`)
and of musl's ldso/dynlink.c, which also takes a value behind "=" and ends its options with "--".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

_VALUED = frozenset(
    f"--{name}"
    for name in (
        "library-path",
        "preload",
        "argv0",
        "audit",
        "inhibit-rpath",
        "glibc-hwcaps-prepend",
        "glibc-hwcaps-mask",
    )
)
_BARE = frozenset({"--list", "--verify", "--inhibit-cache"})
_END = "--"


class Invocation(Struct, frozen=True):
    """`linker` loads `program`, both as the command names them; `place` is the program's among the words.

    `library_path` takes the place of LD_LIBRARY_PATH; `preload` comes beside LD_PRELOAD; without `cache` ld.so.cache is
    not read. `others` are options that change what is loaded in ways that are not followed here.
    """

    linker: str
    program: str
    place: int
    library_path: str | None = None
    preload: str = ""
    cache: bool = True
    others: tuple[str, ...] = ()


def read_invocation(words: Sequence[str]) -> Invocation | None:
    """Read a command whose first word names a dynamic linker; None for options that are not known."""
    values: dict[str, str] = {}
    place = 1
    while place < len(words) and words[place].startswith("-"):
        name, equals, value = words[place].partition("=")
        place += 1
        if name == _END:
            break
        if name in _VALUED and not equals and place < len(words):
            value = words[place]
            place += 1
        elif name not in _VALUED | _BARE:
            return None
        values[name] = value
    if place >= len(words):
        return None
    return Invocation(
        words[0],
        words[place],
        place,
        values.get("--library-path"),
        values.get("--preload", ""),
        "--inhibit-cache" not in values,
        tuple(sorted(values.keys() - _BARE - {"--library-path", "--preload", "--argv0", "--audit"})),
    )
