"""One pure renderer per format: a `ScanResult` in, a text out.

`FORMATS` is the whole list. A renderer's module is imported when it renders, so that a run pays for one format only.
Renderers do not know each other; what they share stands below them (`escaping`, `json_objects`, `results`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from depscan.results import ScanResult

WIDTH = 100  # columns of a text that goes to no terminal


class Renderer(Protocol):
    """`color` asks for ANSI colours, `width` is that of the terminal; only the text report heeds them."""

    def __call__(self, result: ScanResult, *, color: bool = False, width: int = WIDTH) -> str:
        """The report, ending in a line end unless it is empty."""
        ...


def _renderer(module: str) -> Renderer:
    def render(result: ScanResult, *, color: bool = False, width: int = WIDTH) -> str:
        room = import_module(f"depscan.reports.{module}")
        looks = {"color": color, "width": width} if module == "text" else {}
        text: str = room.render(result, **looks)
        return text

    return render


FORMATS: dict[str, Renderer] = {
    "text": _renderer("text"),
    "concise": _renderer("concise"),
    "json": _renderer("json_report"),
    "sarif": _renderer("sarif"),
    "github": _renderer("github"),
    "gitlab": _renderer("gitlab"),
    "checkstyle": _renderer("checkstyle"),
    "junit": _renderer("junit"),
}
