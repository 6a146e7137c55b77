"""What all tests share: a cache of their own, the command line in process, and `--update-golden`."""

from __future__ import annotations

import os
from typing import NamedTuple, Protocol

import pytest


class Run(NamedTuple):
    """What a run of the command line came to."""

    code: int
    out: str
    err: str


class RunDepscan(Protocol):
    def __call__(self, *arguments: str) -> Run: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what the golden projects give now")


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads or writes the user's facts cache or kept bases, nor is one steered by the user's variables."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["XDG_DATA_HOME"] = str(tmp_path_factory.mktemp("data"))
    for name in [name for name in os.environ if name.startswith("DEPSCAN_") and not name.startswith("DEPSCAN_LIVE")]:
        del os.environ[name]


@pytest.fixture
def run_depscan(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> RunDepscan:
    """The command line, without a process of its own."""
    from depscan.cli import run as run_command

    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: str) -> Run:
        code = run_command(list(arguments))
        out, err = capfd.readouterr()
        return Run(code, out, err)

    return run
