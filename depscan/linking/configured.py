"""Directories that files configure: ld.so.conf with the last ldconfig, and musl's path file.

In: the `Root`. Out: the directories that ld.so.cache covers, each with whether that is certain, and musl's search
path. glibc's dynamic linker never reads ld.so.conf: a library copied into such a directory is found only if ldconfig
ran later.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from depscan.filesystem.content import read_head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.linking.loaders import Loader
    from depscan.linking.root import Root

_MUSL_DEFAULT = ("/lib", "/usr/local/lib", "/usr/lib")  # musl ldso/dynlink.c
_CONF_SIZE = 64 * 1024


def cached_directories(root: Root, loader: Loader) -> Iterator[tuple[str, bool]]:
    """Directories that ldconfig reads beside the trusted ones; False where a configuration file cannot be read."""
    yield from ((directory, True) for directory in loader.profile.cache_paths)
    for entry in root.linker_configuration:
        if entry.kind != "file" or not _is_conf(entry.path):
            continue
        text = read_head(entry, _CONF_SIZE)
        if text is None:
            yield "/", False
            continue
        yield from ((directory, True) for directory in _conf_lines(text))


def _is_conf(path: str) -> bool:
    return path == "/etc/ld.so.conf" or (posixpath.dirname(path) == "/etc/ld.so.conf.d" and path.endswith(".conf"))


def _conf_lines(data: bytes) -> Iterator[str]:
    for line in data.decode("utf-8", "replace").splitlines():
        directory = line.partition("#")[0].strip()
        if directory.startswith("/"):
            yield posixpath.normpath(directory)


def in_cache(root: Root, sequence: int) -> bool | None:
    """Whether the last ldconfig saw a file that came in at `sequence`; None where a later RUN may have run ldconfig."""
    if root.filesystem.ldconfig is not None and root.filesystem.ldconfig > sequence:
        return True
    later = any(change.sequence > sequence for change in root.filesystem.changes)
    return None if later else False


def musl_path(root: Root, loader: Loader) -> tuple[str, tuple[str, ...] | None]:
    """Law and directories of musl's search path; None for the directories where the path file cannot be read.

    /etc/ld-musl-ARCH.path replaces the default, it does not extend it.
    """
    for entry in root.linker_configuration:
        path = entry.path
        if path.startswith("/etc/ld-musl-") and path.endswith(".path"):
            text = read_head(entry, _CONF_SIZE)
            if text is None:
                return path, None
            parts = text.decode("utf-8", "replace").replace("\n", ":").split(":")
            return path, tuple(part.strip() for part in parts if part.strip().startswith("/"))
    known = loader.directories if loader.copied or loader.profile.libc.family == "musl" else ()
    return "default path", known or _MUSL_DEFAULT
