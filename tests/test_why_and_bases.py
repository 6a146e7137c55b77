"""`depscan why` and `depscan bases`: the same engine, asked about one binary or every base."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import RunDepscan

ELF = Path(__file__).parents[1] / "fixtures" / "elf"

DOCKERFILE = """\
FROM debian:12-slim AS build
COPY needs-libpq /only/in/build
FROM debian:12-slim
WORKDIR /opt/app
COPY needs-runpath-origin bin/api
COPY libfoo.so.1 lib/
COPY needs-libpq bin/
RUN ln -s /opt/app/bin/api /usr/bin/api
CMD ["api"]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("needs-runpath-origin", "libfoo.so.1", "needs-libpq"):
        shutil.copy(ELF / name, tmp_path)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_why_tells_where_each_library_was_found(project: Path, run_depscan: RunDepscan) -> None:
    result = run_depscan("why", "/opt/app/bin/api", "--isolated")
    assert result.code == 0
    assert result.out == (
        "/opt/app/bin/api on debian:12-slim (linux/amd64): loads\n"
        "  interpreter /lib64/ld-linux-x86-64.so.2 => /usr/lib64/ld-linux-x86-64.so.2\n"
        "  libfoo.so.1 => /opt/app/lib/libfoo.so.1 (RUNPATH)\n"
        "    already loaded: libc.so.6\n"
        "  libc.so.6 (default path)\n"
        "      missing in /opt/app/lib (RUNPATH)\n"
    )


@pytest.mark.parametrize("path", ["bin/api", "/usr/bin/api", "/opt/app/bin/../bin/api"])
def test_why_follows_links_and_the_working_directory(path: str, project: Path, run_depscan: RunDepscan) -> None:
    assert run_depscan("why", path, "--isolated").out.startswith("/opt/app/bin/api on debian:12-slim")


def test_why_shows_every_place_of_a_missing_library(project: Path, run_depscan: RunDepscan) -> None:
    lines = run_depscan("why", "bin/needs-libpq", "Dockerfile", "--isolated").out.splitlines()
    assert lines[0].endswith("fails, library-missing libpq.so.5")
    assert "  libpq.so.5 missing" in lines
    assert "      missing at /usr/local/lib/libpq.so.5 (ld.so.cache)" in lines
    assert "      missing at /usr/lib/libpq.so.5 (default path)" in lines


def test_why_as_json(project: Path, run_depscan: RunDepscan) -> None:
    document = json.loads(run_depscan("why", "bin/needs-libpq", "--isolated", "--format", "json").out)
    (binary,) = document["binaries"]
    assert document["schema_version"] == 1
    assert (binary["verdict"], binary["cause"], binary["detail"]) == ("fails", "library-missing", "libpq.so.5")
    libpq, libc = binary["libraries"]
    assert (libpq["presence"], libpq["provider"], libpq["law"]) == ("missing", None, None)
    assert libpq["looked_for"][0] == {
        "path": "/usr/local/lib/libpq.so.5",
        "law": "ld.so.cache",
        "presence": "missing",
    }
    assert (libc["presence"], libc["law"]) == ("provided", "default path")
    assert binary["failures"][0]["message"].startswith("/opt/app/bin/needs-libpq: error while loading")


def test_why_names_the_closest_binary(project: Path, run_depscan: RunDepscan) -> None:
    result = run_depscan("why", "/opt/app/bin/apx", "--isolated")
    assert (result.code, result.err) == (
        2,
        "depscan: error: /opt/app/bin/apx: no binary that the Dockerfile puts there; "
        "did you mean '/opt/app/bin/api'?\n",
    )
    assert "no binary" in run_depscan("why", "/only/in/build", "--isolated").err


def test_why_shows_a_tree_of_libraries_and_ends(tmp_path: Path, run_depscan: RunDepscan) -> None:
    shutil.copy(ELF / "needs-runpath-origin", tmp_path / "api")
    shutil.copy(ELF / "libfoo.so.1", tmp_path)
    text = "FROM debian:12-slim\nCOPY libfoo.so.1 /lib64/libc.so.6\nCOPY libfoo.so.1 /lib/\nCOPY api /bin/api\n"
    (tmp_path / "Dockerfile").write_text(text)
    out = run_depscan("why", "/usr/bin/api", str(tmp_path / "Dockerfile"), "--isolated").out
    assert "  libfoo.so.1 => /lib/libfoo.so.1 (default path)\n    libc.so.6 " in out or "\n  libc.so.6 " in out


def test_bases_by_verdict_with_reasons(run_depscan: RunDepscan) -> None:
    result = run_depscan("bases", str(ELF / "hello-glibc-dynamic"), "--isolated")
    rows = [line.split(None, 1) for line in result.out.splitlines()[2:]]
    verdicts = [row[0] for row in rows]
    assert result.code == 0
    assert verdicts == sorted(verdicts, key=["loads", "unknown", "fails"].index)
    assert any(row[1].startswith("debian:trixie-slim") for row in rows if row[0] == "loads")
    assert any("version-missing GLIBC_2.34 (libc.so.6)" in row[1] for row in rows if row[0] == "fails")
    assert any(row[1].startswith("alpine:3.20") and "interpreter-missing" in row[1] for row in rows)


def test_bases_as_json_is_what_the_contract_names(run_depscan: RunDepscan) -> None:
    file = str(ELF / "plugin-fortified.so")
    document = json.loads(run_depscan("bases", file, "--isolated", "--format", "json").out)
    assert set(document) == {"bases"}
    bases = {base["reference"]: base for base in document["bases"]}
    added = {"size", "unpacked_size"}
    assert all(set(base) == {"reference", "verdict", "causes"} | added for base in document["bases"])
    bookworm = bases["debian:bookworm-slim"]
    assert (bookworm["verdict"], bookworm["causes"]) == ("loads", [])
    assert 0 < bookworm["size"] < bookworm["unpacked_size"]
    assert bases["alpine:3.20"]["causes"] == [{"file": file, "cause": "symbol-missing", "detail": "__memcpy_chk"}]


def test_several_files_give_a_matrix(run_depscan: RunDepscan) -> None:
    names = ("hello-glibc-dynamic", "hello-musl-dynamic", "hello-static")
    out = run_depscan("bases", *(str(ELF / name) for name in names), "--isolated").out
    matrix, legend, *groups = out.split("\n\n")
    head, _, *rows = matrix.splitlines()
    assert head.split()[:3] == ["file", "A", "B"]
    assert [row.split()[0] for row in rows] == list(names)
    assert set(rows[2].split()[1:]) == {"+"}
    assert legend == "+ loads   - fails   ? not known"
    assert groups[0].startswith("A  3 of 3 load on frolvlad/alpine-glibc")
    assert any("   - interpreter-missing /lib/ld-musl-x86_64.so.1: hello-musl-dynamic" in group for group in groups)
    assert " alpine:3.20, " in out


def test_files_keep_their_places_relative_to_each_other(tmp_path: Path, run_depscan: RunDepscan) -> None:
    for place, name in (("bin/api", "needs-runpath-origin"), ("lib/libfoo.so.1", "libfoo.so.1")):
        (tmp_path / place).parent.mkdir()
        shutil.copy(ELF / name, tmp_path / place)
    files = [str(tmp_path / "bin" / "api"), str(tmp_path / "lib" / "libfoo.so.1")]
    alone = json.loads(run_depscan("bases", files[0], "--isolated", "--format", "json").out)["bases"]
    both = json.loads(run_depscan("bases", *files, "--isolated", "--format", "json").out)["bases"]
    assert {base["verdict"] for base in alone} == {"fails", "unknown"}
    assert next(base for base in both if base["reference"] == "debian:bookworm-slim")["verdict"] == "loads"


def test_the_platform_is_that_of_the_file(run_depscan: RunDepscan) -> None:
    out = run_depscan("bases", str(ELF / "hello-arm64"), "--isolated").out
    assert "wrong-architecture" not in out
    amd64 = run_depscan("bases", str(ELF / "hello-arm64"), "--isolated", "--platform", "linux/amd64").out
    assert "loads" not in amd64


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("README.md", "not an ELF file"),
        ("object.o", "an object file"),
        ("truncated", "truncated"),
        ("nothing", "no such file"),
    ],
)
def test_what_is_no_program_is_wrong_use(name: str, words: str, run_depscan: RunDepscan) -> None:
    result = run_depscan("bases", str(ELF / name), "--isolated")
    assert result.code == 2
    assert words in result.err
    assert result.err.count("\n") == 1
