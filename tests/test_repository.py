"""What reports call a file: the same name from wherever the run was started."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from depscan.config import Config
from depscan.reports import FORMATS
from depscan.scan import scan

ELF = Path(__file__).parents[1] / "fixtures" / "elf"
SETTINGS = Config(cache=False, jobs=1)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / ".git").mkdir(parents=True)
    (root / "services" / "api").mkdir(parents=True)
    shutil.copy(ELF / "hello-glibc-dynamic", root / "services" / "api" / "hello")
    (root / "services" / "api" / "Dockerfile").write_text('FROM alpine:3.20\nCOPY hello /hello\nCMD ["/hello"]\n')
    return root


@pytest.mark.parametrize(
    ("here", "typed"),
    [
        (".", "services/api/Dockerfile"),
        ("services", "api/Dockerfile"),
        ("services/api", "Dockerfile"),
        ("services/api", "../api/./Dockerfile"),
        ("..", "repository/services/api/Dockerfile"),
        ("/", "{root}/services/api/Dockerfile"),
        ("services", "api"),
        (".", "."),
    ],
)
def test_names_and_fingerprints_do_not_depend_on_what_was_typed(
    repository: Path, monkeypatch: pytest.MonkeyPatch, here: str, typed: str
) -> None:
    monkeypatch.chdir(repository)
    (expected,) = scan(["services/api/Dockerfile"], SETTINGS).reported
    monkeypatch.chdir(repository / here)
    result = scan([typed.format(root=repository)], SETTINGS)
    (document,) = json.loads(FORMATS["json"](result))["scans"]
    (finding,) = document["findings"]
    assert (document["dockerfile"], document["context"]) == ("services/api/Dockerfile", "services/api")
    assert finding["location"]["path"] == "services/api/Dockerfile"
    assert finding["fingerprint"] == expected.fingerprint
    concise = FORMATS["concise"](result)
    assert concise.startswith("services/api/Dockerfile:2:6: error glibc-exec-on-musl ")


def test_a_repository_inside_another_is_its_own(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "services" / ".git").write_text("gitdir: ../.git/modules/services\n")
    monkeypatch.chdir(repository)
    (found,) = scan(["services/api/Dockerfile"], SETTINGS).scans
    assert found.source.path == "api/Dockerfile"


def test_outside_of_a_repository_the_working_directory_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    monkeypatch.chdir(tmp_path)
    (found,) = scan([tmp_path / "Dockerfile"], SETTINGS).scans
    assert (found.source.path, found.context) == ("Dockerfile", ".")
