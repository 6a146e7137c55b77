"""What the rest of a Dockerfile uses of an image, and another image would not have.

In: the stages before a change and after it. Out: for each stage whose image is another one, what is lost: the package
manager and the programs of RUN, the start command that the image brings, the interpreter that loads what is copied, ICU
of .NET, CA certificates. The findings do not tell of these: depscan cannot prove that they are missed, and neither that
they are not.
"""

from __future__ import annotations

import posixpath
import re
from functools import cache
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from depscan.artifacts.facts import Linkage
from depscan.filesystem.entries import Presence
from depscan.filesystem.lookup import search_program
from depscan.images.candidates import carries, image_name
from depscan.images.naming import ROOTS
from depscan.images.rows import KNOWLEDGE
from depscan.packages import PROGRAMS as MANAGERS
from depscan.repairs.loading import loading_interpreter
from depscan.shell.parser import parse_script

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.filesystem.entries import StageFilesystem
    from depscan.linking.placement import Placement
    from depscan.repairs.case import Outcome

_MANAGER_FAMILIES = {"yum": "dnf", "microdnf": "dnf", "tdnf": "dnf"}
_INVARIANT = "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"
_TLS = re.compile(r"lib(ssl|curl|gnutls|nss3|mbedtls)\b.*")
_NETWORKED = frozenset({"go", "rust"})  # whose programs carry TLS themselves, and read the image's certificates


class _Certificates(Struct, frozen=True):
    """knowledge/certificates.json: the images, by name, with a bundle of CA certificates, and those without one."""

    present: list[str]
    absent: list[str]
    source: str
    as_of: str


def find_losses(before: Outcome, after: Outcome) -> Iterator[tuple[int, tuple[str, ...]]]:
    """By stage, what its changed image lacks; a package manager that RUN uses is asked for of every stage."""
    old = {each.stage.index: each for each in before.stages}
    for new in after.stages:
        own = old.get(new.stage.index)
        if own is new or own is None:
            continue
        there = [each for each in before.placements if each.filesystem.stage.index == new.stage.index]
        lost = [*_managers(new, own)]
        if own.profile.reference != new.profile.reference:
            lost += _of_another_image(own, new, there)
        yield new.stage.index, tuple(lost)


def lacks_certificates(own: StageFilesystem, new: str) -> bool:
    """Whether the image with this reference has no CA certificates, and the one in use does."""
    return certificates(own.profile.reference) is True and certificates(new) is False


def certificates(reference: str) -> bool | None:
    """Whether an image has CA certificates; None where that is not known."""
    known, name = _certificates(), image_name(reference)
    return True if name in known.present else False if name in known.absent else None


@cache
def _certificates() -> _Certificates:
    return msgspec.json.decode((KNOWLEDGE / "certificates.json").read_bytes(), type=_Certificates)


def _of_another_image(own: StageFilesystem, new: StageFilesystem, there: Sequence[Placement]) -> Iterator[str]:
    yield from _programs(own, new)
    another = image_name(own.profile.reference) != image_name(new.profile.reference)
    if another and not _is_plain(own) and not _starts_its_own(own):
        yield f"what {own.profile.name} starts"
    interpreter = loading_interpreter(there)
    if interpreter is not None and _has(own, interpreter) is not Presence.MISSING and not _keeps(new, interpreter):
        yield interpreter
    if _uses_icu(own, there) and not _has_icu(new):
        yield "ICU, which .NET loads"
    if lacks_certificates(own, new.profile.reference) and any(_speaks_tls(each) for each in there):
        yield "CA certificates"


def _managers(new: StageFilesystem, own: StageFilesystem) -> Iterator[str]:
    """The package managers that RUN uses and the image does not have; one that is missed already is not lost."""
    family = _family(new)
    for manager in sorted(new.managers):
        wanted = _MANAGER_FAMILIES.get(manager, manager)
        if wanted != family and (wanted == _family(own) or new.profile.reference != own.profile.reference):
            yield manager


def _family(filesystem: StageFilesystem) -> str | None:
    manager = filesystem.profile.package_manager
    return _MANAGER_FAMILIES.get(manager or "", manager)


def _programs(own: StageFilesystem, new: StageFilesystem) -> Iterator[str]:
    """The programs that RUN and the start command call by name, are there, and would not be."""
    same = image_name(own.profile.reference) == image_name(new.profile.reference)
    for name in sorted(_called(own)):
        before, after = _has(own, name), _has(new, name)
        if before is Presence.MISSING or after is Presence.PROVIDED:
            continue
        if after is Presence.MISSING or not _alike(own, new) or (before is Presence.PROVIDED and not same):
            yield name


def _alike(own: StageFilesystem, new: StageFilesystem) -> bool:
    """Whether what one is not known to have the other need not lack: of one name, one distribution, or plain both."""
    names = {image_name(own.profile.reference), image_name(new.profile.reference)}
    if len(names) == 1:
        return True
    kinds = {(each.profile.release or "").partition(":")[0] for each in (own, new)}
    return "distroless" not in names and (len(kinds) == 1 or (_is_plain(own) and _is_plain(new)))


def _is_plain(filesystem: StageFilesystem) -> bool:
    """Whether an image holds a distribution and nothing that a container would start."""
    name = image_name(filesystem.profile.reference)
    return name in ROOTS or name in {"distroless", "scratch", "busybox", "alpine-glibc", "buildpack-deps"}


def _called(filesystem: StageFilesystem) -> set[str]:
    names: set[str] = set()
    for instruction in filesystem.stage.instructions:
        if instruction.keyword == "RUN" and instruction.arguments:
            text = "\n".join(word.text for word in instruction.arguments)
            names |= {each.words[0].text or "" for each in parse_script(text, {}).commands if each.words}
    for start in (filesystem.entrypoint, filesystem.command, filesystem.healthcheck):
        if start is not None and start.form != "shell" and start.words:
            names.add(start.words[0])
    return {name for name in names if name and "/" not in name and name not in MANAGERS}


def _has(filesystem: StageFilesystem, program: str) -> Presence:
    return search_program(filesystem, program).presence


def _keeps(new: StageFilesystem, program: str) -> bool:
    if _has(new, program) is Presence.PROVIDED:
        return True
    return carries(new.profile.reference, program, new.stage.platform)


def _starts_its_own(filesystem: StageFilesystem) -> bool:
    """Whether the container starts a program that the Dockerfile put there."""
    start = filesystem.entrypoint or filesystem.command
    program = start.words[0].split()[0] if start is not None and start.words and start.words[0].split() else ""
    if "/" not in program:
        return bool(program) and search_program(filesystem, program).entry is not None
    return filesystem.entry(posixpath.normpath(posixpath.join(filesystem.workdir or "/", program))) is not None


def _uses_icu(filesystem: StageFilesystem, there: Sequence[Placement]) -> bool:
    if (filesystem.environment.get(_INVARIANT) or "").lower() in {"1", "true"}:
        return False
    made = (each.artifact.prediction for each in there)
    return _has_icu(filesystem) and any(each is not None and each.product.tool.startswith("dotnet") for each in made)


def _has_icu(filesystem: StageFilesystem) -> bool:
    return any(name.startswith("libicuuc.so") for name in (*filesystem.libraries, *filesystem.profile.libraries))


def _speaks_tls(placement: Placement) -> bool:
    facts = placement.artifact.facts
    if facts.linkage is Linkage.SHARED_OBJECT:
        return False
    return facts.language in _NETWORKED or any(_TLS.match(soname) for soname in facts.needed)
