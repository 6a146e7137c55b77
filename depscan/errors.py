"""What ends a run: wrong use of depscan.

    DepscanError        exit 2, one line that names the place and the remedy
    ├── UsageError      an option, a path or an environment variable
    ├── ConfigError     depscan.toml or [tool.depscan]
    └── RuleFileError   a file in a rule folder

Wrong text in a Dockerfile is a finding and an unreadable binary is `Skipped`: neither is an exception.
"""

from __future__ import annotations


class DepscanError(Exception):
    """Wrong use; the message is one line that names the place and the remedy."""


class UsageError(DepscanError):
    """A wrong option, path or environment variable."""


class ConfigError(DepscanError):
    """A wrong key or value in a configuration file; the message starts with file:line."""


class RuleFileError(DepscanError):
    """A rule file that cannot be used; the message starts with file:line:column."""
