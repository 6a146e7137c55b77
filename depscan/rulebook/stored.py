"""Rules checked before, kept on disk so that most runs neither parse TOML nor check anything.

In: rule folders and the names in them. Out: their rules without examples, or None where a file changed since. What the
rules depend on is the stamp: names, sizes and times of the files, and of the modules that checked them.
"""

from __future__ import annotations

import os
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from depscan.cachefiles import TICK_NS, find_cache_folder, read_content, write_content
from depscan.rulebook.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MAX_BYTES = 64 << 20
_SLOTS = 64  # files in the cache; sets of folders that fall into the same one push each other out


class StoredRules:
    """What is kept of some folders, whose rule files are `files`; the state of the files is taken here."""

    def __init__(self, files: Mapping[Path, Sequence[str]]) -> None:
        here = Path(__file__).parent
        modules = [*sorted(name for name in os.listdir(here) if name.endswith(".py")), "../subjects/__init__.py"]
        states = [_state(folder / name) for folder, names in {**files, here: modules}.items() for name in names]
        folders = [str(folder.absolute()) for folder in files]
        self._stamp = repr((folders, states)).encode("utf-8", "surrogateescape")
        self._newest = max(state[-1] for state in states)
        slot = zlib.crc32(repr(folders).encode("utf-8", "surrogateescape")) % _SLOTS
        self._path = find_cache_folder(os.environ) / f"rules-{slot:02}.msgpack"

    def find(self) -> tuple[Rule, ...] | None:
        """The rules as kept for this very state of the files, or None."""
        content = read_content(self._path, max_bytes=_MAX_BYTES, stamp=self._stamp)
        with suppress(msgspec.MsgspecError):
            return msgspec.msgpack.decode(content, type=tuple[Rule, ...]) if content is not None else None
        return None

    def keep(self, rules: Sequence[Rule]) -> None:
        """Keep the rules, unless a file is so young that it may change unseen; an unwritable folder is no error."""
        if time.time_ns() - self._newest > TICK_NS:
            with suppress(OSError):
                without_examples = tuple(replace(rule, examples=()) for rule in rules)
                write_content(self._path, msgspec.msgpack.encode(without_examples), stamp=self._stamp)


def _state(path: Path) -> tuple[str, int, int, int]:
    """Name, size and times of a file; zeros where it cannot be asked: whoever reads it will say so."""
    try:
        status = path.stat()
    except OSError:
        return path.name, 0, 0, 0
    return path.name, status.st_size, status.st_mtime_ns, status.st_ctime_ns
