"""The builds of docker/build-push-action in GitHub workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.builds.declaring import UNKNOWN, declare

if TYPE_CHECKING:
    from pathlib import Path

PATH = ".github/workflows/release.yml"
FILES = {"Dockerfile": "FROM debian:12\n", "api/Dockerfile": "FROM debian:12\n"}
WORKFLOW = """\
on: push
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Build
        uses: docker/build-push-action@v6
        with:
{settings}
"""


def workflow(root: Path, settings: str):
    lines = "\n".join(" " * 10 + line for line in settings.strip("\n").split("\n"))
    return declare(root, {**FILES, PATH: WORKFLOW.format(settings=lines)}, PATH)


def test_all_settings(tmp_path: Path) -> None:
    found = workflow(
        tmp_path,
        """
context: ./api
target: run
platforms: linux/amd64,linux/arm64
build-args: |
  A=1
  B=${{ github.sha }}
  C=x=y
build-contexts: |
  base=docker-image://alpine:3.20
""",
    )
    build = found.builds["job image"]
    assert found.places() == {"job image": ("api", "api/Dockerfile")}
    assert (build.target, [str(each) for each in build.platforms]) == ("run", ["linux/amd64", "linux/arm64"])
    assert build.arguments == {"A": "1", "B": UNKNOWN, "C": "x=y"}
    assert build.contexts == {"base": "docker-image://alpine:3.20"}
    assert (build.span.start.line, build.span.start.column) == (8, 9)


def test_the_file_starts_at_the_root_and_not_at_the_context(tmp_path: Path) -> None:
    assert workflow(tmp_path, "context: .\nfile: api/Dockerfile").places() == {"job image": (".", "api/Dockerfile")}


def test_the_default_context_is_the_repository(tmp_path: Path) -> None:
    assert workflow(tmp_path, 'context: "{{defaultContext}}:api"').places() == {"job image": ("api", "api/Dockerfile")}
    assert workflow(tmp_path, "push: true").places() == {"job image": (".", "Dockerfile")}


def test_platforms_of_an_expression_are_not_known(tmp_path: Path) -> None:
    assert workflow(tmp_path, "platforms: ${{ matrix.platform }}").builds["job image"].platforms == ()


def test_what_an_expression_names_is_a_matter_of_the_run(tmp_path: Path) -> None:
    found = workflow(tmp_path, "context: ${{ matrix.context }}")
    assert [row[3] for row in found.troubles] == ["it declares no build of an image"]
    assert list(declare(tmp_path, {}).builds) == ["Dockerfile", "api/Dockerfile"], "they are checked by themselves"


def test_a_broken_workflow_is_one_row(tmp_path: Path) -> None:
    found = declare(
        tmp_path,
        {**FILES, PATH: "jobs: [\n", ".github/workflows/ok.yml": WORKFLOW.format(settings="          push: true")},
    )
    assert [(row[0], row[1]) for row in found.troubles] == [(PATH, 2)]
    assert "api/Dockerfile" in found.builds
