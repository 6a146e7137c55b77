"""Programs that automake's manifests name, where make builds and installs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "configure.ac": "AC_INIT([tool], [1.0])\nAM_INIT_AUTOMAKE\n",
    "configure": "#! /bin/sh\n",
    "Makefile.am": "SUBDIRS = src\n",
    "src/Makefile.am": (
        "bin_PROGRAMS = tool \\\n  tool-show\nsbin_PROGRAMS = toold\nnoinst_PROGRAMS = probe\n"
        "if WITH_EXTRA\nbin_PROGRAMS += extra\nendif\ntool_SOURCES = main.cc util.c\ntoold_SOURCES = d.c\n"
    ),
}
INSTALLED = {"bin/tool", "bin/tool-show", "sbin/toold"}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param("./configure && make install", {f"/usr/local/{each}" for each in INSTALLED}, id="by default"),
        pytest.param("./configure --prefix=/opt && make -j4 install", {f"/opt/{each}" for each in INSTALLED}, id="="),
        pytest.param("./configure --prefix /o && make install", {f"/o/{each}" for each in INSTALLED}, id="two words"),
        pytest.param(
            "./configure --prefix=/usr --disable-shared && make install DESTDIR=/out",
            {f"/out/usr/{each}" for each in INSTALLED},
            id="DESTDIR",
        ),
        pytest.param(
            "./configure --prefix=/usr --bindir=/b --sbindir=/s && DESTDIR=/out make install",
            {"/out/b/tool", "/out/b/tool-show", "/out/s/toold"},
            id="directories",
        ),
        pytest.param(
            "./configure && make",
            {"/src/src/tool", "/src/src/tool-show", "/src/src/toold", "/src/src/probe"},
            id="where the build leaves them",
        ),
        pytest.param(
            "mkdir b && cd b && ../configure --prefix=/o && make && cd .. && make -C b install",
            {f"/o/{each}" for each in INSTALLED}
            | {f"/src/b/src/{each}" for each in ("tool", "tool-show", "toold", "probe")},
            id="another directory",
        ),
        pytest.param("./configure --host=aarch64-linux-gnu && make install", set(), id="another machine"),
        pytest.param("./configure --prefix=$OUT && make install", set(), id="an unknown directory"),
        pytest.param("./configure $FLAGS && make install", set(), id="unknown words"),
        pytest.param("./configure --enable-static-link && make install", set(), id="a switch of its own"),
        pytest.param("./configure CC=musl-gcc && make install", set(), id="another compiler"),
        pytest.param("./configure --program-prefix=g && make install", set(), id="other names"),
        pytest.param("make install", set(), id="not configured"),
        pytest.param("./configure && make check", set(), id="another goal"),
        pytest.param("test -x a || ./configure && make install", set(), id="perhaps"),
    ],
)
def test_programs(command: str, expected: set[str], tmp_path: Path) -> None:
    found = predict(tmp_path, f"FROM gcc:13\nWORKDIR /src\nCOPY . .\nRUN {command}\n", FILES)
    assert set(found) == expected
    assert {artifact.facts.libc for artifact in found.values()} <= {"glibc"}
    assert {artifact.confidence.value for artifact in found.values()} <= {"likely"}


@pytest.mark.parametrize(
    ("command", "libc"),
    [
        pytest.param("./configure LDFLAGS=-static && make install", "none", id="told to configure"),
        pytest.param("LDFLAGS=-static ./configure && make install", "none", id="in the environment"),
        pytest.param("./configure && make LDFLAGS=-all-static && make install", "none", id="told to make"),
        pytest.param("./configure CFLAGS='-O2 -g' && make install", "glibc", id="other flags"),
    ],
)
def test_static(command: str, libc: str, tmp_path: Path) -> None:
    found = predict(tmp_path, f"FROM gcc:13\nWORKDIR /src\nCOPY . .\nRUN {command}\n", FILES)
    assert found["/usr/local/bin/tool"].facts.libc == libc


def test_the_language_is_that_of_the_sources(tmp_path: Path) -> None:
    found = predict(tmp_path, "FROM gcc:13\nWORKDIR /src\nCOPY . .\nRUN ./configure && make install\n", FILES)
    assert "libstdc++.so.6" in found["/usr/local/bin/tool"].facts.needed
    assert "libstdc++.so.6" not in found["/usr/local/sbin/toold"].facts.needed


def test_libtool_leaves_scripts_in_the_build_directory(tmp_path: Path) -> None:
    files = {**FILES, "configure.ac": "AC_INIT([tool], [1.0])\nLT_INIT\n"}
    text = "FROM gcc:13\nWORKDIR /src\nCOPY . .\nRUN ./configure && make"
    assert predict(tmp_path, f"{text}\n", files) == {}
    assert set(predict(tmp_path, f"{text} install\n", files)) == {f"/usr/local/{each}" for each in INSTALLED}


def test_a_manifest_that_says_static_tells_nothing(tmp_path: Path) -> None:
    files = {**FILES, "src/Makefile.am": f"{FILES['src/Makefile.am']}tool_LDFLAGS = -static\n"}
    assert predict(tmp_path, "FROM gcc:13\nWORKDIR /src\nCOPY . .\nRUN ./configure && make install\n", files) == {}


FETCH = "curl -L https://example.org/tool-1.0.tar.gz | tar xz && cd tool-1.0"


@pytest.mark.parametrize(
    ("base", "command", "path", "expected"),
    [
        ("debian:12", "./configure --prefix=/opt/tool && make && make install", "/opt/tool/bin/tool", "possible"),
        ("debian:12", "./configure && make && make install", "/usr/local/bin/tool", "possible"),
        ("debian:12", "./configure && make && make install", "/usr/local/bin/tool.sh", None),
        ("debian:12", "./configure && make && make install", "/usr/local/lib/tool", None),
        ("python:3.12", "./configure && make && make install", "/usr/local/bin/tool", None),
        ("debian:12", "./configure --prefix=/usr && make && make install", "/usr/bin/tool", None),
        ("debian:12", "./configure --prefix=/opt --enable-static && make install", "/opt/bin/tool", None),
        ("debian:12", "./configure --prefix=/opt LDFLAGS=-static && make install", "/opt/bin/tool", None),
    ],
)
def test_downloaded_sources(base: str, command: str, path: str, expected: str | None, tmp_path: Path) -> None:
    text = (
        f"FROM {base} AS build\nWORKDIR /src\nRUN {FETCH} && {command}\nFROM debian:12\nCOPY --from=build {path} /x/\n"
    )
    found = predict(tmp_path, text)
    assert [artifact.confidence.value for artifact in found.values()] == ([expected] if expected else [])
