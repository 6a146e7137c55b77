"""A container started: ENTRYPOINT and CMD of an image, really executed in its root.

In: an `Image`. Out: `Ending`: whether it starts, else why, in the words of the kernel, the dynamic linker, the shell or
the language's own loader. A program that still runs after some seconds has started.
"""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from tests.live.execution import explain, run
from tests.live.performed.images import PATH
from tests.live.performed.layers import mount
from tests.live.performed.performing import BuildFailedError, identity

if TYPE_CHECKING:
    from tests.live.performed.images import Image

_LINKER = re.compile(
    r"error while loading shared libraries|symbol lookup error|: version `|Error (?:loading|relocating)"
)
_KERNEL = {errno.ENOENT: "not-found", errno.ENOEXEC: "exec-format", errno.EACCES: "denied", errno.ENOTDIR: "not-found"}
_SAYINGS = (  # of shells, env and languages; the first that matches counts
    (re.compile(r"not found|No such file or directory|cannot execute: required file"), "not-found"),
    (re.compile(r"[Pp]ermission denied"), "denied"),
    (re.compile(r"Exec format error|cannot execute binary file|[Ss]yntax error"), "exec-format"),
    (re.compile(r"cannot open shared object file|ERR_DLOPEN_FAILED|undefined symbol"), "library-missing"),
    (
        re.compile(r"ModuleNotFoundError|ImportError|LoadError|Can't locate|MODULE_NOT_FOUND|cannot load such"),
        "module-missing",
    ),
)


class Ending(NamedTuple):
    """`cause` None says that it started. `message` is the line that tells why it did not."""

    cause: str | None
    detail: str | None = None
    message: str = ""


def start(image: Image) -> Ending:
    """Start a container of `image`."""
    words = (*image.entrypoint, *image.command)
    if not words:
        return Ending("no-command", None, "no command specified")
    with mount(image.layers) as here:
        for place in ("proc", "tmp"):
            (here / place).mkdir(exist_ok=True)
        try:
            user = identity(here, image.user)
        except BuildFailedError as error:
            return Ending("no-user", image.user, str(error))
        environment = {"PATH": PATH, "HOME": "/", **image.environment}
        ran = run(here, words, environment, workdir=image.workdir, user=user)
    if ran.error:
        return Ending(_KERNEL.get(ran.error, "refused"), words[0], f"exec {words[0]}: {os.strerror(ran.error)}")
    if ran.code == 0:
        return Ending(None)
    return _explain(ran.code, f"{ran.err}\n{ran.out}")


def _explain(code: int, text: str) -> Ending:
    lines = [line for line in text.splitlines() if line.strip() and "no version information" not in line]
    for line in lines:
        if _LINKER.search(line):
            outcome = explain(line)
            return Ending(outcome.cause, outcome.detail, line)
    for line in lines:
        for pattern, cause in _SAYINGS:
            if pattern.search(line):
                return Ending(cause, None, line)
    return Ending("failed", None, f"exit code {code}: {(lines or [''])[-1]}")
