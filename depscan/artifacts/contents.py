"""What archives hold, from the cache where it knows them: the types, and the door to `containers`.

In: paths of archives and a machine. Out: `Contents` for each. A run that has seen the archives before opens none of
them and imports no reader: it reads one small file for each. Most jars hold nothing native, which is kept too.
"""

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from depscan.artifacts.facts import ElfFacts
from depscan.artifacts.kept import find_kept


class NativeMember(Struct, frozen=True):
    """A program or library inside an archive; `path` has `!/` between the archives: BOOT-INF/lib/a.jar!/libx.so."""

    path: str
    facts: ElfFacts


class Allowance(Struct):
    """What the archives of one run may cost together, and have cost: members, bytes that come out of them, seconds."""

    members: int = 300_000
    size: int = 8 << 30
    seconds: float = 120.0
    members_read: int = 0
    size_read: int = 0
    seconds_spent: float = 0.0


class Contents(Struct, frozen=True):
    """What an archive holds: native members in their order; `problem` is the first of `problems` things unread.

    `passing` says that another run may read more: the allowance of this one ended it, or a package is missing.
    """

    members: tuple[NativeMember, ...] = ()
    problem: str | None = None
    problems: int = 0
    passing: bool = False


def read_archives(
    paths: Iterable[Path], machine: str, *, cache: bool = True, allowance: Allowance | None = None
) -> dict[Path, Contents]:
    """The native members of many archives for a machine (x86_64, aarch64, ...); what cannot be read is a problem.

    `allowance` is what all of a run may cost; what the cache knows costs nothing of it.
    """
    allowance = allowance or Allowance()
    return {path: _read(path, machine, allowance, cache=cache) for path in paths}


def _read(path: Path, machine: str, allowance: Allowance, *, cache: bool) -> Contents:
    try:
        kept = find_kept(path, machine) if cache else None
        known = kept.load(Contents) if kept is not None else None
        if known is not None:
            return known
        from depscan.artifacts.containers import read_contents  # noqa: PLC0415 - not where the cache knows all

        contents = read_contents(path, machine, allowance)
    except OSError as error:
        return Contents(problem=f"cannot be read: {error.strerror}", problems=1)
    if kept is not None and not contents.passing:
        kept.save(contents)
    return contents
