"""The public API: what `import depscan` gives, and that asking for it costs nothing before."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ELF = Path(__file__).parent.parent / "fixtures" / "elf"


def test_scan_twice_from_the_package(tmp_path: Path) -> None:
    import depscan

    shutil.copy(ELF / "hello-glibc-dynamic", tmp_path / "hello")
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\nCOPY hello /hello\n")
    for _ in range(2):
        result = depscan.scan([tmp_path / "Dockerfile"], depscan.Config(cache=False))
        assert isinstance(result, depscan.ScanResult)
        assert [finding.rule for finding in result.scans[0].findings] == ["glibc-exec-on-musl"]
        assert result.exit_code == 1


def test_unknown_names_are_told() -> None:
    import depscan

    with pytest.raises(AttributeError, match="has no attribute 'scna'"):
        depscan.scna  # noqa: B018


def test_importing_the_package_imports_no_room() -> None:
    code = "import sys, depscan; print([name for name in sys.modules if name.startswith('depscan.')])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "['depscan.version']\n"
    )
