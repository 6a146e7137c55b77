"""The door to BuildKit's lexer and pattern matcher, in e2b-dockerfile-utils.

In: the text of a word or line, patterns. Out: what that library makes of it. It is imported on first use: that costs
twice as much as reading a Dockerfile, and many hold no variable, quote, here-document or pattern.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from e2b_dockerfile_utils import DockerfileHeredoc, PatternMatcher

LEXED = ("$", "'", '"')  # what the lexer treats in a way of its own, beside the escape character


class _Everything(dict[str, str]):
    """Each variable has a value: what the lexer refuses then, it refuses whatever the values are."""

    def get(self, name: str, default: str | None = None) -> str:  # type: ignore[override]  # noqa: ARG002
        return "x"


def process_word(word: str, escape: str, variables: Mapping[str, str], *, quotes: bool = True) -> str:
    """Remove quotes (unless these mean nothing) and escape characters, replace `variables`. Raises ValueError."""
    from e2b_dockerfile_utils import ShellLex  # noqa: PLC0415 - see the module's docstring

    return ShellLex(escape, skip_process_quotes=not quotes, env=variables, skip_unset_env=False).process_word(word)


def refusal(text: str, escape: str, *, quotes: bool = True) -> str | None:
    """Why the lexer refuses a text, whatever the values of its variables; None where it does not."""
    if not any(mark in text for mark in LEXED):
        return None
    try:
        process_word(text, escape, _Everything(), quotes=quotes)
    except ValueError as error:
        return str(error).removeprefix(f"failed to process {text!r}: ")
    return None


def process_words(word: str, escape: str, variables: Mapping[str, str]) -> list[str]:
    """The same, then split at the spaces that stand outside quotes."""
    from e2b_dockerfile_utils import ShellLex  # noqa: PLC0415 - likewise

    return ShellLex(escape, env=variables, skip_unset_env=False).process_words(word)


def split_raw(line: str) -> list[str]:
    r"""Split at spaces outside quotes with everything kept as it is, where `\` escapes. Raises ValueError."""
    from e2b_dockerfile_utils import ShellLex  # noqa: PLC0415 - likewise

    return ShellLex("\\", raw_quotes=True, raw_escapes=True).process_words(line)


def split_words(line: str, escape: str) -> list[str]:
    """Split the arguments of ARG, ENV or LABEL at spaces outside quotes, with everything kept as it is."""
    from e2b_dockerfile_utils import parse_words  # noqa: PLC0415 - likewise

    return parse_words(line, escape)


def read_heredoc(word: str) -> DockerfileHeredoc | None:
    """What a `<<NAME` word opens, None for another word; raises ValueError."""
    from e2b_dockerfile_utils import parse_heredoc  # noqa: PLC0415 - likewise

    return parse_heredoc(word)


def compile_patterns(patterns: Iterable[str]) -> PatternMatcher:
    """A matcher for the patterns of `.dockerignore`; raises ValueError."""
    from e2b_dockerfile_utils import PatternMatcher  # noqa: PLC0415 - likewise

    return PatternMatcher(list(patterns))
