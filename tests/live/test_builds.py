"""What compose and bake files declare, beside the tools that build from them: `docker-compose config`, `bake --print`.

In: small projects of our own words that use each feature, and the repositories that DEPSCAN_LIVE_REPOSITORIES names (a
folder with one folder each). Both tools evaluate a file without a daemon. Where a value is not known to depscan (a
variable without a value) nothing is compared.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from depscan.builds.build import UNKNOWN, Build
from depscan.builds.discovery import find_builds
from depscan.builds.walk import walk

BUILDX = shutil.which("buildx") or next(
    (str(path) for path in map(Path, ("/usr/libexec/docker/cli-plugins/docker-buildx",)) if path.is_file()), None
)
COMPOSE = shutil.which("docker-compose")
DEFAULTS = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
REPOSITORIES = os.environ.get("DEPSCAN_LIVE_REPOSITORIES")

COMPOSE_FILES = {
    ".env": "TAG=3.20\nEMPTY=\n",
    "compose.yaml": """\
version: "3.7"
x-build: &build
  context: api
  args: {A: "1", FLAG: "true"}
services:
  plain: {build: .}
  anchored:
    build:
      <<: *build
      target: run
  variables:
    build:
      context: ./${FOLDER:-api}
      args: [TAG=$TAG, "EMPTY=${EMPTY:-default}", "SET=${EMPTY-default}"]
  none: {image: postgres}
""",
    "compose.override.yaml": "version: '3.7'\nservices:\n  anchored: {build: {args: {B: '2'}}}\n",
    "Dockerfile": "FROM debian:12 AS run\n",
    "api/Dockerfile": "FROM debian:12 AS run\n",
}
BAKE_FILES = {
    "docker-bake.hcl": """\
variable "TAG" { default = "1.0" }
variable "LIST" { default = ["a", "b"] }
function "greet" {
  params = [name]
  result = "hello ${name}"
}
group "default" { targets = ["app", "each"] }
target "_common" { args = { A = 1, B = upper(join("-", LIST)) } }
target "app" {
  inherits = ["_common"]
  context = "api"
  target = "run"
  platforms = ["linux/amd64", "linux/arm64"]
  args = { A = "${TAG}-x", GREET = greet("you"), NONE = null, YES = TAG == "1.0" ? "yes" : "no" }
}
target "each" {
  name = "each-${replace(v, ".", "-")}"
  matrix = { v = ["1.0", "2.0"] }
  args = { V = v }
}
""",
    "Dockerfile": "FROM debian:12\n",
    "api/Dockerfile": "FROM debian:12 AS run\n",
}


def write(root: Path, files: dict[str, str]) -> Path:
    (root / ".git").mkdir()
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return root


def found(path: Path) -> dict[str, Build]:
    builds, _ = find_builds(path, {})
    return {name.partition(" ")[2]: build for build in builds for name in (build.name or "").split(", ") if " " in name}


def answer(command: list[str], folder: Path) -> str | None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout if done.returncode == 0 else None


def shown(build: Build) -> dict[str, Any]:
    return {
        "context": os.path.realpath(build.context or "."),
        "dockerfile": os.path.realpath(build.dockerfile or "."),
        "target": build.target,
        "args": {name: value for name, value in build.arguments.items() if value != UNKNOWN},
    }


def expected(said: dict[str, Any], folder: Path, build: Build) -> dict[str, Any]:
    context = folder / (said.get("context") or ".")
    given = {name: str(value) for name, value in (said.get("args") or {}).items() if value is not None}
    return {
        "context": os.path.realpath(context),
        "dockerfile": os.path.realpath(context / (said.get("dockerfile") or "Dockerfile")),
        "target": said.get("target"),
        "args": {name: value for name, value in given.items() if build.arguments.get(name) != UNKNOWN},
    }


@pytest.mark.skipif(COMPOSE is None, reason="needs Debian's docker-compose")
def test_compose(tmp_path: Path) -> None:
    folder = write(tmp_path, COMPOSE_FILES)
    assert compare_compose(folder) == 3


@pytest.mark.skipif(COMPOSE is None or REPOSITORIES is None, reason="needs docker-compose and repositories")
def test_compose_files_of_real_repositories() -> None:
    compared = 0
    for root in sorted(Path(REPOSITORIES or ".").iterdir()):
        folders = (
            {path.parent for path in walk(root).of("compose") if path.name in DEFAULTS} if root.is_dir() else set()
        )
        compared += sum(compare_compose(folder) for folder in sorted(folders))
    print(f"{compared} services compared, none differs")
    assert compared


def compare_compose(folder: Path) -> int:
    """How many services of a folder's project were compared; 0 where docker-compose refuses its files."""
    files = [name for name in DEFAULTS if (folder / name).is_file()][:1]
    files += [path.name for path in folder.glob("*compose.override.y*ml")]
    output = answer([str(COMPOSE), *(word for name in files for word in ("-f", name)), "config"], folder)
    services = (yaml.safe_load(output) or {}).get("services") or {} if output else {}
    said = {name: service["build"] for name, service in services.items() if "build" in service}
    builds = found(folder / files[0]) if len(files) == 1 else found(folder)
    for name, build in said.items():
        if name in builds:
            wanted = build if isinstance(build, dict) else {"context": build}
            assert shown(builds[name]) == expected(wanted, folder, builds[name]), f"{folder}: {name}"
    return len(said.keys() & builds.keys())


@pytest.mark.skipif(BUILDX is None, reason="needs Debian's docker-buildx (trixie or later)")
def test_bake(tmp_path: Path) -> None:
    folder = write(tmp_path, BAKE_FILES)
    output = answer([str(BUILDX), "bake", "--print"], folder)
    assert output is not None
    said = json.loads(output)["target"]
    builds = found(folder)
    assert sorted(builds) == sorted(said)
    for name, target in said.items():
        assert shown(builds[name]) == expected(target, folder, builds[name])
        assert [str(each) for each in builds[name].platforms] == target.get("platforms", [])
