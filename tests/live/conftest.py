from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.live.roots import root, why_not

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = why_not()
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def roots_can_be_made() -> None:
    if reason := _hindrance():
        pytest.skip(reason)


@cache
def _hindrance() -> str | None:
    """Why no root can be made here, for which Debian's packages are downloaded once."""
    try:
        root("bookworm")
    except RuntimeError as error:
        return f"needs Debian's packages: {error}"
    return None
