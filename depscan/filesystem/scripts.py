"""Scripts and Makefiles of the stage that a command of RUN starts: the programs that their commands will make.

In: an `Action` such as `./build.sh`, `sh scripts/build.sh`, `make tool`, when its own effects are entered. Out: the
predicted programs in the tree. Of what the inner commands do, only these are entered: whether a script goes on where
one of them fails is its own business, and what it may change is marked for the command as a whole.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.artifacts.prediction import Prediction
from depscan.filesystem.effects import apply_effect
from depscan.filesystem.entries import FileEntry
from depscan.filesystem.options import read_options
from depscan.filesystem.products import StageFiles
from depscan.filesystem.programs import read_effects
from depscan.shell.invocation import SHELLS
from depscan.shell.parser import MAX_TEXT, parse_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from depscan.filesystem.effects import Action
    from depscan.shell.commands import Script, ShellWord, SimpleCommand

MAX_NESTED = 4  # scripts of scripts
MAX_COMMANDS = 2_000  # of all scripts that one command starts
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_SHELL_LINE = r"#!\s*\S*?(?:/env\s+(?:-S\s+)?)?(?:sh|bash|dash|ash|ksh|zsh)\b"


def enter_products(action: Action) -> None:
    """Enter what the scripts and Makefiles that this command starts will make."""
    _enter(action, 0, [MAX_COMMANDS])


def _enter(action: Action, depth: int, left: list[int]) -> None:
    for command in _started(action) if depth < MAX_NESTED else ():
        left[0] -= 1
        if left[0] < 0:
            return
        conditional = command.conditional or action.command.conditional
        inner = replace(action, command=replace(command, conditional=conditional))
        action.tree.step()
        for effect in read_effects(inner):
            if isinstance(effect, FileEntry) and isinstance(effect.content, Prediction):
                apply_effect(effect, inner)
        _enter(inner, depth + 1, left)


def _started(action: Action) -> Iterable[SimpleCommand]:
    """The commands of the script or Makefile that a command starts; none where it is not known."""
    words = action.command.words
    name = action.command.name
    if name in ("make", "gmake"):
        return _make(action)
    if name in SHELLS and words[1:]:
        operands = [place for place, word in enumerate(words[1:], 1) if not re.match("[-+]", word.text or "")]
        return _script(action, words[operands[0] :], by_shell=True) if operands else ()
    if name in (".", "source"):
        return _script(action, words[1:], by_shell=True)
    if words and "/" in (words[0].text or ""):
        return _script(action, words, by_shell=False)
    return ()


def _script(action: Action, words: Sequence[ShellWord], *, by_shell: bool) -> Iterable[SimpleCommand]:
    """A script with its arguments: by itself it needs a `#!` line that names a shell."""
    path = action.path(words[0].text) if words else None
    text = StageFiles(action.tree).read(path, MAX_TEXT) if path else None
    if text is None or not (by_shell or re.match(_SHELL_LINE, text)):
        return ()
    arguments = {str(place): word.text for place, word in enumerate(words)}
    return _parse(text, action, arguments).commands


def _parse(text: str, action: Action, more: dict[str, str | None], directory: str | None = None) -> Script:
    environment = {**action.variables, **dict(action.command.assignments), **more}
    script = parse_script(text, environment, directory or action.command.directory)
    commands = (
        replace(command, assignments=(*action.command.assignments, *command.assignments)) for command in script.commands
    )
    return replace(script, commands=tuple(commands))


def _make(action: Action) -> Iterator[SimpleCommand]:
    from depscan.toolchains.makefile import Makefile, Surroundings  # noqa: PLC0415 - few stages have a Makefile

    options = read_options(action.command.words[1:], "CfIoW", ("--directory", "--file", "--makefile"))
    if options.has("n", "--dry-run", "--just-print", "--recon", "q", "--question", "t", "--touch"):
        return
    directory = action.command.directory
    for flag, word in options.values:
        if flag in ("C", "--directory"):
            directory = None if directory is None or word.text is None else posixpath.join(directory, word.text)
    text = _makefile(action, directory, options.value("f", "--file", "--makefile"))
    if directory is None or text is None:
        return
    environment = {**action.variables, **dict(action.command.assignments)}
    goals, given = _read_goals(options.operands, environment.get("MAKEFLAGS"))
    files = StageFiles(action.tree)
    around = Surroundings(directory, _outputs(action, environment, directory), files.names)
    makefile = Makefile(
        given,
        environment,
        lambda name: files.read(posixpath.join(directory, name), MAX_TEXT),
        around,
        environment_wins=options.has("e", "--environment-overrides"),
    )
    makefile.add(text)
    for recipe in makefile.recipes(goals):
        assignments = (*action.command.assignments, *recipe.exports.items())
        inner = replace(action, command=replace(action.command, assignments=assignments))
        yield from _parse(recipe.text, inner, {}, directory).commands


def _read_goals(operands: Sequence[ShellWord], flags: str | None) -> tuple[list[str], dict[str, str | None]]:
    """The goals, and the variables that the command line gives; those of the make around it stand in MAKEFLAGS.

    A number behind -j or -l is no goal.
    """
    words = [word.text or word.raw for word in operands]
    passed = re.findall(r"([\w.-]+)=('(?:[^']|'\"'\"')*'|\S*)", (flags or "").partition("-- ")[2])
    given = {name: value.replace("'\"'\"'", "'").strip("'") for name, value in passed}
    given |= {name.rstrip(":?+"): value for name, equals, value in (each.partition("=") for each in words) if equals}
    goals = [each for each in words if "=" not in each and not re.fullmatch(r"[\d.]+", each)]
    return goals, {name: value if "$" not in value else None for name, value in given.items()}


def _outputs(action: Action, environment: Mapping[str, str | None], directory: str) -> dict[str, str]:
    """What commands print that Makefiles ask for the directory and the machine."""
    from depscan.filesystem.answers import machine_answers  # noqa: PLC0415 - as above

    platform = action.stage.platform
    known = {"pwd": directory, **machine_answers(platform, action.tree.profile)}
    defaults = {"GOOS": platform.os, "GOARCH": platform.architecture}
    known |= {f"go env {name}": environment.get(name, default) or default for name, default in defaults.items()}
    unknown = {f"go env {name}" for name in defaults if environment.get(name, "") is None}
    return {command: text for command, text in known.items() if command not in unknown}


def _makefile(action: Action, directory: str | None, given: ShellWord | None) -> str | None:
    if directory is None:
        return None
    names = _MAKEFILES if given is None else (given.text,)
    files = StageFiles(action.tree)
    texts = (files.read(posixpath.join(directory, name), MAX_TEXT) for name in names if name)
    return next((text for text in texts if text is not None), None)
