"""A bug in depscan: what the user is told, and a text ready for an issue.

In: an unexpected exception and the command line. Out: the message; the traceback goes to a file that it names, with
what a maintainer needs to begin. Nothing is sent anywhere.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from depscan.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_CODE = 3


def report_bug(error: BaseException, arguments: Sequence[str]) -> str:
    """Write the report and say where it is; the message stands alone when no file can be written."""
    text = _report(error, arguments)
    kind = f"{type(error).__name__}: {error}".replace("\n", " ")[:200]
    head = f"depscan: this is a bug in depscan, not in your files ({kind})."
    try:
        return f"{head}\nPlease open an issue with the text in {_save(text)}; remove from it what is private."
    except OSError:
        return f"{head}\nPlease open an issue with this text; remove from it what is private.\n\n{text}"


def _report(error: BaseException, arguments: Sequence[str]) -> str:
    import platform  # noqa: PLC0415 - only a bug pays for it
    import shlex  # noqa: PLC0415 - likewise
    import traceback  # noqa: PLC0415 - likewise

    return "\n".join(
        [
            "### depscan stopped with an internal error",
            "",
            f"- depscan {__version__}, Python {sys.version.split()[0]}, {platform.platform()}",
            f"- command line: `depscan {shlex.join(arguments)}`",
            "- the Dockerfile, or a part of it that shows the error: (please add)",
            "",
            "```",
            "".join(traceback.format_exception(error)).rstrip(),
            "```",
            "",
        ]
    )


def _save(text: str) -> str:
    import os  # noqa: PLC0415 - likewise
    import tempfile  # noqa: PLC0415 - likewise

    handle, name = tempfile.mkstemp(prefix="depscan-bug-", suffix=".md")
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(text)
    return name
