"""Facts of files seen before, kept on disk so that a run without new binaries parses nothing and imports no LIEF.

In: a file's status (device, inode, size, times). Out: its facts, or None. Each file holds {key: encoded facts}, newest
last, behind a checksum; entries are decoded when asked for. The symbols of each binary, which few runs need, have a
file of their own. Writers merge and rename, so parallel runs lose at most each other's newest entries. A damaged file
counts as empty and an unwritable folder is no error: it is only a cache.
"""

from __future__ import annotations

import importlib.util
import os
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

from depscan.artifacts.facts import ElfFacts
from depscan.cachefiles import is_settled, pack_status, read_content, write_content

_FILE = "facts-{:02}.msgpack"
_SHARDS = 16
_MAX_BYTES = 2 << 20  # of one shard
_SYMBOLS = "symbols"
_MAX_SYMBOLS = 32 << 20  # bytes of one binary's symbols
_MAX_FILES = 8192  # of symbols; the oldest go first

_ENTRIES = msgspec.msgpack.Decoder(dict[bytes, bytes])
_FACTS = msgspec.msgpack.Decoder(ElfFacts)


class FactsCache:
    """The cache in a folder, which need not exist, and what this run adds; `save` writes it back.

    It is spread over `_SHARDS` files by inode number, each read when a file of it is first asked for: a run with few
    binaries does not pay for all that were ever seen.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shards: dict[int, _Shard] = {}
        self._symbols_added = False

    def find(self, status: os.stat_result) -> ElfFacts | None:
        """Give the facts of the file with this status, or None."""
        return self._shard(status).find(make_key(status))

    def add(self, path: Path, status: os.stat_result, facts: ElfFacts) -> None:
        """Keep the facts read from `path`, unless it changed since `status` was taken or may do so unseen."""
        with suppress(OSError):
            if is_settled(path, status):
                if facts.symbols is not None:
                    write_content(self._symbols_file(status), facts.symbols)
                    self._symbols_added = True
                self._shard(status).add(make_key(status), replace(facts, symbols=None))

    def symbols(self, status: os.stat_result) -> bytes | None:
        """Give the blob of symbols of the file with this status, or None."""
        content = read_content(self._symbols_file(status), max_bytes=_MAX_SYMBOLS)
        return None if content is None else bytes(content)

    def save(self) -> None:
        """Write what was added."""
        for shard in self._shards.values():
            shard.save()
        if self._symbols_added:
            with suppress(OSError):
                trim(self._folder / _SYMBOLS, _MAX_FILES)

    def _symbols_file(self, status: os.stat_result) -> Path:
        return self._folder / _SYMBOLS / make_key(status).hex()

    def _shard(self, status: os.stat_result) -> _Shard:
        number = status.st_ino % _SHARDS
        if number not in self._shards:
            self._shards[number] = _Shard(self._folder / _FILE.format(number))
        return self._shards[number]


def make_key(status: os.stat_result) -> bytes:
    """Tell a file as it stands, and the code that reads it: facts kept under the key are still true."""
    return pack_status(status) + _stamp()


class _Shard:
    """One file of the cache as of its loading, and what this run adds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries = _load(path)
        self._used: dict[bytes, bytes] = {}
        self._changed = False

    def find(self, key: bytes) -> ElfFacts | None:
        encoded = self._entries.get(key)
        if encoded is None:
            return None
        try:
            facts = _FACTS.decode(encoded)
        except (msgspec.MsgspecError, ValueError):
            return None
        self._used[key] = encoded
        return facts

    def add(self, key: bytes, facts: ElfFacts) -> None:
        self._used[key] = msgspec.msgpack.encode(facts)
        self._changed = True

    def save(self) -> None:
        """Write the file where something was added: other runs' entries first, then those this run used."""
        if self._changed:
            with suppress(OSError):
                others = {key: value for key, value in _load(self._path).items() if key not in self._used}
                write_content(self._path, _bound({**others, **self._used}))


def trim(folder: Path, most: int) -> None:
    """Remove the oldest half of a folder's files where there are more than `most`; raises OSError."""
    with os.scandir(folder) as entries:
        found = list(entries)
    if len(found) > most:
        found.sort(key=lambda entry: entry.stat().st_mtime_ns)
        for entry in found[: len(found) - most // 2]:
            os.unlink(entry.path)  # noqa: PTH108 - no Path is needed


@cache
def _stamp() -> bytes:
    """Tell the build of LIEF and of this room, by size and time of their files: any change makes all entries stale.

    This needs neither the import of LIEF (0.4 s) nor that of importlib.metadata (40 ms), and no number to be raised by
    hand.
    """
    spec = importlib.util.find_spec("lief")
    folders = [*((spec and spec.submodule_search_locations) or ()), str(Path(__file__).parent)]
    files = []
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("_lief") or (folder == folders[-1] and entry.name.endswith(".py")):
                    status = entry.stat()
                    files.append((entry.name, status.st_size, status.st_mtime_ns))
    return zlib.crc32(repr(sorted(files)).encode()).to_bytes(4, "little")


def _load(path: Path) -> dict[bytes, bytes]:
    content = read_content(path, max_bytes=_MAX_BYTES)
    with suppress(msgspec.MsgspecError):
        return _ENTRIES.decode(content) if content is not None else {}
    return {}


def _bound(entries: dict[bytes, bytes]) -> bytes:
    """Encode the newest entries that fit into half of _MAX_BYTES, so that dropping is rare."""
    encoded = msgspec.msgpack.encode(entries)
    if len(encoded) <= _MAX_BYTES:
        return encoded
    kept: dict[bytes, bytes] = {}
    budget = _MAX_BYTES // 2
    for key, value in reversed(entries.items()):
        budget -= len(key) + len(value) + 16
        if budget < 0:
            break
        kept[key] = value
    return msgspec.msgpack.encode(dict(reversed(kept.items())))
