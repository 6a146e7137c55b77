"""Profiles of real images on disk: the cache by digest, and the bases that the user keeps.

In: a key (a manifest's digest and the platform; a reference and the platform). Out: the `ImageProfile`, or None. One
file each, MessagePack behind a checksum. The cache also carries the stamp of this program's modules, so that any change
of the reading makes it stale; damaged files count as absent. What a user keeps has no stamp: it is asked for by name.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from depscan.cachefiles import find_cache_folder, read_content, write_content
from depscan.errors import UsageError
from depscan.images.profile import ImageProfile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.platforms import Platform

_MAX_BYTES = 256 << 20  # of one profile
_MAX_CACHED = 40  # profiles; the oldest go first
_SUFFIX = ".profile"


def find_images_folder() -> Path:
    """The folder of cached profiles; images are unpacked below it too."""
    return find_cache_folder(os.environ) / "images"


def find_kept_folder(environment: Mapping[str, str]) -> Path:
    """Where kept bases are: $DEPSCAN_DATA_DIR, else the platform's data folder for depscan."""
    if folder := environment.get("DEPSCAN_DATA_DIR"):
        return Path(folder, "bases")
    if folder := environment.get("XDG_DATA_HOME"):
        return Path(folder, "depscan", "bases")
    home = Path(environment.get("HOME") or "~").expanduser()
    return home / ("Library/Application Support" if sys.platform == "darwin" else ".local/share") / "depscan" / "bases"


def find_cached(digest: str, platform: Platform) -> ImageProfile | None:
    """The profile of the image with this manifest digest, or None."""
    path = find_images_folder() / _name(digest, platform)
    found = _read(path, _stamp())
    if found is not None:
        with suppress(OSError):
            os.utime(path)
    return found


def keep_cached(digest: str, platform: Platform, profile: ImageProfile) -> None:
    """Cache a profile; a folder that cannot be written is no error."""
    folder = find_images_folder()
    with suppress(OSError):
        write_content(folder / _name(digest, platform), msgspec.msgpack.encode(profile), stamp=_stamp())
        found = [(path.stat().st_mtime_ns, path) for path in folder.glob(f"*{_SUFFIX}")]
        for _, path in sorted(found, reverse=True)[_MAX_CACHED:]:
            path.unlink(missing_ok=True)


def find_kept(reference: str, platform: Platform) -> ImageProfile | None:
    """The profile that the user keeps for a reference, or None."""
    folder = find_kept_folder(os.environ)
    return _read(folder / _name(reference, platform), b"") if os.path.isdir(folder) else None


def keep(reference: str, platform: Platform, profile: ImageProfile) -> Path:
    """Keep a profile for a reference; gives the file's path, raises UsageError where it cannot be written."""
    path = find_kept_folder(os.environ) / _name(reference, platform)
    try:
        write_content(path, msgspec.msgpack.encode(profile))
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); set DEPSCAN_DATA_DIR to a folder") from None
    return path


def _name(key: str, platform: Platform) -> str:
    return _digest(f"{key} {platform}").hex() + _SUFFIX


def _digest(text: str) -> bytes:
    import hashlib  # noqa: PLC0415 - costs 3 ms, and most users keep no image

    return hashlib.sha256(text.encode()).digest()


def _read(path: Path, stamp: bytes) -> ImageProfile | None:
    content = read_content(path, max_bytes=_MAX_BYTES, stamp=stamp)
    try:
        return msgspec.msgpack.decode(content, type=ImageProfile) if content is not None else None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


@cache
def _stamp() -> bytes:
    """Size and time of the modules that read images and ELF files."""
    folders = (Path(__file__).parent, Path(__file__).parent.parent / "artifacts")
    statuses = ((path.name, path.stat()) for folder in folders for path in sorted(folder.glob("*.py")))
    return _digest(repr([(name, st.st_size, st.st_mtime_ns) for name, st in statuses]))[:8]
