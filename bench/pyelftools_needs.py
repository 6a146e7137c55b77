"""What ELF files need, read by pyelftools, which auditwheel reads with: the yardstick for `depscan inspect`.

In: paths. Out: interpreter, needed libraries and version needs of each, printed.
"""

from __future__ import annotations

import sys

from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
from elftools.elf.segments import InterpSegment


def main() -> None:
    """Read each file that is named."""
    for path in sys.argv[1:]:
        with open(path, "rb") as stream:
            sys.stdout.write(f"{path}: {_needs(ELFFile(stream))}\n")


def _needs(elf: ELFFile) -> tuple[list[str], list[str], list[str]]:
    segments = list(elf.iter_segments())
    interpreter = [segment.get_interp_name() for segment in segments if isinstance(segment, InterpSegment)]
    dynamic = [segment for segment in segments if isinstance(segment, DynamicSegment)]
    needed = [tag.needed for segment in dynamic for tag in segment.iter_tags("DT_NEEDED")]
    tables = [section for section in elf.iter_sections() if isinstance(section, GNUVerNeedSection)]
    versions = [entry.name for table in tables for _, entries in table.iter_versions() for entry in entries]
    return interpreter, needed, versions


if __name__ == "__main__":
    main()
