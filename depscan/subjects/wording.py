"""The sentences that a finding prints: labels under the places of its frame, and evidence for who asks for more.

In: a `Placement`. Out: labels, each with what no other says, for a reader who does not know ELF; and one line per fact:
the program, the image, where a library was looked for. Pure text.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from depscan.artifacts.facts import Linkage
from depscan.filesystem.entries import Presence
from depscan.findings import Confidence
from depscan.images.lifetimes import name_release
from depscan.linking.placement import Cause, Verdict
from depscan.platforms import Teller

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depscan.artifacts.facts import Artifact
    from depscan.artifacts.prediction import Prediction
    from depscan.artifacts.script import Script
    from depscan.images.profile import ImageProfile
    from depscan.linking.placement import Need, Placement

_MOST_WANTED = 3
_MOST_PATH = 60
_NOT_BUILT = {"download": "downloads", "npm": "installs", "pip": "installs", "image": "brings"}


def fate(linkage: str | None, confidence: Confidence) -> str:
    """What becomes of a program or library, as sure as that is."""
    possible = confidence is Confidence.POSSIBLE
    if linkage == Linkage.SHARED_OBJECT:
        return "may not load" if possible else "cannot be loaded"
    return "may not start" if possible else "will not start"


def label_artifact(placement: Placement) -> str:
    """What a read file asks for; of one that is not built yet, its path, since the command's label tells the rest."""
    artifact = placement.artifact
    facts, script = artifact.facts, artifact.script
    if script is not None:
        return f"begins with {shebang(script)}"
    if artifact.prediction is not None:
        return placement.path if len(placement.path) <= _MOST_PATH else posixpath.basename(placement.path)
    if placement.cause is Cause.NOT_EXECUTABLE:
        return f"its mode is {placement.entry.mode & 0o7777:04o}"
    if _is_foreign(placement):
        return f"its machine is {facts.machine}"
    if placement.verdict is not Verdict.FAILS:
        return "; ".join(placement.link.notes) or placement.path
    notes = "".join(f"; {note}" for note in placement.link.notes)
    if placement.cause is Cause.INTERPRETER_MISSING and facts.libc in ("glibc", "musl"):
        return f"built for {facts.libc}: asks for {facts.interpreter}{notes}"
    if placement.cause is Cause.INTERPRETER_MISSING:
        return f"asks for {facts.interpreter}{notes}"
    return f"{_wanted(artifact)}{notes}" if facts.needed else placement.path + notes


def _is_foreign(placement: Placement) -> bool:
    """Whether its machine is what is wrong; a kernel of amd64 runs programs for i386 too."""
    culprit = placement.culprit
    return placement.foreign and culprit is not None and culprit.cause is Cause.WRONG_ARCHITECTURE


def _wanted(artifact: Artifact) -> str:
    needed = artifact.facts.needed
    more = f" and {len(needed) - _MOST_WANTED} more" if len(needed) > _MOST_WANTED else ""
    return f"asks for {', '.join(_with_highest(artifact, soname) for soname in needed[:_MOST_WANTED])}{more}"


def label_many(names: Sequence[str]) -> str:
    """The first of many files that came together."""
    return (
        f"{', '.join(names[:2])}, {len(names) - 2} more (--verbose lists them)" if len(names) > 3 else ", ".join(names)
    )


def label_made(made: Prediction) -> str:
    """What a command makes, and by what that is known."""
    facts = made.product.facts
    kind = "library" if facts.linkage is Linkage.SHARED_OBJECT else "program"
    libc = f"{facts.libc} " if facts.libc in ("glibc", "musl") else ""
    place = name_release(made.release) if facts.libc in (made.libc, "none") else ""
    verb = _NOT_BUILT.get(made.product.tool, "makes")
    told = f"{verb} a {'static ' if facts.linkage in (Linkage.STATIC, Linkage.STATIC_PIE) else libc}{kind}"
    return "; ".join([f"{told} ({place})" if place and verb != "downloads" else told, *made.product.evidence[:1]])


def doubt_platform(placement: Placement, *, assumed: bool) -> str | None:
    """Why the machine that a program is held against may be another one; `assumed`: nobody names the platform."""
    stage = placement.filesystem.stage
    if not placement.foreign:
        return None
    if assumed:
        return f"{placement.platform} is assumed: nobody names a platform"
    if stage.platform_teller is Teller.NAME:
        return f"only the name of {placement.filesystem.profile.name} tells {placement.platform}"
    return None


def label_base(placement: Placement, kind: str, platform_doubt: str | None = None) -> str:
    """What the FROM line gives; `kind` is what the finding speaks of. Empty where that is nothing to the point."""
    profile = placement.filesystem.profile
    script = placement.artifact.script
    if _is_foreign(placement):
        if platform_doubt is not None:
            return platform_doubt
        return f"this stage is for {placement.platform}" if placement.filesystem.stage.platform_flag else ""
    if script is not None:
        return f"has no {script.wanted}" if script.wanted and not script.returns else ""
    if placement.cause is Cause.NOT_EXECUTABLE:
        return ""
    if kind == "need" and profile.libc.family != "none":
        return f"{describe_libc(profile)}; no such library in it"
    return describe_libc(profile)


def describe_libc(profile: ImageProfile) -> str:
    """E.g. `musl 1.2.6 (Alpine 3.24)`; the release only where the reference does not tell it."""
    if profile.libc.family == "none":
        return "no C library and no dynamic linker"
    libc = f"{profile.libc.family} {profile.libc.version or ''}".rstrip()
    release = name_release(profile.release)
    told = release.rpartition(" ")[2] in profile.name
    return libc if told or not release else f"{libc} ({release})"


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
