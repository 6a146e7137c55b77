"""One program or library in one root, really started or loaded.

In: a root file system, a path in it, what is mounted there. Out: `Outcome` in depscan's own words, told from what the
kernel (errno of execve) and the dynamic linker (its message) say. Each start has mounts and a network of its own, /proc
(for $ORIGIN), and the rights of nobody: real programs of strangers run here.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOBODY = 65534
_PATIENCE = 10  # seconds; a program that still runs then has been loaded
_NEW_MOUNTS, _NEW_NETWORK = 0x00020000, 0x40000000  # linux/sched.h
_BIND, _PRIVATE, _RECURSIVE = 4096, 1 << 18, 16384  # sys/mount.h

# The dynamic linkers' messages: glibc's elf/dl-load.c, dl-version.c, dl-lookup.c, dl-reloc.c and dl-execstack.c; musl's
# ldso/dynlink.c. The first that matches the first line counts; a cause without a name in depscan is `refused`.
_MESSAGES = (
    (
        re.compile(
            r"wrong ELF class|invalid ELF header|Exec format error|unsupported relocation type"
            r"|OS ABI invalid|data encoding"
        ),
        "wrong-architecture",
    ),
    (re.compile(r"(?:libraries|^\S+ dlopen): (\S+): cannot open shared object file"), "library-missing"),
    (re.compile(r"Error loading shared library (\S+): No such file"), "library-missing"),
    (re.compile(r"(?<!weak )version `(\S+)' not found"), "version-missing"),
    (re.compile(r"undefined symbol: ([^\s,]+)"), "symbol-missing"),
    (re.compile(r"symbol (\S+),? version \S+ not defined in file"), "symbol-missing"),
    (re.compile(r"Error relocating \S+: (\S+): (?:initial-exec TLS|symbol not found)"), "symbol-missing"),
    (re.compile(r"(cannot .*|.*ISA level.*|.*not page-aligned.*)"), "refused"),
)
_LINKERS = re.compile(
    r"error while loading shared libraries|symbol lookup error|version `|Error (?:loading|relocating)"
)


_SHELLS_CODES = {127: "interpreter-missing", 126: "not-executable"}  # dash's, of a script whose exec fails
_SHELLS_WORDS = re.compile(r".*(?:not found|Permission denied)")


class Outcome(NamedTuple):
    """What a start came to. `cause` and `detail` are as depscan names them, None where the program's own code ran.

    `refused` and `crashed` have no name in depscan: another complaint of the dynamic linker; a signal before or while
    the program or library initialised itself.
    """

    cause: str | None
    detail: str | None = None
    message: str = ""


class Ran(NamedTuple):
    """What a process left: `error` is execve's errno, 0 where the program was started."""

    error: int = 0
    code: int = 0
    out: str = ""
    err: str = ""


def execute(
    root: Path,
    program: str,
    environment: Mapping[str, str] | None = None,
    binds: Mapping[str, Path] | None = None,
    workdir: str = "/",
    command: tuple[str, ...] = (),
) -> Outcome:
    """Start `program` (an absolute path in `root`) with --version and tell whether the dynamic linker let it run.

    `command` starts it, where it is not started by itself.
    """
    ran = run(root, (*(command or (program,)), "--version"), environment, binds, workdir)
    if ran.error:
        causes = {
            errno.ENOENT: "interpreter-missing",
            errno.ENOEXEC: "wrong-architecture",
            errno.EACCES: "not-executable",
            errno.ELIBBAD: "refused",
        }
        return Outcome(causes[ran.error], None, os.strerror(ran.error))
    lines = [
        line
        for line in ran.err.splitlines()
        if (line.startswith((f"{program}: ", "Error ")) or command) and "no version inf" not in line
    ]
    if lines and _LINKERS.search(lines[0]) and ran.code:
        return explain(lines[0])
    if command and ran.code in _SHELLS_CODES and (match := _SHELLS_WORDS.search(ran.err)):
        return Outcome(_SHELLS_CODES[ran.code], None, match[0])
    return Outcome("crashed", None, f"signal {-ran.code}") if ran.code < 0 else Outcome(None)


def load(root: Path, command: tuple[str, ...], environment: Mapping[str, str], binds: Mapping[str, Path]) -> Outcome:
    """Run dlopen.c's program, as `command`, and tell whether the library that its third word names was loaded."""
    library = command[2]
    ran = run(root, command, environment, binds)
    if "loaded" in ran.out:
        return Outcome(None)
    if ran.code < 0:
        return Outcome("crashed", None, f"signal {-ran.code}")
    said = ran.out.strip()
    if f"{library}: cannot open shared object file" in said:  # glibc passes over another machine's file
        return Outcome("wrong-architecture", None, said)
    return explain(said) if said else Outcome("unforeseen", None, f"exit code {ran.code}, {ran.error}: {ran.err}")


def explain(message: str) -> Outcome:
    """What a dynamic linker's message means."""
    line = message.splitlines()[0]
    for pattern, cause in _MESSAGES:
        if match := pattern.search(line):
            return Outcome(cause, match[1] if pattern.groups else None, line)
    return Outcome("unforeseen", None, line)


def run(
    root: Path,
    command: tuple[str, ...],
    environment: Mapping[str, str] | None = None,
    binds: Mapping[str, Path] | None = None,
    workdir: str = "/",
    *,
    user: tuple[int, int] = (_NOBODY, _NOBODY),
    network: bool = False,
    patience: int = _PATIENCE,
) -> Ran:
    """Run `command` in `root`, where `binds` mounts folders of this machine at paths of the root."""

    def enter() -> None:
        _mount(root, binds or {}, network=network)
        os.chroot(root)
        os.chdir(workdir)
        os.setgroups([])
        os.setresgid(user[1], user[1], user[1])
        os.setresuid(user[0], user[0], user[0])

    try:
        done = subprocess.run(
            command,
            preexec_fn=enter,
            env=dict(environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Ran()
    except OSError as error:
        return Ran(error.errno or 0)
    return Ran(0, done.returncode, done.stdout, done.stderr)


_LIBC = ctypes.CDLL(None, use_errno=True)


def _mount(root: Path, binds: Mapping[str, Path], *, network: bool = False) -> None:
    """Mounts that only this process and its children see; they end with it."""
    if _LIBC.unshare(_NEW_MOUNTS | (0 if network else _NEW_NETWORK)):
        raise OSError(errno.EPERM, "cannot unshare mounts")
    _LIBC.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None)
    _LIBC.mount(b"proc", os.fsencode(root / "proc"), b"proc", 0, None)
    for place, folder in binds.items():
        target = root / place.lstrip("/")
        if _LIBC.mount(os.fsencode(folder), os.fsencode(target), None, _BIND, None):
            raise OSError(ctypes.get_errno(), f"cannot mount {folder} at {target}")
