"""Words that BuildKit's lexer refuses: quotes that do not match, substitutions that it does not know.

In: an `Instruction`. Out: the faults, each at the word it stands in, with BuildKit's own message. Which texts it lexes
is its choice, too: dispatch and buildMetaArgs of dockerfile2llb/convert.go, Expand of instructions/commands.go. A RUN,
CMD or ENTRYPOINT goes to a shell as it is, and ONBUILD keeps its text for later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.dockerfile.lexing import refusal
from depscan.dockerfile.words import read_assignments, split_mount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.dockerfile.instructions import Instruction
    from depscan.source import Span

_WORDS = frozenset({"ADD", "COPY", "EXPOSE", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"})
_FLAGS = frozenset({"checksum", "chmod", "chown"})


def find_refused(instruction: Instruction, escape: str) -> Iterator[tuple[str, Span]]:
    """What the lexer says of the texts of an instruction, and where: once of each word."""
    told: set[Span] = set()
    for text, span in _lexed(instruction, escape):
        said = refusal(text, escape) if span not in told else None
        if said is not None:
            told.add(span)
            yield said, span
    if instruction.keyword in {"ADD", "COPY"}:
        for heredoc in instruction.heredocs:
            said = refusal(heredoc.content, "\\", quotes=False) if heredoc.expand else None
            if said is not None:
                yield said, heredoc.span


def _lexed(instruction: Instruction, escape: str) -> Iterator[tuple[str, Span]]:
    """The texts that are lexed: of ARG the values alone, of ENV and LABEL names and values, each for itself."""
    if instruction.keyword in {"ARG", "ENV", "LABEL"}:
        for name, value, span in read_assignments(instruction, escape):
            texts = [value] if instruction.keyword == "ARG" else [name, value]
            yield from ((text, span) for text in texts if text is not None)
    elif instruction.keyword in _WORDS:
        yield from ((word.text, word.span) for word in instruction.arguments)
    for flag in instruction.flags:
        if flag.name in _FLAGS:
            yield flag.value or "", flag.span
        elif flag.name == "mount":
            yield from ((value, flag.span) for value in split_mount(flag.value or "").values())
