"""The outcome of linking on paper: the types of this room.

In: nothing (types only). Out: `Placement`, `LinkResult` and its parts.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.findings import Confidence
from depscan.platforms import MACHINES

if TYPE_CHECKING:
    from depscan.artifacts.facts import Artifact
    from depscan.filesystem.entries import FileEntry, Presence, StageFilesystem
    from depscan.platforms import Platform


class Verdict(StrEnum):
    """Whether the program or library loads."""

    LOADS = "loads"
    FAILS = "fails"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """The first thing that goes wrong at run time."""

    WRONG_ARCHITECTURE = "wrong-architecture"
    INTERPRETER_MISSING = "interpreter-missing"
    LIBRARY_MISSING = "library-missing"
    VERSION_MISSING = "version-missing"
    SYMBOL_MISSING = "symbol-missing"
    SCRIPT_INTERPRETER_MISSING = "script-interpreter-missing"
    NOT_EXECUTABLE = "not-executable"


class SearchStep(Struct, frozen=True):
    """A place where a library was looked for: the law that names it (RUNPATH, LD_LIBRARY_PATH, ...), the answer."""

    path: str
    law: str
    presence: Presence


class Need(Struct, frozen=True):
    """A DT_NEEDED entry of the program or of a library it loads, and where it was found.

    `provider` is the path, or the soname alone where the image's path is not known. `other_major` is the same library's
    soname with another number that the stage does have (libssl.so.3 for libssl.so.1.1). `unfit` is a file of that name
    which was found and is no library for the program, `flaw` what the dynamic linker says of it: another class, no ELF
    file.
    """

    soname: str
    requested_by: str
    presence: Presence
    provider: str | None = None
    other_major: str | None = None
    not_searched: str | None = None
    trace: tuple[SearchStep, ...] = ()
    reason: str | None = None
    confidence: Confidence = Confidence.CERTAIN
    unfit: str | None = None
    flaw: str | None = None


class VersionCheck(Struct, frozen=True):
    """A version need against its provider: `ceiling` is the highest version of its namespace there, if known.

    `undeclared` says that the file has no such need and should: glibc refuses DT_RELR without GLIBC_ABI_DT_RELR.
    """

    name: str
    library: str
    requested_by: str
    presence: Presence
    weak: bool
    ceiling: str | None = None
    confidence: Confidence = Confidence.CERTAIN
    undeclared: bool = False

    @property
    def namespace(self) -> str:
        """GLIBC of GLIBC_2.34."""
        return self.name.partition("_")[0]


class SymbolCheck(Struct, frozen=True):
    """A strong undefined symbol that no library found defines, or may not.

    `late` says that it is bound at its first call only: the program starts without it.
    """

    name: str
    version: str | None
    requested_by: str
    presence: Presence
    late: bool = False
    confidence: Confidence = Confidence.CERTAIN


class Failure(Struct, frozen=True):
    """Why it does not load, with the message that the kernel or dynamic linker prints."""

    cause: Cause
    detail: str | None
    runtime_message: str
    confidence: Confidence = Confidence.CERTAIN


class LinkResult(Struct, frozen=True):
    """All that linking found out; `failures` in the order in which the real linker would meet them.

    `interpreter` is where PT_INTERP was found (None without one, or not found). `unknowns` are the reasons why a
    verdict cannot be given. `notes` are observations for the evidence, e.g. that gcompat answers for glibc. `compat`
    names such a layer. `follows` is the program with which a script fails that executes it in its own place.
    """

    interpreter: str | None = None
    interpreter_presence: Presence | None = None
    needs: tuple[Need, ...] = ()
    versions: tuple[VersionCheck, ...] = ()
    symbols: tuple[SymbolCheck, ...] = ()
    failures: tuple[Failure, ...] = ()
    unknowns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    compat: str | None = None
    follows: str | None = None


class Placement(Struct, frozen=True):
    """An artifact at a path in a stage, with its verdict."""

    artifact: Artifact
    entry: FileEntry
    filesystem: StageFilesystem
    platform: Platform
    link: LinkResult
    verdict: Verdict
    cause: Cause | None = None
    detail: str | None = None
    confidence: Confidence = Confidence.CERTAIN

    @property
    def path(self) -> str:
        """The path in the image."""
        return self.entry.path

    @property
    def foreign(self) -> bool:
        """Whether it is for another machine than that of its stage's platform."""
        own = MACHINES.get(self.platform.architecture)
        return self.artifact.script is None and self.artifact.facts.machine != own

    @property
    def culprit(self) -> Failure | None:
        """The failure that a finding speaks of: the first, but that a file is for another machine before all others.

        musl looks at the machine last, and stops before at a library that is missing, which nobody should add.
        """
        failures, machine = self.link.failures, self.artifact.facts.machine
        foreign = (each for each in failures if (each.cause, each.detail) == (Cause.WRONG_ARCHITECTURE, machine))
        return next(foreign, failures[0] if failures else None)


def conclude(
    artifact: Artifact, entry: FileEntry, filesystem: StageFilesystem, link: LinkResult, confidence: Confidence
) -> Placement:
    """The verdict that linking comes to: its first failure decides; `confidence` holds where there is none."""
    first = link.failures[0] if link.failures else None
    if first is not None:
        verdict, confidence = Verdict.FAILS, first.confidence
    else:
        verdict = Verdict.UNKNOWN if link.unknowns else Verdict.LOADS
    return Placement(
        artifact=artifact,
        entry=entry,
        filesystem=filesystem,
        platform=filesystem.stage.platform,
        link=link,
        verdict=verdict,
        cause=first.cause if first else None,
        detail=first.detail if first else None,
        confidence=Confidence.weakest(confidence, artifact.confidence),
    )
