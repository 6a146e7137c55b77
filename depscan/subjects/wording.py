"""The sentences that a finding prints as evidence.

In: a `Placement`. Out: one line per fact: the program, the image, where a library was looked for. Pure text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.filesystem.entries import Presence
from depscan.linking.placement import Cause

if TYPE_CHECKING:
    from depscan.artifacts.facts import Artifact
    from depscan.artifacts.script import Script
    from depscan.images.profile import ImageProfile
    from depscan.linking.placement import Need, Placement


def describe_artifact(artifact: Artifact) -> str:
    """E.g. `bin/hello: x86_64 ELF, dynamic, interpreter /lib64/ld-linux-x86-64.so.2, needs libc.so.6 (GLIBC_2.34)`."""
    facts = artifact.facts
    if artifact.script is not None:
        return f"{artifact.source}: a script, {artifact.script.flaw or shebang(artifact.script)}"
    parts = [f"{facts.machine} ELF", str(facts.linkage or facts.type.lower())]
    if facts.interpreter:
        parts.append(f"interpreter {facts.interpreter}")
    if facts.needed:
        parts.append("needs " + ", ".join(_with_highest(artifact, soname) for soname in facts.needed[:6]))
    return f"{artifact.source}: {', '.join(parts)}"


def shebang(script: Script) -> str:
    """The first line as written, a carriage return made visible."""
    line = f"#!{script.interpreter or ''}{f' {script.argument}' if script.argument else ''}"
    return line.replace("\r", "\\r")


def _with_highest(artifact: Artifact, soname: str) -> str:
    names = [need.name for need in artifact.facts.version_needs.get(soname, ()) if not need.weak]
    return f"{soname} ({max(names, key=_numbers)})" if names else soname


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.rpartition("_")[2].split(".") if part.isdigit())


def describe_image(profile: ImageProfile) -> str:
    """E.g. `alpine:3.20: musl 1.2.5, dynamic linker /lib/ld-musl-x86_64.so.1 (knowledge, 2026-11-24)`."""
    libc = f"{profile.libc.family} {profile.libc.version or ''}".strip() if profile.libc.family != "none" else "no libc"
    loaders = f", dynamic linker {', '.join(profile.loaders)}" if profile.loaders else ", no dynamic linker"
    dated = f"{profile.source}, {profile.as_of}" if profile.as_of else profile.source
    return f"{profile.name}: {libc}{loaders} ({dated})"


def describe_search(need: Need) -> str | None:
    """Where a missing library was looked for."""
    looked = [step.path for step in need.trace if step.presence is not Presence.PROVIDED]
    return f"looked for {need.soname} at {', '.join(looked[:8])}" if looked else None


def describe_base(placement: Placement) -> str:
    """What the FROM line gives, for the related place of a finding."""
    libc = placement.filesystem.profile.libc
    script = placement.artifact.script
    if placement.cause is Cause.WRONG_ARCHITECTURE:
        return f"this stage is for {placement.platform}"
    if script is not None:
        return f"{script.wanted or 'a script'} is looked for in this base and what was added to it"
    if libc.family == "none":
        return "this base has no C library and no dynamic linker"
    return f"this base provides {libc.family} {libc.version or ''}".rstrip()
