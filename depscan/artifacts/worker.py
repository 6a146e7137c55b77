"""The process that parses files for `parsing`: `python -m depscan.artifacts.worker SECONDS`.

In, on standard input: for each file the length of its path (4 bytes, little endian) and the path. Out, on standard
output: the length and the MessagePack of its facts or of the reason why there are none. It ends with its input, and
its alarm ends it where one file takes longer than SECONDS, in C code too and when its parent is gone.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import msgspec

from depscan.artifacts.elf import explain_elf
from depscan.artifacts.parsing import LENGTH


def main(timeout: float) -> None:
    """Answer until the input ends; `timeout` is in seconds per file.

    An interrupt is the parent's business, which then ends this process.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while prefix := requests.read(LENGTH.size):
        path = Path(os.fsdecode(requests.read(*LENGTH.unpack(prefix))))
        signal.setitimer(signal.ITIMER_REAL, timeout)
        answer = msgspec.msgpack.encode(explain_elf(path))
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers.write(LENGTH.pack(len(answer)) + answer)
        answers.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]))
