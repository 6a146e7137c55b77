"""A Dockerfile performed: every stage that its target needs, instruction by instruction, as layers.

In: the text, its context, and build arguments. Out: the `Image` of the last stage (and of any other, for those who look
into it), or `BuildFailedError` with what the failing instruction said. Words and values are read by depscan's own
parser, which is held to BuildKit's elsewhere; what instructions do is done here, by a kernel and Debian's own tools.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.dockerfile.commands import (
    Copy,
    Environment,
    Run,
    ShellCommand,
    Start,
    User,
    WorkingDirectory,
    apply,
    interpret,
)
from depscan.dockerfile.expansion import Scope
from depscan.dockerfile.instructions import Form
from depscan.dockerfile.stages import find_stage, read_dockerfile
from depscan.platforms import DEFAULT_PLATFORM
from depscan.source import SourceText
from tests.live.execution import run
from tests.live.performed.copying import CopyError, copy, find_id, resolve
from tests.live.performed.images import CERTIFICATES, PATH, Image, base_image
from tests.live.performed.layers import make_layer, mount

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.dockerfile.commands import Command
    from depscan.dockerfile.instructions import Stage

_PATIENCE = 900
# Debian's own clients trust what this machine trusts, and apt asks nothing.
_OUTSIDE = {"PIP_CERT": CERTIFICATES, "npm_config_cafile": CERTIFICATES, "DEBIAN_FRONTEND": "noninteractive"}


class BuildFailedError(Exception):
    """An instruction failed: its text, and the last lines that it left."""


class Build:
    """One Dockerfile with its context; stages are performed once each, when they are asked for."""

    def __init__(self, text: str, context: Path, arguments: Mapping[str, str | None] | None = None) -> None:
        self.context = context
        self.arguments = arguments or {}
        source = SourceText.of("Dockerfile", text)
        self.dockerfile = read_dockerfile(source, platform=DEFAULT_PLATFORM, build_arguments=self.arguments)
        self._images: dict[int, Image] = {}

    def image(self, index: int = -1) -> Image:
        """The image of a stage."""
        stage = self.dockerfile.stages[index]
        if stage.index not in self._images:
            self._images[stage.index] = self._perform(stage)
        return self._images[stage.index]

    def _perform(self, stage: Stage) -> Image:
        if stage.base is None:
            raise BuildFailedError(f"FROM {stage.instruction.text}: base name should not be blank")
        image = self.image(stage.base_stage) if stage.base_stage is not None else base_image(stage.base)
        scope = Scope(
            dict(image.environment),
            base_known=True,
            global_arguments=stage.global_arguments,
            build_arguments=self.arguments,
        )
        command_set = False
        for instruction in stage.instructions:
            command = interpret(instruction, scope)
            apply(command, scope)
            if isinstance(command, Start) and command.kind != "healthcheck":
                image = _set_start(image, command, command_set=command_set)
                command_set = command_set or command.kind == "cmd"
            else:
                image = self._step(image, command, scope, instruction.text)
        return image

    def _step(self, image: Image, command: Command, scope: Scope, text: str) -> Image:
        if isinstance(command, Run):
            return self._run(image, command, scope)
        if isinstance(command, Copy):
            return self._copy(image, command, text)
        if isinstance(command, WorkingDirectory):
            return _enter(image, command.value.text or "/")
        if isinstance(command, Environment):
            given = {name: value or "" for name, value, _ in command.assignments}
            return replace(image, environment={**image.environment, **given})
        if isinstance(command, User):
            return replace(image, user=command.value.text or "")
        return replace(image, shell=command.words) if isinstance(command, ShellCommand) else image

    def _run(self, image: Image, command: Run, scope: Scope) -> Image:
        words = tuple(value.text or "" for value in command.words)
        if command.form is not Form.EXEC:
            words = (*image.shell, command.text or "")
        known = {name: value for name, value in {**scope.arguments, **image.environment}.items() if value is not None}
        environment = {"PATH": PATH, "HOME": "/root", **_OUTSIDE, **known}

        def work(here: Path) -> None:
            binds = {
                mount.target or "/mnt": self._bound(mount.source) for mount in command.mounts if mount.type == "bind"
            }
            for place, bound in binds.items():
                _make_place(here / place.lstrip("/"), bound)
            for place in ("proc", "tmp"):
                (here / place).mkdir(exist_ok=True)
            user = identity(here, image.user)
            done = run(here, words, environment, binds, image.workdir, user=user, network=True, patience=_PATIENCE)
            if done.error or done.code:
                said = (done.err.strip() or done.out.strip())[-600:] or os.strerror(done.error)
                raise BuildFailedError(f"RUN {command.text or words}: exit code {done.code}: {said}")

        key = repr(
            ("run 2", words, sorted(environment.items()), image.workdir, image.user, *self._bound_digests(command))
        )
        return replace(image, layers=make_layer(image.layers, key, work))

    def _bound(self, source: str | None) -> Path:
        return self.context / (source or "").lstrip("/")

    def _bound_digests(self, command: Run) -> list[str]:
        return [digest(self._bound(each.source)) for each in command.mounts if each.type == "bind"]

    def _copy(self, image: Image, command: Copy, text: str) -> Image:
        if command.from_stage is None:
            key, layers = digest(self.context), None
        else:
            layers = self._origin(command.from_stage).layers
            key = repr(layers)

        def work(here: Path) -> None:
            try:
                if layers is None:
                    copy(self.context, here, command, image.workdir)
                else:
                    with mount(layers) as origin:
                        copy(origin, here, command, image.workdir)
            except CopyError as error:
                raise BuildFailedError(f"COPY {text}: {error}") from None

        key = repr(("copy 2", command.add, text, image.workdir, key))
        return replace(image, layers=make_layer(image.layers, key, work, alone=command.link))

    def _origin(self, reference: str) -> Image:
        index = find_stage(self.dockerfile.stages, reference)
        return base_image(reference) if index is None else self.image(index)


def _make_place(place: Path, bound: Path) -> None:
    """What a file or a folder can be mounted at."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if bound.is_dir():
        place.mkdir(exist_ok=True)
    else:
        place.touch()


def _set_start(image: Image, command: Start, *, command_set: bool) -> Image:
    words = command.words if command.form is Form.EXEC else (*image.shell, *command.words)
    if command.kind == "cmd":
        return replace(image, command=words)
    return replace(image, entrypoint=words, command=image.command if command_set else ())


def _enter(image: Image, path: str) -> Image:
    workdir = os.path.normpath(os.path.join(image.workdir, path))

    def work(here: Path) -> None:
        resolve(here, workdir).mkdir(parents=True, exist_ok=True)

    return replace(image, workdir=workdir, layers=make_layer(image.layers, f"workdir {workdir}", work))


def identity(root: Path, user: str) -> tuple[int, int]:
    """The numbers of USER; raises BuildFailedError where the image has no such user."""
    name, _, group = user.partition(":")
    try:
        number = find_id(root, "passwd", name or "0")
        return number, find_id(root, "group", group) if group else _main_group(root, name, number)
    except CopyError as error:
        raise BuildFailedError(str(error)) from None


def _main_group(root: Path, name: str, number: int) -> int:
    file = root / "etc" / "passwd"
    rows = [line.split(":") for line in file.read_text().splitlines()] if file.exists() else []
    return next((int(row[3]) for row in rows if row[0] == name or row[2] == str(number)), 0)


def digest(folder: Path) -> str:
    """What stands in a context: names, modes and contents."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        content = (
            path.readlink().as_posix().encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        )
        found.update(repr((path.relative_to(folder).as_posix(), path.lstat().st_mode, content)).encode())
    return found.hexdigest()
