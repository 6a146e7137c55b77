"""What one run found in an archive, kept for the next: a file for each archive as it stands, and for each question.

In: the path of an archive and the question's name. Out: the answer of an earlier run, or None. Like all that is kept it
only spares work: a damaged file counts as absent, a folder that cannot be written is no error.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct

from depscan.artifacts.cache import make_key, trim
from depscan.cachefiles import find_cache_folder, is_settled, read_content, write_content

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER = "archives"
_MAX_BYTES = 32 << 20  # of one answer, symbols included
_MAX_FILES = 8192  # the oldest go first

Answer = TypeVar("Answer")


class Kept(Struct, frozen=True):
    """The place of one answer. `status` is the archive's when the run met it."""

    archive: Path
    status: os.stat_result
    file: Path

    def load(self, kind: type[Answer]) -> Answer | None:
        """The answer of an earlier run, of this type."""
        content = read_content(self.file, max_bytes=_MAX_BYTES)
        with suppress(msgspec.MsgspecError, ValueError):
            return msgspec.msgpack.decode(content, type=kind) if content is not None else None
        return None

    def save(self, answer: object) -> None:
        """Keep an answer, unless the archive changed since `status` was taken, or may do so unseen."""
        with suppress(OSError):
            content = msgspec.msgpack.encode(answer)
            if len(content) <= _MAX_BYTES and is_settled(self.archive, self.status):
                write_content(self.file, content)
                trim(self.file.parent, _MAX_FILES)


def find_kept(archive: Path, question: str) -> Kept:
    """Where an answer about the archive is kept; raises OSError where there is no such file."""
    status = archive.stat()
    return Kept(archive, status, find_cache_folder(os.environ) / _FOLDER / f"{make_key(status).hex()}-{question}")
