"""A program that a build links natively, against the stage's own C library.

In: its path and what command and manifests say of it. Out: the `Product`. What programs of C and C++ need is measured
in `c.py`: libc, and libstdc++ where a source is C++; what other languages add stands in their modules.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.artifacts.prediction import Product
from depscan.findings import Confidence
from depscan.toolchains.elf import ceiling, dynamic_program, static_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depscan.toolchains.workplace import Workplace

CXX_SOURCE = r"\.(cc|cpp|cxx|c\+\+|C)\b"
STATIC_FLAG = r"(?<![\w-])-(?:all-)?static(?:-pie)?(?![\w-])"  # libtool's word for it is -all-static
FLAG_VARIABLES = ("LDFLAGS", "CFLAGS", "CXXFLAGS", "LIBS", "CC", "CXX")
_COMPILER = r"(\S*/)?(ccache\s+)?(gcc|g\+\+|cc|c\+\+|clang|clang\+\+)([-.\d]*)(\s.*)?"

# Images whose own directories below /usr/local are empty: distributions, and those that only add packages of theirs.
_BARE = r"(.*/)?(debian|ubuntu|alpine|fedora|centos|rockylinux|almalinux|amazonlinux|buildpack-deps|ubi\d*):.*"


def native_program(
    path: str,
    place: Workplace,
    why: str,
    *,
    tool: str = "c",
    needed: tuple[str, ...] = (),
    cxx: bool = False,
    confidence: Confidence = Confidence.LIKELY,
) -> Product | None:
    """A dynamic program, which needs `needed` beside libc; None where the stage's C library is not known."""
    facts = dynamic_program(place, (*needed, "libstdc++.so.6") if cxx else needed, tool)
    if facts is None:
        return None
    return Product(path, tool, facts, confidence, ceiling(place), (why,), "-static among flags that are set elsewhere")


def static_native_program(
    path: str, place: Workplace, why: str = "-static among the linker's flags", *, tool: str = "c"
) -> Product:
    """A program that is linked with -static."""
    return Product(path, tool, static_program(place.machine, tool), evidence=(why,))


def declared_program(
    path: str, place: Workplace, manifest: str, linkage: str, *, cxx: bool, needed: tuple[str, ...] = ()
) -> Iterator[Product]:
    """The program that a build's manifests declare, linked as its settings say: `static` or `dynamic`."""
    if linkage == "static":
        yield static_native_program(path, place)
        return
    why = f"{posixpath.basename(path)} stands in {manifest}, and nothing there asks for a static program"
    product = native_program(path, place, why, cxx=cxx, needed=needed)
    yield from [product] if product else []


def expected_programs(directory: str, place: Workplace, why: str) -> Iterator[Product]:
    """Whatever sources that are not at hand install in a directory, where an image has no programs of its own."""
    own = re.fullmatch("/usr/s?bin|/s?bin", directory) is not None
    if directory.startswith("/usr/local/"):
        own = re.fullmatch(_BARE, place.profile.name) is None or bool(place.files.names(directory))
    product = None if own else native_program(f"{directory}/*", place, why, confidence=Confidence.POSSIBLE)
    yield from [product] if product else []


def linkage_of_flags(values: Mapping[str, str | None]) -> str:
    """`dynamic`, `static` or `unknown`: what compiler and linker are told by these variables (None: not known)."""
    if any(value is None for value in values.values()):
        return "unknown"
    if any(re.search(STATIC_FLAG, value or "") for value in values.values()):
        return "static"
    told = " ".join(value or "" for value in values.values())
    compilers = [values[name] or "" for name in ("CC", "CXX") if values.get(name)]
    other = any(not re.fullmatch(_COMPILER, each) for each in compilers)
    return "unknown" if other or "static" in told or "-stdlib" in told else "dynamic"
