"""What pip, uv, poetry, pdm, pipenv and venv are predicted to install."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.scan import scan
from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from depscan.filesystem.entries import FileEntry

GNU, MUSL = "cpython-312-x86_64-linux-gnu.so", "cpython-312-x86_64-linux-musl.so"
SITE = "/usr/local/lib/python3.12/site-packages"
NUMPY = f"numpy/_core/_multiarray_umath.{GNU}"
UV_LOCK = """\
version = 1
requires-python = ">=3.12"
[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "orjson" }, { name = "pywin32", marker = "sys_platform == 'win32'" }, { name = "own-ext" }]
[package.dev-dependencies]
dev = [{ name = "regex" }]
[[package]]
name = "orjson"
version = "3.10.7"
source = { registry = "https://index.example/simple" }
wheels = [
  { url = "https://files.example.org/orjson-3.10.7-cp312-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl" },
  { url = "https://files.example.org/orjson-3.10.7-cp312-none-macosx_10_15_x86_64.whl" },
]
[[package]]
name = "own-ext"
version = "1.0"
source = { registry = "https://index.example/simple" }
wheels = [{ url = "https://files.example.org/own_ext-1.0-cp312-cp312-manylinux_2_17_x86_64.whl" }]
[[package]]
name = "regex"
version = "2024.9.11"
source = { registry = "https://index.example/simple" }
"""
POETRY = {
    "pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.12"\nweb = "^1"\n',
    "poetry.lock": """\
[[package]]
name = "web"
version = "1.0"
files = [{ file = "web-1.0-py3-none-any.whl" }]
[package.dependencies]
cryptography = ">=40"
[[package]]
name = "cryptography"
version = "43.0.1"
files = [{ file = "cryptography-43.0.1-cp39-abi3-manylinux_2_28_x86_64.whl" }]
[[package]]
name = "psutil"
version = "6.0.0"
files = [{ file = "psutil-6.0.0-cp36-abi3-manylinux_2_12_x86_64.whl" }]
""",
}


@pytest.mark.parametrize(
    ("base", "command", "files", "expected"),
    [
        pytest.param("python:3.12-slim", "pip install numpy", {}, {f"{SITE}/{NUMPY}": "likely"}, id="by name"),
        pytest.param(
            "python:3.12-slim", "pip install 'numpy>=2,<3' pyyaml", {}, {f"{SITE}/{NUMPY}": "likely"}, id="range"
        ),
        pytest.param("python:3.12-slim", "python -m pip install numpy", {}, {f"{SITE}/{NUMPY}": "likely"}, id="module"),
        pytest.param("python:3.12-slim", "pip install -t /deps numpy", {}, {f"/deps/{NUMPY}": "likely"}, id="target"),
        pytest.param(
            "python:3.12-slim",
            "pip install --user numpy",
            {},
            {f"/root/.local/lib/python3.12/site-packages/{NUMPY}": "likely"},
            id="user",
        ),
        pytest.param(
            "python:3.12-slim",
            "pip install --prefix=/install numpy",
            {},
            {f"/install/lib/python3.12/site-packages/{NUMPY}": "likely"},
            id="prefix",
        ),
        pytest.param(
            "python:3.12-slim",
            "python -m venv /venv && /venv/bin/pip install numpy",
            {},
            {f"/venv/lib/python3.12/site-packages/{NUMPY}": "likely"},
            id="environment by its pip",
        ),
        pytest.param(
            "python:3.12-alpine3.20",
            "pip install psutil orjson",
            {},
            {f"{SITE}/psutil/_psutil_linux.abi3.so": "likely", f"{SITE}/orjson/orjson.{MUSL}": "likely"},
            id="musl",
        ),
        pytest.param(
            "debian:12-slim",
            "apt-get update && apt-get install -y python3-pip && pip install psutil",
            {},
            {"/usr/local/lib/python3.11/dist-packages/psutil/_psutil_linux.abi3.so": "likely"},
            id="Debian's own Python",
        ),
        pytest.param(
            "python:3.12-slim",
            "pip install --require-hashes -r requirements.txt",
            {
                "requirements.txt": "-r base.txt\npywin32==306 ; sys_platform == 'win32'\nflask==3.0\n",
                "base.txt": "# native\npsutil==6.0.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n",
            },
            {f"{SITE}/psutil/_psutil_linux.abi3.so": "likely"},
            id="requirements",
        ),
        pytest.param(
            "python:3.12-slim",
            "pip install fastapi",
            {},
            {f"{SITE}/pydantic_core/_pydantic_core.{GNU}": "likely"},
            id="drawn in",
        ),
        pytest.param(
            "ghcr.io/astral-sh/uv:python3.12-bookworm-slim",
            "uv sync --locked --no-dev",
            {"uv.lock": UV_LOCK},
            {
                f"/app/.venv/lib/python3.12/site-packages/orjson/orjson.{GNU}": "likely",
                "/app/.venv/lib/python3.12/site-packages/own_ext/*.so": "possible",
            },
            id="uv.lock",
        ),
        pytest.param(
            "python:3.12-slim",
            "poetry config virtualenvs.create false && poetry install --only main",
            POETRY,
            {f"{SITE}/cryptography/hazmat/bindings/_rust.abi3.so": "likely"},
            id="poetry.lock",
        ),
        pytest.param(
            "python:3.12-slim",
            "POETRY_VIRTUALENVS_IN_PROJECT=1 poetry install --only main",
            POETRY,
            {"/app/.venv/lib/python3.12/site-packages/cryptography/hazmat/bindings/_rust.abi3.so": "likely"},
            id="poetry in the project",
        ),
        pytest.param("python:3.12-slim", "poetry install", POETRY, {}, id="poetry in an unknown place"),
        pytest.param(
            "python:3.12-slim",
            "pipenv install --system --deploy",
            {
                "Pipfile.lock": '{"default": {"lxml": {"version": "==5.3.0"}},'
                ' "develop": {"psutil": {"version": "==6.0.0"}}}'
            },
            {f"{SITE}/lxml/etree.{GNU}": "likely"},
            id="Pipfile.lock",
        ),
        pytest.param("python:3.12-slim", "pip install markupsafe aiohttp", {}, {}, id="only faster"),
        pytest.param("python:3.12-slim", "pip install --platform musllinux_1_2_x86_64 numpy", {}, {}, id="platform"),
        pytest.param("python:3.12-slim", "pip install $PACKAGES numpy", {}, {}, id="unknown word"),
        pytest.param("python:3.12-slim", "pip download numpy", {}, {}, id="another verb"),
        pytest.param("python:3.12-slim", "test -f x || pip install numpy", {}, {}, id="conditional"),
        pytest.param("example.org/own:1", "pip install numpy", {}, {}, id="unknown image"),
    ],
)
def test_installed(tmp_path: Path, base: str, command: str, files: dict[str, str], expected: dict[str, str]) -> None:
    found = predict(tmp_path, f"FROM {base}\nWORKDIR /app\nCOPY . .\nRUN {command}\n", files)
    assert {path: artifact.confidence.value for path, artifact in found.items()} == expected


@pytest.mark.parametrize(
    ("base", "command", "needed"),
    [
        pytest.param("python:3.12", "pip install psycopg2", ("libpq.so.5", "libc.so.6"), id="source"),
        pytest.param("python:3.12", "pip install psycopg2-binary", ("libc.so.6",), id="wheel brings its libraries"),
        pytest.param("python:3.12", "pip install 'psycopg[c]'", ("libpq.so.5", "libc.so.6"), id="extra"),
        pytest.param(
            "python:3.12", "pip install mysqlclient", ("libmariadb.so.3", "libc.so.6"), id="as the stage has it"
        ),
        pytest.param("python:3.12-slim", "pip install mysqlclient", ("libc.so.6",), id="not known which"),
        pytest.param(
            "python:3.12", "pip install pycurl==7.45.1", ("libcurl.so.4", "libc.so.6"), id="before its wheels"
        ),
        pytest.param("python:3.12", "pip install pycurl==7.45.6", ("libc.so.6",), id="with its wheels"),
        pytest.param(
            "python:3.12",
            "pip install --no-binary pycurl pycurl==7.45.6",
            ("libcurl.so.4", "libc.so.6"),
            id="no binary",
        ),
        pytest.param(
            "python:3.12",
            "pip install opencv-python",
            ("libGL.so.1", "libgthread-2.0.so.0", "libc.so.6"),
            id="a wheel that leaves libraries to the system",
        ),
        pytest.param("python:3.12", "pip install opencv-python-headless", ("libc.so.6",), id="headless"),
        pytest.param(
            "python:3.12-alpine3.20", "pip install psycopg2", ("libpq.so.5", "libc.musl-x86_64.so.1"), id="musl"
        ),
    ],
)
def test_needed(tmp_path: Path, base: str, command: str, needed: tuple[str, ...]) -> None:
    (artifact,) = predict(tmp_path, f"FROM {base}\nRUN {command}\n").values()
    assert artifact.facts.needed == needed


@pytest.mark.parametrize(
    ("base", "run", "target"),
    [
        pytest.param("python:3.12-slim", "python -m venv /v", "/usr/local/bin/python3", id="venv"),
        pytest.param("python:3.12-slim", "python -m venv --copies /v", None, id="a copy"),
        pytest.param("python:3.12-slim", "virtualenv /v", "/usr/local/bin/python3", id="virtualenv"),
        pytest.param(
            "debian:12", "apt-get install -y python3-venv && python3 -m venv /v", "/usr/bin/python3", id="Debian's"
        ),
        pytest.param("python:3.12-slim", "uv venv /v", "/usr/local/bin/python3", id="uv with the image's"),
        pytest.param(
            "python:3.12-slim",
            "uv venv --python 3.13 /v",
            "/root/.local/share/uv/python/cpython-3.13-linux-x86_64-gnu/bin/python3.13",
            id="uv with another version",
        ),
        pytest.param(
            "debian:12-slim",
            "UV_PYTHON_INSTALL_DIR=/python uv venv --python 3.12 /v",
            "/python/cpython-3.12-linux-x86_64-gnu/bin/python3.12",
            id="uv without a Python",
        ),
        pytest.param("debian:12-slim", "UV_PYTHON_DOWNLOADS=never uv venv /v", None, id="uv may not download"),
        pytest.param("example.org/own:1", "python -m venv /v", None, id="unknown image"),
    ],
)
def test_link_of_an_environment(tmp_path: Path, base: str, run: str, target: str | None) -> None:
    entries = last_entries(tmp_path, f"FROM {base}\nRUN {run}\n")
    assert (entries["/v/bin/python"].target if "/v/bin/python" in entries else None) == target


@pytest.mark.parametrize(
    ("base", "requirement", "expected"),
    [
        pytest.param(
            "python:3.12-slim", "psutil==6.0.0", "psutil-6.0.0-cp312-cp312-manylinux_2_17_x86_64.whl", id="glibc"
        ),
        pytest.param(
            "python:3.12-alpine", "psutil==6.0.0", "psutil-6.0.0-cp312-cp312-musllinux_1_2_x86_64.whl", id="musl"
        ),
        pytest.param("python:3.12", "psycopg2==2.9.9", "psycopg2-2.9.9-cp312-cp312-linux_x86_64.whl", id="built here"),
        pytest.param("python:3.12", "flask==3.0", None, id="pure"),
    ],
)
def test_wheel(tmp_path: Path, base: str, requirement: str, expected: str | None) -> None:
    entries = last_entries(tmp_path, f"FROM {base}\nRUN pip wheel -w /wheels {requirement}\n")
    assert [path for path in entries if path.endswith(".whl")] == ([f"/wheels/{expected}"] if expected else [])


def test_wheel_built_in_another_stage_needs_what_it_links(tmp_path: Path) -> None:
    """Its plain linux tag says that it brought nothing along."""
    found = predict(
        tmp_path,
        "FROM python:3.12 AS build\nRUN pip wheel -w /wheels psycopg2==2.9.9\n"
        "FROM python:3.12-slim\nCOPY --from=build /wheels /wheels\nRUN pip install --no-index /wheels/*.whl\n",
    )
    assert [artifact.facts.needed for artifact in found.values()] == [("libpq.so.5", "libc.so.6")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("uv.lock", "version = 1\n[[package]\n"),
        ("uv.lock", "package = 7\n"),
        ("uv.lock", '[[package]]\nversion = "1"\n'),
    ],
    ids=["cut off", "no list", "no name"],
)
def test_broken_lockfile_is_skipped(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(f"FROM ghcr.io/astral-sh/uv:python3.12-bookworm-slim\nCOPY {name} .\nRUN uv sync\n")
    (result,) = scan([dockerfile], Config(cache=False, jobs=1)).scans
    assert f"/{name}" in {row.subject for row in result.skipped}


def last_entries(directory: Path, dockerfile: str) -> Mapping[str, FileEntry]:
    """What the last stage has, by path."""
    (directory / "Dockerfile").write_text(dockerfile)
    (result,) = scan([directory / "Dockerfile"], Config(cache=False, jobs=1)).scans
    return result.stages[-1].entries
