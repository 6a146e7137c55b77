"""What a command of RUN does to a stage's files, as facts, and their entry into the tree.

In: an `Effect` that the reader of a program yields. Out: a changed `Tree`. A conditional command's effect only makes
the paths it touches unknown: neither what was there nor what it would put there is certain any more.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from depscan.artifacts.facts import Origin
from depscan.filesystem.entries import FileEntry, InlineFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.dockerfile.instructions import Stage
    from depscan.filesystem.context import BuildContext
    from depscan.filesystem.entries import Content
    from depscan.filesystem.modes import ModeChange
    from depscan.filesystem.tree import Tree
    from depscan.images.profile import Library
    from depscan.shell.commands import ShellWord, SimpleCommand
    from depscan.source import Span


_MAX_TEXT = 64 << 10  # bytes of a text that grows with each command of a group


class Remove(Struct, frozen=True):
    """A path and all below it is deleted."""

    path: str


class Append(Struct, frozen=True):
    """Text comes behind that of a file which the group around the command opened; None where it is not known."""

    path: str
    text: str | None


class SetMode(Struct, frozen=True):
    """The permission bits of a known entry change."""

    entry: FileEntry
    change: ModeChange


class Disturb(Struct, frozen=True):
    """Anything at or below `roots` may have appeared, changed or gone; see `UnknownChange`."""

    roots: tuple[str, ...]
    foreign_libc: bool = True
    archive: bool = False
    possible: frozenset[str] | None = None
    programs: frozenset[str] | None = None


# Of images with these C libraries: none is there, or one that writes no cache (Alpine's is musl-utils' script).
_WITHOUT_LDCONFIG = frozenset({"musl", "uclibc", "none"})


class RefreshCache(Struct, frozen=True):
    """Bare ldconfig rebuilds /etc/ld.so.cache."""


class Install(Struct, frozen=True):
    """Packages came in by a manager (apk, apt, dnf, ...), with what they are known to bring."""

    manager: str
    packages: tuple[str, ...]
    libraries: Mapping[str, Library] = field(default_factory=dict)
    loaders: Mapping[str, str] = field(default_factory=dict)
    interpreters: tuple[str, ...] = ()
    virtual: str | None = None


class Uninstall(Struct, frozen=True):
    """Packages went, with them the libraries `gone`; that the `doubtful` are still there is no longer certain.

    `undone` are the sequences of changes that were these packages alone.
    """

    packages: tuple[str, ...]
    doubtful: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    undone: frozenset[int] = frozenset()


class Mark(Struct, frozen=True):
    """Packages count as asked for from now on, or, not `manual`, as those that go when no other needs them."""

    packages: tuple[str, ...]
    manual: bool


Effect = FileEntry | Append | Remove | SetMode | Disturb | RefreshCache | Install | Uninstall | Mark


class Action(Struct, frozen=True):
    """One command under replay. `reason` is what the report calls it, e.g. "RUN make install".

    `variables` are ENV and ARG values in force (None: not known), `stage` is the one under replay, `context` the build
    context that its files come from.
    """

    command: SimpleCommand
    tree: Tree
    span: Span
    reason: str
    variables: Mapping[str, str | None]
    stage: Stage
    context: BuildContext

    def path(self, text: str | None) -> str | None:
        """An absolute path for an operand; None when it or the directory is not known."""
        if text is None or (self.command.directory is None and not text.startswith("/")):
            return None
        return posixpath.normpath(posixpath.join(self.command.directory or "/", text)).replace("//", "/")

    def around(self, word: ShellWord | None) -> str:
        """The path a word names or, where that is not known, a directory that surely holds it: its known beginning."""
        path = self.path(word.text) if word else None
        known = re.match(r"\"?(/[\w./+-]*)/", word.raw) if word and path is None else None
        return path or (posixpath.normpath(known[1]) if known and ".." not in known[1] else "/")

    def paths(self, words: tuple[ShellWord, ...]) -> list[str]:
        """The paths of those operands that are known."""
        return [path for word in words if (path := self.path(word.text)) is not None]

    def written(self, path: str, content: Content | None = None, *, mode: int = 0o644) -> FileEntry:
        """A file that this command writes; one that is there, or may be, keeps its permission bits."""
        known = self.tree.find(path)
        bits = known.mode if known else mode | self._bits_that_may_be(path)
        return FileEntry(path, "file", bits, Origin.PREDICTED, self.reason, self.span, 0, content)

    def _bits_that_may_be(self, path: str) -> int:
        from depscan.filesystem.lookup import image_may_hold  # noqa: PLC0415 - few commands write a file

        where = self.tree.canonical(path, follow_last=True)
        held = where not in self.tree.removed and image_may_hold(self.tree.profile, where)
        return 0o111 if held else 0


def apply_effect(effect: Effect, action: Action) -> None:
    """Enter one effect. Needs `tree.step()` before each command's first."""
    if isinstance(effect, Disturb):
        _disturb(effect, action)
    elif isinstance(effect, SetMode):
        _set_mode(effect, action)
    elif isinstance(effect, RefreshCache):
        if action.tree.profile.libc.family not in _WITHOUT_LDCONFIG:
            action.tree.ldconfig = action.tree.step()
    elif isinstance(effect, Append):
        _append(effect, action)
    elif isinstance(effect, FileEntry | Remove):
        _place(effect, action)
    else:
        _record_packages(effect, action)


def _place(effect: FileEntry | Remove, action: Action) -> None:
    tree = action.tree
    if isinstance(effect, FileEntry) and effect.path.endswith("/*"):
        if not action.command.conditional:
            tree.expect(effect)
    elif action.command.conditional:
        _forget(tree, effect.path)
        _disturb(Disturb((effect.path,)), action)
    elif isinstance(effect, Remove):
        tree.remove(effect.path)
    else:
        tree.put(effect)


def _append(effect: Append, action: Action) -> None:
    """A command that may be left out leaves the text unknown, and the file where it is."""
    known = action.tree.find(effect.path)
    if known is None:
        return
    before = known.content.data if isinstance(known.content, InlineFile) else None
    content = None
    if before is not None and effect.text is not None and not action.command.conditional and len(before) < _MAX_TEXT:
        content = InlineFile(before + effect.text.encode("utf-8", "surrogateescape"))
    action.tree.put(replace(known, content=content))


def _forget(tree: Tree, path: str) -> None:
    """What stands at a path, and below it, may be something else by now."""
    where = tree.canonical(path)
    known = [tree.entries[where]] if where in tree.entries else []
    for entry in [*known, *tree.below(where)]:
        tree.entries[entry.path] = replace(entry, content=None)


def _set_mode(effect: SetMode, action: Action) -> None:
    """A conditional chmod leaves both modes possible: the bits of either are taken, so that none is missed in vain."""
    old = effect.entry.mode
    new = effect.change(old, effect.entry.kind == "directory")
    action.tree.change_mode(effect.entry.path, old | new if action.command.conditional else new)


def _disturb(effect: Disturb, action: Action) -> None:
    action.tree.mark(
        effect.roots,
        foreign_libc=effect.foreign_libc,
        reason=action.reason,
        span=action.span,
        archive=effect.archive,
        possible=effect.possible,
        programs=effect.programs,
    )


def _record_packages(effect: Install | Uninstall | Mark, action: Action) -> None:
    tree = action.tree
    if isinstance(effect, Mark):
        _mark_packages(effect, action)
    elif isinstance(effect, Uninstall):
        tree.uninstall(effect.packages, effect.doubtful, frozenset() if action.command.conditional else effect.gone)
        if not action.command.conditional:
            tree.changes = [each for each in tree.changes if each.sequence not in effect.undone]
    else:
        tree.managers.add(effect.manager)
        if action.command.conditional:
            tree.perhaps_installed.update(effect.packages)
            return
        tree.keep_together(effect.virtual, effect.packages)
        tree.packages += [name for name in effect.packages if name not in tree.packages]
        tree.libraries |= effect.libraries
        tree.loaders |= effect.loaders
        tree.interpreters.update(effect.interpreters)


def _mark_packages(effect: Mark, action: Action) -> None:
    tree = action.tree
    others = [name for name in tree.packages if name not in effect.packages]
    if action.command.conditional:
        tree.perhaps_installed.update(effect.packages)
    else:
        tree.packages[:] = [*others, *effect.packages] if effect.manual else others
