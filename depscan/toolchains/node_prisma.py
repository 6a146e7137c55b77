"""`prisma generate`: the query engine that it puts beside the generated client.

In: a command on a stage. Out: one `Product`, for the C library of the stage, as `binaryTargets` is "native" where a
schema names none (prisma.io/docs, generators; prisma/orm#16901). Nothing where the schema is not known or names
targets, another place or no engine, nor from version 7 on, which has none.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.artifacts.prediction import Product
from depscan.toolchains.elf import shared_object
from depscan.toolchains.node_manifest import first_version, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.workplace import Workplace

_SCHEMAS = ("prisma/schema.prisma", "schema.prisma")
_NATIVE_ALONE = re.compile(r'binaryTargets\s*=\s*\[\s*"native"\s*\]')
_OTHERWISE = re.compile(r"(?m)^\s*(binaryTargets|output|engineType)\s*=")
_LAST_MAJOR = 6


def predict_engine(place: Workplace) -> Iterator[Product]:
    """The engine library of `prisma generate`, or nothing."""
    directory = place.path(".")
    facts = shared_object(place.profile.libc.family, place.platform)
    if directory is None or facts is None or any(name.startswith("PRISMA_") for name in place.environment):
        return
    if _generates_natively(place) and _has_engines(place, directory):
        path = posixpath.join(directory, "node_modules/.prisma/client/libquery_engine-*.so.node")
        why = "prisma generate takes the query engine for the C library of its stage: the schema names no binaryTargets"
        yield Product(path, "npm", facts, evidence=(why,), refuted_by="binaryTargets with the image's platform")


def _generates_natively(place: Workplace) -> bool:
    given = next(
        (after for before, after in zip(place.words, place.words[1:], strict=False) if before == "--schema"), ""
    )
    paths = [place.path(path) for path in ((given,) if given != "" else _SCHEMAS)]
    schema = next((text for path in paths if path and (text := place.files.read(path)) is not None), None)
    if schema is None or not re.search(r'provider\s*=\s*"prisma-client-js"', schema):
        return False
    return not _OTHERWISE.search(_NATIVE_ALONE.sub("", schema))


def _has_engines(place: Workplace, directory: str) -> bool:
    """Whether the manifest asks for a version that has engines."""
    manifest = read_manifest(place, directory)
    wanted = {**manifest.dev, **manifest.dependencies}.get("@prisma/client", "") if manifest is not None else ""
    major = first_version(wanted).partition(".")[0]
    return major != "" and int(major) <= _LAST_MAJOR
