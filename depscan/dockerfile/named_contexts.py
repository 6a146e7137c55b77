"""Named contexts: what a build puts in the place of an image or a stage (`docker build --build-context NAME=VALUE`).

In: a Dockerfile as read, and the contexts by name. Out: the same with FROM and --from meaning what they name: another
image (docker-image://REF), or something that only the build knows (a directory, another target, an address), whose
stages have `named_context`. BuildKit looks a stage's own name and its base up, both in the short spelling without
:latest (frontend/dockerui/namedcontext.go); a name that is replaced brings no instructions of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.dockerfile.instructions import Dockerfile, Flag, Instruction, Stage

_IMAGE = "docker-image://"


def apply_contexts(dockerfile: Dockerfile, contexts: Mapping[str, str]) -> Dockerfile:
    """The Dockerfile in which each name of `contexts` stands for its value."""
    known = {_short(name): value for name, value in contexts.items()}
    return replace(dockerfile, stages=tuple(_stage(stage, known) for stage in dockerfile.stages))


def _stage(stage: Stage, contexts: Mapping[str, str]) -> Stage:
    own = contexts.get(stage.name) if stage.name else None
    if own is not None:
        return _based(replace(stage, instructions=(), base_stage=None), own)
    stage = replace(stage, instructions=tuple(_instruction(each, contexts) for each in stage.instructions))
    base = contexts.get(_short(stage.base or "")) if stage.base_stage is None else None
    return stage if base is None else _based(stage, base)


def _based(stage: Stage, value: str) -> Stage:
    if value.startswith(_IMAGE):
        return replace(stage, base=value.removeprefix(_IMAGE), unresolved=())
    return replace(stage, base=stage.base or stage.name, unresolved=(), named_context=value)


def _instruction(instruction: Instruction, contexts: Mapping[str, str]) -> Instruction:
    if not any(flag.name in ("from", "mount") for flag in instruction.flags):
        return instruction
    return replace(instruction, flags=tuple(_flag(flag, contexts) for flag in instruction.flags))


def _flag(flag: Flag, contexts: Mapping[str, str]) -> Flag:
    if flag.value is None:
        return flag
    if flag.name == "from":
        return replace(flag, value=_origin(flag.value, contexts))
    if flag.name != "mount":
        return flag
    parts = (part.partition("=") for part in flag.value.split(","))
    return replace(
        flag,
        value=",".join(
            f"from={_origin(value, contexts)}" if name == "from" else name + equals + value
            for name, equals, value in parts
        ),
    )


def _origin(name: str, contexts: Mapping[str, str]) -> str:
    """What --from names then: an image, or a text that is the name of no image."""
    value = contexts.get(_short(name))
    if value is None:
        return name
    return value.removeprefix(_IMAGE) if value.startswith(_IMAGE) else f"./{value.partition(',')[0]}"


def _short(name: str) -> str:
    """The spelling in which names are compared."""
    return name.lower().removeprefix("docker.io/").removeprefix("library/").removesuffix(":latest")
