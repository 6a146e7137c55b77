"""What a build command sees: the types of this room.

In: nothing (types only). Out: `Workplace`, made by `filesystem` from the stage as it stands when the command runs.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from depscan.findings import Confidence
from depscan.platforms import MACHINES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.images.profile import ImageProfile
    from depscan.platforms import Platform
    from depscan.shell.commands import SimpleCommand

MAX_MANIFEST = 4 * 1024 * 1024  # a manifest larger than this is not read


class Files(Protocol):
    """The stage's files, as far as the Dockerfile put them there; paths are absolute in the image."""

    def read(self, path: str, limit: int = MAX_MANIFEST) -> str | None:
        """A text file's content; None where it is not there, not known, larger than `limit` bytes or not UTF-8."""

    def head(self, path: str, size: int) -> str | None:
        """The first `size` bytes of a file as text; None where it is not there or not known."""

    def names(self, directory: str) -> tuple[str, ...]:
        """The names of what is known to stand in a directory, sorted."""

    def is_predicted(self, path: str) -> bool:
        """Whether what stands at a path is not made yet."""

    def is_at_hand(self, path: str) -> bool:
        """Whether the bytes of what stands at a path are those of a file of the build context."""

    def is_directory(self, path: str) -> bool:
        """Whether a directory is known to stand at a path: made by an instruction, or one that images have."""

    def walk(self, directory: str) -> tuple[str, ...]:
        """The paths of all files known to stand below a directory, sorted."""


class Fault(Struct, frozen=True):
    """What is wrong with a command for a rule to tell: `kind` as `Problem.kind` names it, `detail` the sentence.

    `remedies` are names, one of which a later command of the same toolchain takes it back with.
    """

    kind: str
    detail: str
    confidence: Confidence = Confidence.LIKELY
    remedies: tuple[str, ...] = ()


class Unread(Struct, frozen=True):
    """A manifest that cannot be used, and why: it becomes a Skipped row."""

    path: str
    reason: str


class Unpacking(Struct, frozen=True):
    """A package that is given by its file: its path, and the directory of packages that it is unpacked into.

    `kind` is wheel or module (npm's tarballs).
    """

    kind: str
    path: str
    directory: str


class Workplace(Struct, frozen=True):
    """One command and the stage in which it runs.

    `environment` holds ENV, ARG, exports and prefix assignments (None: set, but not known). `platform` is the stage's.
    `packages` are those that RUN installed by name, `libraries` the sonames that the image and they are known to have.
    `files` reads manifests and sources.
    """

    command: SimpleCommand
    environment: Mapping[str, str | None]
    profile: ImageProfile
    platform: Platform
    packages: tuple[str, ...]
    files: Files
    libraries: frozenset[str] = frozenset()

    @property
    def machine(self) -> str:
        """The ELF machine of a native build here."""
        return MACHINES.get(self.platform.architecture, self.platform.architecture)

    @property
    def words(self) -> tuple[str | None, ...]:
        """The command's words; None for one whose value is not known."""
        return tuple(word.text for word in self.command.words)

    def soname(self, name: str) -> str | None:
        """The soname that `-l<name>` finds here: libpq.so.5 for pq; None where none, or more than one, is known."""
        found = [each for each in self.libraries if each == f"lib{name}.so" or each.startswith(f"lib{name}.so.")]
        return found[0] if len(found) == 1 else None

    def path(self, text: str | None, directory: str | None = None) -> str | None:
        """An absolute path for a word, under `directory` or the command's; None where one of them is not known."""
        directory = directory or self.command.directory
        if text is None or (directory is None and not text.startswith("/")):
            return None
        return posixpath.normpath(posixpath.join(directory or "/", text)).replace("//", "/")
