"""Files that spare work: what one run found out, kept for the next.

In: a path, a stamp (whatever the content depends on) and the content. Out: the content, or None where the file is
absent, damaged or of another stamp. A file is a checksum, the stamp and the content; it is replaced at once, so that a
run that is stopped leaves the old one and no half of a new one.
"""

from __future__ import annotations

import os
import struct
import sys
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# A file changed twice within one tick of the file system's clock has the same times; Linux's tick is 10 ms at most.
TICK_NS = 20_000_000


def find_cache_folder(environment: Mapping[str, str]) -> Path:
    """Give $DEPSCAN_CACHE_DIR, else the platform's cache folder for depscan; empty variables count as unset."""
    if folder := environment.get("DEPSCAN_CACHE_DIR"):
        return Path(folder)
    if folder := environment.get("XDG_CACHE_HOME"):
        return Path(folder, "depscan")
    home = Path(environment.get("HOME") or "~").expanduser()
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "depscan"


def pack_status(status: os.stat_result) -> bytes:
    """Tell a file as it stands: another one, or the same one after a change, gives other bytes."""
    times = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return struct.pack("<QQqqq", status.st_dev, status.st_ino, *times)


def is_settled(path: Path, status: os.stat_result) -> bool:
    """Whether a file is still as it was when `status` was taken, and can't have changed unseen; raises OSError."""
    return pack_status(path.stat()) == pack_status(status) and time.time_ns() - status.st_ctime_ns > TICK_NS


def read_content(path: Path, *, max_bytes: int, stamp: bytes = b"") -> memoryview | None:
    """Give the content that was written with this stamp, or None."""
    try:
        with open(path, "rb") as file:
            data = memoryview(file.read(max_bytes + 4 + len(stamp)))
    except OSError:
        return None
    content = data[4 + len(stamp) :]
    return content if data[: 4 + len(stamp)] == _checksum(content) + stamp else None


def write_content(path: Path, content: bytes, *, stamp: bytes = b"") -> None:
    """Write a file, in a folder for this user alone where there is none; raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{time.time_ns()}")
    try:
        temporary.write_bytes(_checksum(content) + stamp + content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _checksum(content: bytes | memoryview) -> bytes:
    return zlib.crc32(content).to_bytes(4, "little")
