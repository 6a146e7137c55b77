"""An image of a running docker or podman, by its own client: `docker:REF`, `podman:REF`.

In: the client's name, the reference, a folder. Out: the path of the archive that `docker save` streamed there, bounded
in size and time. Asked only where the user wrote such a spec; the reference is one argument, never a shell's.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, BinaryIO, cast

from depscan.images.contents import BadImageError
from depscan.images.layers import MAX_UNPACKED
from depscan.images.reference import BadReferenceError, parse_reference

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

CLIENTS = ("docker", "podman")
_TIMEOUT_S = 600
_CHUNK = 1 << 20
_MAX_ERROR = 4096


def save_image(client: str, reference: str, folder: Path) -> Path:
    """Let `client` save an image into `folder`; raises BadImageError with the client's own reason."""
    import shutil  # noqa: PLC0415 - only this source
    import subprocess  # noqa: PLC0415 - likewise

    try:
        parse_reference(reference)
    except BadReferenceError as error:
        raise BadImageError(f"{reference!r} is no image reference: {error}") from None
    program = shutil.which(client)
    if program is None:
        raise BadImageError(f"there is no {client} on the PATH")
    path, complaint = folder / "saved.tar", folder / "complaint"
    with open(complaint, "w+b") as errors, open(path, "wb") as file:
        process = subprocess.Popen(  # noqa: S603 - the user named the client; the reference is checked
            [program, "save", "--", reference], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
        )
        try:
            _copy(process, file, client)
        finally:
            process.kill()
            process.wait()
        errors.seek(0)
        reason = errors.read(_MAX_ERROR).decode("utf-8", "replace").strip()
    if process.returncode != 0:
        raise BadImageError(f"{client} save failed: {reason.splitlines()[-1] if reason else process.returncode}")
    return path


def _copy(process: subprocess.Popen[bytes], file: BinaryIO, client: str) -> None:
    """Copy what the client writes until it ends; it is killed when it takes too long or writes too much."""
    import threading  # noqa: PLC0415 - only this source

    deadline = threading.Timer(_TIMEOUT_S, process.kill)
    deadline.daemon = True
    deadline.start()
    started = time.monotonic()
    try:
        while data := cast("BinaryIO", process.stdout).read(_CHUNK):
            file.write(data)
            if file.tell() > MAX_UNPACKED:
                raise BadImageError(f"{client} save wrote more than {MAX_UNPACKED >> 30} GB")
        process.wait()
    finally:
        deadline.cancel()
    if time.monotonic() - started >= _TIMEOUT_S:
        raise BadImageError(f"{client} save took more than {_TIMEOUT_S} s")
