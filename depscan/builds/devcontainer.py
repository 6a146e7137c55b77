"""Development containers: the Dockerfile that devcontainer.json builds, or the compose files that it uses.

In: the path of a devcontainer.json. Out: its `Build`, or the compose files of its project. Paths start at its folder.
https://containers.dev/implementors/json_reference/
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from depscan.builds.build import UNKNOWN, Place, Recipe, Unusable, local_path, make_build
from depscan.builds.jsonc import read_jsonc
from depscan.findings import Skipped
from depscan.repository import shown_path
from depscan.source import Span, UnusableTextError, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depscan.builds.build import Build

_MAX_BYTES = 1 << 20
_VARIABLE = re.compile(r"\$\{([A-Za-z]+)(?::([^}:]*))?(?::([^}]*))?\}")


def read_devcontainer(path: Path, root: Path, environment: Mapping[str, str]) -> Iterator[Build | Unusable]:
    """The build of a container; none where it uses an image or compose files."""
    try:
        text = read_text(path, _MAX_BYTES, "devcontainer.json")
        top = read_jsonc(text)
    except UnusableTextError as error:
        span = Span.at(error.line, 1, error.line, 1) if error.line else None
        yield Unusable(shown_path(path), Skipped(path.name, error.reason, span))
        return
    declared = top if isinstance(top, dict) else {}
    build = declared.get("build")
    build = build if isinstance(build, dict) else {}
    dockerfile = build.get("dockerfile") or build.get("dockerFile") or declared.get("dockerFile")
    if isinstance(dockerfile, str):
        place = Place(shown_path(path), "devcontainer", _span(text, dockerfile))
        context = build.get("context") or declared.get("context") or "."
        arguments = build.get("args")
        target = build.get("target")
        recipe = Recipe(
            context=_expand(context, environment) if isinstance(context, str) else ".",
            dockerfile=_expand(dockerfile, environment),
            beside_context=False,
            target=_expand(target, environment) if isinstance(target, str) else None,
            arguments={
                name: _expand(value, environment)
                for name, value in (arguments.items() if isinstance(arguments, dict) else ())
                if isinstance(value, str)
            },
        )
        yield make_build(recipe, place, path.parent, root)


def compose_files(path: Path) -> tuple[Path, ...]:
    """The compose files of `dockerComposeFile` that are there."""
    try:
        top = read_jsonc(read_text(path, _MAX_BYTES, "devcontainer.json"))
    except UnusableTextError:
        return ()
    named = top.get("dockerComposeFile") if isinstance(top, dict) else None
    texts = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    found = [Path(local_path(text, path.parent)) for text in texts if isinstance(text, str) and "\0" not in text]
    return tuple(each for each in found if os.path.isfile(each))


def _expand(text: str, environment: Mapping[str, str]) -> str:
    """`${localEnv:NAME:default}`; other variables are known only where the container is made."""

    def value(match: re.Match[str]) -> str:
        if match[1] in ("localEnv", "env"):
            return environment.get(match[2] or "") or (UNKNOWN if match[3] is None else match[3])
        return UNKNOWN

    expanded = _VARIABLE.sub(value, text)
    return UNKNOWN if UNKNOWN in expanded else expanded


def _span(text: str, word: str) -> Span | None:
    """Where the Dockerfile is named."""
    for number, line in enumerate(text.split("\n"), 1):
        column = line.find(f'"{word}"')
        if column >= 0 and "ockerfile" in line.lower():
            return Span.at(number, column + 1, number, column + len(word) + 3)
    return None
