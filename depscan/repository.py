"""The repository that a file lies in, and what reports call the file.

In: paths as typed. Out: the root that holds `.git`; a path relative to it, so that a report or a fingerprint is the
same from whichever directory the run was started.
"""

from __future__ import annotations

import os
from pathlib import Path


def find_repository(folder: Path) -> Path | None:
    """The root of the repository that a folder is in, as an absolute path; None outside of one."""
    absolute = folder.absolute()
    return next((each for each in (absolute, *absolute.parents) if os.path.exists(each / ".git")), None)


def shown_path(path: Path) -> str:
    """The path relative to its repository's root, else to the working directory, else as it is."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - `..` goes, links stay as the user named them
    for root in (find_repository(absolute), Path.cwd()):
        if root is not None and absolute.is_relative_to(root):
            return absolute.relative_to(root).as_posix()
    return str(path)
