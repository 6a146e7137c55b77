"""depscan: tells from a Dockerfile and its build context that a container will not start, before any build.

The public API: `scan(paths, config)` gives a `ScanResult` of `Finding`s. Nothing is imported before it is asked
for, since the command line passes here at every start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from depscan.config import Config
    from depscan.findings import Finding
    from depscan.results import ScanResult

__version__ = "0.1.0"
__all__ = ["Config", "Finding", "ScanResult", "__version__", "scan"]

_HOMES = {"Config": "depscan.config", "Finding": "depscan.findings", "ScanResult": "depscan.results"}


def scan(paths: Sequence[str | Path], config: Config | None = None) -> ScanResult:
    """Check Dockerfiles; raises `depscan.errors.DepscanError` for wrong use.

    Without `config` the defaults hold; configuration files and the environment are read by
    `depscan.config.load_config`.
    """
    from importlib import import_module  # noqa: PLC0415 - see the module's docstring

    pipeline = import_module("depscan.scan")
    globals()["scan"] = _scan  # the import has bound the module of the same name here
    return pipeline.scan(paths, config or import_module("depscan.config").Config())  # type: ignore[no-any-return]


_scan = scan


def __getattr__(name: str) -> Any:
    from importlib import import_module  # noqa: PLC0415 - see the module's docstring

    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
