"""The build context: the directory whose files COPY and ADD may take.

In: a directory and its ignore rules. Out: `ContextEntry` for a path, a glob or everything below a directory; what
cannot be used is `Skipped`. Directories are listed when asked for, once. No path leaves the context: links are
followed inside it as BuildKit does (an absolute target starts at the context's root, `..` stops there).
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.filesystem.entries import MAX_LINKS, HostFile
from depscan.filesystem.git_modes import read_git_modes
from depscan.filesystem.globs import compile_component, has_wildcards
from depscan.filesystem.ignore import KEPT, IgnoreRules, Verdict
from depscan.findings import Skipped
from depscan.repository import find_repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from depscan.dockerfile.instructions import Dockerfile
    from depscan.filesystem.archives import Archives

MAX_ENTRIES = 200_000
MAX_DEPTH = 128

_KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link"}
_SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a block device",
    stat.S_IFCHR: "a character device",
}


class ContextEntry(Struct, frozen=True, gc=False):
    """Something in the context: path relative to its root ("" for the root), kind file, directory, link or special.

    `mode` are the permission bits, `target` a link's text, `verdict` what the ignore rules say.
    """

    path: str
    kind: str
    mode: int
    verdict: Verdict
    target: str | None = None

    @property
    def name(self) -> str:
        """The last component of the path."""
        return self.path.rpartition("/")[2]


class Lookup(Struct, frozen=True):
    """What a path names: an entry (links followed), or None and whether a link or `..` led out of the context."""

    entry: ContextEntry | None
    escaped: bool = False


class BuildContext:
    """A directory of files for COPY and ADD. `skipped` grows while it is read; `complete` falls when a cap is met.

    `shown` is its path for messages, relative below the working directory. `cache` allows what earlier runs kept of
    its archives.
    """

    def __init__(
        self, root: Path, rules: IgnoreRules | None = None, *, max_entries: int = MAX_ENTRIES, cache: bool = True
    ) -> None:
        self.root = root
        self.rules = rules or IgnoreRules()
        self.skipped: list[Skipped] = list(self.rules.skipped)
        self.complete = True
        self._room = max_entries
        self._listings: dict[str, dict[str, ContextEntry]] = {}
        self._entries: dict[str, ContextEntry | None] = {"": ContextEntry("", "directory", 0o755, KEPT)}
        self._contents: dict[str, HostFile] = {}
        self._absolute = root.absolute()
        self._prefix = str(self._absolute)
        self._git_modes = read_git_modes(self._absolute)
        relative = os.path.relpath(self._prefix)
        self.shown = self._prefix if relative.startswith("..") else relative
        self._archives: Archives | None = None
        self._cache = cache

    @property
    def archives(self) -> Archives:
        """The archives of this context that instructions unpack."""
        if self._archives is None:
            from depscan.filesystem.archives import Archives  # noqa: PLC0415 - few instructions unpack anything

            self._archives = Archives(cache=self._cache)
        return self._archives

    def without(self, ignored: tuple[str, ...]) -> BuildContext:
        """The same directory with further lines at the end of its ignore file."""
        return BuildContext(self.root, self.rules.with_lines(ignored), cache=self._cache)

    def content(self, entry: ContextEntry) -> HostFile:
        """The bytes of a file of this context; one object per file."""
        content = self._contents.get(entry.path)
        if content is None:
            content = self._contents[entry.path] = HostFile(self._absolute / entry.path)
        return content

    def find(self, path: str) -> Lookup:
        """What `path` names, every link in it followed inside the context; ignored things are found too."""
        pending = list(reversed(path.split("/")))
        done: list[str] = []
        followed, escaped = 0, False
        while pending:
            part = pending.pop()
            if part in {"", "."}:
                continue
            if part == "..":
                escaped = escaped or not done
                done = done[:-1]
                continue
            entry = self.child("/".join(done), part)
            if entry is None:
                return Lookup(None, escaped)
            if entry.kind != "link":
                done.append(part)
                continue
            followed += 1
            if followed > MAX_LINKS or entry.target is None:
                return Lookup(None, escaped)
            if entry.target.startswith("/"):
                escaped, done = True, []
            pending.extend(reversed(entry.target.split("/")))
        return Lookup(self._entry("/".join(done)), escaped)

    def child(self, directory: str, name: str) -> ContextEntry | None:
        """The entry `name` of a directory (a path without links), itself not followed."""
        listing = self._listings.get(directory)
        if listing is not None and (name in listing or self.complete):
            return listing.get(name)
        return self._entry(f"{directory}/{name}" if directory else name)

    def children(self, directory: str) -> list[ContextEntry]:
        """The entries of a directory, by name; empty when it cannot be read (then `skipped` says so)."""
        if directory not in self._listings:
            self._listings[directory] = self._list(directory)
        return list(self._listings[directory].values())

    def is_included(self, entry: ContextEntry) -> bool:
        """Whether the builder sees `entry`: not ignored, or a directory below which something is kept."""
        if not entry.verdict.ignored:
            return True
        return entry.kind == "directory" and next(self.walk(entry), None) is not None

    def glob(self, pattern: str) -> list[ContextEntry] | None:
        """What a COPY source with wildcards matches, in order of names; None when its fixed part is not there.

        Links before the first wildcard are followed, later ones are not entered (fsutil walks without following).
        """
        parts = [part for part in pattern.split("/") if part not in {"", "."}]
        first = next((i for i, part in enumerate(parts) if has_wildcards(part)), len(parts))
        base = self.find("/".join(parts[:first])).entry
        if base is None or base.kind != "directory":
            return None
        found = [base]
        for part in parts[first:]:
            expression = compile_component(part)
            found = [
                child
                for directory in found
                if directory.kind == "directory" and expression is not None
                for child in self.children(directory.path)
                if expression.match(child.name)
            ]
        return [entry for entry in found if self.is_included(entry)]

    def walk(self, directory: ContextEntry) -> Iterator[ContextEntry]:
        """Everything that the builder sees below a directory, parents first; links are given, not followed.

        An ignored directory is given just before the first thing below it that a `!` pattern brings back.
        """
        may_keep_below = self.rules.may_keep_below
        if directory.verdict.ignored and not may_keep_below(directory.path):
            return
        pending: list[tuple[ContextEntry, tuple[ContextEntry, ...]]] = [(directory, ())]
        given: set[str] = set()
        while pending:
            parent, owed = pending.pop()
            for child in self.children(parent.path):
                if not child.verdict.ignored:
                    for owing in owed:
                        if owing.path not in given:
                            given.add(owing.path)
                            yield owing
                    yield child
                    if child.kind == "directory":
                        pending.append((child, ()))
                elif child.kind == "directory" and may_keep_below(child.path):
                    pending.append((child, (*owed, child)))

    def _entry(self, path: str) -> ContextEntry | None:
        if path not in self._entries:
            self._entries[path] = self._read(path)
        return self._entries[path]

    def _read(self, path: str) -> ContextEntry | None:
        parent_path, _, name = path.rpartition("/")
        parent = self._entry(parent_path)
        if parent is None or parent.kind != "directory":
            return None
        full = os.path.join(self._prefix, path)
        try:
            status = os.lstat(full)
            target = os.readlink(full) if stat.S_ISLNK(status.st_mode) else None  # noqa: PTH115 - a str path
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return None
            self._deny(path, error)
            self.complete = False
            return None
        return self._make(path, name, status.st_mode, target, parent.verdict)

    def _make(self, path: str, name: str, mode: int, target: str | None, parent: Verdict) -> ContextEntry | None:
        try:
            name.encode()
        except UnicodeEncodeError:
            self._skip(path, "its name is not UTF-8")
            return None
        verdict = self.rules.judge(path, parent)
        if self._git_modes is not None and stat.S_ISREG(mode):
            mode = stat.S_IFREG | self._git_modes.get(path, stat.S_IMODE(mode) if os.name != "nt" else 0o755)
        return ContextEntry(path, _KINDS.get(stat.S_IFMT(mode), "special"), stat.S_IMODE(mode), verdict, target)

    def _list(self, directory: str) -> dict[str, ContextEntry]:
        parent = self._entry(directory)
        if parent is None or parent.kind != "directory":
            return {}
        if self._room <= 0 or directory.count("/") >= MAX_DEPTH:
            self._give_up(directory)
            return {}
        listing: dict[str, ContextEntry] = {}
        try:
            with os.scandir(os.path.join(self._prefix, directory)) as scan:
                for item in scan:
                    self._room -= 1
                    if self._room < 0:
                        self._give_up(directory)
                        break
                    entry = self._of_scan(directory, item, parent.verdict)
                    if entry is not None:
                        listing[item.name] = entry
        except OSError as error:
            self._deny(directory or ".", error)
            self.complete = False
        self._entries.update((entry.path, entry) for entry in listing.values())
        return dict(sorted(listing.items()))

    def _of_scan(self, directory: str, item: os.DirEntry[str], parent: Verdict) -> ContextEntry | None:
        path = f"{directory}/{item.name}" if directory else item.name
        try:
            mode = item.stat(follow_symlinks=False).st_mode
            target = os.readlink(item.path) if item.is_symlink() else None  # noqa: PTH115 - a str path
        except OSError as error:
            self._deny(path, error)
            return None
        return self._make(path, item.name, mode, target, parent)

    def _give_up(self, directory: str) -> None:
        if self.complete:
            self._skip(directory or ".", "the context has too many files or directories; the rest was not looked at")
        self.complete = False

    def _deny(self, path: str, error: OSError) -> None:
        self._skip(path, f"cannot be read: {error.strerror}" if error.strerror else "cannot be read", denied=True)

    def _skip(self, path: str, reason: str, *, denied: bool = False) -> None:
        subject = path.encode("utf-8", "backslashreplace").decode()
        self.skipped.append(Skipped(subject, reason, denied=denied))


def choose_context(dockerfile_path: Path, dockerfile: Dockerfile) -> tuple[Path, str]:
    """The context when the user names none, and why: a directory, and a sentence for `--verbose` and the JSON.

    It is the Dockerfile's own directory when its COPY and ADD sources are there; else the nearest parent, up to the
    repository's root, that has the most of them and more than half.
    """
    own = dockerfile_path.absolute().parent
    sources = _plain_sources(dockerfile)
    if not sources:
        return own, "the Dockerfile's directory"
    counts = {place: _count_present(place, sources) for place in (own, *_parents_in_repository(own))}
    if counts[own] == len(sources):
        return own, "the Dockerfile's directory: all COPY sources are there"
    best = max(counts, key=lambda place: counts[place])  # the nearest of equals, since nearer ones come first
    if best != own and counts[best] * 2 > len(sources):
        return best, f"{counts[best]} of {len(sources)} COPY sources are in {best}, {counts[own]} beside the Dockerfile"
    return own, f"the Dockerfile's directory: {counts[own]} of {len(sources)} COPY sources are there"


def _plain_sources(dockerfile: Dockerfile) -> list[str]:
    """The sources, without variables, that tell contexts apart: `.` and a leading wildcard are in every directory."""
    found: dict[str, None] = {}
    for stage in dockerfile.stages:
        for instruction in stage.instructions:
            if instruction.keyword.upper() not in {"COPY", "ADD"} or instruction.flag("from"):
                continue
            for word in instruction.arguments[:-1]:
                text = word.text.strip("\"'")
                first = next((part for part in text.split("/") if part not in {"", ".", ".."}), "*")
                if not has_wildcards(first) and not any(mark in text for mark in ("$", "://", "<<")):
                    found[text] = None
    return list(found)


def _parents_in_repository(directory: Path) -> list[Path]:
    """The directories above `directory`, nearest first, up to the one with `.git`; none outside a repository."""
    root = find_repository(directory)
    return [each for each in directory.parents if each.is_relative_to(root)] if root is not None else []


def _count_present(place: Path, sources: list[str]) -> int:
    context = BuildContext(place)
    return sum(
        bool(context.glob(source) if has_wildcards(source) else context.find(source).entry) for source in sources
    )


def special_reason(context: BuildContext, entry: ContextEntry) -> str:
    """Why an entry of kind special cannot be looked at, for a `Skipped` row."""
    try:
        mode = os.lstat(context.root / entry.path).st_mode
    except OSError:
        return "is gone"
    return f"is {_SPECIAL.get(stat.S_IFMT(mode), 'neither a file nor a directory')}"
