"""A dynamic linker that was copied in beside the image's own C library: of another release it may start or abort."""

from __future__ import annotations

import shutil
from pathlib import Path

from depscan.config import Config
from depscan.scan import scan

ELF = Path(__file__).parents[2] / "fixtures" / "elf"


def test_a_linker_of_unknown_release_beside_the_images_libc_is_not_known_to_work(tmp_path: Path) -> None:
    shutil.copy(ELF / "hello-glibc-dynamic", tmp_path / "hello")
    shutil.copy(ELF / "libfoo.so.1", tmp_path / "ld.so")
    (tmp_path / "ld.so").chmod(0o755)
    (tmp_path / "Dockerfile").write_text(
        'FROM debian:12\nCOPY ld.so /lib64/ld-linux-x86-64.so.2\nCOPY hello /hello\nCMD ["/hello"]\n'
    )
    (result,) = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).scans
    (hello,) = [each for each in result.placements if each.path == "/hello"]
    assert hello.verdict == "unknown"
    assert any("of two releases of glibc" in reason for reason in hello.link.unknowns), hello.link.unknowns
