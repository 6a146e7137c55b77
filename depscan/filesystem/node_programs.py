"""What npm, yarn, pnpm and bun do to the node_modules that stand there when they install.

In: an `Action`. Out: effects before those of the installation itself. `npm ci` deletes the directory
(docs.npmjs.com/cli/commands/npm-ci); an installation of all packages and `rebuild` make anew what was installed in
another stage, so that what was predicted of it holds no longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.artifacts.prediction import Prediction
from depscan.filesystem.effects import Effect, Remove
from depscan.filesystem.options import read_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.filesystem.effects import Action

_CLEANING = frozenset({"ci", "clean-install", "install-clean", "ic"})
_REBUILDING = frozenset({"rebuild", "rb"})
_INSTALLING = frozenset({"", "install", "i"})
_PLACES = ("--prefix", "--cwd", "--dir")


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
