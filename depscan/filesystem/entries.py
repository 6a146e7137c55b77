"""What a stage contains: the types of this room.

In: nothing (types only). Out: `FileEntry`, `UnknownChange`, `StageFilesystem`. Paths are absolute, normalised, in the
image.
"""

from __future__ import annotations

import posixpath
import re
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from depscan.artifacts.prediction import Prediction

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from depscan.artifacts.facts import Origin
    from depscan.dockerfile.instructions import Problem, Stage
    from depscan.findings import Skipped
    from depscan.images.profile import ImageProfile, Library
    from depscan.source import Span

_PROGRAM = r"[A-Za-z0-9][\w+-]*"  # no extension: what stands beside programs is assets, objects and libraries
DEFAULT_SHELL = ("/bin/sh", "-c")  # of shell forms on Linux (Dockerfile reference, SHELL)
MAX_LINKS = 40  # as the kernel's MAXSYMLINKS


class Presence(StrEnum):
    """The three answers to "is it there?"."""

    PROVIDED = "provided"
    MISSING = "missing"
    UNKNOWN = "unknown"


class HostFile(Struct, frozen=True, gc=False):
    """Bytes in the build context: an absolute path that was proved to lie inside it."""

    path: Path


class InlineFile(Struct, frozen=True):
    """Bytes that stand in the Dockerfile (a here-document)."""

    data: bytes


class ArchiveMember(Struct, frozen=True):
    """Bytes inside a local archive that an instruction unpacks; `head` are the first of them, None where not read."""

    archive: Path
    name: str
    head: bytes | None = None


Content = HostFile | InlineFile | ArchiveMember | Prediction


class FileEntry(Struct, frozen=True, gc=False):
    """A file, directory or symbolic link that an instruction put into a stage.

    `kind` is file, directory or link; `target` is the link's text. `content` is None where the bytes are not known (a
    URL, another image, a command's output), a `Prediction` where they are not made yet. `source` is what the report
    calls its origin: the path in the context, in the stage or the URL. `span` is the word of the instruction that put
    it there, else the instruction. `sequence` orders all changes of one stage (parents included). `named` says that
    the instruction names this very file as a source, not a directory above it. There are many of these and none is on a
    cycle, hence gc=False.
    """

    path: str
    kind: str
    mode: int
    origin: Origin
    source: str
    span: Span
    sequence: int
    content: Content | None = None
    target: str | None = None
    named: bool = False


class UnknownChange(Struct, frozen=True):
    """What an instruction may have changed without depscan knowing how.

    `roots` are the directories below which anything may have appeared, changed or gone ("/" for everywhere).
    `foreign_libc` says whether it may have brought a dynamic linker of another libc family: a distribution's package
    manager that names no compat layer cannot. `reason` is for the report, e.g. "RUN make install". `archive` says that
    all it brought are packages of the release's own archive, so that a library which none of these has is not among it;
    `possible` are the names of all libraries that these have in default directories, None where not known. `programs`
    are the names of all interpreters that packages may have brought, None where these or another change are not known.
    `gone` are names of libraries that went again with their packages. `libc` says that another image's C library took
    the place of the image's own.
    """

    roots: tuple[str, ...]
    foreign_libc: bool
    reason: str
    span: Span
    sequence: int
    archive: bool = False
    possible: frozenset[str] | None = None
    programs: frozenset[str] | None = None
    gone: frozenset[str] = frozenset()
    libc: bool = False

    def lacks(self, library: str) -> bool:
        """Whether a library of this name is surely none of those that its packages have in default directories."""
        return library in self.gone or (self.possible is not None and library not in self.possible)

    def touches(self, path: str) -> bool:
        """Whether `path` lies in one of the roots."""
        return any(root in {"/", path} or path.startswith(root + "/") for root in self.roots)


class StartCommand(Struct, frozen=True):
    """ENTRYPOINT, CMD or HEALTHCHECK in force: form shell or exec, words (one word in shell form), and where it stands.

    `shell` is what a shell form is handed to: that of SHELL, None for the default /bin/sh -c. `spans` are the places of
    the words. `keyword` is the instruction's.
    """

    form: str
    words: tuple[str, ...]
    span: Span
    keyword: str = ""
    shell: tuple[str, ...] | None = None
    spans: tuple[Span, ...] = ()

    @property
    def program(self) -> str | None:
        """The first word that is executed: the shell's path in shell form."""
        if self.form == "shell":
            return (self.shell or DEFAULT_SHELL)[0]
        return self.words[0] if self.words else None


class StageFilesystem(Struct, frozen=True):
    """A stage after its last instruction, on the profile of the image at its bottom.

    `entries` are what the Dockerfile put there, by canonical path (links of parent directories resolved). `removed`
    are paths that RUN deleted. `perhaps_installed` are packages that a conditional command installs. `managers` are the
    package managers that RUN installs with. `libraries` and
    `loaders` are what named packages bring (by soname; by path). `ldconfig` is the sequence of the last certain
    ldconfig run, None without one. `interpreters` are the paths of interpreters that named packages bring.
    `shell_less` are the RUN instructions in shell form before which the stage surely had no such shell.
    `run_starts` are the stage as it stood before each file of the Dockerfile that RUN starts by its path, with that
    file as ENTRYPOINT. `environment` holds ENV values (None: not known). `expected` are programs whose names are not
    known, by the directory in which a command will make them.
    """

    stage: Stage
    profile: ImageProfile
    entries: Mapping[str, FileEntry]
    expected: Mapping[str, FileEntry] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    changes: tuple[UnknownChange, ...] = ()
    packages: tuple[str, ...] = ()
    perhaps_installed: frozenset[str] = frozenset()
    managers: frozenset[str] = frozenset()
    libraries: Mapping[str, Library] = field(default_factory=dict)
    loaders: Mapping[str, str] = field(default_factory=dict)
    interpreters: frozenset[str] = frozenset()
    ldconfig: int | None = None
    environment: Mapping[str, str | None] = field(default_factory=dict)
    workdir: str | None = "/"
    entrypoint: StartCommand | None = None
    command: StartCommand | None = None
    healthcheck: StartCommand | None = None
    shell_less: tuple[StartCommand, ...] = ()
    run_starts: tuple[StageFilesystem, ...] = ()
    problems: tuple[Problem, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def libc_replaced(self) -> bool:
        """Whether the image's own libraries gave way to those of another one, whose versions are other ones."""
        return any(change.libc for change in self.changes)

    def entry(self, path: str) -> FileEntry | None:
        """The entry at a canonical path, or the program that a command is expected to make there."""
        return self.entries.get(path) or expected_at(path, self.expected)

    def resolve(self, path: str) -> str | None:
        """Follow known links in every component of an absolute path; None for a loop or more than MAX_LINKS links."""
        return resolve_links(path, self.links)

    def change_at(self, path: str) -> UnknownChange | None:
        """The last change that may have touched `path`, or None."""
        return next((change for change in reversed(self.changes) if change.touches(path)), None)


def expected_at(path: str, expected: Mapping[str, FileEntry]) -> FileEntry | None:
    """The entry for a program that a command makes under a name that only its users tell; None for other names."""
    directory, name = posixpath.split(path)
    found = expected.get(directory)
    return replace(found, path=path) if found is not None and re.fullmatch(_PROGRAM, name) else None


def resolve_links(path: str, links: Mapping[str, str]) -> str | None:
    """Resolve `links` (canonical path -> link text) in every component of `path`, the last included.

    Returns a canonical absolute path, or None for a loop.
    """
    pending = [part for part in reversed(path.split("/")) if part and part != "."]
    done: list[str] = []
    followed = 0
    while pending:
        part = pending.pop()
        if part == "..":
            if done:
                done.pop()
            continue
        here = "/" + "/".join([*done, part])
        target = links.get(here)
        if target is None:
            done.append(part)
            continue
        followed += 1
        if followed > MAX_LINKS:
            return None
        if target.startswith("/"):
            done = []
        pending.extend(piece for piece in reversed(posixpath.normpath(target).split("/")) if piece and piece != ".")
    return "/" + "/".join(done)
