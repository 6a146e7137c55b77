"""Programs that meson.build names, where meson and ninja build and install them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = """\
project('tool', 'c', 'cpp', default_options: ['warning_level=2'])
# executable('old', 'old.c', install: true)
main = executable(meson.project_name(), 'main.cc', dependencies: [dependency('threads')],
  install: true)
executable('probe', 'probe.c')
subdir('daemon')
if get_option('extra')
  executable('extra', 'extra.c', install : true)
  subdir('more')
endif
"""
FILES = {
    "meson.build": MANIFEST,
    "daemon/meson.build": "src = files('d.c')\nexecutable('toold', src, install : true, install_dir : 'sbin')\n",
    "more/meson.build": "executable('more', 'more.c', install: true)\n",
}
INSTALLED = {"bin/tool", "sbin/toold"}
BUILT = {"/src/out/tool", "/src/out/probe", "/src/out/daemon/toold"}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param("meson setup out && ninja -C out", BUILT, id="ninja"),
        pytest.param("meson out && cd out && meson compile", BUILT, id="the older way"),
        pytest.param("meson setup out . --buildtype release && meson compile -C out", BUILT, id="compile"),
        pytest.param("mkdir out && cd out && meson setup . .. && ninja", BUILT, id="inside"),
        pytest.param("meson setup out && ninja -C out install", {f"/usr/local/{each}" for each in INSTALLED}, id="in"),
        pytest.param(
            "meson setup out --prefix=/usr && DESTDIR=/d meson install -C out",
            {f"/d/usr/{each}" for each in INSTALLED},
            id="DESTDIR",
        ),
        pytest.param(
            "meson setup out -Dprefix=/o && meson install -C out --destdir /d",
            {f"/d/o/{each}" for each in INSTALLED},
            id="--destdir",
        ),
        pytest.param("meson setup out --cross-file arm.ini && ninja -C out", set(), id="another machine"),
        pytest.param("meson setup out -Dstatic=true && ninja -C out", set(), id="a switch of its own"),
        pytest.param("meson setup out --prefix=$X && ninja -C out install", set(), id="an unknown directory"),
        pytest.param("meson setup $X && ninja -C $X", set(), id="unknown words"),
        pytest.param("meson setup out && ninja -C out probe", set(), id="another goal"),
        pytest.param("ninja -C out", set(), id="not configured"),
        pytest.param("meson setup out && meson test -C out", set(), id="another verb"),
    ],
)
def test_programs(command: str, expected: set[str], tmp_path: Path) -> None:
    found = predict(tmp_path, f"FROM gcc:13\nWORKDIR /src\nCOPY . .\nRUN {command}\n", FILES)
    assert set(found) == expected
    assert {artifact.facts.libc for artifact in found.values()} <= {"glibc"}


@pytest.mark.parametrize(
    ("command", "libc"),
    [
        ("meson setup out -Dc_link_args=-static -Dcpp_link_args=-static", "none"),
        ("LDFLAGS=-static meson setup out", "none"),
        ("meson setup out --default-library=static -Dprefer_static=true", "glibc"),
    ],
)
def test_static(command: str, libc: str, tmp_path: Path) -> None:
    found = predict(tmp_path, f"FROM gcc:13\nWORKDIR /src\nCOPY . .\nRUN {command} && ninja -C out\n", FILES)
    assert found["/src/out/tool"].facts.libc == libc


def test_the_language_is_that_of_the_sources(tmp_path: Path) -> None:
    found = predict(tmp_path, "FROM gcc:13\nWORKDIR /src\nCOPY . .\nRUN meson setup out && ninja -C out\n", FILES)
    assert "libstdc++.so.6" in found["/src/out/tool"].facts.needed
    assert "libstdc++.so.6" not in found["/src/out/daemon/toold"].facts.needed


def test_downloaded_sources_install_programs_of_any_name(tmp_path: Path) -> None:
    text = (
        "FROM debian:12 AS build\nWORKDIR /src\nRUN git clone https://example.org/tool.git && cd tool"
        " && meson setup out --prefix=/opt && ninja -C out install\n"
        "FROM debian:12\nCOPY --from=build /opt/bin/tool /x/\n"
    )
    (found,) = predict(tmp_path, text).values()
    assert (found.facts.libc, found.confidence.value) == ("glibc", "possible")
