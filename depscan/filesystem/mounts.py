"""What RUN --mount lays over a stage while its commands run.

In: a `Run`, the `Tree`, where the mounts take their files from. Out: a tree in which they are there, and after the
block one without them. A bind mount shows files of the context or of another stage, and what is written to it is lost;
a cache keeps its files for the next RUN that mounts it, and none of them is in the image.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from depscan.dockerfile.commands import Copy, Value
from depscan.filesystem.copying import apply_copy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from depscan.dockerfile.commands import Mount, Run
    from depscan.dockerfile.instructions import Stage
    from depscan.filesystem.entries import FileEntry, StageFilesystem
    from depscan.filesystem.taking import ContextSource
    from depscan.filesystem.tree import Tree


_Kept = TypeVar("_Kept")


class Part(Struct):
    """What stands at and below a directory, by absolute path."""

    where: str
    entries: dict[str, FileEntry] = field(default_factory=dict)
    expected: dict[str, FileEntry] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)


class Mounts(Struct):
    """The sources of mounts, and the caches of a whole build by id."""

    context: ContextSource
    caches: dict[str, Part] = field(default_factory=dict)

    @contextmanager
    def over(
        self, command: Run, tree: Tree, stage: Stage, origin_of: Callable[[str | None], StageFilesystem | str | None]
    ) -> Iterator[None]:
        """Lay the mounts of `command` over `tree`; `origin_of` tells what from= names, as for COPY --from."""
        laid: list[tuple[Mount, str, Part]] = []
        for mount in command.mounts:
            where = _target(mount, tree)
            if where is None:
                continue
            laid.append((mount, where, _take(tree, where)))
            if mount.type == "cache":
                _put(tree, self.caches.get(mount.id or where, Part(where)), where)
            else:
                self._bind(mount, where, tree, stage, origin_of(mount.from_))
        yield
        for mount, where, before in reversed(laid):
            left = _take(tree, where)
            if mount.type == "cache":
                self.caches[mount.id or where] = left
            _put(tree, before, where)

    def _bind(self, mount: Mount, where: str, tree: Tree, stage: Stage, origin: StageFilesystem | str | None) -> None:
        source = mount.source or ("/" if mount.from_ is not None else ".")
        words = (Value(source, source, mount.span), Value(where, where, mount.span))
        if source != "/" or origin is None:  # a whole image: what is read of it is asked by path
            copy = Copy(add=False, sources=words[:1], destination=words[1], from_stage=mount.from_)
            apply_copy(copy, tree, self.context, stage=stage, origin=origin)


def _target(mount: Mount, tree: Tree) -> str | None:
    """Where a mount of files lies, canonical; None for one without files, or whose place is not known."""
    target = tree.absolute(mount.target) if mount.target is not None and mount.type in ("bind", "cache") else None
    where = tree.canonical(target, follow_last=True) if target is not None else None
    return None if where == "/" else where


def _take(tree: Tree, where: str) -> Part:
    """Remove what stands at and below a directory, and give it."""
    part = Part(where)
    _move(tree.entries, part.entries, where)
    _move(tree.expected, part.expected, where)
    _move(tree.links, part.links, where)
    return part


def _move(table: dict[str, _Kept], taken: dict[str, _Kept], where: str) -> None:
    for path in [path for path in table if path == where or path.startswith(where + "/")]:
        taken[path] = table.pop(path)


def _put(tree: Tree, part: Part, where: str) -> None:
    """Let a part stand at `where`, which may be another directory than the one it was taken from."""
    old = len(part.where)
    for path, entry in part.entries.items():
        tree.entries[where + path[old:]] = replace(entry, path=where + entry.path[old:])
    for path, entry in part.expected.items():
        tree.expected[where + path[old:]] = replace(entry, path=where + entry.path[old:])
    tree.links.update({where + path[old:]: target for path, target in part.links.items()})
