"""Entries of a stage to artifacts and placements: which files are programs or libraries, and how each fares there.

In: `StageFilesystem`s. Out: the `Artifact` at each canonical path, its `Placement`, and a `Skipped` row for each file
that could not be read. A file is told by its first bytes; each is looked at once, however many stages, builds and
re-checks see it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.artifacts.facts import MEMBER, NO_ELF, Artifact
from depscan.artifacts.magic import ARCHIVES, CLOSED, HEAD_SIZE, classify, is_appimage
from depscan.artifacts.prediction import Prediction
from depscan.filesystem.content import find_fault, read_head
from depscan.filesystem.entries import ArchiveMember, HostFile, InlineFile
from depscan.findings import Skipped
from depscan.linking.linker import place
from depscan.linking.placement import Verdict
from depscan.linking.root import Root
from depscan.platforms import MACHINES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from depscan.artifacts.contents import Allowance, Contents
    from depscan.artifacts.facts import ElfFacts
    from depscan.artifacts.script import Script
    from depscan.filesystem.entries import Content, FileEntry, StageFilesystem
    from depscan.linking.placement import Placement

_HEAD = 256  # what the kernel reads (BINPRM_BUF_SIZE)
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf#!", b"\xff\xfe#\0")
_APPIMAGE = "an AppImage: what it mounts when it starts is not read"


class Inventory:
    """Reads artifacts and remembers them by content for the run: all its Dockerfiles, platforms and re-checks.

    `jobs` and `cache` as in `Config`. `read(filesystems)` must come before `artifacts(filesystem)`, so that all new
    binaries are parsed in one batch.
    """

    def __init__(self, *, jobs: int, cache: bool) -> None:
        self._jobs = jobs
        self._cache = cache
        self._facts: dict[Content, ElfFacts | str | None] = {}  # None: not an ELF file
        self._archives: dict[HostFile, dict[str, Contents]] = {}  # by machine
        self._unopened: dict[Content, str] = {}  # why files that hold others are not opened
        self._denied: dict[Content, str] = {}  # why files cannot be read
        self._allowance: Allowance | None = None  # what the archives may still cost
        self._scripts: dict[Content, Script] = {}

    def read(self, filesystems: Iterable[StageFilesystem]) -> None:
        """Look at every file of these stages that was not looked at before."""
        fresh = {
            entry.content: entry
            for filesystem in filesystems
            for entry in filesystem.entries.values()
            if entry.content is not None
            and not isinstance(entry.content, Prediction)
            and entry.content not in self._facts
        }
        binaries = {content: entry for content, entry in fresh.items() if self._look(content, entry) == "elf"}
        self._facts.update(dict.fromkeys(fresh))
        on_disk = {content.path: content for content in binaries if isinstance(content, HostFile)}
        self._facts.update({on_disk[path]: facts for path, facts in self._read_files(list(on_disk)).items()})
        inside: dict[Path, dict[str, FileEntry]] = {}
        for content, entry in binaries.items():
            if isinstance(content, ArchiveMember):
                inside.setdefault(content.archive, {})[content.name] = entry
            elif isinstance(content, InlineFile):
                self._facts[content] = _read_inline(content)
        for archive, entries in inside.items():
            self._facts.update(self._read_members(archive, entries))

    def _look(self, content: Content, entry: FileEntry) -> str | None:
        """The kind of a file by its first bytes; what scripts, archives and closed containers say is noted."""
        head = read_head(entry, HEAD_SIZE if isinstance(content, HostFile) else _HEAD)
        fault = find_fault(content.path) if head is None and isinstance(content, HostFile) else None
        if fault is not None:
            self._denied[content] = fault
        if not head:
            return None
        kind = classify(head)
        if kind == "script" or head.startswith(_BYTE_ORDER_MARKS):
            from depscan.artifacts.script import read_script  # noqa: PLC0415 - few contexts have a script

            script = read_script(head[:_HEAD])
            if script is not None:
                self._scripts[content] = script
        elif kind in ARCHIVES and isinstance(content, HostFile):
            self._archives[content] = {}
        elif kind in CLOSED:
            self._unopened[content] = CLOSED[kind]
        elif kind == "elf" and is_appimage(head):
            self._unopened[content] = _APPIMAGE
        return kind

    def scripts(self, filesystem: StageFilesystem) -> dict[str, Artifact]:
        """The scripts of a stage by path: files that begin with `#!`, or were meant to."""
        found: dict[str, Artifact] = {}
        for path, entry in filesystem.entries.items() if self._scripts else ():
            content = entry.content
            script = None if content is None or isinstance(content, Prediction) else self._scripts.get(content)
            if script is not None:
                found[path] = Artifact("script", NO_ELF, entry.source, entry.origin, script=script)
        return found

    def _read_files(self, paths: list[Path]) -> Mapping[Path, ElfFacts | str]:
        if not paths:
            return {}
        from depscan.artifacts.reading import read_facts  # noqa: PLC0415 - a run without binaries needs no cache

        return read_facts(paths, jobs=self._jobs, cache=self._cache)

    def _read_members(self, archive: Path, entries: Mapping[str, FileEntry]) -> dict[Content, ElfFacts | str]:
        from depscan.artifacts.reading import MAX_MEMBER, read_member_facts  # noqa: PLC0415 - as above

        members = {name: partial(read_head, entry, MAX_MEMBER + 1) for name, entry in entries.items()}
        facts = read_member_facts(archive, members, cache=self._cache)
        return {entry.content: facts[name] for name, entry in entries.items() if entry.content is not None}

    def artifacts(
        self, filesystem: StageFilesystem, assumed: Mapping[str, ElfFacts] | None = None
    ) -> dict[str, Artifact]:
        """The artifacts of a stage by path; `assumed` facts replace those read, by source (for suggestions)."""
        found: dict[str, Artifact] = {}
        for path, entry in filesystem.entries.items():
            artifact = self._artifact(entry)
            if artifact is not None and assumed and entry.source in assumed:
                facts = replace(assumed[entry.source], symbols=b"")  # those of the file are no longer true
                artifact = replace(artifact, facts=facts)
            if artifact is not None:
                found[path] = artifact
        return found

    def members(self, filesystem: StageFilesystem) -> dict[str, tuple[FileEntry, Artifact]]:
        """The native files inside a stage's archives, by a path with `!/` between the archive and its member.

        Only those for the stage's machine are read, at the first call for it.
        """
        found: dict[str, tuple[FileEntry, Artifact]] = {}
        for entry, contents in self._contents(filesystem):
            for member in contents.members:
                path, source = f"{entry.path}!/{member.path}", f"{entry.source}!/{member.path}"
                inside = replace(entry, path=path, source=source, mode=0o755, content=None)
                found[path] = inside, Artifact(MEMBER, member.facts, source, entry.origin)
        return found

    def _contents(self, filesystem: StageFilesystem) -> list[tuple[FileEntry, Contents]]:
        machine = MACHINES.get(filesystem.stage.platform.architecture)
        if not self._archives or machine is None:
            return []
        from depscan.artifacts.contents import Allowance, read_archives  # noqa: PLC0415 - where there is an archive

        self._allowance = self._allowance or Allowance()
        entries = [
            (entry, entry.content)
            for entry in filesystem.entries.values()
            if isinstance(entry.content, HostFile) and entry.content in self._archives
        ]
        unread = {file.path: file for _, file in entries if machine not in self._archives[file]}
        for path, contents in read_archives(unread, machine, cache=self._cache, allowance=self._allowance).items():
            self._archives[unread[path]][machine] = contents
        return [(entry, self._archives[file][machine]) for entry, file in entries]

    def _artifact(self, entry: FileEntry) -> Artifact | None:
        content = entry.content
        if isinstance(content, Prediction):
            product = content.product
            return Artifact(
                "elf", product.facts, entry.source, entry.origin, product.evidence, product.confidence, content
            )
        facts = self._known(entry)
        if facts is None or isinstance(facts, str):
            return None
        return Artifact("elf", facts, entry.source, entry.origin)

    def _known(self, entry: FileEntry) -> ElfFacts | str | None:
        """What was read of an entry: facts, or why it could not be read; None for what is no ELF file, or not made."""
        content = entry.content
        return None if content is None or isinstance(content, Prediction) else self._facts.get(content)

    def symbols(self, entry: FileEntry) -> bytes | None:
        """The blob of an entry's dynamic symbols, read when first asked for; None where there are none."""
        content, facts = entry.content, self._known(entry)
        if facts is None or isinstance(facts, str):
            return None
        if facts.symbols is None and isinstance(content, HostFile):
            from depscan.artifacts.reading import read_symbols  # noqa: PLC0415 - only where symbols are compared

            facts = replace(facts, symbols=read_symbols(content.path, cache=self._cache) or b"")
            self._facts[content] = facts
        return facts.symbols

    def skipped(self, filesystem: StageFilesystem) -> list[Skipped]:
        """The files of a stage that could not be read, or not opened, with the reason."""
        rows = []
        for entry in filesystem.entries.values():
            reason = self._known(entry)
            if isinstance(reason, str):
                rows.append(Skipped(entry.source, reason, entry.span))
            elif isinstance(entry.content, HostFile) and entry.content in self._unopened:
                rows.append(Skipped(entry.source, self._unopened[entry.content], entry.span))
            elif isinstance(entry.content, HostFile) and entry.content in self._denied:
                rows.append(Skipped(entry.source, self._denied[entry.content], entry.span, denied=True))
        return [
            *rows,
            *(_unread(entry, contents) for entry, contents in self._contents(filesystem) if contents.problem),
        ]


def _unread(entry: FileEntry, contents: Contents) -> Skipped:
    """The row of an archive of which something could not be read: its first trouble."""
    more = f" (and {contents.problems - 1} more)" if contents.problems > 1 else ""
    return Skipped(entry.source, f"{contents.problem}{more}", entry.span)


def place_all(
    stages: tuple[StageFilesystem, ...],
    inventory: Inventory,
    assumed: Mapping[str, ElfFacts],
    host_provided: tuple[str, ...],
    known: tuple[Placement, ...] = (),
) -> tuple[Placement, ...]:
    """Every program, library and script of the stages, linked there; `assumed` as for `Inventory.artifacts`.

    `known` are placements of the same files, which need no second look in the very stages where they were made.
    """
    inventory.read(stages)
    bench = _Bench(inventory, assumed, host_provided)
    before: dict[int, list[Placement]] = {}
    for placement in known:
        before.setdefault(id(placement.filesystem.stage), []).append(placement)
    placements: list[Placement] = []
    for stage in stages:
        if id(stage.stage) in before and not _is_assumed(stage, assumed):
            placements += before[id(stage.stage)]
            continue
        failing = {placement.path: placement for placement in _place_run_starts(stage, bench)}
        placed = _place_stage(stage, bench)
        placements += [failing.pop(placement.path, placement) for placement in placed]
        placements += failing.values()
    return tuple(placements)


def place_some(
    stage: StageFilesystem,
    paths: frozenset[str],
    inventory: Inventory,
    assumed: Mapping[str, ElfFacts],
    host_provided: tuple[str, ...],
) -> list[Placement]:
    """The programs and libraries at a few paths of a stage, for a first look at a changed one."""
    inventory.read((stage,))
    artifacts = inventory.artifacts(stage, assumed)
    root = Root(stage, artifacts, inventory.symbols)
    return [
        place(artifacts[path], stage.entries[path], root, stage.stage.platform, host_provided)
        for path in sorted(paths & artifacts.keys())
        if artifacts[path].facts.linkage is not None
    ]


def _is_assumed(stage: StageFilesystem, assumed: Mapping[str, ElfFacts]) -> bool:
    """Whether facts that are not those of the files stand for one of the stage's."""
    return bool(assumed) and any(entry.source in assumed for entry in stage.entries.values())


class _Bench(Struct, frozen=True):
    """What the placements of all stages share."""

    inventory: Inventory
    assumed: Mapping[str, ElfFacts]
    host_provided: tuple[str, ...]


def _place_stage(stage: StageFilesystem, bench: _Bench, only: str | None = None) -> list[Placement]:
    """The programs and libraries of a stage, its scripts, and what its archives hold; `only` the one at a path."""
    artifacts = bench.inventory.artifacts(stage, bench.assumed)
    root = Root(stage, artifacts, bench.inventory.symbols)
    placed = [
        place(artifact, stage.entries[path], root, stage.stage.platform, bench.host_provided)
        for path, artifact in artifacts.items()
        if artifact.facts.linkage is not None and only in (None, path)
    ]
    members = _place_members(root, bench) if only is None else ()
    return [*placed, *_place_scripts(stage, bench.inventory, placed), *members]


def _place_run_starts(stage: StageFilesystem, bench: _Bench) -> Iterator[Placement]:
    """What RUN starts and cannot start, as it stood then: the command itself may change all that comes after."""
    for before in stage.run_starts:
        started = before.entrypoint.words[0] if before.entrypoint is not None else ""
        for placement in _place_stage(before, bench, started):
            if placement.path == started and placement.verdict is Verdict.FAILS:
                yield placement


def _place_scripts(stage: StageFilesystem, inventory: Inventory, programs: list[Placement]) -> Iterator[Placement]:
    scripts = inventory.scripts(stage)
    if scripts:
        from depscan.linking.scripts import place_scripts  # noqa: PLC0415 - many images start none

        yield from place_scripts(stage, scripts, {placement.path: placement for placement in programs})


def _place_members(root: Root, bench: _Bench) -> Iterator[Placement]:
    members = bench.inventory.members(root.filesystem)
    if members:
        from depscan.linking.members import place_members  # noqa: PLC0415 - few images have archives

        yield from place_members(members, root, bench.host_provided)


def _read_inline(content: InlineFile) -> ElfFacts | str:
    from depscan.artifacts.reading import read_facts_from_bytes  # noqa: PLC0415 - see above

    return read_facts_from_bytes(content.data)
