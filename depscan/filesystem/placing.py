"""Where copied things land in a stage.

In: what a source gave (`Picked`: its items, relative to the source) and a destination. Out: entries in the `Tree`. The
rules are BuildKit's (fsutil's copy): a directory gives its contents; a file goes into a destination that is a directory
or ends in a slash, else it takes the destination's name; missing parents are made; links in the destination's own
path are followed, a link below it is replaced by a file. `--link` is treated as a plain copy: whether the builder can
merge layers, and then replaces links in the destination's path, is not known beforehand.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.filesystem.entries import FileEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depscan.artifacts.facts import Origin
    from depscan.filesystem.entries import Content
    from depscan.filesystem.modes import ModeChange
    from depscan.filesystem.tree import Tree
    from depscan.source import Span

MAX_PATH = 4096  # Linux's PATH_MAX
UNKNOWN_MODE = 0o755  # of a file never seen: one that can be started, so that no rule finds it not executable

# Directories that every image with a distribution in it has: FHS 3.0, chapters 3 to 5, required directories.
_FHS = frozenset(
    f"{parent}/{name}"
    for parents, names in (
        (("",), "bin boot dev etc home lib media mnt opt proc root run sbin srv sys tmp usr var"),
        (("/usr", "/usr/local"), "bin games include lib libexec local sbin share src"),
        (("/usr/local",), "etc man"),
        (("/var",), "cache lib local lock log mail opt run spool tmp"),
    )
    for parent in parents
    for name in names.split()
)


class Item(Struct, frozen=True, gc=False):
    """One thing to copy: `path` relative to the source ("" for the source itself), else as in `FileEntry`."""

    path: str
    kind: str
    mode: int
    origin: Origin
    source: str
    content: Content | None = None
    target: str | None = None


class Picked(Struct, frozen=True):
    """What one source gave: the name it would have inside a directory, its kind, its items (parents first).

    `named` is true where the source spells this very file.
    """

    name: str
    kind: str
    items: Iterable[Item]
    named: bool = False


class Destination(Struct, frozen=True):
    """The last argument: an absolute path, and whether it was written as a directory."""

    path: str
    directory: bool


def find_destination(tree: Tree, text: str) -> Destination | None:
    """Read a destination under the working directory; None when that is not known or longer than a path can be."""
    path = tree.absolute(text or ".")
    if path is None or len(path) > MAX_PATH:
        return None
    return Destination(path, text in {"", "."} or text.endswith(("/", "/.")))


def is_directory(tree: Tree, path: str) -> bool:
    """Whether a canonical path is known to be a directory: made by an instruction, or one that images have."""
    entry = tree.entries.get(path)
    if entry is not None:
        return entry.kind == "directory"
    if path in {"/", tree.workdir}:
        return True
    if path in tree.removed or tree.profile.reference == "scratch":
        return False
    profile = tree.profile
    holds_loader = any(loader.startswith(path + "/") for loader in profile.loaders)
    return holds_loader or path in profile.search_paths or is_standard_directory(path)


def is_standard_directory(path: str) -> bool:
    """Whether the file system hierarchy standard gives an image this directory."""
    return path in _FHS


def place(tree: Tree, picked: Picked, destination: Destination, span: Span, chmod: ModeChange | None) -> None:
    """Copy what one source gave. Needs `tree.step()` before."""
    if picked.kind == "directory":
        where = tree.canonical(destination.path, follow_last=True)
        make_directories(tree, where, span)
        place_contents(tree, picked.items, where, span, chmod)
        return
    where = target_of(tree, destination, picked.name)
    make_directories(tree, posixpath.dirname(where), span)
    for item in picked.items:
        _enter(tree, item, where, span, chmod, named=picked.named)


def target_of(tree: Tree, destination: Destination, name: str) -> str:
    """The canonical path that a file called `name` takes at a destination."""
    where = tree.canonical(destination.path, follow_last=True)
    into = destination.directory or is_directory(tree, where)
    return posixpath.join(where, name) if into else where


def make_directories(tree: Tree, path: str, span: Span) -> None:
    """Make a canonical directory and its missing parents, as mkdir -p."""
    from depscan.artifacts.facts import Origin  # noqa: PLC0415 - typing-only elsewhere in this module

    made = []
    while not is_directory(tree, path):
        made.append(path)
        path = posixpath.dirname(path)
    for missing in reversed(made):
        tree.enter(FileEntry(missing, "directory", 0o755, Origin.CONTEXT, missing, span, tree.sequence))


def place_contents(
    tree: Tree, items: Iterable[Item], base: str, span: Span, chmod: ModeChange | None, *, replace_links: bool = False
) -> None:
    """Enter items below `base`, a canonical directory; the links of each directory on the way are resolved once.

    Where a link stands for a directory that is copied, COPY goes through it; a tar archive replaces it.
    """
    directories = {"": base}
    for item in items:
        if not item.path:
            continue
        parent_path, _, name = item.path.rpartition("/")
        parent = directories.get(parent_path)
        if parent is None:
            parent = directories[parent_path] = tree.canonical(f"{base}/{parent_path}", follow_last=True)
        where = f"{parent}/{name}" if parent != "/" else f"/{name}"
        if item.kind == "directory":
            if replace_links and where in tree.links:
                tree.remove(where)
            where = directories[item.path] = tree.canonical(where, follow_last=True)
            known = tree.entries.get(where)
            if known is not None and known.kind == "directory":
                continue
        _enter(tree, item, where, span, chmod)


def _enter(tree: Tree, item: Item, where: str, span: Span, chmod: ModeChange | None, *, named: bool = False) -> None:
    kind, mode = item.kind, item.mode
    if chmod is not None and kind != "link":
        mode = chmod(mode, kind == "directory")
    content, target = item.content, item.target
    tree.enter(FileEntry(where, kind, mode, item.origin, item.source, span, tree.sequence, content, target, named))
