"""Predictions for autotools and meson beside what those of this machine really build on the same glibc.

Offline. Debian's packages autoconf, automake, meson and g++ are needed; rows without their tool are skipped.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import pytest

from tests.live.building import compare

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="compared on x86_64"),
]

SOURCES = {
    "configure.ac": (
        "AC_INIT([tool], [1.0])\nAM_INIT_AUTOMAKE([foreign subdir-objects])\nAC_PROG_CC\nAC_PROG_CXX\n"
        "AC_CONFIG_FILES([Makefile src/Makefile])\nAC_OUTPUT\n"
    ),
    "Makefile.am": "SUBDIRS = src\n",
    "src/Makefile.am": "bin_PROGRAMS = tool\nsbin_PROGRAMS = toold\ntool_SOURCES = main.cc\ntoold_SOURCES = daemon.c\n",
    "src/daemon.c": '#include <stdio.h>\nint main(void) { return puts("x"); }\n',
    "src/main.cc": "#include <iostream>\nint main() { std::cout << 1; }\n",
    "meson.build": "project('tool', 'c', 'cpp')\nsubdir('src')\n",
    "src/meson.build": (
        "executable('tool', 'main.cc', install: true)\n"
        "executable('toold', 'daemon.c', install: true, install_dir: 'sbin')\n"
    ),
}
PREPARED = "autoreconf -i && mkdir out && cd out && ../configure --prefix=/usr"
ROWS = (
    ("automake", f"{PREPARED} && make", "out/src/tool"),
    ("automake", f"{PREPARED} && make && make install DESTDIR=$PWD/root", "out/root/usr/bin/tool"),
    ("automake", f"{PREPARED} && make && make install DESTDIR=$PWD/root", "out/root/usr/sbin/toold"),
    ("automake", f"{PREPARED} LDFLAGS=-static && make", "out/src/toold"),
    ("meson", "meson setup out && ninja -C out", "out/src/tool"),
    ("meson", "meson setup out --prefix=/usr && DESTDIR=$PWD/root ninja -C out install", "root/usr/sbin/toold"),
    ("meson", "meson setup out && meson install -C out --destdir $PWD/root", "root/usr/local/bin/tool"),
    ("meson", "meson setup out -Dc_link_args=-static && meson compile -C out", "out/src/toold"),
)


@pytest.mark.parametrize(("tool", "command", "path"), ROWS)
def test_prediction_is_what_is_built(tool: str, command: str, path: str, tmp_path: Path) -> None:
    compare(tool, command, path, SOURCES, tmp_path)
