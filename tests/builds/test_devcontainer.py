"""The builds of development containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builds.declaring import UNKNOWN, declare

if TYPE_CHECKING:
    from pathlib import Path

PATH = ".devcontainer/devcontainer.json"
FILES = {"Dockerfile": "FROM debian:12\n", ".devcontainer/Dockerfile": "FROM debian:12\n"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"build": {"dockerfile": "Dockerfile"}}', (".devcontainer", ".devcontainer/Dockerfile")),
        ('{"build": {"dockerfile": "Dockerfile", "context": ".."}}', (".", ".devcontainer/Dockerfile")),
        ('{"build": {"dockerfile": "../Dockerfile", "context": ".."}}', (".", "Dockerfile")),
        ('{"dockerFile": "Dockerfile", "context": ".."}', (".", ".devcontainer/Dockerfile")),
        ('// why\n{/* x */ "build": {"dockerfile": "Dockerfile",},}\n', (".devcontainer", ".devcontainer/Dockerfile")),
    ],
)
def test_places(tmp_path: Path, text: str, place: tuple[str, str]) -> None:
    assert declare(tmp_path, {**FILES, PATH: text}, PATH).places() == {"devcontainer": place}


def test_settings(tmp_path: Path) -> None:
    text = """{
  "name": "a // b",
  "build": {
    "dockerfile": "Dockerfile",
    "target": "dev",
    "args": {"A": "1", "B": "${localEnv:USER}", "C": "${localEnv:GONE:x}", "D": "${localWorkspaceFolder}"}
  }
}
"""
    found = declare(tmp_path, {**FILES, PATH: text}, PATH, {"USER": "me"})
    build = found.builds["devcontainer"]
    assert (build.target, build.arguments) == ("dev", {"A": "1", "B": "me", "C": "x", "D": UNKNOWN})
    assert (build.span.start.line, build.span.start.column) == (4, 19)


def test_its_compose_files_are_a_project_of_their_own(tmp_path: Path) -> None:
    files = {
        **FILES,
        PATH: '{"dockerComposeFile": ["../compose.yaml", "extra.yml"], "service": "app"}',
        "compose.yaml": "services: {app: {build: .}}\n",
        ".devcontainer/extra.yml": "services: {app: {build: {target: dev}}}\n",
    }
    found = declare(tmp_path, files, PATH)
    assert (found.builds["service app"].target, found.places()) == ("dev", {"service app": (".", "Dockerfile")})


def test_an_image_is_no_build(tmp_path: Path) -> None:
    assert list(declare(tmp_path, {**FILES, PATH: '{"image": "debian:12"}'}).builds) == [
        "Dockerfile",
        ".devcontainer/Dockerfile",
    ]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('{\n "build": {\n  "dockerfile" "x"\n}}', 3, "not valid JSON"),
        ("[" * 100_000, None, "nested too deep, or a number too long"),
        ('{"build":\n {"dockerfile": "gone"}}', 2, "its Dockerfile .devcontainer/gone is not there"),
        ('{"build": {"dockerfile": "../../x"}}', 1, "its Dockerfile"),
        ('{"build": {"dockerfile": "Dockerfile", "context": "../.."}}', 1, "is outside of the repository"),
    ],
)
def test_what_cannot_be_used_is_one_row(tmp_path: Path, text: str, line: int | None, reason: str) -> None:
    found = declare(tmp_path, {**FILES, PATH: text})
    assert "Dockerfile" in found.builds
    ((file, told_line, _, told),) = found.troubles
    assert (file, told_line) == (PATH, line)
    assert reason in told
