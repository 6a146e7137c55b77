"""What was measured of libraries beyond a release's base image: the layers of images, version definitions.

In: knowledge/layers.jsonl (by scripts/refresh_layers.py) and versions.jsonl (refresh_versions.py). Out: the `Layer`s of
an image on a release, and the version definitions of a release's libraries by soname.
"""

from __future__ import annotations

from functools import cache

import msgspec
from msgspec import Struct

from depscan.images.rows import find_line, read_rows


class Layer(Struct, frozen=True, array_like=True):
    """What an image adds to a release beyond `below`: sonames and interpreters, each separated by spaces.

    `release` is one release, or a distribution without number where the row holds for all of its releases.
    """

    name: str
    below: str
    release: str
    libraries: str
    interpreters: str
    source: str


class Definitions(Struct, frozen=True):
    """Which versions a release's libraries define, each soname's separated by spaces.

    `plain` are sonames without version definitions; `any` holds on every architecture, `amd64` and `arm64` on these.
    """

    release: str
    as_of: str
    plain: str
    any: dict[str, str]
    amd64: dict[str, str]
    arm64: dict[str, str]


def find_layers(name: str, release: str) -> tuple[Layer, ...]:
    """The layer and those below it, as far as they were joined with this release; () where they were not."""
    rows: list[Layer] = []
    table, distribution = _layers(), release.partition(":")[0]
    while row := table.get((name, release)) or table.get((name, distribution)):
        rows.append(row)
        name = row.below
    return tuple(rows)


@cache
def _layers() -> dict[tuple[str, str], Layer]:
    rows = msgspec.json.Decoder(Layer).decode_lines(read_rows("layers.jsonl"))
    return {(row.name, row.release): row for row in rows}


@cache
def find_definitions(release: str, architecture: str | None) -> dict[str, tuple[str, ...]]:
    """The version definitions of a release's libraries by soname; {} for a release that was not read.

    `architecture` as platforms name it (amd64); None gives what holds on every architecture.
    """
    line = find_line("versions.jsonl", b'"release":' + msgspec.json.encode(release) + b"}")
    if line is None:
        return {}
    row = msgspec.json.decode(line, type=Definitions)
    own = {"amd64": row.amd64, "arm64": row.arm64}.get(architecture or "", {})
    told = {soname: tuple(text.split(" ")) for soname, text in {**row.any, **own}.items()}
    return {**dict.fromkeys(row.plain.split(), ()), **told}
