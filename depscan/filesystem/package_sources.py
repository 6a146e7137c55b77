"""Whether a stage installs from Debian's own archive and nothing else.

In: a stage, its Dockerfile and tree. Out: yes, or no where anything in it, in a stage that it stands on or in its image
may have added another source of packages. Such a source makes the answer unknown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depscan.dockerfile.instructions import Dockerfile, Instruction, Stage
    from depscan.filesystem.tree import Tree
    from depscan.source import Position

# Images whose own Dockerfiles add no source of packages: docker-library/{buildpack-deps,golang,php,python,ruby},
# nodejs/docker-node, rust-lang/docker-rust (none writes to /etc/apt/sources.list*), debuerreotype for debian.
_PLAIN = re.compile(r"(debian|buildpack-deps|golang|node|php|python|ruby|rust)([:@].*)?")
_LIST = "/etc/apt/sources.list.d/other.list"
_SIGNS = re.compile(
    r"/etc/apt(?!/apt\.conf)|sources\.list|apt[-_]add|add-apt|apt-key|extrepo|backports|add-architecture|nodesource|"
    r"\.deb\b|\bdpkg\s+(-i|--install)|\bdeb\s+(\[|http)|Dir::|\|\s*(sudo\s+)?(-E\s+)?(ba|da|z)?sh\b|setup_\w+\.x"
)


def keeps_its_sources(stage: Stage, dockerfile: Dockerfile, tree: Tree, before: Position) -> bool:
    """Whether nothing in the stage, up to a place in the file, may have added a source."""
    if not _PLAIN.fullmatch(tree.profile.name) or tree.profile.tree is not None:
        return False
    if any(path.startswith("/etc/apt") and "/apt.conf" not in path for path in tree.entries):
        return False
    if any(each.foreign_libc and each.touches(_LIST) and each.span.start < before for each in tree.changes):
        return False
    return not any(_SIGNS.search(_text(instruction)) for instruction in _instructions(stage, dockerfile))


def _instructions(stage: Stage, dockerfile: Dockerfile) -> list[Instruction]:
    """Those of the stage and of the stages that it stands on."""
    found = list(stage.instructions)
    while stage.base_stage is not None:
        stage = dockerfile.stages[stage.base_stage]
        found += stage.instructions
    return found


def _text(instruction: Instruction) -> str:
    return "\n".join([instruction.text, *(heredoc.content for heredoc in instruction.heredocs)])
