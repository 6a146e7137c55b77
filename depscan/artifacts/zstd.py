"""A zstd stream, by what this Python has for it: its own module since 3.14 (PEP 784), else the package zstandard.

In: a file at a frame's start. Out: the stream in it, over all its frames. The window is bounded at what `zstd --ultra`
needs, since a hostile frame may ask for gigabytes of memory.
"""

from __future__ import annotations

from importlib import import_module
from typing import BinaryIO, cast

_WINDOW_LOG = 27  # 128 MB
_ABSENT = "it is compressed with zstd, which needs a package: pip install 'depscan-lint[zstd]'"


def open_zstd(file: BinaryIO) -> BinaryIO:
    """The decompressed stream; raises ImportError, with the remedy, where neither module is there."""
    try:
        own = import_module("compression.zstd")  # by name: type checkers of older versions do not know it
    except ImportError:
        return _open_by_package(file)
    options = {own.DecompressionParameter.window_log_max: _WINDOW_LOG}
    return cast("BinaryIO", own.ZstdFile(file, options=options))


def _open_by_package(file: BinaryIO) -> BinaryIO:
    try:
        from zstandard import ZstdDecompressor  # noqa: PLC0415 - optional
    except ImportError:
        raise ImportError(_ABSENT) from None
    reader = ZstdDecompressor(max_window_size=1 << _WINDOW_LOG).stream_reader(file, read_across_frames=True)
    return cast("BinaryIO", reader)
