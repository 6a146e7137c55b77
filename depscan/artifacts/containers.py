"""An archive to the native files in it: jars, wheels, zip, tar, deb, apk, npm packages, and archives inside these.

In: the path of an archive and a machine. Out: `Contents`: each program or library for that machine with its facts, and
the first thing that could not be read. Nothing is written to disk. Of the variants that a jar carries for a dozen
systems only those of the machine asked for are unpacked and parsed. Everything is bounded (`Budget`): members, bytes,
depth, and how many times its size an archive may unpack to; all archives of a run together by its `Allowance`.
"""

from __future__ import annotations

import io
import os
import re
import time
from typing import TYPE_CHECKING, BinaryIO, cast

from msgspec import Struct

from depscan.artifacts.contents import Allowance, Contents, NativeMember
from depscan.artifacts.machines import name_raw_machine
from depscan.artifacts.magic import ARCHIVES, CLOSED, HEAD_SIZE, classify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAX_ARCHIVE = 1 << 30  # bytes of a file that is opened at all
MAX_MEMBER = 48 << 20  # bytes of a member that is parsed, or of a packed archive inside an archive
MAX_HELD = 64 << 20  # bytes of members in memory at a time, archives in archives included
MAX_MEMBERS = 100_000  # of one file, those of the archives in it included
MAX_UNPACKED = 2 << 30  # bytes that one file may unpack to, as far as it is unpacked
MAX_DEPTH = 3  # an ear holds a war, which holds a jar
MAX_RATIO = 200  # deflate reaches 1000 at most; programs reach 20
FREE = 16 << 20  # bytes that may come out of anything, whatever the ratio
MAX_SECONDS = 30.0  # for one file
_CHUNK = 1 << 20
_SHOWN = 150  # characters of a name
_NATIVE_HEAD = 20  # bytes of an ELF file, up to its machine

# Only members with such names are looked into: a jar has thousands of classes.
_NATIVE = re.compile(
    r"(.*/)?([^./][^.]*|.*\.so(\.[\w.-]*)?|.*\.(node|exe|bin|jnilib)|.*[-_](linux|x86_64|amd64|aarch64|arm64)[^/]*)",
    re.DOTALL,
)
_NESTED = re.compile(
    r".*\.(jar|war|ear|zip|whl|egg|tar|tgz|tar\.(gz|bz2|xz|zst)|deb|apk|rpm)", re.IGNORECASE | re.DOTALL
)
_ASSETS = re.compile(
    r".*\.(class|properties|xml|json|html?|txt|md|js|css|png|py|pyc|java|kt|scala|c|h|ts|map)",
    re.IGNORECASE | re.DOTALL,
)


class BoundError(Exception):
    """The archive is larger than what is read of any: the rest of it is left alone."""


class SpentError(BoundError):
    """All archives of the run together cost more than what is spent on any run."""


class BadArchiveError(Exception):
    """An archive, or a member, that cannot be read; the text is the reason."""


class NoArchiveError(BadArchiveError):
    """A packed stream that ends, damaged, before it was seen to hold an archive."""


class NoReaderError(NoArchiveError):
    """A packed stream that this Python cannot unpack; the text says which package can."""


class Budget:
    """What one file may still cost, within what its run may, and what was found in it so far."""

    def __init__(
        self, machine: str | None = "", allowance: Allowance | None = None, seconds: float = MAX_SECONDS
    ) -> None:
        self.machine = machine
        self._seconds = seconds
        self.allowance = allowance or Allowance()
        self.members: list[NativeMember] = []
        self.problems: list[str] = []
        self.held = 0
        self.lacking = False
        self._left = MAX_MEMBERS
        self._bytes = MAX_UNPACKED
        self._begun = self._seen = time.monotonic()

    def count(self, members: int = 1) -> None:
        """Take members into account; raises BoundError."""
        self._left -= members
        if self._left < 0:
            raise BoundError(f"it has more than {MAX_MEMBERS} members")
        self.allowance.members_read += members
        now = time.monotonic()
        self.allowance.seconds_spent += now - self._seen
        self._seen = now
        if now - self._begun > self._seconds:
            raise BoundError(f"reading it takes longer than {self._seconds:g} s")
        self._hold_to_the_run()

    def spend(self, size: int) -> None:
        """Take unpacked bytes into account; raises BoundError."""
        self._bytes -= size
        self.allowance.size_read += size
        if self._bytes < 0:
            raise BoundError(f"it unpacks to more than {MAX_UNPACKED >> 20} MB")
        self._hold_to_the_run()

    def _hold_to_the_run(self) -> None:
        run = self.allowance
        if run.members_read > run.members:
            raise SpentError(f"the archives of this run have more than {run.members} members together")
        if run.size_read > run.size:
            raise SpentError(f"the archives of this run unpack to more than {run.size >> 20} MB together")
        if run.seconds_spent > run.seconds:
            raise SpentError(f"reading the archives of this run takes longer than {run.seconds:g} s together")

    def fail(self, where: str, reason: object) -> None:
        """Note what could not be read."""
        self.problems.append(f"{where}: {reason}" if where else str(reason))


class Item(Struct, frozen=True):
    """A file in an archive: its name as stored, its size, and how to read it from the beginning.

    `kind` is file, directory, link or hard-link; `target` is a link's text, or the name of what a hard link stands for.
    """

    name: str
    size: int
    open: Callable[[], BinaryIO]
    kind: str = "file"
    mode: int = 0o644
    target: str | None = None


def read_contents(path: Path, machine: str | None, allowance: Allowance | None = None) -> Contents:
    """The native members of the archive at `path`, None for those of every machine; raises OSError."""
    budget, passing = Budget(machine, allowance), False
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_ARCHIVE:
            return Contents(problem=f"an archive larger than {MAX_ARCHIVE >> 20} MB", problems=1)
        try:
            budget.count(0)
            _walk(file, size, "", budget, 1)
        except NoArchiveError as error:
            passing = isinstance(error, NoReaderError)
            if _NESTED.fullmatch(path.name) or machine is None:  # any other file may be packed
                budget.fail("", error)
        except BoundError as error:
            passing = isinstance(error, SpentError)
            budget.fail("", error)
    return Contents(
        tuple(budget.members), next(iter(budget.problems), None), len(budget.problems), passing or budget.lacking
    )


def _walk(file: BinaryIO, size: int, prefix: str, budget: Budget, depth: int) -> None:
    """Read one archive, from its beginning; `prefix` names it, with the closing `!/`."""
    where = prefix.removesuffix("!/")
    try:
        for item in open_items(file, size, budget):
            if item.kind == "file":
                _look(item, prefix, budget, depth)
    except BadArchiveError as error:
        if depth == 1 and isinstance(error, NoArchiveError):
            raise
        budget.lacking |= isinstance(error, NoReaderError)
        budget.fail(where, error)


def open_items(file: BinaryIO, size: int, budget: Budget) -> Iterator[Item]:
    """All that an archive of any kind holds, in its order; an item is to be read before the next is asked for.

    Raises BadArchiveError and BoundError, here or while the items are taken.
    """
    head = file.read(HEAD_SIZE)
    file.seek(0)
    kind = classify(head)
    if kind == "zip":
        from depscan.artifacts.zips import read_zip  # noqa: PLC0415 - only where there is one

        return read_zip(file, size, budget)
    if kind == "rpm":
        from depscan.artifacts.rpms import read_rpm  # noqa: PLC0415 - as above

        return read_rpm(file, size, budget)
    if kind in CLOSED:
        raise BadArchiveError(CLOSED[kind])
    from depscan.artifacts.tars import read_ar, read_tar  # noqa: PLC0415 - as above

    return read_ar(file, size, budget) if kind == "archive-ar" else read_tar(file, size, budget)


def _look(item: Item, prefix: str, budget: Budget, depth: int) -> None:
    """Keep a member that is a program or library, and walk through one that is an archive."""
    name = prefix + show(item.name)
    nested = _NESTED.fullmatch(item.name) is not None
    known = budget.machine is None or _NATIVE.fullmatch(item.name)
    if not nested and (_ASSETS.fullmatch(item.name) or not known):
        return
    try:
        if nested:
            _enter(item, name, budget, depth)
        else:
            _keep(item, name, budget)
    except BadArchiveError as error:
        budget.fail(name, error)


def _enter(item: Item, name: str, budget: Budget, depth: int) -> None:
    with item.open() as stream:
        head = stream.read(HEAD_SIZE)
        if classify(head) not in ARCHIVES:
            return
        if depth == MAX_DEPTH:
            raise BadArchiveError(f"archives more than {MAX_DEPTH} deep are not opened")
        if isinstance(stream, _Seekable):
            stream.seek(0)
            _walk(cast("BinaryIO", stream), item.size, f"{name}!/", budget, depth + 1)
            return
        data = _whole(head, stream, item.size, budget)
    budget.held += item.size
    _walk(data, item.size, f"{name}!/", budget, depth + 1)
    budget.held -= item.size


def _keep(item: Item, name: str, budget: Budget) -> None:
    with item.open() as stream:
        head = stream.read(_NATIVE_HEAD)
        if classify(head) != "elf" or budget.machine not in (None, name_raw_machine(head)):
            return
        data = _whole(head, stream, item.size, budget).getvalue()
    from depscan.artifacts.elf import explain_elf  # noqa: PLC0415 - LIEF, only where there is a native member

    facts = explain_elf(data)
    if isinstance(facts, str):
        raise BadArchiveError(facts)
    if facts.linkage is not None:
        budget.members.append(NativeMember(name, facts))


def _whole(head: bytes, stream: BinaryIO, size: int, budget: Budget) -> io.BytesIO:
    """A member whose first bytes were read, in memory once: BytesIO lends its bytes, a sum of bytes is a copy."""
    if size > MAX_MEMBER or budget.held + size > MAX_HELD:
        raise BadArchiveError(f"larger than {min(MAX_MEMBER, MAX_HELD - budget.held) >> 20} MB inside an archive")
    budget.spend(size)
    data = io.BytesIO()
    data.write(head)
    while len(chunk := stream.read(_CHUNK)) and data.tell() <= size:
        data.write(chunk)
    data.seek(0)
    return data


class _Seekable(io.BufferedReader):
    """Marks a stream that is stored without compression: an archive in it is read where it lies."""


def stored(file: BinaryIO, start: int, size: int) -> BinaryIO:
    """Part of a file, as a file of its own."""
    return cast("BinaryIO", _Seekable(_Part(file, start, size)))


class _Part(io.RawIOBase):
    """Bytes of a file from `start` on; each read seeks, so that several may be open."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._file.seek(self._start + self._at)
        data = self._file.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def checked(stream: BinaryIO) -> BinaryIO:
    """A member's stream, whose errors are of one kind: each packing has several of its own."""
    return cast("BinaryIO", _Checked(stream))


class _Checked:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        try:
            return self._stream.read(size)
        except (BoundError, BadArchiveError):
            raise
        except Exception as error:  # zipfile, tarfile, zlib, lzma and zstd share no base
            raise BadArchiveError(f"it cannot be unpacked: {str(error)[:_SHOWN] or type(error).__name__}") from None

    def __enter__(self) -> _Checked:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def show(name: str) -> str:
    """A member's name for reports: below the archive's root whatever it says, without control characters, not long."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    text = "/".join(parts).encode("unicode_escape").decode() if not name.isprintable() else "/".join(parts)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]}...{text[-_SHOWN // 2 :]}"
