"""What a directory stands for: which files are looked at, and that each build is there once."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from depscan.builds.walk import kind_of
from tests.builds.declaring import declare

if TYPE_CHECKING:
    from pathlib import Path

DOCKERFILE = "FROM debian:12\n"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("Dockerfile", "dockerfile"),
        ("a/Containerfile", "dockerfile"),
        ("Dockerfile.prod", "dockerfile"),
        ("Dockerfile-alpine", "dockerfile"),
        ("prod.Dockerfile", "dockerfile"),
        ("prod.dockerfile", "dockerfile"),
        ("Dockerfile.dockerignore", None),
        ("Dockerfile.md", None),
        ("Dockerfile.j2", None),
        ("Dockerfile~", None),
        ("Dockerfiles", None),
        ("compose.yaml", "compose"),
        ("docker-compose.prod.yml", "compose"),
        ("decompose.yaml", None),
        ("docker-bake.hcl", "bake"),
        ("docker-bake.override.json", "bake"),
        ("main.hcl", None),
        (".github/workflows/ci.yml", "workflow"),
        ("x/workflows/ci.yml", None),
        (".devcontainer/devcontainer.json", "devcontainer"),
        (".devcontainer/python/devcontainer.json", "devcontainer"),
        (".devcontainer.json", "devcontainer"),
        ("templates/devcontainer.json", None),
    ],
)
def test_kinds(path: str, kind: str | None) -> None:
    assert kind_of(path) == kind


def test_a_declared_dockerfile_is_not_checked_by_itself_too(tmp_path: Path) -> None:
    found = declare(
        tmp_path,
        {"Dockerfile": DOCKERFILE, "a/Dockerfile": DOCKERFILE, "compose.yaml": "services: {web: {build: a}}\n"},
    )
    assert found.places() == {"service web": ("a", "a/Dockerfile"), "Dockerfile": ("-", "Dockerfile")}


def test_the_same_build_of_two_files_is_there_once(tmp_path: Path) -> None:
    files = {
        "Dockerfile": DOCKERFILE,
        "compose.yaml": "services: {web: {build: .}}\n",
        "docker-bake.hcl": 'target "app" {\n}\n',
        "ci/compose.yml": "services: {test: {build: {context: .., args: {A: 1}}}}\n",
    }
    assert list(declare(tmp_path, files).builds) == ["service web", "service test"]


IGNORED = {
    ".gitignore": "/out/\n*.local.Dockerfile\n!keep.local.Dockerfile\n# comment\n",
    "Dockerfile": DOCKERFILE,
    "out/Dockerfile": DOCKERFILE,
    "sub/out/Dockerfile": DOCKERFILE,
    "my.local.Dockerfile": DOCKERFILE,
    "keep.local.Dockerfile": DOCKERFILE,
    "sub/.gitignore": "Dockerfile.*\n!/Dockerfile.kept\n",
    "sub/Dockerfile.x": DOCKERFILE,
    "sub/Dockerfile.kept": DOCKERFILE,
    "sub/deep/Dockerfile.kept": DOCKERFILE,
}


UNIGNORED = {
    ".gitignore": "*\n!*.*\n!**/Dockerfile\n!*/\n!api\nsecret/**\n/gone/\n!/gone/\n/away/\n!/away/Dockerfile\n",
    "Dockerfile": DOCKERFILE,
    "tools/ctl/Dockerfile": DOCKERFILE,
    "tools/ctl/Containerfile": DOCKERFILE,
    "api/x.Dockerfile": DOCKERFILE,
    "secret/deep/Dockerfile": DOCKERFILE,
    "gone/Dockerfile": DOCKERFILE,
    "away/Dockerfile": DOCKERFILE,
}


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        (IGNORED, ["Dockerfile", "keep.local.Dockerfile", "sub/Dockerfile.kept", "sub/out/Dockerfile"]),
        (UNIGNORED, ["Dockerfile", "api/x.Dockerfile", "gone/Dockerfile", "tools/ctl/Dockerfile"]),
    ],
)
def test_what_git_ignores_is_left_alone(tmp_path: Path, files: dict[str, str], kept: list[str]) -> None:
    found = declare(tmp_path, files)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    expected = [path for path in listed.stdout.split() if kind_of(path) == "dockerfile"]
    assert sorted(found.builds) == sorted(expected)
    assert sorted(expected) == kept


def test_ignores_above_the_directory_count(tmp_path: Path) -> None:
    declare(tmp_path, {".gitignore": "sub/x/\n", "sub/x/Dockerfile": DOCKERFILE, "sub/Dockerfile": DOCKERFILE})
    assert list(declare(tmp_path, {}, "sub").builds) == ["sub/Dockerfile"]


def test_a_bad_pattern_hides_nothing_else(tmp_path: Path) -> None:
    files = {".gitignore": "a[\n!\nout/\n" + "*" * 40 + "\n", "out/Dockerfile": DOCKERFILE, "Dockerfile": DOCKERFILE}
    assert list(declare(tmp_path, files).builds) == ["Dockerfile"]


FOREIGN = ("node_modules/a", "vendor/a", ".git/a", "venv", ".venv")
TEST_DATA = ("testdata", "x/testfiles", "test/fixtures", "__fixtures__", "test-data", "parser/testfiles-negative")


def test_other_peoples_files_and_test_data_are_not_looked_through(tmp_path: Path) -> None:
    files = {f"{folder}/Dockerfile": DOCKERFILE for folder in (*FOREIGN, *TEST_DATA)}
    found = declare(tmp_path, {"Dockerfile": DOCKERFILE, "tests/Dockerfile": DOCKERFILE, **files})
    assert list(found.builds) == ["Dockerfile", "tests/Dockerfile"]
    ((_, _, _, reason),) = found.troubles
    assert (
        reason
        == "__fixtures__ and 5 more directories not looked through, by the name data for tests: name one to check it"
    )


def test_test_data_is_checked_where_it_is_named(tmp_path: Path) -> None:
    files = {"testdata/Dockerfile": DOCKERFILE, "compose.yaml": "services: {web: {build: testdata}}\n"}
    assert declare(tmp_path, files).places() == {"service web": ("testdata", "testdata/Dockerfile")}
    assert list(declare(tmp_path, {}, "testdata").builds) == ["testdata/Dockerfile"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "Dockerfile.link").symlink_to("/etc/passwd")
    assert list(declare(tmp_path, {"Dockerfile": DOCKERFILE}).builds) == ["Dockerfile"]


def test_deep_trees_end(tmp_path: Path) -> None:
    deep = "/".join(["d"] * 40)
    found = declare(tmp_path, {"Dockerfile": DOCKERFILE, f"{deep}/Dockerfile": DOCKERFILE})
    assert list(found.builds) == ["Dockerfile"]
    assert found.troubles[0][3].endswith("were not looked at: too many files, or too deep")


def test_a_directory_without_any_is_one_row(tmp_path: Path) -> None:
    found = declare(tmp_path, {"README.md": "", "Dockerfile.md": ""})
    assert (found.builds, found.troubles) == (
        {},
        [(".", None, ".", "no Dockerfile and no declaration of a build in it")],
    )


def test_a_dockerfile_in_lower_case_is_one(tmp_path: Path) -> None:
    assert list(declare(tmp_path, {"dockerfile": DOCKERFILE, "dockerfile.py": ""}).builds) == ["dockerfile"]


def test_a_file_without_a_build_is_one_row(tmp_path: Path) -> None:
    found = declare(tmp_path, {"compose.yaml": "services: {db: {image: postgres}}\n"}, "compose.yaml")
    assert found.troubles == [("compose.yaml", None, "compose.yaml", "it declares no build of an image")]


def test_any_other_file_is_a_dockerfile(tmp_path: Path) -> None:
    assert list(declare(tmp_path, {"image.yaml": DOCKERFILE}, "image.yaml").builds) == ["image.yaml"]
