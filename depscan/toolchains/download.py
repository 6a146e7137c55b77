"""Downloaded programs, by what their address tells.

In: an `Asset` and how it is unpacked. Out: `Product`s. What else a program needs is not known before it is there: the
facts hold only the C library, and a product says so (`open`). Nothing is predicted of an asset whose name tells
neither C library nor machine.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.artifacts.facts import ElfFacts, Linkage, VersionNeed
from depscan.artifacts.prediction import Product
from depscan.findings import Confidence
from depscan.platforms import DEFAULT_PLATFORM, MACHINES
from depscan.toolchains.elf import linked_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.platforms import Platform
    from depscan.toolchains.assets import Asset

_PROGRAM_DIRECTORY = r"(?:.*/)?s?bin"


def program(asset: Asset, path: str, platform: Platform) -> Product | None:
    """The program that a download is; `platform` is the stage's, for a name that tells no machine."""
    told = asset.platform or platform
    if told.architecture != platform.architecture and platform.architecture == DEFAULT_PLATFORM.architecture:
        return None  # a Dockerfile for another machine, looked at for the default platform
    facts = _facts(asset, told)
    if facts is None:
        return None
    return Product(path, "download", facts, Confidence.LIKELY, evidence=(_why(asset),), open=True)


def unpacked(
    asset: Asset, directory: str, platform: Platform, *, members: Sequence[str] = (), stripped: bool = False
) -> Iterator[Product]:
    """The programs of an archive that is unpacked into a directory.

    `members` are those that the command names; `stripped` says that the archive's own directory is left out.
    """
    for path in _paths(asset, directory, members, stripped=stripped):
        product = program(asset, path, platform)
        if product is not None:
            yield product


def _paths(asset: Asset, directory: str, members: Sequence[str], *, stripped: bool) -> Iterator[str]:
    own = directory if stripped else posixpath.join(directory, asset.stem)
    if members:
        named = [member for member in members if not re.search(r"[*?\[]", posixpath.basename(member))]
        found = [_member_path(member, directory, own, stripped=stripped) for member in named]
    elif asset.product is not None:
        names = asset.product.programs
        found = [posixpath.join(own if name.startswith("*/") else directory, name.removeprefix("*/")) for name in names]
    elif re.fullmatch(_PROGRAM_DIRECTORY, directory):
        found = [posixpath.join(directory, asset.program)] if asset.program is not None else []
    else:
        stars = [directory] if asset.family is not None else []
        found = [f"{where}/*" for where in (*stars, *([] if stripped else [own]))]
    yield from (path for path in found if "$" not in path)


def _member_path(member: str, directory: str, own: str, *, stripped: bool) -> str:
    """Where a member of an archive goes; a directory that a pattern names is taken for the archive's own."""
    where, name = posixpath.split(member)
    if stripped or not where:
        return posixpath.join(directory, name)
    return posixpath.join(own, name) if re.search(r"[*?\[]", where) else posixpath.join(directory, member)


def _facts(asset: Asset, platform: Platform) -> ElfFacts | None:
    if asset.family is None:
        return _of_machine(platform)
    needs = asset.product.needs if asset.product is not None else ()
    facts = linked_program(asset.family, platform, None, needs)
    if facts is None or asset.version is None:
        return facts
    return replace(facts, version_needs={"libc.so.6": (VersionNeed(f"GLIBC_{asset.version}"),)})


def _of_machine(platform: Platform) -> ElfFacts:
    """A program of which only the machine is known."""
    machine = MACHINES[platform.architecture]
    bits = 32 if machine in ("i386", "arm") else 64
    return ElfFacts("EXEC", machine, bits, machine != "s390x", Linkage.STATIC)


def _why(asset: Asset) -> str:
    if asset.product is not None:
        return f"{asset.product.name}: {asset.product.source}"
    return f"the name {asset.name} says {'glibc' if asset.family else 'the machine'}"
