"""The process that parses files for `parsing`: `python -m depscan.artifacts.worker`.

In, on standard input: for each file the length of its path (4 bytes, little endian) and the path. Out, on standard
output: the length and the MessagePack of its facts or of the reason why there are none. It ends with its input.
"""

from __future__ import annotations

import os
import signal
import struct
import sys
from pathlib import Path

import msgspec

from depscan.artifacts.elf import explain_elf

LENGTH = struct.Struct("<I")


def main() -> None:
    """Answer until the input ends. An interrupt is the parent's business, which then closes the input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while prefix := requests.read(LENGTH.size):
        path = Path(os.fsdecode(requests.read(*LENGTH.unpack(prefix))))
        answer = msgspec.msgpack.encode(explain_elf(path))
        answers.write(LENGTH.pack(len(answer)) + answer)
        answers.flush()


if __name__ == "__main__":
    main()
