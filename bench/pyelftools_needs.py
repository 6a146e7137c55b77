"""What ELF files need, read by pyelftools, which auditwheel reads with: the yardstick for `depscan inspect`.

In: paths. Out: interpreter, needed libraries and version needs of each, printed.
"""

from __future__ import annotations

import sys

from elftools.elf.elffile import ELFFile


def main() -> None:
    """Read each file that is named."""
    for path in sys.argv[1:]:
        with open(path, "rb") as stream:
            sys.stdout.write(f"{path}: {_needs(ELFFile(stream))}\n")


def _needs(elf: ELFFile) -> tuple[list[str], list[str], list[str]]:
    interpreter = [segment.get_interp_name() for segment in elf.iter_segments("PT_INTERP")]
    dynamic = list(elf.iter_segments("PT_DYNAMIC"))
    needed = [tag.needed for segment in dynamic for tag in segment.iter_tags("DT_NEEDED")]
    section = elf.get_section_by_name(".gnu.version_r")
    versions = [aux.name for _, auxes in section.iter_versions() for aux in auxes] if section else []
    return interpreter, needed, versions


if __name__ == "__main__":
    main()
