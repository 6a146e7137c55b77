"""Files of the Dockerfile that RUN starts by their path: `./gradlew build`, `/opt/tool --version`.

In: an `Action` before its effects. Out: the stage as it stands then, with that file as its start command, so that the
same laws judge it as an ENTRYPOINT. A command whose failure the shell passes over is left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.filesystem.entries import HostFile, InlineFile, StartCommand

if TYPE_CHECKING:
    from depscan.filesystem.effects import Action

MAX_STARTS = 8  # of one stage: each keeps a copy of its file system


def note_start(action: Action, text: str) -> None:
    """Record what the command starts; `text` is the shell text that it stands in, empty for exec form."""
    command, tree = action.command, action.tree
    name = command.words[0].text if command.words else None
    if name is None or "/" not in name or command.conditional or len(tree.run_starts) >= MAX_STARTS:
        return
    path = action.path(name)
    entry = tree.find(path) if path is not None else None
    if entry is None or not isinstance(entry.content, HostFile | InlineFile):
        return
    if not _must_succeed(text[: command.start], text[command.end :]):
        return
    start = StartCommand("exec", (entry.path,), action.span, "RUN")
    now = tree.freeze(action.stage)
    copies = {name: dict(getattr(now, name)) for name in ("entries", "expected", "links", "libraries", "loaders")}
    environment = {**now.environment, **action.variables, **dict(command.assignments)}
    before = replace(
        now, **copies, environment=environment, entrypoint=start, command=None, healthcheck=None, run_starts=()
    )
    tree.run_starts.append(before)


def _must_succeed(before: str, after: str) -> bool:
    """Whether the build stops where the command fails: nothing but `&&` joins it to what follows, if anything does."""
    return not before.rstrip().endswith("!") and re.search(r"[|;&\n]", after.replace("&&", "")) is None
