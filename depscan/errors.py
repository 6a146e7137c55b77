"""What ends a run: wrong use of depscan.

    DepscanError        exit 2, one line that names the place and the remedy
    ├── UsageError      an option, a path or an environment variable
    ├── ConfigError     depscan.toml or [tool.depscan]
    └── RuleFileError   a file in a rule folder

Wrong text in a Dockerfile is a finding and an unreadable binary is `Skipped`: neither is an exception.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class DepscanError(Exception):
    """Wrong use; the message is one line that names the place and the remedy."""


class UsageError(DepscanError):
    """A wrong option, path or environment variable."""


class ConfigError(DepscanError):
    """A wrong key or value in a configuration file; the message starts with file:line."""


class RuleFileError(DepscanError):
    """A rule file that cannot be used; the message starts with file:line:column."""


def did_you_mean(wrong: str, known: Iterable[str], otherwise: str | None = None) -> str:
    """The remedy for a misspelled name: the closest known one, else `otherwise`, by default all of them."""
    import difflib  # noqa: PLC0415 - only a wrong name pays for it

    known = sorted(known)
    close = difflib.get_close_matches(wrong, known, n=1)
    return f"did you mean {close[0]!r}?" if close else otherwise or f"known: {', '.join(known)}"
