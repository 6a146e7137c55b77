"""The `depscan` command, also as `python -m depscan`.

In: the command line. Out: the process ends with the exit code. Most of a run is imports, and what they leave behind is
no garbage: looking for some, again and again while modules load and once more at the end, would be a sixth of a run.
"""

from __future__ import annotations

import gc
import sys

_RARELY = 100_000  # new objects between two searches for garbage; Python's default is 700


def main() -> None:
    """Run the command and end the process."""
    gc.set_threshold(_RARELY)
    from depscan.cli import run  # noqa: PLC0415 - after the line above, which is to hold for these imports

    code = run(sys.argv[1:])
    if "lief" not in sys.modules:  # whose bindings count their objects at the end, and would report them as leaked
        gc.freeze()  # what is left goes with the process
    sys.exit(code)


if __name__ == "__main__":
    main()
