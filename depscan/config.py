"""What the user wants of a run: defaults, configuration file, environment and options, in rising order.

In: `depscan.toml` or `[tool.depscan]`, DEPSCAN_* variables, the options of the command line. Out: `Config`.
Unknown keys are errors that name file and line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from depscan.findings import Confidence, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from depscan.platforms import Platform


class PathIgnore(Struct, frozen=True):
    """`[[ignore]]`: findings of `rule` ("*" for all) on artifacts whose source or image path matches `path`."""

    path: str
    rule: str
    reason: str = ""
    until: date | None = None


class Config(Struct, frozen=True):
    """The settings of a run. `bases` maps reference globs to what provides them (glibc:2.31, none, a directory, ...).

    `formats` are (format, output file or None for standard output). `build_arguments` values are None for a bare
    `--build-arg NAME`, which takes the value from the environment as docker does. `jobs` 0 means one per CPU.
    """

    context: Path | None = None
    target: str | None = None
    platforms: tuple[Platform, ...] = ()
    build_arguments: Mapping[str, str | None] = field(default_factory=dict)
    bases: Mapping[str, str] = field(default_factory=dict)
    online: bool = False
    formats: tuple[tuple[str, Path | None], ...] = (("text", None),)
    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    path_ignores: tuple[PathIgnore, ...] = ()
    fail_on: Severity | None = Severity.ERROR
    min_confidence: Confidence = Confidence.POSSIBLE
    rules: tuple[Path, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    host_provided: tuple[str, ...] = ()
    cpu_floor: str | None = None
    cache: bool = True
    jobs: int = 0
    quiet: bool = False
    verbose: bool = False
