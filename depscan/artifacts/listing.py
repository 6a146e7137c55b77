"""An archive to the list of its members, as an instruction that unpacks it would lay them out.

In: the path of a file. Out: `Archive`, its members with normalised names, or None when it is no archive; from the cache
where an earlier run has seen it. Names are read by moby's rules (go-archive's Unpack): a leading `/` is dropped, a name
that leaves the destination ends it. Reading is bounded by the run's `Allowance`, into which what is kept counts as
well: each member becomes a file of a stage.
"""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.containers import MAX_ARCHIVE, BadArchiveError, BoundError, Budget, NoReaderError, open_items
from depscan.artifacts.kept import find_kept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from depscan.artifacts.containers import Item
    from depscan.artifacts.contents import Allowance

HEAD_SIZE = 256  # enough for every magic number, and the kernel's BINPRM_BUF_SIZE for `#!` lines


class Member(Struct, frozen=True, gc=False):
    """A member of an archive: `path` as extracted, `name` as stored, kind file, directory or link.

    A hard link is a file whose `name` is that of the member it stands for. `head` are a file's first HEAD_SIZE bytes.
    """

    path: str
    name: str
    kind: str
    mode: int
    target: str | None = None
    head: bytes = b""


class Archive(Struct, frozen=True):
    """What an archive holds; `problem` says why the list of members ends early, None when it is whole."""

    members: tuple[Member, ...]
    problem: str | None = None


def read_listing(path: Path, allowance: Allowance, *, cache: bool = True) -> Archive | None:
    """The members of an archive; None for what is none or cannot be opened. Only what was read whole is kept."""
    try:
        kept = find_kept(path, "listing") if cache else None
        known = kept.load(Archive) if kept is not None else None
        if known is not None:
            return _counted(known, allowance)
        archive = _read(path, allowance)
    except OSError:
        return None
    if kept is not None and archive is not None and archive.problem is None:
        kept.save(archive)
    return archive


def _counted(archive: Archive, allowance: Allowance) -> Archive:
    try:
        Budget(allowance=allowance).count(len(archive.members))
    except BoundError as error:
        return Archive((), str(error))
    return archive


def _read(path: Path, allowance: Allowance) -> Archive | None:
    """All members in one pass; a stream that is no archive has none, and no bound that it meets."""
    members: list[Member] = []
    problem = None
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_ARCHIVE:
            return Archive((), f"the archive is larger than {MAX_ARCHIVE >> 20} MB")
        budget = Budget(allowance=allowance)
        try:
            budget.count(0)
            members.extend(_members(open_items(file, size, budget)))
        except (BoundError, ValueError) as error:
            problem = str(error)
        except BadArchiveError as error:
            problem = str(error)
            if not members and not isinstance(error, NoReaderError):
                return None
    return Archive(tuple(members), problem) if members or problem else None


def _members(items: Iterator[Item]) -> Iterator[Member]:
    stored: dict[str, Member] = {}
    for item in items:
        path = _extracted_path(item.name)
        if path is None:
            continue
        if item.kind == "file":
            with item.open() as stream:
                head = stream.read(HEAD_SIZE)
            stored[path] = Member(path, item.name, "file", item.mode, head=head)
            yield stored[path]
        elif item.kind == "hard-link":
            first = stored.get(_extracted_path(item.target or "") or "")
            if first is not None:
                yield Member(path, first.name, "file", first.mode, head=first.head)
        else:
            yield Member(path, item.name, item.kind, item.mode, item.target)


def _extracted_path(name: str) -> str | None:
    """Where a member lands below the destination; None for the destination itself."""
    path = posixpath.normpath(name.lstrip("/") or ".")
    if path == ".." or path.startswith("../"):
        raise ValueError(f"member {name!r} leaves the destination")
    return None if path == "." else path
