"""What a download brings, where its address tells: entered before it is there.

In: a URL, and where the file goes or what unpacks it. Out: entries with a `Prediction` for their content.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.facts import Origin
from depscan.artifacts.prediction import Prediction
from depscan.filesystem.entries import FileEntry
from depscan.filesystem.placing import UNKNOWN_MODE
from depscan.filesystem.products import describe_builder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.artifacts.prediction import Product
    from depscan.dockerfile.instructions import Stage
    from depscan.filesystem.effects import Action
    from depscan.filesystem.tree import Tree
    from depscan.source import Span
    from depscan.toolchains.assets import Asset

_TOLD = re.compile(r"(?i)gnu|glibc|x86|x64|amd64|64bit|aarch64|arm|i[36]86|ppc64le|s390x|riscv64|linux|/tini")


class Fetch(Struct, frozen=True):
    """An instruction or command that fetches: its words for the report, its place, its stage and the files there."""

    words: str
    span: Span
    stage: Stage
    tree: Tree


def fetch_of(action: Action) -> Fetch:
    """A command of RUN as a `Fetch`."""
    return Fetch(action.reason, action.span, action.stage, action.tree)


def fetched(fetch: Fetch, path: str, url: str) -> FileEntry | None:
    """The program that a URL brings to a path; None where its address tells nothing, or it is packed."""
    asset = _read(url)
    if asset is None or asset.packing != "program":
        return None
    return _program(fetch, asset, path)


def decompressed(fetch: Fetch, path: str, url: str) -> FileEntry | None:
    """The program that comes out of a packed one."""
    asset = _read(url)
    return _program(fetch, asset, path) if asset is not None and asset.packing != "program" else None


def unpacked(
    fetch: Fetch, directory: str, url: str, members: Sequence[str] = (), *, stripped: bool = False
) -> Iterator[FileEntry]:
    """The programs of an archive; see `toolchains.download.unpacked`."""
    asset = _read(url)
    if asset is None or asset.packing != "archive":
        return
    from depscan.toolchains import download  # noqa: PLC0415 - few addresses tell anything

    platform = fetch.stage.platform
    for product in download.unpacked(asset, directory, platform, members=members, stripped=stripped):
        yield _entry(fetch, asset, product)


def is_program_archive(url: str) -> bool:
    """Whether an archive is known to hold a program and what belongs to it: it brings no dynamic linker."""
    asset = _read(url)
    return asset is not None and asset.tells_contents


def _read(url: str) -> Asset | None:
    if not _TOLD.search(url):
        return None
    from depscan.toolchains.assets import read_asset  # noqa: PLC0415 - few addresses tell anything

    return read_asset(url)


def _program(fetch: Fetch, asset: Asset, path: str) -> FileEntry | None:
    from depscan.toolchains import download  # noqa: PLC0415 - few addresses tell anything

    product = download.program(asset, path, fetch.stage.platform)
    return _entry(fetch, asset, product) if product is not None else None


def _entry(fetch: Fetch, asset: Asset, product: Product) -> FileEntry:
    profile = fetch.tree.profile
    builder = describe_builder(fetch.stage, profile)
    made = Prediction(
        product, fetch.words, fetch.span, fetch.stage.index, builder, profile.libc.family, profile.release
    )
    name = posixpath.basename(asset.url)
    return FileEntry(product.path, "file", UNKNOWN_MODE, Origin.PREDICTED, name, fetch.span, 0, made)
