"""A root file system put together on paper, one layer above the other.

In: the members of layers in order. Out: the files that are left. The laws are those by which containerd and moby unpack
layers: links among the parents of a path are followed inside the root, the last part is replaced; a whiteout hides what
lower layers brought and nothing of its own layer (OCI image specification, "Whiteouts").
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from depscan.images.contents import MAX_DEPTH, MAX_FILES, MAX_PATH, MAX_PATHS, BadImageError, Contents, is_database
from depscan.images.profile import ImageFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAX_LINKS = 40  # as Linux (path_resolution(7))
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"


class Node:
    """A file, directory, link or other; `content` is bytes of a text, the Path of a library, a program's PT_INTERP."""

    __slots__ = ("children", "content", "kind", "layer", "mode", "target")

    def __init__(self, kind: str, mode: int, target: str | None = None, content: bytes | Path | str | None = None):
        self.kind = kind
        self.mode = mode
        self.target = target
        self.content = content
        self.children: dict[str, Node] = {}
        self.layer = 0


class FileTree:
    """The files so far; `layer` counts the layers from 1."""

    def __init__(self) -> None:
        self.layer = 0
        self._root = Node("directory", 0o755)
        self._count = 0

    def put(self, name: str, node: Node) -> None:
        """Put a member of the current layer in place; a directory over a directory keeps what is in it."""
        *parents, last = _parts(name) or [""]
        if last.startswith(_WHITEOUT):
            self._white_out(parents, last)
            return
        folder = self._folder(parents, create=True)
        if not last:  # the root directory itself
            return
        node.layer = self.layer
        existing = folder.children.get(last)
        if existing is not None and existing.kind == node.kind == "directory":
            existing.mode, existing.layer = node.mode, self.layer
            return
        self._add(folder, last, node)

    def link(self, name: str, target: str) -> None:
        """Put a hard link in place: the same file once more; raises BadImageError where `target` is not there."""
        *parents, last = _parts(target) or [""]
        node = self._folder(parents).children.get(last)
        if node is None or node.kind == "directory":
            raise BadImageError(f"a hard link to {target}, which is no file in it")
        self.put(name, Node(node.kind, node.mode, node.target, node.content))

    def contents(self) -> Contents:
        """What is left, by absolute path."""
        files: dict[str, ImageFile] = {}
        libraries: dict[str, Path] = {}
        programs: dict[str, str] = {}
        texts: dict[str, bytes] = {}
        databases: dict[str, Path] = {}
        characters = 0
        for path, node in self._walk():
            characters += len(path)
            if characters > MAX_PATHS:
                raise BadImageError(f"the paths of its files are longer than {MAX_PATHS >> 20} MB")
            files[path] = ImageFile(node.kind, node.mode, node.target)
            if isinstance(node.content, bytes):
                texts[path] = node.content
            elif isinstance(node.content, str):
                programs[path] = node.content
            elif node.content is not None:
                (databases if is_database(path) else libraries)[path] = node.content
        return Contents(files, libraries, programs, texts, databases)

    def _walk(self) -> Iterator[tuple[str, Node]]:
        waiting = [("", self._root)]
        while waiting:
            prefix, folder = waiting.pop()
            for name, node in folder.children.items():
                path = f"{prefix}/{name}"
                yield path, node
                if node.children:
                    waiting.append((path, node))

    def canonical(self, name: str) -> str:
        """The path at which a member of this name comes to lie, links among its parents followed."""
        *parents, last = _parts(name) or [""]
        return "/".join(["", *self._resolve(parents)[0], last])

    def _folder(self, parents: list[str], *, create: bool = False) -> Node:
        """The directory at `parents`, links followed; missing ones are made as unpackers do, with mode 755."""
        names, node = self._resolve(parents)
        if len(names) > MAX_DEPTH:
            raise BadImageError(f"a member more than {MAX_DEPTH} directories deep")
        if node is not None:
            self._touch(names)
            return node
        if not create:
            raise BadImageError(f"a hard link into {'/'.join(parents)}, which is not there")
        node = self._root
        for name in names:
            if name not in node.children:
                self._add(node, name, Node("directory", 0o755))
            node = node.children[name]
            node.layer = self.layer
        return node

    def _touch(self, names: list[str]) -> None:
        """Note that the current layer has something below these directories, so that no whiteout of it hides them."""
        node = self._root
        for name in names:
            node = node.children[name]
            node.layer = self.layer

    def _resolve(self, parts: list[str]) -> tuple[list[str], Node | None]:
        """Follow links inside the root. The canonical names, and the directory there, None where it is missing."""
        waiting, names, nodes, links = deque(parts), list[str](), [self._root], 0
        while waiting:
            name = waiting.popleft()
            if name == "..":
                del names[-1:], nodes[max(1, len(nodes) - 1) :]
                continue
            node = nodes[-1].children.get(name)
            if node is None:
                return _lexical([*names, name, *waiting]), None
            if node.kind == "link":
                links += 1
                if links > _MAX_LINKS:
                    raise BadImageError(f"a loop of links at {'/'.join([*names, name])}")
                waiting.extendleft(reversed(_split(node.target or "")))
                if (node.target or "").startswith("/"):
                    names, nodes = [], [self._root]
            elif node.kind == "directory":
                names.append(name)
                nodes.append(node)
            else:
                raise BadImageError(f"a member below {'/'.join([*names, name])}, which is no directory")
        return names, nodes[-1]

    def _white_out(self, parents: list[str], last: str) -> None:
        folder = self._resolve(parents)[1]
        if folder is None:
            return
        if last == _OPAQUE:
            for name in list(folder.children):
                self._hide(folder, name)
        elif not last.startswith(_WHITEOUT * 2):  # other names of this kind are aufs's own files
            self._hide(folder, last.removeprefix(_WHITEOUT))

    def _hide(self, folder: Node, name: str) -> None:
        """Remove what lower layers brought; what the current layer brought stays, with its parents."""
        node = folder.children.get(name)
        if node is None:
            return
        if node.layer != self.layer:
            self._drop(folder, name)
            return
        for child in list(node.children):  # at most MAX_DEPTH deep
            self._hide(node, child)

    def _add(self, folder: Node, name: str, node: Node) -> None:
        self._drop(folder, name)
        self._count += 1
        if self._count > MAX_FILES:
            raise BadImageError(f"it has more than {MAX_FILES} files")
        folder.children[name] = node

    def _drop(self, folder: Node, name: str) -> None:
        waiting = [node for node in (folder.children.pop(name, None),) if node is not None]
        while waiting:
            self._count -= 1
            waiting += waiting.pop().children.values()


def _parts(name: str) -> list[str]:
    """The parts of a member's name; raises BadImageError where it leaves the root or is too deep.

    A leading `/` is dropped and `.` means nothing, as unpackers have it.
    """
    if len(name) > MAX_PATH:
        raise BadImageError(f"a member whose name has more than {MAX_PATH} characters")
    parts = _split(name)
    if ".." in parts:
        raise BadImageError(f"a member named {name[:200]}, which leaves the root")
    return parts


def _lexical(parts: list[str]) -> list[str]:
    """Parts without `..`, as far as nothing is known of the directories that they name."""
    found: list[str] = []
    for part in parts:
        if part == "..":
            del found[-1:]
        else:
            found.append(part)
    return found


def _split(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]
