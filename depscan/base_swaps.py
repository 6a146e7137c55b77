"""Other images for a stage whose text asks for what its image does not have.

In: a finding on text, and the stages as replayed. Out: `Suggestion`s in two groups, each the likeliest first: another
image for the stage itself, and the stage's image for one that builds for it. Whether one mends anything is for
`suggest` to prove.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.artifacts.facts import MEMBER, Linkage
from depscan.findings import Edit, Location, Suggestion
from depscan.images.candidates import candidates, image_name
from depscan.images.naming import ROOTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.dockerfile.instructions import Stage
    from depscan.filesystem.entries import StageFilesystem
    from depscan.findings import Finding
    from depscan.linking.placement import Placement

# Toolchains whose products a program of the image loads or starts, with that program.
INTERPRETERS = {
    **dict.fromkeys(("npm", "yarn", "pnpm", "bun"), "node"),
    **dict.fromkeys(("pip", "uv", "poetry", "pdm", "pipenv"), "python3"),
    "bundle": "ruby",
}
WITH_SWAPS = frozenset({"wheel-or-site-packages-on-musl", "package-manager-mismatch", "venv-interpreter-missing"})
_MAX_TRIED = 6
_OF_THE_ENVIRONMENT = "venv-interpreter-missing"  # an image that is not known to lack a Python need not have it


def loading_interpreter(placements: tuple[Placement, ...]) -> str | None:
    """The interpreter that would load them: what stands in a jar, in site-packages, in node_modules, among gems."""
    path = placements[0].path
    if placements[0].artifact.kind == MEMBER:
        return "java" if path.partition("!/")[0].endswith((".jar", ".war", ".ear")) else None
    made = placements[0].artifact.prediction
    if made is not None and made.product.tool in INTERPRETERS:
        return INTERPRETERS[made.product.tool]
    if placements[0].artifact.facts.linkage is not Linkage.SHARED_OBJECT:
        return None
    if re.search(r"/(site|dist)-packages/", path):
        return "python3"
    return "node" if path.endswith(".node") else None


def swap_bases(finding: Finding, stages: Sequence[StageFilesystem]) -> Iterator[list[Suggestion]]:
    """Bases for the stage of the finding, then builders on its base."""
    here = next((each for each in stages if each.stage.index == finding.stage), None)
    if here is None:
        return
    path = finding.location.path
    own = _alike(here) if finding.rule != _OF_THE_ENVIRONMENT else []
    others = [each.profile.name for each in stages if each.profile.name not in (here.profile.name, "scratch")]
    references = list(dict.fromkeys((*own, *others)))[:_MAX_TRIED]
    place = Location(path, _bottom(here.stage, stages).base_span)
    yield [_swap("base", "use FROM", reference, place) for reference in references]
    earlier = [each for each in stages if each.stage.index < here.stage.index and each.stage.base_stage is None]
    builders = earlier[:_MAX_TRIED] if here.profile.package_manager is not None else []
    places = [Location(path, each.stage.base_span) for each in builders]
    yield [_swap("builder-base", "build it on FROM", here.profile.name, place) for place in places]


def _alike(here: StageFilesystem) -> list[str]:
    """Candidates for a stage's base: of a language's image, whose program is needed, other releases alone."""
    own = image_name(here.profile.reference)
    return [each for each in candidates(here.profile) if own in ROOTS or image_name(each) == own]


def _swap(kind: str, title: str, reference: str, place: Location) -> Suggestion:
    return Suggestion(kind, f"{title} {reference}", proved=True, base=reference, edits=(Edit(place, reference),))


def _bottom(stage: Stage, stages: Sequence[StageFilesystem]) -> Stage:
    """The stage with the image that a stage stands on."""
    by_index = {each.stage.index: each.stage for each in stages}
    while stage.base_stage is not None and stage.base_stage in by_index:
        stage = by_index[stage.base_stage]
    return stage
