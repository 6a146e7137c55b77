"""Real packages, the quick ones, in some of the roots: depscan says what happens. `make live` tries all in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live.comparison import differences, explain
from tests.live.downloads import DownloadError
from tests.live.hosts import build_host
from tests.live.subjects import packages, unpacked
from tests.live.trials import STANDS, try_package

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live.subjects import Package

QUICK = [stand for stand in STANDS if stand.name in ("bullseye", "bookworm", "musl", "empty")]


@pytest.mark.parametrize("package", packages(quick=True), ids=lambda package: package.name)
def test_package(package: Package, tmp_path: Path) -> None:
    try:
        files = [path for path in unpacked(package).rglob("*") if path.is_file()]
    except DownloadError as error:
        pytest.skip(str(error))
    cells = list(try_package(package, build_host(tmp_path, files), QUICK))
    assert cells
    lines, _ = explain(cells, differences())
    assert not [line for line in lines if line.startswith("NOT EXPLAINED")]
