"""Linking on paper: would the kernel start this program there, would the dynamic linker load it?

In: an `Artifact` with its `FileEntry`, the stage's `Root`, the platform. Out: `Placement`. The order is that of the
real thing: machine (kernel), interpreter (kernel), libraries breadth first, then versions (dynamic linker); permission
bits last, since what else is wrong stays wrong after a chmod.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.artifacts.facts import Linkage
from depscan.filesystem.entries import Presence
from depscan.findings import Confidence
from depscan.images.architectures import architecture_of
from depscan.linking import messages
from depscan.linking.closure import UNREAD, load_closure
from depscan.linking.fitness import NARROW, OTHER_RELOCATIONS, find_native_misfit
from depscan.linking.hosts import find_host
from depscan.linking.loaders import Loader, find_interpreter, invoked_loader, library_loader
from depscan.linking.placement import (
    Cause,
    Failure,
    LinkResult,
    Need,
    Placement,
    SymbolCheck,
    VersionCheck,
    conclude,
)
from depscan.linking.search import Loaded, trusted_directories
from depscan.linking.symbols import check_symbols
from depscan.linking.versions import check_versions, numeric
from depscan.platforms import COMPATIBLE_MACHINES, MACHINES, Platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.artifacts.facts import Artifact, ElfFacts
    from depscan.filesystem.entries import FileEntry
    from depscan.linking.closure import Closure
    from depscan.linking.fitness import Misfit
    from depscan.linking.root import Root

_SHOWN = 5  # names in a sentence
# QEMU's programs for user-mode emulation, by the machine that they emulate; qemu-img and the like are none.
_EMULATOR = re.compile(
    r"qemu-(aarch64(_be)?|alpha|arm(eb)?|i386|loongarch64|m68k|mips\w*|ppc\w*|riscv(32|64)|s390x|sparc\w*|x86_64)(-static)?"
)


class _Subject(Struct, frozen=True):
    """What is linked, where: the arguments that every step needs."""

    path: str
    facts: ElfFacts
    entry: FileEntry
    root: Root
    platform: Platform
    host_provided: tuple[str, ...]
    alone: bool = False  # no host is looked for

    @property
    def program(self) -> bool:
        return self.facts.linkage is not Linkage.SHARED_OBJECT


def place(
    artifact: Artifact, entry: FileEntry, root: Root, platform: Platform, host_provided: tuple[str, ...] = ()
) -> Placement:
    """Link an artifact at its place and give the verdict."""
    subject = _Subject(entry.path, artifact.facts, entry, root, platform, host_provided)
    link, confidence = _link(subject)
    if not link.failures:
        link = replace(link, unknowns=(*link.unknowns, *_guesses(artifact, root)))
    return conclude(artifact, entry, root.filesystem, link, confidence)


def _link(subject: _Subject) -> tuple[LinkResult, Confidence]:
    machine = _check_machine(subject)
    if machine is not None:
        return machine, Confidence.CERTAIN
    if subject.facts.linkage in (Linkage.STATIC, Linkage.STATIC_PIE):
        return LinkResult(failures=_permission(subject)), Confidence.CERTAIN
    invoked = invoked_loader(subject.root, subject.path)
    if invoked is not None:
        return _link_program(subject, invoked)
    if subject.program and subject.facts.interpreter is not None:
        return _link_program(subject, find_interpreter(subject.root, subject.facts))
    return _link_library(subject, library_loader(subject.root, subject.facts, subject.path))


def _guesses(artifact: Artifact, root: Root) -> Iterator[str]:
    """Why a program that is not there yet may fail all the same: no guess of what it needs proves that it loads."""
    made, libc = artifact.prediction, root.profile.libc
    if made is None:
        return
    if made.product.open or made.product.confidence is Confidence.POSSIBLE:
        yield "what else it needs is known when it is there"
    highest = (made.product.ceiling or "").rpartition("_")[2]
    if libc.family == "glibc" and libc.version is not None and numeric(highest) > numeric(libc.version):
        yield f"it may need {made.product.ceiling}, which its builder has"


def _check_machine(subject: _Subject) -> LinkResult | None:
    """The kernel refuses another machine's program with ENOEXEC; at a library the dynamic linker looks (`_misfit`)."""
    facts, native = subject.facts, MACHINES.get(subject.platform.architecture)
    if native is None:
        return LinkResult(unknowns=(f"what runs on {subject.platform} is not known",))
    if (facts.machine, facts.bits) == ("x86_64", 32) and facts.machine == native:
        return LinkResult(unknowns=("x32 programs need a kernel built for them",))
    if facts.machine != native and _EMULATOR.fullmatch(posixpath.basename(subject.path)):
        return LinkResult(unknowns=("the kernel of the machine that builds it runs an emulator, by binfmt_misc",))
    runs = _runs(subject)
    if runs is Presence.UNKNOWN:
        return LinkResult(unknowns=(f"whether {facts.machine} programs run here, which could load it, is not known",))
    if runs is Presence.PROVIDED or not subject.program:
        return None
    return LinkResult(failures=(Failure(Cause.WRONG_ARCHITECTURE, facts.machine, messages.exec_format(subject.path)),))


def _runs(subject: _Subject) -> Presence:
    """Whether programs of the subject's machine run here, and so could load it where it is a library."""
    architecture, machine = subject.platform.architecture, subject.facts.machine
    if machine == MACHINES.get(architecture):
        return Presence.PROVIDED
    if machine not in COMPATIBLE_MACHINES.get(architecture, ()):
        return Presence.MISSING
    return Presence.PROVIDED if subject.program else _foreign_linker(subject)


def _misfit(subject: _Subject, loader: Loader) -> Misfit | None:
    """Why the dynamic linker takes the file for no library of the programs that run here."""
    facts = subject.facts
    if _runs(subject) is Presence.PROVIDED:
        return find_native_misfit(facts, facts.machine, facts.bits, family=loader.family)
    native = MACHINES[subject.platform.architecture]
    return find_native_misfit(facts, native, 32 if native in NARROW else 64, family=loader.family)


def _foreign_linker(subject: _Subject) -> Presence:
    """Whether a program of the library's machine may run here: one of the image's own machine cannot load it."""
    names = [name for name, machine in MACHINES.items() if machine == subject.facts.machine]
    architectures = [architecture_of(Platform(subject.platform.os, name)) for name in names]
    paths = [path for known in architectures if known is not None for path in (known.glibc, known.musl)]
    seen = {subject.root.file(path).presence for path in paths}
    return next((answer for answer in (Presence.PROVIDED, Presence.UNKNOWN) if answer in seen), Presence.MISSING)


def _link_program(subject: _Subject, loader: Loader) -> tuple[LinkResult, Confidence]:
    """The dynamic linker is the one that the kernel finds for PT_INTERP, or one that was started by its name."""
    invoked = invoked_loader(subject.root, subject.path) is loader
    interpreter = loader.path if invoked else subject.facts.interpreter
    if loader.presence is Presence.MISSING:
        text = messages.no_such_file(subject.path)
        failure = Failure(Cause.INTERPRETER_MISSING, interpreter, text, loader.confidence)
        return LinkResult(None, loader.presence, failures=(failure,)), loader.confidence
    if not loader.executable:
        failure = Failure(
            Cause.NOT_EXECUTABLE, interpreter, messages.permission_denied(subject.path), loader.confidence
        )
        return LinkResult(None, loader.presence, failures=(failure,)), loader.confidence
    if loader.presence is Presence.UNKNOWN or loader.family is None:
        reason = loader.reason or f"{interpreter} is not a dynamic linker that depscan knows"
        return LinkResult(None, loader.presence, unknowns=(f"{interpreter}: {reason}",)), loader.confidence
    return _load(subject, loader)


def _link_library(subject: _Subject, loader: Loader) -> tuple[LinkResult, Confidence]:
    misfit = _misfit(subject, loader)
    if misfit is not None and not misfit.mapped:
        return LinkResult(failures=(_misfit_failure(subject, misfit, loader),)), Confidence.CERTAIN
    if loader.presence is Presence.UNKNOWN:
        return LinkResult(unknowns=(loader.reason or "the stage's dynamic linker is not known",)), loader.confidence
    if loader.presence is Presence.MISSING:
        if not subject.facts.needed:
            return LinkResult(unknowns=("there is no dynamic linker in this stage",)), loader.confidence
        return _without_loader(subject, loader)
    return _load(subject, loader, misfit)


def _misfit_failure(subject: _Subject, misfit: Misfit, loader: Loader) -> Failure:
    text = messages.unfit_object(subject.path, misfit.words, loader.family)
    return Failure(Cause.WRONG_ARCHITECTURE, misfit.detail, text)


def _without_loader(subject: _Subject, loader: Loader) -> tuple[LinkResult, Confidence]:
    soname = subject.facts.needed[0]
    text = messages.library_not_found(subject.path, soname, subject.path, None)
    failure = Failure(Cause.LIBRARY_MISSING, soname, text, loader.confidence)
    need = Need(soname, subject.path, Presence.MISSING, confidence=loader.confidence)
    return LinkResult(needs=(need,), failures=(failure,), notes=("no dynamic linker here",)), loader.confidence


def _load(subject: _Subject, loader: Loader, misfit: Misfit | None = None) -> tuple[LinkResult, Confidence]:
    """The dynamic linker is there: load the closure, then check versions, then symbols.

    With a `misfit`, musl maps the file with its closure before it stops.
    """
    program, closure, host = _load_libraries(subject, loader)
    versions = check_versions(program, closure, loader, subject.root)
    symbols = check_symbols(program, closure, loader, subject.root, plugin=not subject.program)
    failures = (
        *_library_failures(closure.needs, subject, loader),
        *((_misfit_failure(subject, misfit, loader),) if misfit is not None else ()),
        *(_version_failure(check, subject, loader) for check in versions if _is_unmet(check)),
        *(_symbol_failure(check, subject, loader) for check in symbols if _stops(check, subject)),
        *_permission(subject),
    )
    unknowns = [
        *_unknown_needs(closure.needs, subject),
        *_unknown_versions(versions),
        *_unknown_symbols(subject, symbols, loader),
        *_two_releases(subject, closure, loader),
    ]
    if closure.truncated:
        unknowns.append("too many libraries to follow")
    link = LinkResult(
        interpreter=loader.path if subject.facts.interpreter else None,
        interpreter_presence=loader.presence if subject.facts.interpreter else None,
        needs=closure.needs,
        versions=versions,
        symbols=symbols,
        failures=failures,
        unknowns=tuple(dict.fromkeys(unknowns)),
        notes=(*((f"{host} loads it",) if host else ()), *_notes(subject, symbols, loader)),
        compat=loader.compat or _installed_compat(subject, loader),
    )
    parts = [loader.confidence, *(need.confidence for need in closure.needs if need.presence is Presence.PROVIDED)]
    return link, Confidence.weakest(*parts)


def _two_releases(subject: _Subject, closure: Closure, loader: Loader) -> Iterator[str]:
    """The linker and the C library share data that each glibc lays out anew: a linker of another release may abort."""
    libc, root = closure.objects.get("libc.so.6"), subject.root
    if loader.family != "glibc" or not loader.copied or libc is None or root.copied(libc.path) is not None:
        return
    if loader.version is None or loader.version != root.profile.libc.version:
        yield f"{loader.path} and {libc.path} are of two releases of glibc"


def _installed_compat(subject: _Subject, loader: Loader) -> str | None:
    """The layer that is installed for glibc's programs; a library that a program of musl loads is not helped by it."""
    if subject.program or loader.family != "musl" or subject.facts.libc != "glibc":
        return None
    return next(iter(subject.root.filesystem.loaders.values()), None)


def _load_libraries(subject: _Subject, loader: Loader) -> tuple[Loaded, Closure, str | None]:
    """The program and its closure; of a library that finds only part of what it needs, by a host that loads it."""
    program = Loaded(subject.path, subject.facts.soname or subject.path, subject.facts)
    closure = load_closure(program, loader, subject.root, subject.host_provided)
    if subject.program or subject.alone or not any(need.not_searched for need in closure.needs):
        return program, closure, None
    host = find_host(program, subject.root, lambda path: _load_host(path, subject))
    if host is None:
        return program, closure, None
    closure = load_closure(host.library, loader, subject.root, subject.host_provided, host.present)
    return host.library, closure, host.path


def _load_host(path: str, subject: _Subject) -> Closure | None:
    """The closure of another file of the stage, None where it does not load."""
    facts, root = subject.root.artifacts[path].facts, subject.root
    entry = root.filesystem.entries[path]
    host = _Subject(path, facts, entry, root, subject.platform, subject.host_provided, alone=True)
    link, _ = _link(host)
    if link.failures or link.unknowns:
        return None
    loader = invoked_loader(root, path)
    if loader is None:
        loader = find_interpreter(root, facts) if facts.interpreter is not None else library_loader(root, facts, path)
    return load_closure(Loaded(path, facts.soname or path, facts), loader, root, subject.host_provided)


def _is_missing(need: Need, subject: _Subject) -> bool:
    """A plugin may leave a library to its host process, so one that stands elsewhere in the stage is not missing."""
    return need.presence is Presence.MISSING and (subject.program or need.not_searched is None)


def _is_unmet(check: VersionCheck) -> bool:
    return check.presence is Presence.MISSING and not check.weak


def _library_failures(needs: tuple[Need, ...], subject: _Subject, loader: Loader) -> list[Failure]:
    """All missing libraries in load order; none where each may be left to a host process.

    Those that musl finds unfit at their first relocation come last: it relocates when all is loaded.
    """
    missing = [need for need in needs if need.presence is Presence.MISSING]
    if not any(_is_missing(need, subject) for need in missing):
        return []
    missing.sort(key=lambda need: need.flaw == OTHER_RELOCATIONS)
    return [_library_failure(need, subject, loader) for need in missing]


def _library_failure(need: Need, subject: _Subject, loader: Loader) -> Failure:
    if need.unfit is not None:
        text = messages.unfit_library(
            subject.path, need.unfit, need.flaw or "invalid ELF header", need.requested_by, loader.family
        )
        return Failure(Cause.WRONG_ARCHITECTURE, need.soname, text, need.confidence)
    text = messages.library_not_found(subject.path, need.soname, need.requested_by, loader.family)
    host = Confidence.CERTAIN if subject.program else Confidence.LIKELY  # a host process may bring a plugin's libraries
    return Failure(
        Cause.LIBRARY_MISSING, need.soname, text, Confidence.weakest(need.confidence, loader.confidence, host)
    )


def _version_failure(check: VersionCheck, subject: _Subject, loader: Loader) -> Failure:
    directory = next(iter(trusted_directories(subject.root, loader)), "")
    library = f"{directory}/{check.library}" if directory else check.library
    text = messages.version_not_found(subject.path, library, check.name, check.requested_by)
    if check.undeclared:
        text = messages.undeclared_relr(check.requested_by)
    elif loader.family == "musl":
        text = messages.SEGMENTATION_FAULT
    return Failure(Cause.VERSION_MISSING, f"{check.name} ({check.library})", text, check.confidence)


def _unknown_needs(needs: tuple[Need, ...], subject: _Subject) -> list[str]:
    found = [
        f"{need.soname}: {need.reason}"
        for need in needs
        if need.presence is Presence.UNKNOWN or need.reason == UNREAD  # which symbols it has is not known either
    ]
    left_to_host = [
        f"{need.soname} stands at {need.not_searched}, where only the host program may look"
        for need in needs
        if need.presence is Presence.MISSING and not _is_missing(need, subject)
    ]
    return found + left_to_host


def _unknown_versions(versions: tuple[VersionCheck, ...]) -> list[str]:
    return [
        f"whether {check.library} defines {check.name} is not known"
        for check in versions
        if check.presence is Presence.UNKNOWN and not check.weak
    ]


def _unknown_symbols(subject: _Subject, symbols: tuple[SymbolCheck, ...], loader: Loader) -> list[str]:
    """A glibc object under musl's dynamic linker lives or dies by its symbols."""
    foreign = loader.family == "musl" and subject.facts.libc == "glibc"
    if foreign and subject.root.symbols(subject.path, subject.facts) is None:
        return ["whether musl has every symbol that this glibc object needs is not known"]
    names = [check.name for check in symbols if check.presence is Presence.UNKNOWN]
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return [f"whether {loader.compat or loader.family} has {shown} is not known"] if names else []


def _stops(check: SymbolCheck, subject: _Subject) -> bool:
    """A program starts without a function that is bound at its first call; a host process that loads a plugin may not.

    CPython opens extension modules so that all is bound at once (Python/dynload_shlib.c, RTLD_NOW).
    """
    return check.presence is Presence.MISSING and not (check.late and subject.program)


def _symbol_failure(check: SymbolCheck, subject: _Subject, loader: Loader) -> Failure:
    text = messages.symbol_not_found(subject.path, check.requested_by, check.name, check.version, loader.family)
    late = Confidence.LIKELY if check.late else Confidence.CERTAIN
    confidence = Confidence.weakest(check.confidence, loader.confidence, late)
    return Failure(Cause.SYMBOL_MISSING, check.name, text, confidence)


def _notes(subject: _Subject, symbols: tuple[SymbolCheck, ...], loader: Loader) -> Iterator[str]:
    if loader.compat:
        yield f"{loader.compat} answers for glibc here"
    if subject.facts.isa_level:
        yield f"it needs a CPU of level {subject.facts.isa_level}"
    for check in symbols:
        if check.presence is Presence.MISSING and not _stops(check, subject):
            yield f"it starts without {check.name}, which no library defines, and stops at the first call of it"


def _permission(subject: _Subject) -> tuple[Failure, ...]:
    """EACCES for a program without any execute bit, unless a later RUN may have set it."""
    entry = subject.entry
    later = any(
        change.sequence > entry.sequence and change.touches(entry.path) for change in subject.root.filesystem.changes
    )
    if not subject.program or entry.mode & 0o111 or later or invoked_loader(subject.root, subject.path) is not None:
        return ()
    return (Failure(Cause.NOT_EXECUTABLE, None, messages.permission_denied(subject.path)),)
