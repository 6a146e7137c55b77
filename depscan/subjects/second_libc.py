"""Whether a musl stage brings a second C library by hand.

In: a `StageFilesystem`. Out: what was done, in one clause, and where; None where nothing was.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from depscan.linking.loaders import interpreter_family

if TYPE_CHECKING:
    from depscan.filesystem.entries import StageFilesystem
    from depscan.source import Span

_THIRD_PARTY = frozenset({"glibc", "glibc-bin"})  # sgerrand's and frolvlad's package names


def second_libc(filesystem: StageFilesystem) -> tuple[str, Span] | None:
    """A glibc dynamic linker linked or copied in, a third-party glibc package, or a preloaded compat layer."""
    if filesystem.profile.libc.family != "musl":
        return None
    for entry in filesystem.entries.values():
        if entry.kind == "link" and interpreter_family(entry.path) == "glibc":
            return f"{entry.path} is linked to {entry.target}", entry.span
        if entry.kind == "file" and interpreter_family(entry.path) == "glibc":
            return f"{entry.path} is copied into an image of another libc", entry.span
    package = next((name for name in filesystem.packages if name in _THIRD_PARTY), None)
    change = next((change for change in filesystem.changes if change.foreign_libc), None)
    if package is not None and change is not None:
        return f"the third-party package {package} is installed", change.span
    preload = posixpath.basename(filesystem.environment.get("LD_PRELOAD") or "")
    if preload.startswith("libgcompat"):
        return f"LD_PRELOAD names {preload}", filesystem.stage.base_span
    return None
