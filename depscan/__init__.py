"""depscan: tells from a Dockerfile and its build context that a container will not start, before any build.

The public API: `scan(paths, config)` gives a `ScanResult` of `Finding`s. Nothing is imported before it is asked for,
since the command line passes here at every start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depscan.version import __version__ as __version__

if TYPE_CHECKING:
    from depscan.config import Config as Config
    from depscan.findings import Finding as Finding
    from depscan.results import ScanResult as ScanResult
    from depscan.scan import scan as scan

__all__ = ["Config", "Finding", "ScanResult", "__version__", "scan"]

_HOMES = {"Config": "depscan.config", "Finding": "depscan.findings", "ScanResult": "depscan.results"}


def __getattr__(name: str) -> Any:
    from importlib import import_module  # noqa: PLC0415 - see the module's docstring

    if name == "scan":
        return import_module("depscan.scan")  # a module that can be called: the name is the function's and the module's
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
