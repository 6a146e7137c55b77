"""What BuildKit refuses in an instruction that was split into words.

In: an `Instruction`. Out: faults as (kind, detail, span), the span to the column of the word that is wrong. The checks
are those of BuildKit's instructions/parse.go and bflag.go; what only a build can tell (a port number, a user name) is
not judged here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.dockerfile.instructions import Form
from depscan.dockerfile.lexing import LEXED
from depscan.dockerfile.words import KEYWORDS, read_assignments, read_heredoc_mark, split_mount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.dockerfile.instructions import Instruction
    from depscan.dockerfile.lines import LogicalLine
    from depscan.source import Span

Fault = tuple[str, str, "Span"]

_FRONTEND = r"(?:^|/)dockerfile(?:-upstream)?(?=[:@\s]|$)"
_TEMPLATE = re.compile(r"\{\{|\{%|<%|@@\w+@@")
_STAGE_NAME = r"[a-z][a-z0-9-_.]*\Z"

_COPY_FLAGS = {"chmod": "one", "chown": "one", "exclude": "many", "link": "bool"}
FLAGS: dict[str, dict[str, str]] = {
    "ADD": {**_COPY_FLAGS, "checksum": "one", "keep-git-dir": "bool", "unpack": "bool"},
    "COPY": {**_COPY_FLAGS, "from": "one", "parents": "bool"},
    "FROM": {"platform": "one"},
    "HEALTHCHECK": dict.fromkeys(("interval", "retries", "start-interval", "start-period", "timeout"), "one"),
    "RUN": {"device": "many", "mount": "many", "network": "one", "security": "one"},
}
_MOUNT_TYPES = {"bind", "cache", "secret", "ssh", "tmpfs"}
_UNCHECKED_FLAGS = {"ARG", "STOPSIGNAL"}  # parseArg and parseStopSignal never look at them

# Fewest and most arguments; COPY, ADD, FROM and SHELL have rules of their own.
_COUNTS: dict[str, tuple[int, int | None]] = {
    **dict.fromkeys(("ARG", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "VOLUME"), (1, None)),
    **dict.fromkeys(("MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"), (1, 1)),
}


_NOT_LEXED = {"CMD", "ENTRYPOINT", "FROM", "HEALTHCHECK", "ONBUILD", "SHELL"}  # FROM is, under a scope of its own


def is_official_frontend(syntax: str | None) -> bool:
    """Whether `# syntax=` names docker/dockerfile or a mirror of it; other frontends have instructions of their own."""
    return syntax is None or re.search(_FRONTEND, syntax) is not None


def is_template(text: str) -> bool:
    """Whether a template engine has yet to fill in `text`."""
    return _TEMPLATE.search(text) is not None


def find_unknown_keyword(keyword: LogicalLine, line: LogicalLine) -> Fault:
    """The fault of a line whose first word is no instruction."""
    if not keyword.text:
        return "syntax", "no instruction follows the line continuation", keyword.span()
    if _TEMPLATE.match(keyword.text) or re.match(r"@[A-Z]+@?\Z", keyword.text):  # @IF, @INCLUDE, @FROM@
        return _template(keyword.text, keyword.span())
    import difflib  # noqa: PLC0415 - only wrong files pay for it

    near = difflib.get_close_matches(keyword.text[:20].upper(), sorted(KEYWORDS), 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    if "=" in line.text and not near:
        hint = "; is a \\ missing at the end of the line before?"
    return "syntax", f"unknown instruction: {_shorten(keyword.text)}{hint}", keyword.span()


def find_faults(instruction: Instruction, escape: str, *, official: bool) -> list[Fault]:
    """What BuildKit would refuse; unknown flags are let pass where another frontend reads the file."""
    keyword = instruction.keyword
    if keyword == "FROM" and (mark := _TEMPLATE.search(instruction.text)):
        return [_template(mark[0], instruction.offsets.span(mark.start(), mark.end()))]
    faults = [*_check_count(instruction), *_check_flags(instruction, official=official)]
    if not faults and keyword in _CHECKS:
        faults.extend(_CHECKS[keyword](instruction))
    assigning = instruction.trigger or instruction  # BuildKit's parser splits what ONBUILD assigns at once
    if not faults and assigning.keyword in {"ARG", "ENV", "LABEL"}:
        faults.extend(_check_assignments(assigning, escape))
    texts = (instruction.text, *(heredoc.content for heredoc in instruction.heredocs))
    lexed = keyword not in _NOT_LEXED and (keyword != "RUN" or bool(instruction.flags))
    if not faults and lexed and any(mark in text for text in texts for mark in LEXED):
        from depscan.dockerfile.substitutions import find_refused  # noqa: PLC0415 - few instructions have such a mark

        faults.extend(("syntax", detail, span) for detail, span in find_refused(instruction, escape))
    return faults


def _template(mark: str, span: Span) -> Fault:
    detail = f"{_shorten(mark)} looks like a template; render it first and check the Dockerfile that comes out"
    return "template", detail, span


def _shorten(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "..."


def _check_count(instruction: Instruction) -> Iterator[Fault]:
    fewest, most = _COUNTS.get(instruction.keyword, (0, None))
    count = len(instruction.arguments)
    if count < fewest or (most is not None and count > most):
        need = "exactly one argument" if most == 1 else "at least one argument"
        yield "syntax", f"{instruction.keyword} needs {need}", instruction.keyword_span


def _check_flags(instruction: Instruction, *, official: bool) -> Iterator[Fault]:
    if instruction.keyword in _UNCHECKED_FLAGS:
        return
    known = FLAGS.get(instruction.keyword, {})
    seen: set[str] = set()
    for flag in instruction.flags:
        arity = known.get(flag.name)
        if arity is None:
            if official:
                yield "syntax", f"unknown flag of {instruction.keyword}: --{_shorten(flag.name)}", flag.span
        elif flag.name in seen and arity != "many":
            yield "syntax", f"the flag --{flag.name} is given twice", flag.span
        elif flag.value == "" if arity == "bool" else flag.value is None:
            yield "syntax", f"the flag --{flag.name} needs a value", flag.span
        elif arity == "bool" and (flag.value or "true").lower() not in {"true", "false"}:
            yield "syntax", f"the flag --{flag.name} is true or false, not {_shorten(flag.value or '')}", flag.span
        seen.add(flag.name)


def _check_from(instruction: Instruction) -> Iterator[Fault]:
    words = instruction.arguments
    if not words:
        yield "syntax", "FROM needs an image or a stage", instruction.keyword_span
    elif len(words) not in (1, 3) or (len(words) == 3 and words[1].text.lower() != "as"):
        yield "syntax", "FROM takes one image, or an image AS a name", words[1].span
    elif len(words) == 3 and not re.match(_STAGE_NAME, words[2].text.lower()):
        detail = f"{_shorten(words[2].text)!r} is no stage name: a letter, then letters, digits, '-', '_' and '.'"
        yield "syntax", detail, words[2].span


def _check_copy(instruction: Instruction) -> Iterator[Fault]:
    words = instruction.arguments
    if not words:
        yield "syntax", f"{instruction.keyword} needs a source and a destination", instruction.keyword_span
    elif len(words) == 1:
        yield "syntax", f"{instruction.keyword} needs a destination after its source", words[0].span
    elif read_heredoc_mark(words[-1].text):
        yield "syntax", f"the destination of {instruction.keyword} cannot be a here-document", words[-1].span
    origin = instruction.flag("from")
    if origin is not None and "$" in (origin.value or ""):
        detail = "--from takes no variables; define a stage with FROM and name that"
        yield "syntax", detail, origin.span


def _check_assignments(instruction: Instruction, escape: str) -> Iterator[Fault]:
    keyword = instruction.keyword
    for name, value, span in read_assignments(instruction, escape):
        if value is None and keyword != "ARG":
            yield "syntax", f"{_shorten(name)!r} has no value; {keyword} needs name=value", span
        elif not name:
            yield "syntax", f"a name of {keyword} is blank", span


def _check_healthcheck(instruction: Instruction) -> Iterator[Fault]:
    kind, *command = instruction.arguments
    name = kind.text.upper()
    if name not in {"CMD", "NONE"}:
        yield "syntax", f"HEALTHCHECK takes CMD or NONE, not {_shorten(kind.text)}", kind.span
    elif name == "NONE" and command:
        yield "syntax", "HEALTHCHECK NONE takes no arguments", command[0].span
    elif name == "CMD" and not command:
        yield "syntax", "a command is missing after HEALTHCHECK CMD", kind.span


def _check_onbuild(instruction: Instruction) -> Iterator[Fault]:
    trigger = instruction.trigger
    if trigger is not None and trigger.keyword in {"FROM", "MAINTAINER", "ONBUILD"}:
        yield "syntax", f"ONBUILD cannot hold {trigger.keyword}", trigger.keyword_span


def _check_shell(instruction: Instruction) -> Iterator[Fault]:
    if instruction.form is not Form.EXEC or not instruction.arguments:
        yield "syntax", 'SHELL needs a JSON array such as ["/bin/sh", "-c"]', instruction.keyword_span


def _check_run(instruction: Instruction) -> Iterator[Fault]:
    for flag in instruction.flags:
        fields = split_mount(flag.value or "") if flag.name == "mount" else {}
        kind = fields.get("type", "bind").lower()
        if kind not in _MOUNT_TYPES and "$" not in kind:
            yield "syntax", f"unknown type of mount: {_shorten(kind)}", flag.span
        elif "$" in fields.get("from", ""):
            yield "syntax", "from= of a mount takes no variables; define a stage with FROM and name that", flag.span


_CHECKS = {
    "ADD": _check_copy,
    "COPY": _check_copy,
    "FROM": _check_from,
    "HEALTHCHECK": _check_healthcheck,
    "ONBUILD": _check_onbuild,
    "RUN": _check_run,
    "SHELL": _check_shell,
}
