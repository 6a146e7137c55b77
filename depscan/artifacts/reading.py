"""Files to facts, many at once: the door of this room.

In: paths of the build context (the caller has followed links and kept inside), or bytes of an archive member. Out: for
each `ElfFacts`, or the reason why there are none. What the cache knows costs no parsing and no LIEF.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.artifacts.facts import ElfFacts
from depscan.artifacts.magic import MAX_SIZE
from depscan.cachefiles import find_cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

MAX_MEMBER = 64 << 20  # bytes of an archive's member that is read
_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read_facts(
    paths: Sequence[Path], *, jobs: int = 0, cache: bool = True, symbols: bool = False
) -> dict[Path, ElfFacts | str]:
    """Read the facts of many files, in their order; a str is the reason why a file is skipped.

    `jobs` is the number of processes that parse new files, 0 for one per CPU. `cache` allows the facts cache,
    which gives facts without their symbols unless these are asked for.
    """
    results: dict[Path, ElfFacts | str] = {}
    statuses: dict[Path, os.stat_result] = {}
    for path in paths:
        status = _inspect(path)
        if isinstance(status, str):
            results[path] = status
        else:
            statuses[path] = status
    results.update(_read_cached(statuses, jobs, symbols=symbols) if cache and statuses else _parse(statuses, jobs))
    return {path: results[path] for path in paths}


def read_symbols(path: Path, *, cache: bool = True) -> bytes | None:
    """Read the blob of a file's dynamic symbols (see `symbols`), from the cache where it has it; None without any."""
    status = _inspect(path)
    if isinstance(status, str):
        return None
    if cache:
        from depscan.artifacts.cache import FactsCache  # noqa: PLC0415 - not with --no-cache

        known = FactsCache(find_cache_folder(os.environ)).symbols(status)
        if known is not None:
            return known
    facts = _parse({path: status}, jobs=1)[path]
    return None if isinstance(facts, str) else facts.symbols


def read_facts_from_bytes(data: bytes) -> ElfFacts | str:
    """Read the facts of a program that stands in the Dockerfile; a str is the reason why it is skipped."""
    from depscan.artifacts.elf import explain_elf  # noqa: PLC0415 - not where the cache knows all

    return explain_elf(data)


def read_member_facts(
    archive: Path, members: Mapping[str, Callable[[], bytes | None]], *, cache: bool = True
) -> dict[str, ElfFacts | str]:
    """Read the facts of an archive's members, by name; a str is the reason why one is skipped.

    `members` read the bytes of those that the cache does not know; None stands for what cannot be had.
    """
    from depscan.artifacts.kept import find_kept  # noqa: PLC0415 - few images unpack an archive

    try:
        kept = find_kept(archive, "facts") if cache else None
    except OSError:
        kept = None
    known = (kept.load(dict[str, ElfFacts]) if kept is not None else None) or {}
    parsed = {name: _parse_member(read()) for name, read in members.items() if name not in known}
    fresh = {name: facts for name, facts in parsed.items() if not isinstance(facts, str)}
    if kept is not None and fresh:
        kept.save(known | fresh)
    return {name: known[name] if name in known else parsed[name] for name in members}


def _parse_member(data: bytes | None) -> ElfFacts | str:
    if data is None:
        return "cannot be read"
    if len(data) > MAX_MEMBER:
        return f"larger than {MAX_MEMBER >> 20} MB inside an archive"
    return read_facts_from_bytes(data)


def _inspect(path: Path) -> os.stat_result | str:
    """Give the status of a file that may be opened, or the reason why it may not."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"
    if not stat.S_ISREG(status.st_mode):
        return f"is {_KINDS.get(stat.S_IFMT(status.st_mode), 'no regular file')}"
    if status.st_size > MAX_SIZE:
        return f"larger than {MAX_SIZE >> 20} MB"
    return status


def _read_cached(statuses: dict[Path, os.stat_result], jobs: int, *, symbols: bool) -> dict[Path, ElfFacts | str]:
    """Ask the cache, parse what it does not know, and let it keep the new facts (never a reason: it may pass)."""
    from depscan.artifacts.cache import FactsCache  # noqa: PLC0415 - not with --no-cache

    known = FactsCache(find_cache_folder(os.environ))
    results: dict[Path, ElfFacts | str] = {}
    for path, status in statuses.items():
        facts = known.find(status)
        if facts is not None and symbols:
            blob = known.symbols(status)
            facts = replace(facts, symbols=blob) if blob is not None else None
        if facts is not None:
            results[path] = facts
    parsed = _parse({path: status for path, status in statuses.items() if path not in results}, jobs)
    for path, outcome in parsed.items():
        if not isinstance(outcome, str):
            known.add(path, statuses[path], outcome)
    known.save()
    return results | parsed


def _parse(statuses: dict[Path, os.stat_result], jobs: int) -> dict[Path, ElfFacts | str]:
    if not statuses:
        return {}
    from depscan.artifacts.parsing import parse_files  # noqa: PLC0415 - not where the cache knows all

    return parse_files({path: status.st_size for path, status in statuses.items()}, jobs)
