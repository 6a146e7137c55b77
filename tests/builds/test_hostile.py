"""Whatever stands in a file that declares builds: builds and rows, never another exception, and always soon."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depscan.builds.build import Build, Unusable
from depscan.builds.discovery import find_builds
from depscan.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = {
    "compose.yaml": """\
x: &x {context: ., args: {A: "${B:-${C:-d}}", E: 1.50}}
include: [other.yaml]
services:
  a: {build: *x, extends: b, platform: linux/arm64}
  b: {build: {<<: *x, dockerfile_inline: "FROM x", additional_contexts: [a=docker-image://b]}}
""",
    "docker-bake.hcl": """\
variable "V" { default = "1" }
function "f" {
  params = [x]
  result = upper("${x}-${V}")
}
group "default" { targets = ["a"] }
target "a" {
  name = "a-${v}"
  matrix = { v = [1, "2"] }
  inherits = ["b"]
  args = { A = f(V), B = V == "1" ? [1][0] : null, C = <<-EOT
    x ${V}
    EOT
  }
}
""",
    "docker-bake.json": '{"variable": {"V": {}}, "target": {"a": {"args": {"A": "${V}"}, "target": "x"}}}',
    ".devcontainer.json": '// c\n{"build": {"dockerfile": "Dockerfile", "args": {"A": "${localEnv:B:c}"},},}',
    ".github/workflows/ci.yml": "jobs: {a: {steps: [{uses: docker/build-push-action@v6, with: {context: .}}]}}",
    ".gitignore": "*.x\n!/a/**/b[0-9]\n\\ \n",
    ".env": "A='b' # c\nexport D=${A:-x}\n",
}


@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_text_is_builds_and_rows(tmp_path: Path, name: str, data: st.DataObject) -> None:
    text = bytearray(SEEDS[name].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text)))
        piece = data.draw(
            st.one_of(st.binary(max_size=6), st.sampled_from([b"${", b"{", b"[", b"*x", b"\n", b'"', b"../..", b"\0"]))
        )
        text[place : place + data.draw(st.integers(0, 8))] = piece
    for path, seed in {**{path: seed.encode() for path, seed in SEEDS.items()}, name: bytes(text)}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(seed)
    (tmp_path / "Dockerfile").write_text("FROM x\n")
    (tmp_path / ".git").mkdir(exist_ok=True)
    try:
        builds, unusable = find_builds(tmp_path, {})
    except UsageError:
        assert name == ".gitignore", "which may hide all that is there"
        return
    assert all(isinstance(each, Build) for each in builds)
    assert all(isinstance(each, Unusable) and each.skipped.reason for each in unusable)
    inside = [path for build in builds for path in (build.dockerfile, build.context) if path is not None]
    assert all(path.resolve().is_relative_to(tmp_path.resolve()) for path in inside)


BOMBS = {
    "compose.yaml": [
        "services: {a: {build: {context: ., args: {A: '" + "${A:-" * 30_000 + "}" * 30_000 + "'}}}}\n",
        "services:\n" + "".join(f"  s{n}: {{build: ., extends: s{n + 1}}}\n" for n in range(5_000)),
        "services:\n" + "".join(f"  s{n}: {{build: {{context: ., args: {{A: {n}}}}}}}\n" for n in range(1_990)),
        "a: &a " + "x" * 1_000_000 + "\n",
        "!!python/object/apply:os.system ['true']\n",
    ],
    "docker-bake.hcl": [
        'target "a" {\n  args = { A = ' + '"${' * 5_000 + "x" + '}"' * 5_000 + " }\n}\n",
        'variable "V0" { default = "xxxxxxxxxx" }\n'
        + "".join(f'variable "V{n}" {{ default = "${{V{n - 1}}}${{V{n - 1}}}" }}\n' for n in range(1, 60))
        + 'target "a" {\n args = { A = V59 }\n}\n',
        "".join(f'target "t{n}" {{\n inherits = ["t{n + 1}", "t{n + 2}"]\n target = "x"\n}}\n' for n in range(60)),
        'target "a" {\n' + "{" * 100_000,
    ],
    ".gitignore": ["*" * 200_000, ("a*" * 16 + "\n") * 200, "[" * 100_000],
    ".env": ["A=" + "${A}" * 200_000],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BOMBS.items() for text in texts])
def test_bombs_end_soon(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "Dockerfile").write_text("FROM x\n")
    (tmp_path / ("a" * 60)).write_text("")
    (tmp_path / name).write_text(text)
    started = time.process_time()
    builds, unusable = find_builds(tmp_path, {})
    assert time.process_time() - started < 5
    assert builds or unusable
