"""One program in one root, really started.

In: a root file system and a program's path in it. Out: `Outcome` in depscan's own words, told from what the kernel
(errno of execve) and the dynamic linker (its message) say.
"""

from __future__ import annotations

import errno
import os
import re
import subprocess
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

# The dynamic linkers' messages: glibc's elf/dl-load.c, dl-version.c and dl-lookup.c; musl's ldso/dynlink.c.
_MESSAGES = (
    (re.compile(r"error while loading shared libraries: (\S+): cannot open shared object file"), "library-missing"),
    (re.compile(r"Error loading shared library (\S+): No such file"), "library-missing"),
    (re.compile(r"(?<!weak )version `(\S+)' not found"), "version-missing"),
    (re.compile(r"symbol lookup error: .*undefined symbol: (\S+)"), "symbol-missing"),
    (re.compile(r"Error relocating \S+: (\S+): symbol not found"), "symbol-missing"),
)


class Outcome(NamedTuple):
    """What a start came to. `cause` and `detail` are as depscan names them, None where the program's own code ran."""

    cause: str | None
    detail: str | None = None


def execute(root: Path, program: str, environment: dict[str, str] | None = None) -> Outcome:
    """Start `program` (an absolute path in `root`, a fixture: it says hello) and tell what happened.

    Without /proc glibc takes $ORIGIN from LD_ORIGIN_PATH (sysdeps/unix/sysv/linux/dl-origin.c): no mount is needed.
    """

    def enter() -> None:
        os.chroot(root)
        os.chdir("/")

    try:
        done = subprocess.run(
            [program],
            preexec_fn=enter,
            env={"LD_ORIGIN_PATH": str(PurePosixPath(program).parent), **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except OSError as error:
        return Outcome({errno.ENOENT: "interpreter-missing", errno.ENOEXEC: "wrong-architecture"}[error.errno or 0])
    if done.stdout == "hello\n" and done.returncode == 0:
        return Outcome(None)
    for pattern, cause in _MESSAGES:
        if match := pattern.search(done.stderr):
            return Outcome(cause, match[1])
    return Outcome("unforeseen", f"exit code {done.returncode}: {done.stderr.strip()}")
