"""Whether a stage installs from the distribution's own archive of its release and nothing else.

In: a stage, its Dockerfile and tree. Out: yes, or no where anything may have added another source of packages, which
makes the answer unknown. That a package is in no archive is told to the user, and so it rests on every sign in the text
too; for libraries `package_programs` asks the tree alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from depscan.dockerfile.instructions import Dockerfile, Instruction, Stage
    from depscan.filesystem.tree import Tree
    from depscan.source import Position


class _Archive(Struct, frozen=True):
    """The images with no source but the archive, the directory that lists sources, and signs of others in a text."""

    images: str
    directory: str
    harmless: str
    signs: str


# Images whose own Dockerfiles add no source of packages: docker-library/{buildpack-deps,golang,php,python,ruby},
# nodejs/docker-node, rust-lang/docker-rust (none writes to /etc/apt/sources.list*), debuerreotype for debian.
_ARCHIVES = {
    "debian": _Archive(
        r"(debian|buildpack-deps|golang|node|php|python|ruby|rust)([:@].*)?",
        "/etc/apt",
        "/etc/apt/apt.conf",
        (
            r"/etc/apt(?!/apt\.conf)|sources\.list|apt[-_]add|add-apt|apt-key|extrepo|backports|add-architecture|"
            r"nodesource|\.deb\b|\bdpkg\s+(-i|--install)|\bdeb\s+(\[|http)|Dir::|setup_\w+\.x|"
            r"\|\s*(sudo\s+)?(-E\s+)?(ba|da|z)?sh\b"
        ),
    ),
    "alpine": _Archive(
        r"(alpine|docker|golang|node|php|python|ruby|rust)([:@].*)?",
        "/etc/apk",
        "/etc/apk/cache",
        r"/etc/apk(?!/cache)|--repositor|\s-X\b|--allow-untrusted|\.apk\b|--root|\|\s*(ba|a)?sh\b",
    ),
}


def keeps_its_sources(stage: Stage, dockerfile: Dockerfile, tree: Tree, before: Position) -> bool:
    """Whether nothing in the stage, up to a place in the file, may have added a source."""
    archive = _ARCHIVES.get((tree.profile.release or "").partition(":")[0])
    if archive is None or not re.fullmatch(archive.images, tree.profile.name) or tree.profile.tree is not None:
        return False
    if any(path.startswith(archive.directory) and not path.startswith(archive.harmless) for path in tree.entries):
        return False
    place = f"{archive.directory}/other"
    if any(each.foreign_libc and each.touches(place) and each.span.start < before for each in tree.changes):
        return False
    earlier = (each for each in _instructions(stage, dockerfile) if each.span.start <= before)
    return not any(re.search(archive.signs, _text(instruction)) for instruction in earlier)


def _instructions(stage: Stage, dockerfile: Dockerfile) -> list[Instruction]:
    """Those of the stage and of the stages that it stands on."""
    found = list(stage.instructions)
    while stage.base_stage is not None:
        stage = dockerfile.stages[stage.base_stage]
        found += stage.instructions
    return found


def _text(instruction: Instruction) -> str:
    return "\n".join([instruction.text, *(heredoc.content for heredoc in instruction.heredocs)])
