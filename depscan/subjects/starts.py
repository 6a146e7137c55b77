"""What start commands name, as rules see it: there or not, and whether the kernel can start it.

In: a `StageFilesystem` that is run, and the placements in it. Out: `Found`, one for each program that ENTRYPOINT, CMD
and HEALTHCHECK start, and one for each RUN that needs a shell where there surely is none. Files of unknown content
count as programs; what a later command may have changed is not judged.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.facts import Linkage
from depscan.artifacts.magic import HEAD_SIZE, classify
from depscan.filesystem.content import read_head
from depscan.filesystem.entries import DEFAULT_SHELL, Presence
from depscan.filesystem.lookup import Sighted, changed_later, find_program, search_program
from depscan.findings import AT_BUILD, AT_RUN, Confidence, Severity
from depscan.linking import messages
from depscan.linking.loaders import interpreter_family
from depscan.linking.starts import launches
from depscan.subjects import ScriptView, StartView, Subject
from depscan.subjects.wording import describe_image, shebang

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from depscan.artifacts.script import Script
    from depscan.filesystem.entries import FileEntry, StageFilesystem
    from depscan.linking.placement import Placement
    from depscan.linking.starts import Launch
    from depscan.source import Span

_CONTENTS = {
    "mach-o": "a program for macOS",
    "pe": "a program for Windows",
    "java-class": "a Java class",
    "archive-ar": "a static library",
    "rpm": "an rpm package",
    **{kind: f"a {kind} archive" for kind in ("zip", "gzip", "bzip2", "xz", "zstd", "7z", "tar")},
}
TEXT = "a text without #!"
JAR = "a jar, which java -jar starts"
_SHOWN = 3
_BY_EXECVE = frozenset({"gosu"})
_APPLETS = frozenset({"env", "nice", "nohup", "setsid", "timeout"})  # of busybox, in each image of Alpine


class Found(Struct, frozen=True):
    """A program to start: what a rule may speak of, its place, and what a finding prints."""

    view: StartView
    span: Span
    confidence: Confidence
    path: str | None = None
    runtime_message: str | None = None


def script_view(script: Script) -> ScriptView:
    """A script as rules see it."""
    return ScriptView(shebang(script), script.wanted or "", script.returns, script.flaw)


def _shell_less_runs(filesystem: StageFilesystem) -> Iterator[Found]:
    """The RUN instructions before which the stage surely had no shell."""
    for run in filesystem.shell_less:
        program = (run.shell or DEFAULT_SHELL)[0]
        view = StartView("RUN", "shell", program, True, "missing", None, "")
        text = messages.stat_failed(program) if "/" in program else messages.executable_not_found(program)
        yield Found(view, run.span, filesystem.profile.confidence, runtime_message=text)


def find_starts(filesystem: StageFilesystem, placements: Sequence[Placement], *, run: bool) -> Iterator[Found]:
    """What the start commands name, where the stage is `run`, and RUN instructions without a shell."""
    yield from _shell_less_runs(filesystem)
    if run:
        yield from _started(filesystem, placements)


def subject_of(
    found: Found, filesystem: StageFilesystem, common: Mapping[str, object], instruction_span: Span, base_span: Span
) -> Subject:
    """The subject of what was found; `common` are the views of the stage, `base_span` is where its image is named."""
    return Subject(
        kind="start",
        names={"start": found.view, **common},
        span=found.span,
        instruction_span=instruction_span,
        root=f"start {found.view.program}",
        related=((base_span, _label_base(found.view)),),
        confidence=found.confidence,
        stage=filesystem.stage.index,
        artifact=found.path,
        evidence=(describe_image(filesystem.profile),),
        runtime_message=found.runtime_message,
        moment=AT_BUILD if found.view.keyword == "RUN" else AT_RUN,
        label="",
        gravest=Severity.WARNING if found.view.keyword == "HEALTHCHECK" else Severity.ERROR,
    )


def _label_base(view: StartView) -> str:
    """Of the base, where it lacks the program."""
    return f"has no {view.program}" if view.status == "missing" else ""


def _started(filesystem: StageFilesystem, placements: Sequence[Placement]) -> Iterator[Found]:
    placed = {item.path: item for item in placements if item.filesystem.stage.index == filesystem.stage.index}
    for launch in launches(filesystem):
        if launch.name.endswith(".wasm"):
            return  # a runtime of WebAssembly starts it
        seen = _see(launch, filesystem)
        if seen.presence is Presence.MISSING:
            found = None if seen.entry is not None else _missing(launch, seen, filesystem)  # it lacks its bit alone
        else:
            found = _present(launch, seen, filesystem, placed.get(seen.path))
        if found is not None:
            yield found
        if seen.presence is Presence.MISSING or launch.name.startswith("["):
            break  # what it would have started is never reached


def _see(launch: Launch, filesystem: StageFilesystem) -> Sighted:
    """Look a program up; the exec form takes a variable literally, and no image has a program of such a name."""
    if "$" in launch.name and launch.start.form == "exec" and not launch.by_shell:
        return Sighted(Presence.MISSING, launch.name, confidence=Confidence.LIKELY)
    return _find(launch.name, filesystem)


def _find(name: str, filesystem: StageFilesystem) -> Sighted:
    """Look a program up; what is a program's name before a blank was meant as that with its arguments."""
    first = name.partition(" ")[0]
    if first != name and _find(first, filesystem).presence is Presence.PROVIDED:
        return Sighted(Presence.MISSING, name, confidence=Confidence.LIKELY)
    if "/" not in name:
        return search_program(filesystem, name)
    if not name.startswith("/") and filesystem.workdir is None:
        return Sighted(Presence.UNKNOWN, name, reason="WORKDIR is not known")
    path = posixpath.normpath(posixpath.join(filesystem.workdir or "/", name))
    return find_program(filesystem, path.replace("//", "/"))


def _view(launch: Launch, status: str, *, content: str | None = None, hint: str = "") -> StartView:
    shell = (launch.start.form == "shell" and launch.first) or launch.name in ("sh", "/bin/sh")
    return StartView(launch.start.keyword, launch.start.form, launch.name, shell, status, content, hint)


def _missing(launch: Launch, seen: Sighted, filesystem: StageFilesystem) -> Found | None:
    """A path outside what distributions fill may be mounted, unless a file of that name was copied elsewhere."""
    words = launch.name.split()
    elsewhere = same_name(launch.name, filesystem) or (same_name(words[0], filesystem) if len(words) > 1 else [])
    confidence = seen.confidence
    dangling = filesystem.links.get(launch.name)
    if confidence is Confidence.POSSIBLE:
        if not elsewhere and dangling is None:
            return None
        confidence = Confidence.LIKELY
    hint = f"; a file of that name stands at {', '.join(elsewhere[:_SHOWN])}" if elsewhere else ""
    if "$" in launch.name and launch.start.form == "exec":
        hint = "; the exec form expands no variables"
    elif len(words) > 1:
        hint = "; the exec form takes each argument as a string of its own"
    elif dangling is not None and not elsewhere:
        hint = f": it is a link to {dangling}, where nothing stands"
    if launch.by_shell:
        text = messages.command_not_found("/bin/sh", launch.written or launch.name, filesystem.profile.package_manager)
    elif "/" in launch.name:
        text = messages.stat_failed(launch.name)
    else:
        text = messages.executable_not_found(launch.name)
    return Found(_view(launch, "missing", hint=hint), launch.span, confidence, None, text)


def same_name(name: str, filesystem: StageFilesystem) -> list[str]:
    """The files of a program's name that the Dockerfile brought, wherever they stand."""
    base = posixpath.basename(name)
    entries = filesystem.entries.items()
    return sorted(path for path, entry in entries if entry.kind == "file" and posixpath.basename(path) == base)


def _present(launch: Launch, seen: Sighted, filesystem: StageFilesystem, placement: Placement | None) -> Found | None:
    entry = seen.entry
    if entry is None or seen.presence is not Presence.PROVIDED or changed_later(entry, filesystem):
        return None
    content = _content(entry, placement, by_shell=launch.by_shell or _falls_back(launch, filesystem))
    if content is None:
        return None
    text = messages.permission_denied(launch.name) if entry.kind == "directory" else messages.exec_format(launch.name)
    view = _view(launch, "provided", content=content)
    return Found(view, launch.span, Confidence.CERTAIN, entry.path, text)


def _falls_back(launch: Launch, filesystem: StageFilesystem) -> bool:
    """Whether what starts a text without #! gives it to /bin/sh, or may: glibc's execvp(3) does, that of musl does not.

    Measured with Debian's tini, dumb-init, catatonit, setpriv, runuser and coreutils; gosu is Go's execve.
    """
    name = posixpath.basename(launch.caller or "")
    if launch.caller is None or name in _BY_EXECVE:
        return False
    of_image = name in filesystem.packages or name in _APPLETS
    brought = _find(launch.caller, filesystem).entry is not None
    return not (of_image and not brought and filesystem.profile.libc.family == "musl")


def _content(entry: FileEntry, placement: Placement | None, *, by_shell: bool) -> str | None:
    """What stands at an entry, where the kernel cannot start it; None where it can, or where that is not known."""
    if entry.kind == "directory":
        return "a directory"
    if placement is not None:
        return _of_artifact(placement, by_shell=by_shell)
    head = read_head(entry, HEAD_SIZE)
    return None if head is None else _of_bytes(head, entry.path, by_shell=by_shell)


def _of_bytes(head: bytes, path: str, *, by_shell: bool) -> str | None:
    kind = classify(head)
    if kind == "elf":
        return "an object file" if head[16:18] in (b"\1\0", b"\0\1") else None
    if kind == "zip" and path.endswith((".jar", ".war")):
        return JAR
    if kind is not None or by_shell:
        return _CONTENTS.get(kind or "")
    if not head:
        return "an empty file"
    return TEXT if _is_text(head) else None


def _of_artifact(placement: Placement, *, by_shell: bool) -> str | None:
    script, facts = placement.artifact.script, placement.artifact.facts
    if script is not None:
        return f"a script with {script.flaw}" if script.flaw is not None and not by_shell else None
    if facts.linkage is not Linkage.SHARED_OBJECT or placement.artifact.prediction is not None:
        return None
    names = (placement.path, facts.soname or "")
    runs = any(interpreter_family(name) != "other" or "libc" in posixpath.basename(name) for name in names)
    return None if runs else "a shared library"


def _is_text(head: bytes) -> bool:
    if any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4  # a character that the end of the head cuts off
    return True
