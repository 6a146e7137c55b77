"""Virtual environments whose Python is not in the image, and those that work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

BUILT = "FROM python:3.12-slim-bookworm AS build\nRUN python -m venv /venv\n"
MANAGED = "FROM ghcr.io/astral-sh/uv:bookworm-slim AS build\nRUN uv venv /venv\n"
COPIED = "COPY --from=build /venv /venv\n"
STARTED = 'CMD ["/venv/bin/gunicorn"]\n'
BY_PATH = "ENV PATH=/venv/bin:$PATH\nCMD gunicorn app:app\n"


@pytest.mark.parametrize(
    ("dockerfile", "line"),
    [
        pytest.param(f"{BUILT}FROM debian:12-slim\n{COPIED}{STARTED}", 4, id="no Python"),
        pytest.param(f"{BUILT}FROM debian:12-slim\n{COPIED}{BY_PATH}", 4, id="by PATH"),
        pytest.param(
            f"{BUILT}FROM debian:12-slim\nRUN apt-get install -y python3\n{COPIED}{STARTED}", 5, id="elsewhere"
        ),
        pytest.param(f"{BUILT}FROM gcr.io/distroless/python3-debian12\n{COPIED}{STARTED}", 4, id="distroless"),
        pytest.param(f"{BUILT}FROM gcr.io/distroless/cc-debian12\n{COPIED}{STARTED}", 4, id="distroless without"),
        pytest.param(f"{MANAGED}FROM python:3.12-slim\n{COPIED}{STARTED}", 4, id="managed"),
        pytest.param(f"{BUILT}FROM python:3.12-slim-bookworm\n{COPIED}{STARTED}", None, id="the same"),
        pytest.param(f"{BUILT}FROM python:3.12\n{COPIED}{STARTED}", None, id="the full image"),
        pytest.param(f"{BUILT}FROM example.org/own:1\n{COPIED}{STARTED}", None, id="unknown image"),
        pytest.param(f"{BUILT}FROM debian:12-slim\n{COPIED}", None, id="not started"),
        pytest.param(f'{BUILT}FROM debian:12-slim\n{COPIED}CMD ["/app/run"]\n', None, id="another program"),
        pytest.param(
            f"{BUILT}FROM gcr.io/distroless/python3-debian12\n{COPIED}ENV PYTHONPATH=/venv/lib/x\n{STARTED}",
            None,
            id="read by PYTHONPATH",
        ),
        pytest.param(
            f"{BUILT}FROM debian:12-slim\nCOPY --from=build /usr/local /usr/local\n{COPIED}{STARTED}",
            None,
            id="copied too",
        ),
        pytest.param(
            f"{MANAGED}FROM debian:12-slim\nCOPY --from=build /root/.local /root/.local\n{COPIED}{STARTED}",
            None,
            id="managed, copied too",
        ),
        pytest.param(
            f"{BUILT}FROM debian:12-slim\nRUN ./install-python.sh\n{COPIED}{STARTED}", None, id="unknown command"
        ),
        pytest.param(f"{BUILT}FROM python:3.13-slim\n{COPIED}{STARTED}", 4, id="another version"),
        pytest.param(
            "FROM debian:12-slim\nCOPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/\nENV UV_PYTHON_INSTALL_DIR=/python\n"
            f"RUN uv venv --python 3.12 /venv\n{STARTED}",
            None,
            id="managed in one stage",
        ),
    ],
)
def test_environment(tmp_path: Path, dockerfile: str, line: int | None) -> None:
    (tmp_path / "Dockerfile").write_text(dockerfile)
    result = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1))
    found = [each for each in result.reported if each.rule == "venv-interpreter-missing"]
    assert [each.location.span.start.line for each in found] == ([] if line is None else [line])
    assert [each.location.span.start.column for each in found] == ([] if line is None else [19])


def test_environment_of_the_context(tmp_path: Path) -> None:
    """One that was made on the host leads to the host's Python."""
    bin_directory = tmp_path / "venv" / "bin"
    bin_directory.mkdir(parents=True)
    (tmp_path / "venv" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (bin_directory / "python").symlink_to("/usr/bin/python3.11")
    (tmp_path / "Dockerfile").write_text(f"FROM python:3.12-slim-bookworm\nCOPY venv /venv\n{STARTED}")
    result = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1))
    found = [each for each in result.reported if each.rule == "venv-interpreter-missing"]
    assert [each.message for each in found] == [
        "/venv/bin/python leads to /usr/bin/python3.11, which python:3.12-slim-bookworm does not have; "
        "the stage starts /venv/bin/gunicorn of this environment"
    ]
