"""The builds of bake files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.builds.declaring import UNKNOWN, declare

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"Dockerfile": "FROM debian:12\n", "api/Dockerfile": "FROM debian:12\n", "api/prod.Dockerfile": "FROM alpine\n"}


def bake(root: Path, text: str, environment: dict[str, str] | None = None, name: str = "docker-bake.hcl"):
    return declare(root, {**FILES, name: text}, name, environment)


def arguments(root: Path, expression: str, before: str = "", environment: dict[str, str] | None = None):
    """The value of one build argument; None where it is not given."""
    text = f'{before}\ntarget "app" {{\n  args = {{\n    A = {expression}\n  }}\n}}\n'
    found = bake(root, text, environment)
    assert found.troubles == []
    return found.builds["target app"].arguments.get("A")


def test_all_settings(tmp_path: Path) -> None:
    text = """
target "app" {
  context = "api"
  dockerfile = "prod.Dockerfile"
  target = "run"
  platforms = ["linux/amd64", "linux/arm64/v8", "local"]
  args = { VERSION = "1.2", PLAIN = null, NUMBER = 3, YES = true }
  contexts = {
    base = "docker-image://alpine:3.20"
    other = "target:base"
    files = "api"
  }
}
"""
    found = bake(tmp_path, text)
    build = found.builds["target app"]
    assert found.places() == {"target app": ("api", "api/prod.Dockerfile")}
    assert (build.target, [str(each) for each in build.platforms]) == ("run", ["linux/amd64", "linux/arm64"])
    assert build.arguments == {"VERSION": "1.2", "NUMBER": "3", "YES": "true"}, "null is not given"
    assert build.contexts == {
        "base": "docker-image://alpine:3.20",
        "other": "target:base",
        "files": str(tmp_path / "api"),
    }
    assert (build.source, build.span.start.line, build.span.start.column) == ("docker-bake.hcl", 2, 1)


def test_inherited_values_are_laid_over_and_parts_are_no_builds(tmp_path: Path) -> None:
    text = """
target "_common" { args = { A = 1, B = 1 } }
target "platforms" { platforms = ["linux/amd64", "linux/arm64"] }
target "app" {
  inherits = ["_common", "platforms"]
  args = { B = 2 }
}
target "debug" {
  inherits = ["app"]
  target = "debug"
}
"""
    builds = bake(tmp_path, text).builds
    assert list(builds) == ["target debug"], "app is inherited from and says nothing of its own about what is built"
    assert builds["target debug"].arguments == {"A": "1", "B": "2"}
    assert len(builds["target debug"].platforms) == 2


def test_a_parent_that_is_a_build_itself_is_one(tmp_path: Path) -> None:
    text = """
target "app" { target = "run" }
target "dynamic" {
  inherits = ["app"]
  args = { MODE = "dynamic" }
}
target "cross" {
  inherits = ["dynamic"]
  platforms = ["linux/arm64"]
}
"""
    assert list(bake(tmp_path, text).builds) == ["target app", "target dynamic", "target cross"]


def test_groups_name_what_is_built(tmp_path: Path) -> None:
    text = """
group "default" { targets = ["app", "debug"] }
target "app" { args = { A = 1 } }
target "debug" { inherits = ["app"], target = "debug" }
""".replace("], target", "]\n target")
    assert list(bake(tmp_path, text).builds) == ["target app", "target debug"]


def test_a_matrix_is_one_build_for_each_combination(tmp_path: Path) -> None:
    text = """
target "app" {
  name = "app-${item.name}-${replace(v, ".", "-")}"
  matrix = {
    item = [{ name = "a", file = "Dockerfile" }, { name = "b", file = "api/Dockerfile" }]
    v = ["1.0", "2.0"]
  }
  dockerfile = item.file
  args = { V = v }
}
"""
    found = bake(tmp_path, text)
    assert {name: (found.places()[name][1], build.arguments["V"]) for name, build in found.builds.items()} == {
        "target app-a-1-0": ("Dockerfile", "1.0"),
        "target app-a-2-0": ("Dockerfile", "2.0"),
        "target app-b-1-0": ("api/Dockerfile", "1.0"),
        "target app-b-2-0": ("api/Dockerfile", "2.0"),
    }


VARIABLES = """
variable "SET" { default = "set" }
variable "NONE" {}
variable "EMPTY" { default = "" }
variable "LIST" { default = ["a", "b"] }
variable "OTHER" { default = "${SET}-x" }
variable "LOOP" { default = LOOP }
function "greet" {
  params = [name]
  result = "hello ${name}"
}
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('"${SET}"', "set"),
        ("OTHER", "set-x"),
        ("FROM_ENVIRONMENT", UNKNOWN),
        ("NONE", UNKNOWN),
        ("LOOP", UNKNOWN),
        ('SET == "set" ? "yes" : "no"', "yes"),
        ('EMPTY != "" ? EMPTY : null', None),
        ('NONE != "" ? "a" : "b"', UNKNOWN),
        ('equal(SET, "set") && !false ? 1 : 2', "1"),
        ("LIST[1]", "b"),
        ('upper(join("-", LIST))', "A-B"),
        ('trimprefix(SET, "s")', "et"),
        ('coalesce(null, "x")', "x"),
        ('format("%s/%v", SET, 1)', "set/1"),
        ('length(concat(LIST, ["c"]))', "3"),
        ('lookup({ a = "b" }, "a", "c")', "b"),
        ('lookup({ "21" = "b" }, 21, "c")', "b"),
        ('true == 1 ? "same" : "other"', "other"),
        ('element(split(",", "a,b"), 1)', "b"),
        ('upper(["a"])', UNKNOWN),
        ('greet("you")', "hello you"),
        ("timestamp()", UNKNOWN),
        ('"$${SET}"', "${SET}"),
        ('" a ${SET} b ${OTHER} "', " a set b set-x "),
        ('" spaces kept "', " spaces kept "),
        ("<<-EOT\n    a ${SET}\n      b\n    EOT\n", "a set\n  b\n"),
        ("target.app.context", UNKNOWN),
        ("<<EOT\na\nEOT\n", "a\n"),
    ],
)
def test_expressions(tmp_path: Path, expression: str, value: str | None) -> None:
    before = VARIABLES.replace('params = ["name"]', "params = [name]")
    assert arguments(tmp_path, expression, before) == value


def test_the_environment_sets_variables_that_are_declared(tmp_path: Path) -> None:
    assert arguments(tmp_path, "SET", VARIABLES, {"SET": "environment"}) == "environment"
    assert arguments(tmp_path, "HOME", VARIABLES, {"HOME": "/root"}) == UNKNOWN


def test_json_says_the_same(tmp_path: Path) -> None:
    text = {
        "variable": {"V": {"default": "1"}},
        "group": {"default": {"targets": ["app"]}},
        "target": {"app": {"context": "api", "args": {"A": "v${V}"}, "platforms": ["linux/arm64"]}},
    }
    found = bake(tmp_path, json.dumps(text, indent=1), name="docker-bake.json")
    build = found.builds["target app"]
    assert (found.places()["target app"], build.arguments) == (("api", "api/Dockerfile"), {"A": "v1"})
    assert str(build.platforms[0]) == "linux/arm64"


def test_override_files_of_a_folder_are_one_definition(tmp_path: Path) -> None:
    over = 'target "app" {\n args = { B = 2 }\n target = "run"\n}\n'
    files = {
        **FILES,
        "docker-bake.hcl": 'target "app" {\n args = { A = 1, B = 1 }\n}\n',
        "docker-bake.override.hcl": over,
    }
    build = declare(tmp_path, files).builds["target app"]
    assert (build.target, build.arguments) == ("run", {"A": "1", "B": "2"})


def test_paths_start_where_most_dockerfiles_are(tmp_path: Path) -> None:
    text = 'target "app" {\n context = "api"\n}\ntarget "web" {\n dockerfile = "Dockerfile"\n}\n'
    (tmp_path / "hack").mkdir()
    assert bake(tmp_path, text, name="hack/docker-bake.hcl").places() == {
        "target app": ("api", "api/Dockerfile"),
        "target web": (".", "Dockerfile"),
    }


def test_a_target_that_is_only_checked_is_no_build(tmp_path: Path) -> None:
    text = 'target "lint" {\n call = "check"\n}\ntarget "app" {\n context = "api"\n}\n'
    assert list(bake(tmp_path, text).builds) == ["target app"]


def test_an_inline_dockerfile_keeps_its_lines(tmp_path: Path) -> None:
    text = 'target "app" {\n  dockerfile-inline = <<EOT\nFROM debian:12\nEOT\n}\n'
    build = bake(tmp_path, text).builds["target app"]
    assert (build.dockerfile, build.inline.line(3)) == (None, "FROM debian:12")


@pytest.mark.parametrize(
    ("name", "text", "line", "reason"),
    [
        ("docker-bake.hcl", 'target "app" {\n  args = {\n', 1, "not valid HCL"),
        ("docker-bake.hcl", 'target "a" {\n}\n\ntarget "app" {\n  args = = 1\n}\n', 5, "not valid HCL"),
        ("docker-bake.json", '{\n "target": {,\n}', 2, "not valid JSON"),
        ("docker-bake.json", "[" * 100_000, None, "nested too deep, or a number too long"),
        ("docker-bake.json", "#" * (1 << 20) + "#", None, "larger than 1048576 bytes, and so no bake file"),
    ],
)
def test_a_broken_file_is_one_row(tmp_path: Path, name: str, text: str, line: int | None, reason: str) -> None:
    found = declare(tmp_path, {**FILES, name: text})
    assert {"Dockerfile", "api/Dockerfile"} <= set(found.builds), "Dockerfiles are checked by themselves"
    ((file, told_line, _, told),) = found.troubles
    assert (file, told_line, told.startswith(reason)) == (name, line, True), told


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ('context = "../.."', "is outside of the repository"),
        ('context = "https://github.com/a/b.git"', "is remote: only local directories are read"),
        ('dockerfile = "gone"', "its Dockerfile gone is not there"),
        ("dockerfile = timestamp()", "its Dockerfile rests on a variable without a value or on a function"),
        ('matrix = { v = timestamp() }\n  name = "x-${v}"', "its matrix rests on a function"),
        ('platforms = ["windows/amd64"]', "only Linux images are checked"),
    ],
)
def test_what_cannot_be_followed_is_one_row(tmp_path: Path, settings: str, reason: str) -> None:
    found = bake(tmp_path, f'target "good" {{\n}}\n\ntarget "bad" {{\n  {settings}\n}}\n')
    assert list(found.builds) == ["target good"]
    ((file, line, subject, told),) = found.troubles
    assert (file, line, subject) == ("docker-bake.hcl", 4, "target bad")
    assert reason in told


@pytest.mark.parametrize(
    "text",
    [
        'target "a" {\n inherits = ["b"]\n target = "x"\n}\ntarget "b" {\n inherits = ["a"]\n target = "y"\n}\n',
        'function "f" {\n params = [x]\n result = f(x)\n}\ntarget "a" {\n args = { A = f(1) }\n}\n',
        'target "a" {\n args = { A = ' + "(" * 300 + "1" + ")" * 300 + " }\n}\n",
        'target "a" {\n args = { A = "' + "${" * 200 + "1" + "}" * 200 + '" }\n}\n',
        'function "f" {\n params = [x]\n result = join("", [x, x, x, x, x, x, x, x])\n}\n'
        'target "a" {\n args = { A = ' + "f(" * 40 + '"xxxxxxxx"' + ")" * 40 + " }\n}\n",
        'target "a" {\n name = "a-${x}"\n matrix = { x = [1] }\n inherits = ["a-1"]\n}\n',
    ],
    ids=["inherits", "function", "parentheses", "templates", "growth", "itself"],
)
def test_hostile_files_end(tmp_path: Path, text: str) -> None:
    found = bake(tmp_path, text)
    assert found.builds or found.troubles


def test_a_large_matrix_is_told(tmp_path: Path) -> None:
    lists = "\n".join(f"    v{number} = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]" for number in range(9))
    found = bake(tmp_path, f'target "app" {{\n  name = "app"\n  matrix = {{\n{lists}\n  }}\n}}\n')
    assert next(row[3] for row in found.troubles).endswith("or is too large")
