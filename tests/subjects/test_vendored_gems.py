"""vendor/bundle of the build context: told where Bundler looks there, and where what is in it does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from depscan.config import Config
from depscan.scan import scan

ELF = Path(__file__).parents[2] / "fixtures" / "elf"
EXTENSION = "vendor/bundle/ruby/3.3.0/gems/puma-6.4.2/lib/puma/puma_http11.so"


def details(
    tmp_path: Path, base: str, files: dict[str, bytes], *, setting: str = "ENV BUNDLE_PATH=vendor/bundle"
) -> list[str]:
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "Dockerfile").write_text(
        f'FROM {base}\nWORKDIR /app\n{setting}\nCOPY . .\nCMD ["bundle", "exec", "puma"]\n'
    )
    found = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).scans[0].findings
    return [finding.message for finding in found if finding.rule == "host-gems-copied"]


@pytest.mark.parametrize(
    ("base", "file", "said"),
    [
        ("ruby:3.3-alpine", "plugin-fortified.so", "does not load: Error relocating"),
        ("ruby:3.3-slim", "plugin-fortified.so", None),
        ("ruby:3.2-slim", "plugin-fortified.so", "gems are for Ruby 3.3: ruby:3.2-slim finds none of them"),
        ("registry.example/ruby:3.2", "plugin-fortified.so", None),
    ],
)
def test_gems_that_do_not_fit(tmp_path: Path, base: str, file: str, said: str | None) -> None:
    found = details(tmp_path, base, {EXTENSION: (ELF / file).read_bytes(), "config.ru": b""})
    if said is None:
        assert found == []
    else:
        (message,) = found
        assert said in message


@pytest.mark.parametrize("setting", ["ENV X=1", "ENV BUNDLE_PATH=/usr/local/bundle", "ENV BUNDLE_DEPLOYMENT=false"])
def test_gems_that_bundler_does_not_look_for(tmp_path: Path, setting: str) -> None:
    assert details(tmp_path, "ruby:3.2-slim", {EXTENSION: b"\x7fELF", "config.ru": b""}, setting=setting) == []
