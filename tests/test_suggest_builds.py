"""Suggestions for programs that are not built yet: edits of the build command or of the builder's FROM, proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

GO = """FROM golang:1.24 AS build
WORKDIR /src
RUN {command}
FROM {runtime}
COPY --from=build /out/api /usr/local/bin/api
ENTRYPOINT ["api"]
"""


@pytest.mark.parametrize(
    ("command", "edits"),
    [
        ("go build -o /out/api .", {(3, 5, "CGO_ENABLED=0 ")}),
        ("cd cmd && go build -o /out/api .", {(3, 15, "CGO_ENABLED=0 ")}),
        ("CGO_ENABLED=1 go build -o /out/api .", set()),  # who sets it needs C
    ],
)
def test_go_is_built_without_cgo(tmp_path: Path, command: str, edits: set[tuple[int, int, str]]) -> None:
    found = suggested(tmp_path, GO.format(command=command, runtime="alpine:3.20"), "build-flag")
    assert found == edits


@pytest.mark.parametrize(
    ("runtime", "base"),
    [
        ("alpine:3.20", "golang:1.24-alpine3.20"),
        ("debian:11-slim", "golang:1.24-bullseye"),
        ("gcr.io/distroless/base-debian11", "golang:1.24-bullseye"),
    ],
)
def test_the_builder_moves_to_the_release_of_the_runtime(tmp_path: Path, runtime: str, base: str) -> None:
    text = GO.format(command="CGO_ENABLED=1 go build -o /out/api .", runtime=runtime)
    assert (1, 6, base) in suggested(tmp_path, text, "builder-base")


def test_a_builder_whose_packages_come_from_apt_does_not_move_to_alpine(tmp_path: Path) -> None:
    command = "apt-get update && apt-get install -y libpcap-dev && CGO_ENABLED=1 go build -o /out/api ."
    assert suggested(tmp_path, GO.format(command=command, runtime="alpine:3.20"), "builder-base") == set()


def suggested(directory: Path, text: str, kind: str) -> set[tuple[int, int, str]]:
    """Line, column and text of the edits of the only finding's proved suggestions of a kind."""
    (directory / "Dockerfile").write_text(text)
    (result,) = scan([directory / "Dockerfile"], Config(cache=False, jobs=1, ignore=("base-end-of-life",))).scans
    (finding,) = [item for item in result.findings if item.suggestions]
    edits = [edit for item in finding.suggestions if item.kind == kind and item.proved for edit in item.edits]
    return {(edit.location.span.start.line, edit.location.span.start.column, edit.text) for edit in edits}
