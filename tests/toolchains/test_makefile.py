"""Programs that Makefiles and scripts of the context make when RUN starts them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from depscan.toolchains.makefile import Makefile, Surroundings
from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path

MAKEFILE = """\
VERSION := $(shell git describe)
BIN ?= app
OUT = out
ifeq ($(STATIC),1)
export CGO_ENABLED = 0
else
export CGO_ENABLED = 1
endif

.PHONY: all build tool
all: build
build: | $(OUT)
\t@mkdir -p $(OUT) && \\
\t  go build -ldflags "-X main.version=$(VERSION)" -o $(OUT)/$(BIN) ./cmd/$(BIN)
$(OUT):
\tmkdir $@
tool: CGO_ENABLED = 0
tool:
\tgo build -o $(OUT)/$@ ./cmd/$@
sub:
\t$(MAKE) -C inner
bin/%: cmd/%
\tgo build -o $@ ./$<
loop:
\t$(MAKE) loop
"""
FILES = {"Makefile": MAKEFILE, "inner/Makefile": "x:\n\tgcc -o x x.c\n"}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param("make", {"/src/out/app": "glibc"}, id="the first target and its prerequisites"),
        pytest.param("make STATIC=1", {"/src/out/app": "none"}, id="a variable of the command line"),
        pytest.param("STATIC=1 make build", {"/src/out/app": "none"}, id="a variable of the environment"),
        pytest.param("make STATIC=$X", {"/src/out/app": "glibc"}, id="a condition on what is not known"),
        pytest.param("make BIN=web", {"/src/out/web": "glibc"}, id="a name"),
        pytest.param("make tool", {"/src/out/tool": "none"}, id="a variable of the target"),
        pytest.param("make sub", {"/src/inner/x": "glibc"}, id="another make"),
        pytest.param("make bin/web", {"/src/bin/web": "glibc"}, id="a pattern"),
        pytest.param("cd / && make -C src tool", {"/src/out/tool": "none"}, id="-C"),
        pytest.param("make loop", {}, id="a loop ends"),
        pytest.param("make missing", {}, id="no rule"),
        pytest.param("make -f other.mk", {}, id="no Makefile"),
    ],
)
def test_make(command: str, expected: dict[str, str], tmp_path: Path) -> None:
    found = predict(tmp_path, f"FROM golang:1.24\nWORKDIR /src\nCOPY . .\nRUN {command}\n", FILES)
    assert {path: artifact.facts.libc for path, artifact in found.items()} == expected


WORDS = """\
OUTPUT = ./bin/none
DIRS := $(sort $(dir $(wildcard ./cmd/*/)))
NAMES := $(patsubst ./cmd/%/,%,$(DIRS))
MAIN = $(notdir $(firstword $(wildcard cmd/web/*.go cmd/*)))
TARGETS := $(addprefix cmd-,$(filter-out odd,$(NAMES)))
ifneq ($(shell uname),Darwin)
OUT := $(CURDIR)/out
endif
ifeq ($(shell go env GOOS 2>/dev/null)-$(shell uname -m),linux-x86_64)
NATIVE := native
endif
cmd-%: OPTIONS = -o $(OUT)/$(*)
all: $(TARGETS)
$(TARGETS): cmd-%:
\tgo build $(OPTIONS) ./cmd/$(*)
one: OUTPUT = ./bin/one
one: go-build
go-build: prepare
\tCGO_ENABLED=0 go build -o $(OUTPUT) ./cmd/web
prepare:
\tmkdir -p $(dir $(OUTPUT))
flags = -X main.version=$(shell date)
ifeq ($(STATIC),yes)
\tflags += -extldflags "-static"
endif
flags := $(strip $(flags))
linked: $(NAMES:%=obj/%)
\tgo build -ldflags '$(flags)' -o /opt/linked ./cmd/web
obj/%:
\tgo build -o $@ ./cmd/$*
choice:
\tgo build -o $(if $(NATIVE),/opt/$(NATIVE),/opt/other) ./cmd/web
changed:
\tgo build -o /opt/$(MAIN:.go=-tool) ./cmd/web
renamed:
\tgo build -o /opt/$(subst a,b,$(word 2,$(suffix a.x a.yaz))) ./cmd/web
unknown:
\tgo build -o /opt/$(shell date) ./cmd/web
"""


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param("make all", {"/src/out/api": "glibc", "/src/out/web": "glibc"}, id="static pattern and wildcard"),
        pytest.param("make one", {"/src/bin/one": "none"}, id="a target's variable holds for its prerequisites"),
        pytest.param("make go-build", {"/src/bin/none": "none"}, id="and for no other's"),
        pytest.param("make choice", {"/opt/native": "glibc"}, id="what commands print of the machine"),
        pytest.param("GOOS=$X make choice", {}, id="a variable that decides is not known"),
        pytest.param("make changed", {"/opt/main-tool": "glibc"}, id="a substitution reference"),
        pytest.param("make renamed", {"/opt/.ybz": "glibc"}, id="words and parts of words"),
        pytest.param("make unknown", {}, id="a command"),
        pytest.param(
            "make linked STATIC=yes",
            {"/opt/linked": "none", **{f"/src/obj/{name}": "glibc" for name in ("api", "odd", "web")}},
            id="a variable behind a tab, and what is not known of it",
        ),
    ],
)
def test_functions(command: str, expected: dict[str, str], tmp_path: Path) -> None:
    names = ("api", "odd", "web")
    files = {"Makefile": WORDS, "cmd/README": "", **{f"cmd/{name}/main.go": "package main\n" for name in names}}
    text = f"FROM golang:1.24\nARG X\nWORKDIR /src\nCOPY . .\nENV CGO_ENABLED=1\nRUN {command}\n"
    found = predict(tmp_path, text, files)
    assert {path: artifact.facts.libc for path, artifact in found.items()} == expected


SCRIPT = "#!/bin/sh\nset -e\nexport CGO_ENABLED=1\ncd cmd\ngo build -o ../$1 .\n"


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        pytest.param("./build.sh api", ["/src/api"], id="by itself"),
        pytest.param("sh build.sh api", ["/src/api"], id="by a shell"),
        pytest.param("bash -eux ./build.sh api", ["/src/api"], id="by a shell with options"),
        pytest.param("chmod +x build.sh && ./build.sh api", ["/src/api"], id="after another command"),
        pytest.param("./outer.sh", ["/src/api"], id="by another script"),
        pytest.param("./self.sh", [], id="a loop ends"),
        pytest.param("test -f x || ./build.sh api", [], id="perhaps"),
        pytest.param("./build.py", [], id="another language"),
        pytest.param("./missing.sh", [], id="not there"),
    ],
)
def test_script(command: str, paths: list[str], tmp_path: Path) -> None:
    files = {
        "build.sh": SCRIPT,
        "outer.sh": "#!/usr/bin/env bash\n./build.sh api\n",
        "self.sh": "#!/bin/sh\n./self.sh\n./self.sh\n",
        "build.py": "#!/usr/bin/python3\ngo build -o /app .\n",
    }
    found = predict(tmp_path, f"FROM golang:1.24\nWORKDIR /src\nCOPY . .\nRUN {command}\n", files)
    assert list(found) == paths


VARIABLES = """\
local: export CGO_ENABLED = 0
local plain env:
\tgo build -o /$@ .
plain: CGO_ENABLED = 0
env: CGO_ENABLED ?= 0
CGO ?= 0
asked:
\tCGO_ENABLED=$(CGO) go build -o /$@ .
inner:
\t$(MAKE) asked CGO=0
first:
\t$(MAKE) asked
ifeq (a,a)
X = a
else ifeq (b,b)
X = b
else
X = c
endif
named:
\tgo build -o /$(X) .
"""


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("make local", {"/local": "none"}),
        ("make plain", {"/plain": "glibc"}),
        ("CGO_ENABLED=1 make plain", {"/plain": "none"}),
        ("export CGO_ENABLED=1; make plain", {"/plain": "none"}),
        ("CGO_ENABLED=1; make local", {"/local": "none"}),
        ("make CGO_ENABLED=1 local", {"/local": "glibc"}),
        ("make asked", {"/asked": "none"}),
        ("CGO=1 make asked", {"/asked": "glibc"}),
        ("CGO=1 make inner", {"/asked": "none"}),
        ("make first CGO=1", {"/asked": "glibc"}),
        ("make named", {"/a": "glibc"}),
        ("make -n local", {}),
        ("make -j 4 local", {"/local": "none"}),
        ("make -j local", {"/local": "none"}),
    ],
)
def test_variables_that_reach_the_recipes(command: str, expected: dict[str, str], tmp_path: Path) -> None:
    files = {"Makefile": VARIABLES, "go.mod": "module example.org/a\n", "a.go": 'package main\nimport "net"\n'}
    found = predict(tmp_path, f"FROM golang:1.24\nWORKDIR /src\nCOPY . .\nRUN {command}\n", files)
    assert {path: artifact.facts.libc for path, artifact in found.items()} == expected


@pytest.mark.parametrize(
    "text",
    [
        " " * 200_000,
        "\\\n" * 100_000,
        "ifeq (" + "," * 190_000,
        "a" * 200_000,
        "$(" * 100_000,
        "x: " + "a " * 90_000 + "\n\t$@\n",
        "$(a " * 50_000,
        "a:\n\tb\n" * 30_000,
        "A=$(B)$(B)\nB=$(C)$(C)\nC=$(A)\nx:\n\techo $(A)\n",
        "include Makefile\n" * 1000,
        "A := $() ${}\n$():\n\techo ${}\n",
        "A := $(subst a," + "b" * 9_000 + "," + "a" * 9_000 + ")\n" * 1_000,
        "P := " + "a% " * 5_000 + "\nW := " + "ab " * 5_000 + "\n" + "A := $(filter $(P),$(W))\n" * 5_000,
        "A := $(word 99999999999999999999999,a)$(word x,a)$(if )$(patsubst a)\n",
        "A := $(wildcard */*/*/*/*/*/*/*)\n" * 5_000,
        "$(patsubst %,$(patsubst %," * 20_000,
        "A := $(" + "B:" * 5_000 + "=)\n",
    ],
)
def test_hostile_makefiles_end(text: str) -> None:
    names = [f"n{number}" for number in range(100)]
    around = Surroundings("/src", {}, lambda _: names)
    makefile = Makefile({}, {}, lambda _: text[:1000], around)
    before = time.process_time()
    makefile.add(text)
    assert len(list(makefile.recipes([]))) <= 60_000
    assert time.process_time() - before < 5
