"""The very words that the kernel and the dynamic linkers print, so that a user who searches for them finds the finding.

In: what failed. Out: one line. Sources: runc's wrapping of execve errors ("exec PATH: ..."), glibc elf/dl-load.c and
elf/dl-version.c, musl ldso/dynlink.c.
"""

from __future__ import annotations

import re

_NOT_FOUND = "cannot open shared object file: No such file or directory"


def no_such_file(path: str) -> str:
    """ENOENT of execve, which a missing interpreter causes for the program's own path."""
    return f"exec {path}: no such file or directory"


def exec_format(path: str) -> str:
    """ENOEXEC of execve."""
    return f"exec {path}: exec format error"


def permission_denied(path: str) -> str:
    """EACCES of execve."""
    return f"exec {path}: permission denied"


def illegal_option(interpreter: str, argument: str | None) -> str:
    """What a shell says of an option that ends with a carriage return, which the terminal does not show."""
    return f"{interpreter}: 0: Illegal option {(argument or '')[:1]}"


def too_many_scripts(path: str) -> str:
    """ELOOP of execve: scripts as interpreters of scripts (fs/exec.c, exec_binprm)."""
    return f"exec {path}: too many levels of symbolic links"


def not_found_by_env(env: str, program: str, family: str | None) -> str:
    """ENOENT that env(1) meets along PATH, in the words of busybox on musl and of coreutils elsewhere.

    Coreutils escapes a carriage return and tells of -S where the name has blanks.
    """
    if family == "musl":
        return f"env: can't execute '{program}': No such file or directory"
    shown = program.replace("\r", "\\r")
    return f"{env}: '{shown}': No such file or directory"


def executable_not_found(program: str) -> str:
    """A start command's program that is not along PATH, as runc and dockerd tell it."""
    return f'exec: "{program}": executable file not found in $PATH'


def stat_failed(program: str) -> str:
    """A start command's program, named by a path, that is not there, as runc tells it."""
    return f'exec: "{program}": stat {program}: no such file or directory'


def of_shell(text: str, manager: str | None) -> str:
    """What the /bin/sh of RUN says where execve fails: dash on Debian's kin (apt), busybox on Alpine (apk)."""
    failed = re.fullmatch(r"exec (.*): (no such file or directory|permission denied)", text)
    begin = {"apt": "/bin/sh: 1:", "apk": "/bin/sh:"}.get(manager or "")
    if failed is None or begin is None:
        return text
    return f"{begin} {failed[1]}: {'not found' if failed[2].startswith('no') else 'Permission denied'}"


def command_not_found(shell: str, program: str, manager: str | None) -> str:
    """What a POSIX shell says of a program that is not there: busybox on Alpine (apk), else dash."""
    return f"{shell}: {program}: not found" if manager == "apk" else f"{shell}: 1: {program}: not found"


def library_not_found(program: str, soname: str, requested_by: str, family: str | None) -> str:
    """A needed library that is nowhere on the search path."""
    if family == "musl":
        return f"Error loading shared library {soname}: No such file or directory (needed by {requested_by})"
    return f"{program}: error while loading shared libraries: {soname}: {_NOT_FOUND}"


def version_not_found(program: str, library: str, version: str, requested_by: str) -> str:
    """A version that the library does not define."""
    return f"{program}: {library}: version `{version}' not found (required by {requested_by})"


def unfit_object(path: str, words: str | None, family: str | None) -> str:
    """A shared object, opened by its path, that no program here can load; glibc has no words for another machine."""
    if family != "musl":
        return f"{path}: {words or _NOT_FOUND}"
    if words is not None and "relocation" in words:
        return f"Error relocating {path}: {words}"
    return f"Error loading shared library {path}: {words}"


def unfit_library(program: str, library: str, flaw: str, requested_by: str, family: str | None) -> str:
    """A file of a needed library's name that is no library for the program."""
    if family != "musl":
        return f"{program}: error while loading shared libraries: {library}: {flaw}"
    if "relocation" in flaw:
        return f"Error relocating {library}: {flaw}"
    return f"Error loading shared library {library}: {flaw} (needed by {requested_by})"


def undeclared_relr(path: str) -> str:
    """DT_RELR in a file that does not need GLIBC_ABI_DT_RELR (glibc elf/dl-version.c)."""
    return f"{path}: DT_RELR without GLIBC_ABI_DT_RELR dependency"


SEGMENTATION_FAULT = "Segmentation fault (core dumped)"  # musl before 1.2.4 leaves relocations of DT_RELR undone


def symbol_not_found(program: str, requested_by: str, name: str, version: str | None, family: str | None) -> str:
    """A symbol that no library defines; glibc prints the version that was asked for, musl knows none."""
    if family == "musl":
        return f"Error relocating {requested_by}: {name}: symbol not found"
    bound = f", version {version}" if version else ""
    return f"{program}: symbol lookup error: {requested_by}: undefined symbol: {name}{bound}"
