"""Instructions to typed commands, with values under a scope.

In: an `Instruction` that the parser let pass, and the `Scope` at that point of its stage. Out: one `Command`.
`interpret` leaves the scope as it is; `apply` carries ENV and ARG into it, so that the caller decides when. Values are
None where they rest on a variable that is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.dockerfile.instructions import Form, Heredoc, Offsets
from depscan.dockerfile.words import read_assignments, read_heredoc_mark, split_mount

if TYPE_CHECKING:
    from collections.abc import Callable

    from depscan.dockerfile.expansion import Scope
    from depscan.dockerfile.instructions import Flag, Instruction, Word
    from depscan.source import Span


class Value(Struct, frozen=True):
    """A word: `text` its value, None when not known; `raw` as written (the decoded string of a JSON array)."""

    text: str | None
    raw: str
    span: Span


class Copy(Struct, frozen=True):
    """COPY, or ADD where `add`. `sources` are paths and URLs; here-documents that stand among them are in `heredocs`.

    `from_stage` is as written, since BuildKit expands no variables there. `chmod` and `chown` are expanded, or as
    written where a variable in them is not known. `keep_git_dir` and `unpack` are None where the flag is not given.
    """

    add: bool
    sources: tuple[Value, ...]
    destination: Value
    heredocs: tuple[Heredoc, ...] = ()
    from_stage: str | None = None
    from_span: Span | None = None
    chmod: str | None = None
    chown: str | None = None
    link: bool = False
    parents: bool = False
    exclude: tuple[str, ...] = ()
    keep_git_dir: bool | None = None
    unpack: bool | None = None
    checksum: str | None = None


class Mount(Struct, frozen=True):
    """`RUN --mount`: `type` is bind unless given; the others are None where absent or not known. `id` names a cache."""

    type: str | None
    source: str | None
    target: str | None
    from_: str | None
    span: Span
    read_only: bool = False
    id: str | None = None


class Run(Struct, frozen=True):
    """RUN. Shell form: `text` is what the shell is given, and `offsets` places its code points in the file.

    `RUN <<EOF` alone gives the body as text; `interpreter` is then its `#!` line without the mark, where it has one.
    A here-document inside a command is part of `text`, as the shell sees it. Exec form: `text` is None, and `words` are
    given.
    """

    text: str | None
    words: tuple[Value, ...]
    form: Form
    heredocs: tuple[Heredoc, ...]
    mounts: tuple[Mount, ...]
    offsets: Offsets
    interpreter: str | None = None


class Environment(Struct, frozen=True):
    """ENV: (name, value or None when not known, span of the assignment)."""

    assignments: tuple[tuple[str, str | None, Span], ...]


class Argument(Struct, frozen=True):
    """ARG: (name, default as written or None without one, span). `Scope.declare_argument` expands the default."""

    declarations: tuple[tuple[str, str | None, Span], ...]


class WorkingDirectory(Struct, frozen=True):
    """WORKDIR."""

    value: Value


class Start(Struct, frozen=True):
    """ENTRYPOINT, CMD or HEALTHCHECK: `kind` is entrypoint, cmd or healthcheck; shell form has one word, all of it.

    `spans` are the places of the words. HEALTHCHECK NONE has no words.
    """

    kind: str
    form: Form
    words: tuple[str, ...]
    span: Span
    spans: tuple[Span, ...] = ()


class User(Struct, frozen=True):
    """USER."""

    value: Value


class ShellCommand(Struct, frozen=True):
    """SHELL: what shell-form commands are appended to from here on."""

    words: tuple[str, ...]


class Other(Struct, frozen=True):
    """An instruction that changes neither files nor the start command."""

    keyword: str


Command = Copy | Run | Environment | Argument | WorkingDirectory | Start | User | ShellCommand | Other


def interpret(instruction: Instruction, scope: Scope) -> Command:
    """The command of an instruction, its values under `scope`. The scope is not changed: `apply` does that."""
    keyword = instruction.keyword
    if keyword in _READERS:
        return _READERS[keyword](instruction, scope)
    return _LITERAL_READERS[keyword](instruction) if keyword in _LITERAL_READERS else Other(keyword)


def apply(command: Command, scope: Scope) -> None:
    """Carry ENV and ARG into the scope; other commands leave it alone."""
    if isinstance(command, Environment):
        for name, value, _ in command.assignments:
            scope.set_environment(name, value)
    elif isinstance(command, Argument):
        for name, default, _ in command.declarations:
            scope.declare_argument(name, default)


def _value(word: Word, scope: Scope) -> Value:
    return Value(scope.expand(word.text), word.text, word.span)


def _read_copy(instruction: Instruction, scope: Scope) -> Copy:
    *sources, destination = instruction.arguments
    bodies = {heredoc.name: heredoc for heredoc in instruction.heredocs}
    marks = {word: mark for word in sources if (mark := read_heredoc_mark(word.text))}
    origin = instruction.flag("from")
    return Copy(
        add=instruction.keyword == "ADD",
        sources=tuple(_value(word, scope) for word in sources if word not in marks),
        destination=_value(destination, scope),
        heredocs=tuple(bodies[mark.name] for mark in marks.values() if mark.name in bodies),
        from_stage=origin.value if origin and origin.value else None,
        from_span=origin.span if origin and origin.value else None,
        chmod=_flag_text(instruction.flag("chmod"), scope),
        chown=_flag_text(instruction.flag("chown"), scope),
        link=_flag_set(instruction.flag("link")) or False,
        parents=_flag_set(instruction.flag("parents")) or False,
        exclude=tuple(flag.value for flag in instruction.flags if flag.name == "exclude" and flag.value),
        keep_git_dir=_flag_set(instruction.flag("keep-git-dir")),
        unpack=_flag_set(instruction.flag("unpack")),
        checksum=_flag_text(instruction.flag("checksum"), scope),
    )


def _flag_text(flag: Flag | None, scope: Scope) -> str | None:
    """The value of a flag, as written where a variable in it is not known; None without the flag or without value."""
    if flag is None or not flag.value:
        return None
    value = scope.expand(flag.value)
    return flag.value if value is None else value


def _flag_set(flag: Flag | None) -> bool | None:
    return None if flag is None else (flag.value or "true").lower() == "true"


def _read_run(instruction: Instruction, scope: Scope) -> Run:
    mounts = tuple(_read_mount(flag, scope) for flag in instruction.flags if flag.name == "mount")
    if instruction.form is Form.EXEC:
        words = tuple(Value(word.text, word.text, word.span) for word in instruction.arguments)
        return Run(None, words, Form.EXEC, (), mounts, instruction.offsets)
    command = instruction.arguments[0].text if instruction.arguments else ""
    if instruction.heredocs and read_heredoc_mark(command):
        body = instruction.heredocs[0]
        first = body.content.partition("\n")[0]
        interpreter = first.removeprefix("#!").strip() if first.startswith("#!") else None
        return Run(body.content, (), Form.SHELL, instruction.heredocs, mounts, body.offsets, interpreter)
    start = len(instruction.text) - len(command)
    text, offsets = _join_heredocs(command, instruction.offsets.after(start), instruction.heredocs)
    return Run(text, (), Form.SHELL, instruction.heredocs, mounts, offsets)


def _join_heredocs(text: str, offsets: Offsets, heredocs: tuple[Heredoc, ...]) -> tuple[str, Offsets]:
    """The command with the bodies of its here-documents below it, as the shell is given it (dispatchRun)."""
    pieces = list(offsets.pieces)
    for heredoc in heredocs:
        start = len(text) + 1
        pieces += [(start + offset, line, column) for offset, line, column in heredoc.offsets.pieces]
        pieces.append((start + len(heredoc.content), heredoc.body_span.end.line, 1))
        text = f"{text}\n{heredoc.content}{heredoc.name}"
    return text, Offsets(tuple(pieces))


def _read_mount(flag: Flag, scope: Scope) -> Mount:
    fields = split_mount(flag.value or "")

    def find(*names: str) -> str | None:
        given = [value for name, value in fields.items() if name in names]
        return scope.expand(given[-1]) if given else None

    kind = find("type") if "type" in fields else "bind"
    read_only = "readonly" in fields or "ro" in fields
    return Mount(
        type=kind.lower() if kind else None,
        source=find("source", "src"),
        target=find("target", "dst", "destination"),
        from_=fields.get("from") or None,
        span=flag.span,
        read_only=read_only,
        id=find("id"),
    )


def _read_environment(instruction: Instruction, scope: Scope) -> Environment:
    return Environment(
        tuple(
            (scope.expand(name) or name, scope.expand(value or ""), span)
            for name, value, span in read_assignments(instruction, scope.escape)
        )
    )


def _read_argument(instruction: Instruction, scope: Scope) -> Argument:
    return Argument(read_assignments(instruction, scope.escape))


def _read_working_directory(instruction: Instruction, scope: Scope) -> WorkingDirectory:
    return WorkingDirectory(_value(instruction.arguments[0], scope))


def _read_user(instruction: Instruction, scope: Scope) -> User:
    return User(_value(instruction.arguments[0], scope))


def _read_start(instruction: Instruction) -> Start:
    words = instruction.arguments
    if instruction.keyword == "HEALTHCHECK":
        words = words[1:]
    span = words[0].span if len(words) == 1 else instruction.span
    spans = tuple(word.span for word in words)
    return Start(instruction.keyword.lower(), instruction.form, tuple(word.text for word in words), span, spans)


def _read_shell(instruction: Instruction) -> ShellCommand:
    return ShellCommand(tuple(word.text for word in instruction.arguments))


_READERS: dict[str, Callable[[Instruction, Scope], Command]] = {
    "ADD": _read_copy,
    "ARG": _read_argument,
    "COPY": _read_copy,
    "ENV": _read_environment,
    "RUN": _read_run,
    "USER": _read_user,
    "WORKDIR": _read_working_directory,
}
_LITERAL_READERS: dict[str, Callable[[Instruction], Command]] = {
    "CMD": _read_start,
    "ENTRYPOINT": _read_start,
    "HEALTHCHECK": _read_start,
    "SHELL": _read_shell,
}
