"""A program or library of the base image itself, for `depscan why`.

In: a path in the image, a `Scan`, the `Config`. Out: its `Placement` in the stage that is run, as if the Dockerfile had
named it; or the reason why there is none, with the way to make it known. Only a real image has files: of the others the
knowledge has the names of libraries.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from depscan.artifacts.facts import Artifact, ElfFacts, Origin
from depscan.filesystem.entries import FileEntry, HostFile, StageFilesystem
from depscan.images.contents import BadImageError
from depscan.images.override import find_override
from depscan.images.reference import parse_reference
from depscan.linking.linker import place
from depscan.linking.root import Root
from depscan.source import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.config import Config
    from depscan.images.profile import ImageProfile
    from depscan.linking.placement import Placement

_START = Span.at(1, 1, 1, 1)


def place_image_program(
    path: str, filesystem: StageFilesystem, artifacts: Mapping[str, Artifact], config: Config
) -> Placement | str:
    """Link the image's own file at `path` (links followed) in its stage; a str tells why that cannot be.

    `artifacts` are those that the Dockerfile put into the stage, by path.
    """
    reason = _hindrance(path, filesystem)
    if reason is not None:
        return reason
    facts = _facts(path, filesystem, config)
    if isinstance(facts, str):
        return facts
    if facts.linkage is None:
        return f"{_at(path, filesystem)} is an object file, which is linked first"
    artifact = Artifact("elf", facts, filesystem.profile.name, Origin.IMAGE)
    root = Root(filesystem, artifacts, _read_symbols)
    return place(artifact, _entry(path, filesystem), root, filesystem.stage.platform, config.host_provided)


def _hindrance(path: str, filesystem: StageFilesystem) -> str | None:
    """Why the image has no file at `path`, or none that depscan can see; None where it has one."""
    profile = filesystem.profile
    entry, change = filesystem.entries.get(path), filesystem.change_at(path)
    if entry is not None:
        if entry.kind == "file" and entry.content is None:
            return f"{path} comes from {entry.source}, whose bytes are known after a build only"
        what = "no ELF file that can be read" if entry.kind == "file" else f"a {entry.kind}"
        return f"{path} comes from {entry.source} and is {what}"
    if path in filesystem.removed:
        return f"{path}: a RUN removes it"
    file = profile.tree.files.get(path) if profile.tree else None
    if file is not None:
        return None if file.kind == "file" else f"{path} of {profile.name} is a {file.kind}"
    if change is not None:
        return (
            f"{path}: {change.reason} may put it there, and that is known after a build only; "
            f"ask the built image: echo FROM app | depscan why {path} - --base app=docker:app"
        )
    if profile.tree is not None:
        return f"{path}: neither {profile.name} nor the Dockerfile has it{_similar(path, profile)}"
    if profile.reference == "scratch" or profile.name == "scratch":
        return f"{path}: scratch is empty, and the Dockerfile does not put it there"
    return (
        f"{path}: no binary that the Dockerfile puts there; one of {profile.name} itself is seen in the real "
        f"image only: {_remedy(profile.name)}"
    )


def _remedy(name: str) -> str:
    return f"pass --base {name}=docker:{name} or =PATH of its OCI layout, docker save archive or root directory"


def _similar(path: str, profile: ImageProfile) -> str:
    """Other places of the same name."""
    name = posixpath.basename(path)
    files = profile.tree.files if profile.tree else {}
    found = sorted(known for known in files if posixpath.basename(known) == name and name)
    return f"; {name} stands at {', '.join(found[:3])}" if found else ""


def _facts(path: str, filesystem: StageFilesystem, config: Config) -> ElfFacts | str:
    profile = filesystem.profile
    known = profile.tree.facts.get(path) if profile.tree else None
    if known is not None:
        return known
    reference = parse_reference(profile.reference)
    spec = find_override(config.bases, reference)
    if spec is None:
        return f"{path}: of {profile.name} the libraries are kept, but not its programs; {_remedy(profile.name)}"
    from depscan.artifacts.reading import read_facts  # noqa: PLC0415 - where a program of an image is asked for only
    from depscan.cli.image_files import open_image_file  # noqa: PLC0415 - likewise

    links = {name: file.target for name, file in profile.tree.files.items() if file.target} if profile.tree else {}
    try:
        with open_image_file(reference, spec, filesystem.stage.platform, path, links) as file:
            facts = read_facts([file], cache=False, symbols=True)[file]
    except BadImageError as error:
        return f"{_at(path, filesystem)}: {error}"
    return facts if isinstance(facts, ElfFacts) else f"{_at(path, filesystem)}: {facts}"


def _at(path: str, filesystem: StageFilesystem) -> str:
    return f"{path} of {filesystem.profile.name}"


def _entry(path: str, filesystem: StageFilesystem) -> FileEntry:
    """The image's file as if the FROM had put it there."""
    profile, span = filesystem.profile, filesystem.stage.base_span or _START
    mode = profile.tree.files[path].mode if profile.tree else 0o755
    return FileEntry(path, "file", mode, Origin.IMAGE, profile.name, span, 0)


def _read_symbols(entry: FileEntry) -> bytes | None:
    """The symbols of a file that the Dockerfile copied."""
    if not isinstance(entry.content, HostFile):
        return None
    from depscan.artifacts.reading import read_symbols  # noqa: PLC0415 - only where symbols are compared

    return read_symbols(entry.content.path)
