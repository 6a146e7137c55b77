"""The builds of compose files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builds.declaring import UNKNOWN, declare

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"Dockerfile": "FROM debian:12\n", "api/Dockerfile": "FROM debian:12\n", "api/prod.Dockerfile": "FROM alpine\n"}


def compose(root: Path, text: str, environment: dict[str, str] | None = None, **more: str):
    files = {**FILES, "compose.yaml": text, **{name.replace("__", "/"): value for name, value in more.items()}}
    return declare(root, files, "compose.yaml", environment)


@pytest.mark.parametrize(
    ("build", "place"),
    [
        (".", (".", "Dockerfile")),
        ("api", ("api", "api/Dockerfile")),
        ("{context: ./api, dockerfile: prod.Dockerfile}", ("api", "api/prod.Dockerfile")),
        ("{dockerfile: api/prod.Dockerfile}", (".", "api/prod.Dockerfile")),
        ("{context: api, dockerfile: ../Dockerfile}", ("api", "Dockerfile")),
    ],
)
def test_context_and_dockerfile(tmp_path: Path, build: str, place: tuple[str, str]) -> None:
    found = compose(tmp_path, f"services:\n  web:\n    build: {build}\n")
    assert (found.places(), found.troubles) == ({"service web": place}, [])


def test_the_place_is_that_of_the_key_build(tmp_path: Path) -> None:
    found = compose(tmp_path, "services:\n  web:\n    image: x\n    build: .\n")
    build = found.builds["service web"]
    assert (build.source, build.span.start.line, build.span.start.column) == ("compose.yaml", 4, 5)


def test_all_settings(tmp_path: Path) -> None:
    text = """
services:
  web:
    build:
      context: api
      target: run
      platforms: [linux/amd64, linux/arm64]
      args: {A: "1", B: true, C: 1.10, D: }
      additional_contexts:
        shared: ../api
        base: docker-image://alpine:3.20
"""
    build = compose(tmp_path, text.replace("../api", "./api")).builds["service web"]
    assert build.target == "run"
    assert [str(platform) for platform in build.platforms] == ["linux/amd64", "linux/arm64"]
    assert build.arguments == {"A": "1", "B": "true", "C": "1.1"}, "numbers as Go prints them; D is not given"
    assert build.contexts == {"shared": str(tmp_path / "api"), "base": "docker-image://alpine:3.20"}


def test_arguments_as_a_list_take_names_from_the_environment(tmp_path: Path) -> None:
    text = "services:\n  web:\n    build: {context: ., args: [A=1, B, C, 'D=x=y']}\n"
    build = compose(tmp_path, text, {"B": "two"}).builds["service web"]
    assert build.arguments == {"A": "1", "B": "two", "D": "x=y"}


def test_the_platform_of_the_service_where_build_names_none(tmp_path: Path) -> None:
    build = compose(tmp_path, "services:\n  web:\n    platform: linux/arm64\n    build: .\n").builds["service web"]
    assert [str(platform) for platform in build.platforms] == ["linux/arm64"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("$FROM_FILE", "file"),
        ("${FROM_FILE}", "file"),
        ("${BOTH}", "environment"),
        ("${GONE:-default}", "default"),
        ("${GONE-default}", "default"),
        ("${EMPTY:-default}", "default"),
        ("${EMPTY-default}", ""),
        ("${GONE:-${FROM_FILE}-x}", "file-x"),
        ("${FROM_FILE:+set}", "set"),
        ("${GONE:+set}", ""),
        ("$$HOME", "$HOME"),
        ("${GONE}", UNKNOWN),
        ("${GONE:?must be set}", UNKNOWN),
        ("${QUOTED}", "a b # c"),
        ("${REST}", "file/x"),
    ],
)
def test_variables(tmp_path: Path, written: str, value: str) -> None:
    dotenv = "# comment\nFROM_FILE=file # why\nBOTH=file\nEMPTY=\nexport QUOTED='a b # c'\nREST=${FROM_FILE}/x\n"
    text = f"services:\n  web:\n    build: {{context: ., args: {{A: '{written}'}}}}\n"
    (tmp_path / ".env").write_text(dotenv)
    assert compose(tmp_path, text, {"BOTH": "environment"}).builds["service web"].arguments == {"A": value}


def test_a_context_that_rests_on_a_missing_variable_is_told(tmp_path: Path) -> None:
    found = compose(tmp_path, "services:\n  web:\n    build: ${WHERE}\n")
    assert found.builds == {}
    ((file, line, subject, reason),) = found.troubles
    assert (file, line, subject) == ("compose.yaml", 3, "service web")
    assert reason.startswith("its context rests on a variable without a value")


def test_anchors_and_merge_keys(tmp_path: Path) -> None:
    text = """
x-build: &build {context: api, args: &args {A: 1}}
services:
  one:
    build: *build
  two:
    build:
      <<: *build
      target: two
      args:
        <<: *args
        B: 2
"""
    builds = compose(tmp_path, text).builds
    assert builds["service one"].arguments == {"A": "1"}
    assert (builds["service two"].target, builds["service two"].arguments) == ("two", {"A": "1", "B": "2"})


def test_equal_builds_are_one_with_both_names(tmp_path: Path) -> None:
    found = compose(tmp_path, "services:\n  web: {build: .}\n  worker: {build: .}\n  db: {image: postgres}\n")
    assert list(found.builds) == ["service web, service worker"]


def test_profiles_do_not_hide_a_build(tmp_path: Path) -> None:
    assert list(compose(tmp_path, "services:\n  web: {build: ., profiles: [debug]}\n").builds) == ["service web"]


def test_the_override_file_is_laid_over(tmp_path: Path) -> None:
    (tmp_path / "compose.override.yaml").write_text(
        "services:\n  web:\n    build: {target: debug, args: {B: 2}}\n  extra: {build: api}\n"
    )
    text = "services:\n  web:\n    build: {context: ., target: run, args: {A: 1}}\n"
    builds = declare(tmp_path, {**FILES, "compose.yaml": text}).builds
    assert (builds["service web"].target, builds["service web"].arguments) == ("debug", {"A": "1", "B": "2"})
    assert "service extra" in builds


def test_override_tag_replaces(tmp_path: Path) -> None:
    (tmp_path / "compose.override.yaml").write_text("services:\n  web:\n    build: {args: !override {B: 2}}\n")
    text = "services:\n  web:\n    build: {context: ., args: {A: 1}}\n"
    assert declare(tmp_path, {**FILES, "compose.yaml": text}).builds["service web"].arguments == {"B": "2"}


def test_extends_in_the_file_and_in_another(tmp_path: Path) -> None:
    (tmp_path / "api" / "x").mkdir(parents=True)
    (tmp_path / "api" / "base.yml").write_text("services:\n  base:\n    build: {context: ., args: {A: 1}}\n")
    text = """
services:
  one:
    extends: {file: api/base.yml, service: base}
    build: {target: run}
  two:
    extends: one
"""
    found = compose(tmp_path, text)
    assert found.places() == {"service one, service two": ("api", "api/Dockerfile")}
    build = found.builds["service one, service two"]
    assert (build.target, build.arguments) == ("run", {"A": "1"})


def test_include_has_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "compose.yaml").write_text("services:\n  api: {build: .}\n")
    found = compose(tmp_path, "include: [api/compose.yaml]\nservices:\n  web: {build: .}\n")
    assert found.places() == {"service api": ("api", "api/Dockerfile"), "service web": (".", "Dockerfile")}


def test_an_inline_dockerfile_keeps_the_lines_and_columns_of_its_file(tmp_path: Path) -> None:
    text = "services:\n  web:\n    build:\n      context: .\n      dockerfile_inline: |\n        FROM debian:12\n"
    build = compose(tmp_path, text).builds["service web"]
    assert (build.dockerfile, build.inline.line(6)) == (None, "        FROM debian:12")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("services:\n  web: [\n", 3, "not valid YAML: did not find expected node content"),
        ("services:\n  web:\n    build: [a]\n", 3, "build of service web is neither a text nor a mapping"),
        ("- a\n", 1, "not a Compose file: its top is no mapping"),
        ("services:\n  web: {build: *gone}\n", 2, "alias *gone has no anchor before it"),
        ("services: " + "[" * 200, 1, "nested more than 64 deep"),
    ],
)
def test_a_broken_file_is_one_row(tmp_path: Path, text: str, line: int, reason: str) -> None:
    found = declare(tmp_path, {**FILES, "compose.yaml": text, "api/compose.yml": "services: {api: {build: .}}\n"})
    assert "service api" in found.builds, "the others are found"
    assert [(row[0], row[1]) for row in found.troubles] == [("compose.yaml", line)]
    assert found.troubles[0][3].startswith(reason)


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        ("gone", "its context gone is not a directory here; is a submodule missing?"),
        ("../..", "is outside of the repository"),
        ("/etc", "its context /etc is outside of the repository"),
        ("https://github.com/a/b.git", "its context https://github.com/a/b.git is remote"),
        ("{context: ., dockerfile: nope}", "its Dockerfile nope is not there"),
        ("{context: ., dockerfile: /etc/passwd}", "its Dockerfile /etc/passwd is outside of the repository"),
        ("{context: ., platforms: [windows/amd64]}", "only Linux images are checked"),
        ("{context: ., platforms: [a/b/c/d]}", "platform 'a/b/c/d' is not of the form"),
        ("'C:\\app'", "is a path of Windows"),
    ],
)
def test_what_cannot_be_followed_is_one_row(tmp_path: Path, build: str, reason: str) -> None:
    found = compose(tmp_path, f"services:\n  web: {{build: .}}\n  bad:\n    build: {build}\n")
    assert list(found.builds) == ["service web"]
    ((file, line, subject, told),) = found.troubles
    assert (file, line, subject) == ("compose.yaml", 4, "service bad")
    assert reason in told


def test_a_link_out_of_the_repository_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "Dockerfile").write_text("FROM x\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / "linked").symlink_to(outside)
    found = declare(root, {"compose.yaml": "services: {web: {build: linked}}\n"})
    assert found.builds == {}
    assert "is outside of the repository" in found.troubles[0][3]


def test_billion_laughs(tmp_path: Path) -> None:
    lines = ["x0: &x0 [a, a, a, a, a, a, a, a, a, a]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 12)]
    found = compose(tmp_path, "\n".join([*lines, "services: {web: {build: .}}", ""]))
    assert found.troubles == [("compose.yaml", 6, "compose.yaml", "more than 200000 values, aliases counted in full")]


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    ((_, _, _, reason),) = compose(tmp_path, "#" * (1 << 20) + "\nservices: {web: {build: .}}\n").troubles
    assert reason == "larger than 1048576 bytes, and so no YAML file"


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("services:\n  a: {extends: b}\n  b: {extends: a}\n", {}),
        ("include: [compose.yaml]\n", {}),
        ("include: [other.yaml]\n", {"other.yaml": "include: [compose.yaml]\n"}),
    ],
)
def test_cycles_end(tmp_path: Path, text: str, more: dict[str, str]) -> None:
    found = declare(tmp_path, {**FILES, **more, "compose.yaml": text}, "compose.yaml")
    assert next(row[3] for row in found.troubles).endswith(
        ("through more than 16 files", "through more than 16 services")
    )


def test_an_include_that_leaves_the_repository(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("services: {x: {build: .}}\n")
    root = tmp_path / "root"
    root.mkdir()
    found = declare(root, {"compose.yaml": "include: [../outside.yaml]\n"}, "compose.yaml")
    assert found.builds == {}
    assert found.troubles[0][3].startswith("it is outside of the repository")
