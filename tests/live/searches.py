"""Where a real dynamic linker looks for the libraries of one program, and what it takes.

In: a root, a program in it. Out: a `Search` for each needed name, in order. glibc tells by itself (LD_DEBUG=libs of
ld.so(8)) and runs nothing then (LD_TRACE_LOADED_OBJECTS, which ldd sets). musl tells what it takes (`--list`); where it
looks is seen in its system calls, if strace is there.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.live.execution import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MUSL = "/lib/ld-musl-x86_64.so.1"
# Builds for newer CPUs, which depscan tells of only where a directory has some.
_CAPABILITIES = re.compile(r"/(?:glibc-hwcaps/|tls/|haswell/|x86_64/|avx512_1/)")
_TAKEN = re.compile(r"^\t(\S+) => (\S+)", re.MULTILINE)
_OPENED = re.compile(r'open(?:at)?\((?:AT_FDCWD, )?"([^"]+)"')


class Search(NamedTuple):
    """`tried` are the paths that were looked at, the last one being `found` if any was."""

    soname: str
    tried: tuple[str, ...]
    found: str | None


def ask_glibc(
    root: Path, program: str, environment: Mapping[str, str], binds: Mapping[str, Path]
) -> tuple[list[Search], str]:
    """The searches of glibc's dynamic linker, and what ldd would print."""
    wanted = {"LD_DEBUG": "libs", "LD_TRACE_LOADED_OBJECTS": "1", **environment}
    ran = run(root, (program,), wanted, binds)
    taken = dict(_TAKEN.findall(ran.out))
    searches: list[Search] = []
    for block in ran.err.split("find library=")[1:]:
        soname = block.split(" ", 1)[0]
        tried = (line.partition("trying file=")[2].strip() for line in block.splitlines() if "trying file=" in line)
        searches.append(Search(soname, tuple(_ordinary(tried)), _normal(taken.get(soname))))
    return searches, ran.out


def ask_musl(
    root: Path, program: str, environment: Mapping[str, str], binds: Mapping[str, Path]
) -> tuple[list[Search], str]:
    """The searches of musl's dynamic linker, and what its ldd prints. Without strace `tried` is empty."""
    ran = run(root, (MUSL, "--list", program), environment, binds)
    opened = list(_opened(root, program, environment, binds)) if shutil.which("strace") else []
    searches = []
    for soname, path in _TAKEN.findall(ran.out):
        tried = tuple(each for each in opened if posixpath.basename(each) == soname)
        searches.append(Search(soname, tried, _normal(path)))
    return searches, ran.out


def _ordinary(paths: Iterator[str]) -> Iterator[str]:
    """Whole paths, without those of builds for newer CPUs; the working directory is the root."""
    return (posixpath.normpath(posixpath.join("/", path)) for path in paths if not _CAPABILITIES.search(path))


def _normal(path: str | None) -> str | None:
    return posixpath.normpath(path) if path and path.startswith("/") else None


def _opened(root: Path, program: str, environment: Mapping[str, str], binds: Mapping[str, Path]) -> Iterator[str]:
    """The paths that the dynamic linker opens, by strace around the harness."""
    call = (str(root), (MUSL, "--list", program), dict(environment), {key: str(path) for key, path in binds.items()})
    code = (
        "from pathlib import Path; from tests.live.execution import run; "
        f"root, command, environment, binds = {call!r}; "
        "run(Path(root), command, environment, {key: Path(path) for key, path in binds.items()})"
    )
    trace = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=execve,open,openat", sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stderr
    of_linker = trace.rpartition(f'execve("{MUSL}"')[2]
    return (posixpath.normpath(path) for path in _OPENED.findall(of_linker))
