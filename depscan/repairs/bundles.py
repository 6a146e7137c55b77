"""Programs that are a runtime with something attached: they are made by a packer, which no linker's flag reaches.

In: a file. Out: the packer's name, or None. Each leaves a mark by which its runtime finds what is attached.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MAX_SIZE = 512 << 20
_MARKS = {
    # SHA-256 of ".net core bundle": stands in every host of .NET (dotnet/runtime, bundle_marker)
    bytes.fromhex("8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae"): ".NET",
    b"MEI\014\013\012\013\016": "PyInstaller",
    b"\n---- Bun! ----\n": "bun",
    b"d3n0l4nd": "deno",
    b"<nexe~~sentinel>": "nexe",
    b"PAYLOAD_POSITION": "pkg",
    b"NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1": "node",
}


def find_bundle(path: Path) -> str | None:
    """The packer that made a program; None for what is none, or cannot be read."""
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if len(content) > _MAX_SIZE:
                return None
            return next((name for mark, name in _MARKS.items() if content.find(mark) >= 0), None)
    except (OSError, ValueError):  # ValueError: an empty file cannot be mapped
        return None
