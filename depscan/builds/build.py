"""One build, as a file of the repository declares it.

In: what a declaration says, as texts. Out: `Build` with paths that are there, or `Unusable` with a reason and a remedy.
A text is `UNKNOWN` where it rests on what nothing is known of. Contexts and Dockerfiles stay inside the repository:
what a scanned file names must not make depscan read the rest of the host.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from depscan.dockerfile.expansion import UNKNOWN_VALUE
from depscan.errors import UsageError
from depscan.findings import Skipped
from depscan.platforms import parse_platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from depscan.platforms import Platform
    from depscan.source import SourceText, Span

UNKNOWN = UNKNOWN_VALUE

# What BuildKit takes for a Git repository or an archive to fetch, and compose for an image or a service.
_REMOTE = re.compile(r"(?i)[a-z][a-z0-9+.-]*://|git@|(?:www\.)?(?:github|gitlab)\.com/|.*\.git(?:#.*)?\Z")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|[^/]*\\")


class Place(Struct, frozen=True):
    """Where a build is declared: the file as the user would write it, what it is called there, its span."""

    source: str
    name: str
    span: Span | None = None


class Build(Struct, frozen=True):
    """A build. `dockerfile` is its file, or `inline` its text, where the declaration holds it.

    `arguments` have the value `UNKNOWN` where it is not known. `contexts` are the named ones, by name: a directory, or
    a reference such as docker-image://alpine, target:base or an address. `source` and `span` are where it is declared,
    `name` what it is called there (service web, target app); without a declaration they and `context` are None.
    """

    dockerfile: Path | None
    context: Path | None = None
    target: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    platforms: tuple[Platform, ...] = ()
    contexts: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    span: Span | None = None
    name: str | None = None
    inline: SourceText | None = None


class Unusable(Struct, frozen=True):
    """A declaration that cannot be followed: the file it stands in, what and why, the Dockerfile it named."""

    source: str
    skipped: Skipped
    dockerfile: Path | None = None


class Recipe(Struct, frozen=True):
    """What a declaration says, before anything is looked up; paths are relative to the `folder` of the reader.

    The Dockerfile's path starts at the context, or at `folder` where it is not `beside_context`.
    """

    context: str = "."
    dockerfile: str = "Dockerfile"
    beside_context: bool = True
    inline: SourceText | None = None
    target: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    platforms: tuple[str, ...] = ()
    contexts: Mapping[str, str] = field(default_factory=dict)


def make_build(recipe: Recipe, place: Place, folder: Path, root: Path) -> Build | Unusable:
    """The build of a recipe whose paths start at `folder`; all of them must stay inside `root`."""
    reason = _why_not(recipe, folder, root)
    if reason is not None:
        return _unusable(place, reason)
    context = _joined(folder, recipe.context)
    dockerfile = None if recipe.inline else _joined(context if recipe.beside_context else folder, recipe.dockerfile)
    if dockerfile is not None and not os.path.isfile(dockerfile):
        return _unusable(place, f"its Dockerfile {dockerfile} is not there; is it generated, or a path misspelt?")
    if dockerfile is not None and not is_inside(dockerfile, root):
        return _unusable(place, f"its Dockerfile {dockerfile} is outside of the repository {root}")
    platforms, fault = read_platforms(recipe.platforms)
    if fault is not None:
        return _unusable(place, fault, dockerfile)
    return Build(
        dockerfile=dockerfile,
        context=context,
        target=recipe.target or None,
        arguments=recipe.arguments,
        platforms=platforms,
        contexts={name: local_path(value, folder) for name, value in recipe.contexts.items()},
        source=place.source,
        span=place.span,
        name=place.name,
        inline=recipe.inline,
    )


def _unusable(place: Place, reason: str, dockerfile: Path | None = None) -> Unusable:
    return Unusable(place.source, Skipped(place.name, reason, place.span), dockerfile)


def _why_not(recipe: Recipe, folder: Path, root: Path) -> str | None:
    """Why the context cannot be used, or the Dockerfile or the target not be known."""
    said = {"context": recipe.context, "Dockerfile": recipe.dockerfile, "target": recipe.target or ""}
    for what, text in said.items():
        if text == UNKNOWN:
            return f"its {what} rests on a variable without a value or on a function: check its Dockerfile by itself"
    if _REMOTE.match(recipe.context):
        return f"its context {recipe.context} is remote: only local directories are read"
    for what in ("context", "Dockerfile"):
        if _WINDOWS.match(said[what]):
            return f"its {what} {said[what]} is a path of Windows: write it with slashes, relative to the repository"
    context = _joined(folder, recipe.context)
    if not os.path.isdir(context):
        return f"its context {context} is not a directory here; is a submodule missing?"
    if not is_inside(context, root):
        return f"its context {context} is outside of the repository {root}: pass the Dockerfile with --context"
    return None


def read_platforms(texts: Iterable[str]) -> tuple[tuple[Platform, ...], str | None]:
    """The Linux platforms among the known texts, and what is wrong: a bad one, or that none of them is Linux."""
    known = [text for text in texts if text and text != UNKNOWN]
    try:
        platforms = tuple(dict.fromkeys(parse_platform("linux/amd64" if text == "local" else text) for text in known))
    except UsageError as error:
        return (), str(error)
    linux = tuple(platform for platform in platforms if platform.os == "linux")
    if platforms and not linux:
        return (), f"it is built for {', '.join(map(str, platforms))}: only Linux images are checked"
    return linux, None


def _joined(folder: Path, text: str) -> Path:
    """A path of a declaration, as the user would write it. `..` goes up as in the shell, links or not."""
    try:
        return Path(os.path.normpath(folder / text))
    except ValueError:
        return folder / "?"


def is_inside(path: Path, root: Path) -> bool:
    """Whether a path, links followed, is `root` or below."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, ValueError, RuntimeError):
        return False


def local_path(text: str, folder: Path) -> str:
    """A path that starts at `folder`; anything else (an address, target:base, a path of Windows) as it is."""
    foreign = "\0" in text or ":" in text or _REMOTE.match(text) or _WINDOWS.match(text)
    return text if foreign else str(_joined(folder, text))
