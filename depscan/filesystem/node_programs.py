"""What npm, yarn, pnpm and bun do to the node_modules that stand there.

In: an `Action`. Out: effects before those of the command itself, or copies behind it. `npm ci` deletes the directory
(docs.npmjs.com/cli/commands/npm-ci); an installation of all packages and `rebuild` make anew what was installed in
another stage, so that what was predicted of it holds no longer. `pnpm deploy DIRECTORY` brings a project with its
modules there (pnpm.io/cli/deploy), and `next build` with `output: "standalone"` those that its server needs
(nextjs.org/docs, output): which of them is not known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from depscan.artifacts.prediction import Prediction
from depscan.filesystem.effects import Effect, Remove
from depscan.filesystem.options import read_options
from depscan.filesystem.products import StageFiles
from depscan.findings import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.filesystem.effects import Action

_CLEANING = frozenset({"ci", "clean-install", "install-clean", "ic"})
_REBUILDING = frozenset({"rebuild", "rb"})
_INSTALLING = frozenset({"", "install", "i"})
_PLACES = ("--prefix", "--cwd", "--dir")
_CONFIGURATIONS = tuple(f"next.config.{ending}" for ending in ("js", "mjs", "cjs", "ts", "mts"))
_STANDALONE = re.compile(r"(?m)^(?![ \t]*//).*\boutput\s*:\s*[\"'`]standalone[\"'`]")


class _Manifest(msgspec.Struct):
    """The part of package.json that names commands."""

    scripts: dict[str, str] = {}


def renew_modules(action: Action) -> Iterator[Effect]:
    """node_modules removed, or the predictions below it forgotten."""
    options = read_options(action.command.words[1:], "C", _PLACES)
    place = options.value("C", *_PLACES)
    directory = action.path(f"{place.text}/node_modules" if place is not None else "node_modules")
    verb, *names = [word.text for word in options.operands] or [""]
    if directory is None or options.has("g", "--global"):
        return
    if action.command.name == "npm" and verb in _CLEANING:
        yield Remove(directory)
    elif verb in _REBUILDING or (verb in _INSTALLING and not names):
        yield from _forgotten(directory, action)


def _forgotten(directory: str, action: Action) -> Iterator[Effect]:
    where = action.tree.canonical(directory, follow_last=True)
    for entry in action.tree.below(where):
        if isinstance(entry.content, Prediction):
            yield replace(entry, content=None)


def carry_modules(action: Action) -> Iterator[Effect]:
    """Copies of the predicted modules where a command takes them along."""
    options = read_options(action.command.words[1:], "CF", (*_PLACES, "--filter"))
    words = [word.text for word in options.operands]
    here = action.path(".")
    if here is None or None in words:
        return
    if action.command.name == "pnpm" and words[:1] == ["deploy"] and len(words) == 2:
        target = action.path(words[1])
        yield from _copied(here, target, "pnpm deploy takes the project's modules along", action) if target else ()
    elif _builds_standalone(here, [word or "" for word in words], action):
        target = f"{here.rstrip('/')}/.next/standalone"
        yield from _copied(here, target, "next build takes the modules along that the server needs", action)


def _copied(directory: str, target: str, why: str, action: Action) -> Iterator[Effect]:
    where = action.tree.canonical(f"{directory.rstrip('/')}/node_modules", follow_last=True)
    for entry in action.tree.below(where):
        if isinstance(entry.content, Prediction):
            product = entry.content.product
            doubtful = replace(product, confidence=Confidence.POSSIBLE, evidence=(*product.evidence, why))
            path = f"{target}/node_modules{entry.path[len(where) :]}"
            yield replace(entry, path=path, content=replace(entry.content, product=doubtful), span=action.span)


def _builds_standalone(here: str, words: list[str], action: Action) -> bool:
    """`next build`, or a script of package.json that says so, where the configuration asks for standalone output."""
    files = StageFiles(action.tree)
    text = next((text for name in _CONFIGURATIONS if (text := files.read(f"{here}/{name}")) is not None), "")
    if not _STANDALONE.search(text) or "outputFileTracingRoot" in text:
        return False
    plain = [word for word in words if word not in ("run", "run-script", "exec", "x", "dlx")]
    return plain[:2] == ["next", "build"] or (len(plain) > 0 and "next build" in _script(plain[0], here, files))


def _script(name: str, here: str, files: StageFiles) -> str:
    try:
        manifest = msgspec.json.decode(files.read(f"{here}/package.json") or "{}", type=_Manifest)
    except (msgspec.MsgspecError, RecursionError):
        return ""
    return manifest.scripts.get(name, "")
