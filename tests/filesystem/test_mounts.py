"""RUN --mount: what its commands see, and what is left of it in the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from replays import replay_last

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("run", "files"),
    [
        pytest.param(
            "RUN --mount=type=bind,source=bin,target=/mnt cp /mnt/tool /usr/bin/", {"/usr/bin/tool"}, id="bind"
        ),
        pytest.param("RUN --mount=target=/mnt cp /mnt/bin/tool /x", {"/x"}, id="bind is the default, of the context"),
        pytest.param("WORKDIR /src\nRUN --mount=target=. cp bin/tool /x", {"/x"}, id="relative target"),
        pytest.param("RUN --mount=from=other,source=/t,target=/mnt/t cp /mnt/t /x", {"/x"}, id="a file of a stage"),
        pytest.param(
            "RUN --mount=type=bind,target=/mnt cp /mnt/bin/tool /mnt/new", set(), id="what is written is lost"
        ),
        pytest.param(
            "RUN --mount=type=cache,target=/c echo a > /c/a\nRUN --mount=type=cache,target=/c cp /c/a /x",
            {"/x"},
            id="a cache stays for the next",
        ),
        pytest.param(
            "RUN --mount=type=cache,id=k,target=/c echo a > /c/a\nRUN --mount=type=cache,id=k,target=/d cp /d/a /x",
            {"/x"},
            id="a cache by id",
        ),
        pytest.param("RUN --mount=type=cache,target=/c echo a > /c/a", set(), id="no file of a cache is in the image"),
        pytest.param("RUN echo a > /c && mkdir /d\nRUN --mount=target=/c true", {"/c"}, id="what was there comes back"),
        pytest.param('RUN --mount=target="$UNKNOWN" true', set(), id="an unknown target"),
    ],
)
def test_files(tmp_path: Path, run: str, files: set[str]) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tool").write_bytes(b"\x7fELF")
    text = f"FROM scratch AS other\nCOPY bin/tool /t\nFROM debian\nARG UNKNOWN\n{run}\n"
    stage = replay_last(tmp_path, text)
    assert {path for path, entry in stage.entries.items() if entry.kind == "file"} == files


def test_bytes_come_along(tmp_path: Path) -> None:
    (tmp_path / "tool").write_bytes(b"\x7fELF")
    stage = replay_last(tmp_path, "FROM debian\nRUN --mount=target=/m install -m 755 /m/tool /usr/bin/tool\n")
    entry = stage.entries["/usr/bin/tool"]
    assert (entry.content is not None, oct(entry.mode), entry.span.start.line) == (True, "0o755", 2)
