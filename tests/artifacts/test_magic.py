from __future__ import annotations

import tarfile

import pytest

from depscan.artifacts.magic import classify
from tests.artifacts.samples import ELF, NAMES


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"#!/bin/sh\n", "script"),
        (b"#! /usr/bin/env python3\r\n", "script"),
        (b"MZ\x90\x00", "pe"),
        (b"\xcf\xfa\xed\xfe\x0c\x00\x00\x01", "mach-o"),
        (b"\xca\xfe\xba\xbe\x00\x00\x00\x02", "mach-o"),
        (b"\xca\xfe\xba\xbe\x00\x00\x00\x3d", "java-class"),
        (b"!<arch>\n", "archive-ar"),
        (b"PK\x03\x04\x14\x00", "zip"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"\x28\xb5\x2f\xfd\x24", "zstd"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"BZh91AY", "bzip2"),
        (tarfile.TarInfo("name.txt").tobuf(), "tar"),
        (tarfile.TarInfo("name.txt").tobuf(tarfile.GNU_FORMAT), "tar"),
        (tarfile.TarInfo("\u00e9").tobuf()[:300], None),
        (b"// ".ljust(257, b"-") + b"ustar = require('tar')".ljust(300), None),
        (b"\x00asm\x01\x00\x00\x00", "wasm"),
        (b"\x7fEL", None),
        (b" #!/bin/sh", None),
        (b"hello", None),
        (b"", None),
    ],
)
def test_classify(head: bytes, kind: str | None) -> None:
    assert classify(head) == kind


@pytest.mark.parametrize("name", NAMES)
def test_every_committed_binary_is_elf(name: str) -> None:
    assert classify((ELF / name).read_bytes()[:4]) == "elf"
