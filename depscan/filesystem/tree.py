"""A stage's files while its instructions are replayed: the one mutable thing of this room.

In: the profile of the image at the bottom, or the `StageFilesystem` of the parent stage. Out: `freeze()` gives the
`StageFilesystem`. Every path that enters is made canonical first (links of its parent directories followed), so that
`COPY x /lib64/` lands in /usr/lib64 on a merged-usr image, as it does in a real build.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

import msgspec

from depscan.filesystem.entries import (
    FileEntry,
    Presence,
    StageFilesystem,
    UnknownChange,
    expected_at,
    resolve_links,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.dockerfile.instructions import Problem, Stage
    from depscan.filesystem.entries import StartCommand
    from depscan.findings import Skipped
    from depscan.images.profile import ImageProfile, Library
    from depscan.source import Span

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # moby's for images without PATH


class Tree:
    """The files, links, environment and start commands of a stage under replay.

    `sequence` grows with every change, so that "copied after the last ldconfig" can be told later.
    """

    def __init__(self, profile: ImageProfile, parent: StageFilesystem | None = None) -> None:
        self.profile = profile
        self.entries: dict[str, FileEntry] = dict(parent.entries) if parent else {}
        self.expected: dict[str, FileEntry] = dict(parent.expected) if parent else {}
        self.links: dict[str, str] = dict(parent.links) if parent else _image_links(profile)
        self.removed: set[str] = set(parent.removed) if parent else set()
        self.changes: list[UnknownChange] = list(parent.changes) if parent else []
        self.packages: list[str] = list(parent.packages) if parent else []
        # What apk keeps under a name of its own: the sequence of the change, the packages; removed in the same stage.
        self.virtuals: dict[str, tuple[int, tuple[str, ...]]] = {}
        self.perhaps_installed: set[str] = set(parent.perhaps_installed) if parent else set()
        self.managers: set[str] = set(parent.managers) if parent else set()
        self.libraries: dict[str, Library] = dict(parent.libraries) if parent else {}
        self.loaders: dict[str, str] = dict(parent.loaders) if parent else {}
        self.interpreters: set[str] = set(parent.interpreters) if parent else set()
        self.ldconfig: int | None = parent.ldconfig if parent else None
        self.environment: dict[str, str | None] = dict(parent.environment) if parent else self._image_environment()
        self.workdir: str | None = parent.workdir if parent else profile.workdir or "/"
        self.entrypoint: StartCommand | None = parent.entrypoint if parent else None
        self.command: StartCommand | None = parent.command if parent else None
        self.healthcheck: StartCommand | None = parent.healthcheck if parent else None
        self.shell_less: list[StartCommand] = []
        self.run_starts: list[StageFilesystem] = []
        self.problems: list[Problem] = []
        self.skipped: list[Skipped] = []
        last_entry = max((entry.sequence for entry in self.entries.values()), default=0)
        last_change = max((change.sequence for change in self.changes), default=0)
        self.stream: str | None = None  # the URL that the programs of a pipe hand on
        self.sequence = max(last_entry, last_change, self.ldconfig or 0)

    def _image_environment(self) -> dict[str, str | None]:
        known = self.profile.environment
        return {"PATH": DEFAULT_PATH, **known} if known is not None else {"PATH": DEFAULT_PATH}

    def absolute(self, path: str) -> str | None:
        """`path` under the working directory; None when that is not known."""
        if path.startswith("/"):
            return posixpath.normpath("/" + path.lstrip("/"))
        return None if self.workdir is None else posixpath.normpath(posixpath.join(self.workdir, path))

    def canonical(self, path: str, *, follow_last: bool = False) -> str:
        """Resolve the links of the parent directories (and of the last component); a loop leaves the path as it is."""
        path = posixpath.normpath("/" + path.lstrip("/"))
        if follow_last:
            return resolve_links(path, self.links) or path
        parent, name = posixpath.split(path)
        resolved = resolve_links(parent, self.links) or parent
        return posixpath.join(resolved, name) if name else resolved

    def step(self) -> int:
        """Begin a change: the next sequence number."""
        self.sequence += 1
        return self.sequence

    def put(self, entry: FileEntry) -> FileEntry:
        """Enter an entry as it is (mv, cp -a, COPY --from), at its own path made canonical."""
        where = self.canonical(entry.path)
        if entry.target is None and where in self.links:
            where = self.canonical(where, follow_last=True)
        return self.enter(msgspec.structs.replace(entry, path=where, sequence=self.sequence))

    def enter(self, entry: FileEntry) -> FileEntry:
        """Put an entry, as it is, at a path that is canonical already: for copies of many files."""
        path = entry.path
        if entry.target is not None:
            self.links[path] = entry.target
        elif path in self.links:
            del self.links[path]
        self.entries[path] = entry
        self.removed.discard(path)
        return entry

    def expect(self, entry: FileEntry) -> None:
        """Enter an entry at `DIRECTORY/*`: a program whose name only those who use it tell."""
        directory = self.canonical(posixpath.dirname(entry.path), follow_last=True)
        self.expected[directory] = msgspec.structs.replace(entry, path=f"{directory}/*", sequence=self.sequence)

    def change_mode(self, path: str, mode: int) -> None:
        """Set the permission bits of a known entry; nothing happens for an unknown path."""
        where = self.canonical(path, follow_last=True)
        if where in self.entries:
            self.entries[where] = msgspec.structs.replace(self.entries[where], mode=mode)

    def remove(self, path: str) -> None:
        """Delete `path` (a link itself, not its target) and all below it."""
        where = self.canonical(path)
        for gone in [where, *(entry.path for entry in self.below(where))]:
            self.entries.pop(gone, None)
            self.links.pop(gone, None)
        for directory in [found for found in self.expected if f"{found}/".startswith(where + "/")]:
            del self.expected[directory]
        self.removed.add(where)

    def find(self, path: str) -> FileEntry | None:
        """The entry at `path`, links followed, or the program expected there; None when no instruction makes one."""
        where = self.canonical(path, follow_last=True)
        return self.entries.get(where) or (None if where in self.removed else expected_at(where, self.expected))

    def below(self, directory: str) -> Iterator[FileEntry]:
        """The entries strictly below a canonical directory path (links are not followed)."""
        prefix = directory.rstrip("/") + "/"
        return iter([entry for path, entry in self.entries.items() if path.startswith(prefix)])

    def presence(self, path: str) -> Presence:
        """Whether something the Dockerfile put there stands at `path`; the image's own files count as unknown."""
        where = self.canonical(path, follow_last=True)
        if where in self.entries:
            return Presence.PROVIDED
        if where in self.removed and not any(change.touches(where) for change in self.changes):
            return Presence.MISSING
        return Presence.UNKNOWN

    def mark(
        self,
        roots: tuple[str, ...],
        *,
        foreign_libc: bool,
        reason: str,
        span: Span,
        archive: bool = False,
        possible: frozenset[str] | None = None,
        programs: frozenset[str] | None = None,
        libc: bool = False,
    ) -> None:
        """Record that anything below `roots` may have changed; see `UnknownChange`."""
        canonical = tuple(self.canonical(root, follow_last=True) for root in roots)
        self.changes.append(
            UnknownChange(canonical, foreign_libc, reason, span, self.step(), archive, possible, programs, libc=libc)
        )

    def keep_together(self, virtual: str | None, packages: tuple[str, ...]) -> None:
        """Packages came in, kept under a name or, with None, for themselves: these stay when such a name goes."""
        if virtual is None:
            self.virtuals = {
                name: (sequence, tuple(each for each in names if each not in packages))
                for name, (sequence, names) in self.virtuals.items()
            }
        elif self.changes:
            alone = tuple(each for each in packages if each not in self.packages)
            self.virtuals[virtual] = (self.changes[-1].sequence, alone)

    def uninstall(self, packages: tuple[str, ...], doubtful: frozenset[str], gone: frozenset[str]) -> None:
        """Packages went; `gone` are libraries that no change of the archive's packages up to now can have left."""
        self.packages[:] = [name for name in self.packages if name not in packages]
        self.libraries = {soname: found for soname, found in self.libraries.items() if soname not in doubtful}
        self.changes[:] = [
            msgspec.structs.replace(change, gone=change.gone | gone) if change.archive else change
            for change in self.changes
        ]

    def freeze(self, stage: Stage) -> StageFilesystem:
        """The stage as it stands now."""
        return StageFilesystem(
            stage=stage,
            profile=self.profile,
            entries=self.entries,
            expected=self.expected,
            links=self.links,
            removed=frozenset(self.removed),
            changes=tuple(self.changes),
            packages=tuple(self.packages),
            perhaps_installed=frozenset(self.perhaps_installed),
            managers=frozenset(self.managers),
            libraries=self.libraries,
            loaders=self.loaders,
            interpreters=frozenset(self.interpreters),
            ldconfig=self.ldconfig,
            environment=self.environment,
            workdir=self.workdir,
            entrypoint=self.entrypoint,
            command=self.command,
            healthcheck=self.healthcheck,
            shell_less=tuple(self.shell_less),
            run_starts=tuple(self.run_starts),
            problems=tuple(self.problems),
            skipped=tuple(self.skipped),
        )


def _image_links(profile: ImageProfile) -> dict[str, str]:
    """Every link of a real image; of the knowledge's images the links between directories."""
    files = profile.tree.files if profile.tree else {}
    return {**{path: file.target for path, file in files.items() if file.target is not None}, **profile.links}
