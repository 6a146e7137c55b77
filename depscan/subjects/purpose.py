"""How sure it is that a program in the image is meant to be run there.

In: an entry and its stage. Out: a `Confidence` that caps a finding's, never a verdict's. What the stage starts is meant
to run. `COPY . .` also carries test data and tools for other machines, a web root holds downloads for other systems, an
init container only copies, and a program beside a bundled dynamic linker may be started by it.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.artifacts.facts import Linkage, Origin
from depscan.findings import Confidence, Severity
from depscan.linking.loaders import interpreter_family
from depscan.linking.placement import Cause
from depscan.linking.starts import started_programs

if TYPE_CHECKING:
    from depscan.filesystem.entries import FileEntry, StageFilesystem
    from depscan.linking.placement import Placement

_SHALLOW = 1  # app/tool and app/bin/tool of `COPY app .` are likely programs, app/vendor/x/tool may be anything
_ASIDE = frozenset({"test", "tests", "testdata", "fixtures", "__tests__", "spec", "examples", "prebuilds"})
_SERVED = frozenset({"share", "www", "html", "htdocs", "public", "static", "downloads", "download", "assets"})
# Browsers that Playwright and Puppeteer start by themselves, and Electron's program (their own registries' layout).
_LAUNCHED = re.compile(
    r".*/(ms-playwright/(chromium|firefox)[\w-]*-\d+/[^/]+/(chrome|headless_shell|chrome-headless-shell|firefox)"
    r"|\.cache/puppeteer/chrome[\w-]*/linux[^/]*/[^/]+/(chrome|chrome-headless-shell)"
    r"|node_modules/electron/dist/electron)"
)
_CARRIERS = frozenset({"cp", "mv", "tar", "rsync", "install", "cat"})


def purpose(
    entry: FileEntry,
    filesystem: StageFilesystem,
    word: str,
    *,
    interpreter: str | None = None,
    linkers: frozenset[str] = frozenset(),
    variant: bool = False,
    inert: bool = False,
) -> Confidence:
    """Certain for what is started, else for what is named or on PATH unless something speaks against; else likely.

    `word` is the source as the instruction names it, e.g. `.` of `COPY . /app`. `interpreter` is the program's,
    `linkers` are the stage's `brought_linkers`. `variant`: it is one of several builds, for other machines or C
    libraries, that came together. `inert`: it is a program without execute bit.
    """
    if is_started(entry, filesystem):
        return Confidence.CERTAIN
    programs = started_programs(filesystem)
    if variant or _is_served(entry.path) or _only_carries(programs) or _has_own_linker(interpreter, linkers):
        return Confidence.POSSIBLE
    if inert and not is_on_path(entry.path, filesystem):
        return Confidence.POSSIBLE  # firmware, downloads, test data
    if entry.named or is_on_path(entry.path, filesystem):
        return Confidence.CERTAIN
    if entry.origin is Origin.PREDICTED:
        return Confidence.LIKELY  # its source is a command
    if _LAUNCHED.fullmatch(entry.path):
        return Confidence.LIKELY
    source = entry.source.partition("!/")[0]  # of what lies in an archive, the archive
    parts = posixpath.dirname(source).lower().split("/")
    aside = _ASIDE.intersection(parts) or _depth(source, word) > _SHALLOW
    return Confidence.POSSIBLE if aside else Confidence.LIKELY


def is_started(entry: FileEntry, filesystem: StageFilesystem) -> bool:
    """Whether the stage's start command names a program."""
    return any(_names(program, entry.path, filesystem) for program in started_programs(filesystem))


def is_argument(entry: FileEntry, filesystem: StageFilesystem) -> bool:
    """Whether a start command hands a file to another program, as in `python /app/run.py`."""
    starts = (filesystem.entrypoint, filesystem.command, filesystem.healthcheck)
    words = {word for start in starts if start is not None for text in start.words for word in text.split()}
    paths = {filesystem.resolve(posixpath.join(filesystem.workdir or "/", word)) for word in words}
    return entry.path in paths and not is_started(entry, filesystem)


def _names(program: str, path: str, filesystem: StageFilesystem) -> bool:
    if "/" not in program:
        return posixpath.basename(path) == program and is_on_path(path, filesystem)
    return filesystem.resolve(posixpath.join(filesystem.workdir or "/", program)) == path


def is_on_path(path: str, filesystem: StageFilesystem) -> bool:
    """Whether a file lies in one of PATH's directories."""
    directories = (filesystem.environment.get("PATH") or "").split(":")
    return posixpath.dirname(path) in {filesystem.resolve(directory) for directory in directories if directory}


def _is_served(path: str) -> bool:
    """Whether it lies among files for others: a web root, downloads, data for any architecture (FHS 3.0, 4.11)."""
    return bool(_SERVED.intersection(posixpath.dirname(path).split("/")))


def is_aside(entry: FileEntry) -> bool:
    """Whether it lies among tests and examples, or among files for others."""
    parts = posixpath.dirname(entry.source.partition("!/")[0]).lower().split("/")
    return bool(_ASIDE.intersection(parts)) or _is_served(entry.path)


def _only_carries(programs: list[str]) -> bool:
    """Whether the stage starts a program that copies files elsewhere, as init containers do."""
    return any(posixpath.basename(program) in _CARRIERS for program in programs)


def brought_linkers(filesystem: StageFilesystem) -> frozenset[str]:
    """The dynamic linkers that the Dockerfile put into a stage as files, by their names."""
    entries = filesystem.entries.items()
    return frozenset(path for path, entry in entries if entry.kind == "file" and interpreter_family(path) != "other")


def _has_own_linker(interpreter: str | None, linkers: frozenset[str]) -> bool:
    """Whether a dynamic linker of the program's libc was brought to another place than where the program looks."""
    if interpreter is None:
        return False
    return any(interpreter_family(path) == interpreter_family(interpreter) for path in linkers - {interpreter})


def _depth(source: str, word: str) -> int:
    """How many directories lie between the source as named and the file."""
    named = [part for part in word.split("/") if part not in ("", ".")]
    return len([part for part in source.split("/") if part]) - len(named) - 1


def is_carrier(filesystem: StageFilesystem) -> bool:
    """A scratch stage without a start command only carries files to somewhere else."""
    return filesystem.profile.reference == "scratch" and filesystem.entrypoint is None and filesystem.command is None


def gravest(placement: Placement, confidence: Confidence) -> Severity:
    """What is not built yet and only possibly fails is no error; nor is a script or bit that nothing here needs."""
    if is_carrier(placement.filesystem):
        return Severity.NOTE
    artifact = placement.artifact
    guessed = artifact.prediction is not None or artifact.script is not None  # a mount may bring the interpreter
    doubtful = guessed and confidence is Confidence.POSSIBLE
    asked_for = placement.cause is not Cause.NOT_EXECUTABLE and artifact.script is None
    idle = not asked_for and not is_started(placement.entry, placement.filesystem)
    return Severity.WARNING if doubtful or idle or _is_idle_foreigner(placement) else Severity.ERROR


def _is_idle_foreigner(placement: Placement) -> bool:
    """Whether it is a program for another machine that nothing here starts, nor finds along PATH without another."""
    culprit, filesystem, path = placement.culprit, placement.filesystem, placement.path
    if culprit is None or culprit.cause is not Cause.WRONG_ARCHITECTURE or is_started(placement.entry, filesystem):
        return False
    program = placement.artifact.facts.linkage is not Linkage.SHARED_OBJECT
    return program and not is_on_path(path, filesystem)
