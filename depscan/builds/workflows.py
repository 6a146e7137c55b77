"""GitHub workflows: the builds of docker/build-push-action, which tell the platforms that an image is published for.

In: a file of .github/workflows. Out: a `Build` for each step whose context and Dockerfile are written out; a step that
takes them from an expression is a matter of the run and is left out. Paths start at the repository's root.
https://github.com/docker/build-push-action#inputs
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.builds.build import UNKNOWN, Place, Recipe, Unusable, make_build
from depscan.builds.yaml_file import Table, read_yaml
from depscan.findings import Skipped
from depscan.repository import shown_path
from depscan.source import Span, UnusableTextError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from depscan.builds.build import Build

_ACTION = "docker/build-push-action"
_EXPRESSION = "${{"
_DEFAULT_CONTEXT = "{{defaultContext}}"


def read_workflow(path: Path, root: Path, folder: Path) -> Iterator[Build | Unusable]:
    """The builds of a workflow of the repository at `root`, which the user would write as `folder`."""
    try:
        top = read_yaml(path)
    except UnusableTextError as error:
        span = Span.at(error.line, 1, error.line, 1) if error.line else None
        yield Unusable(shown_path(path), Skipped(path.name, error.reason, span))
        return
    jobs = top.table("jobs") if isinstance(top, Table) else Table()
    for job in jobs:
        steps = jobs.table(job).get("steps")
        for step in steps if isinstance(steps, list) else []:
            if isinstance(step, Table) and (step.text("uses") or "").startswith(_ACTION):
                place = Place(shown_path(path), f"job {job}", step.places["uses"])
                recipe = _recipe(step.table("with"))
                if UNKNOWN not in (recipe.context, recipe.dockerfile, recipe.target):
                    yield make_build(recipe, place, folder, root)


def _recipe(given: Table) -> Recipe:
    context = (given.text("context") or ".").replace(_DEFAULT_CONTEXT + ":", "").replace(_DEFAULT_CONTEXT, ".")
    context = _known(context)
    file = given.text("file")
    return Recipe(
        context=context,
        dockerfile=_known(file) if file else "Dockerfile",
        beside_context=file is None,
        target=_known(given.text("target") or ""),
        arguments=dict(_pairs(given.text("build-args") or "")),
        platforms=tuple(_known(each) for each in _split(given.text("platforms") or "")),
        contexts=dict(_pairs(given.text("build-contexts") or "")),
    )


def _known(text: str) -> str:
    return UNKNOWN if _EXPRESSION in text else text.strip()


def _split(text: str) -> list[str]:
    """A list by commas or lines; none where an expression makes it."""
    if _EXPRESSION in text:
        return []
    return [part.strip() for line in text.split("\n") for part in line.split(",") if part.strip()]


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Lines of NAME=VALUE; a name that an expression makes is not known, and replaces no default."""
    for line in text.split("\n"):
        name, equals, value = line.strip().partition("=")
        if equals and _EXPRESSION not in name:
            yield name, _known(value)
