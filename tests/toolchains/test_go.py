"""What `go build` and `go install` are predicted to make."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.platforms import parse_platform
from depscan.scan import scan
from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path

NOTHING = (None, None, None)
NET = {"go.mod": "module example.org/shop/api\n", "cmd/api/main.go": 'package main\nimport "net/http"\n'}
PURE = {"go.mod": "module example.org/shop/api\n", "main.go": 'package main\nimport "fmt"\n'}
C = {"go.mod": "module example.org/shop/api\n", "main.go": 'package main\n// int x;\nimport "C"\n'}
SQLITE = {"go.mod": "module example.org/api\nrequire (\n\tgithub.com/mattn/go-sqlite3 v1.14.22\n)\n"}
INDIRECT = {"go.mod": "module example.org/api\nrequire (\n\tgithub.com/mattn/go-sqlite3 v1.14.22 // indirect\n)\n"}


@pytest.mark.parametrize(
    ("base", "command", "files", "expected"),
    [
        pytest.param(
            "golang:1.24-bookworm", "go build -o /app ./cmd/api", NET, ("dynamic", "glibc", "likely"), id="net"
        ),
        pytest.param("golang:1.24-bookworm", "go build -o /app .", C, ("dynamic", "glibc", "likely"), id="cgo source"),
        pytest.param(
            "golang:1.24-bookworm", "go build -o /app .", SQLITE, ("dynamic", "glibc", "possible"), id="go.mod alone"
        ),
        pytest.param(
            "golang:1.24-bookworm",
            "go build -o /app .",
            SQLITE | {"main.go": 'package main\nimport _ "github.com/mattn/go-sqlite3"\n'},
            ("dynamic", "glibc", "likely"),
            id="a module that is C",
        ),
        pytest.param(
            "golang:1.24-bookworm", "go build -o /app .", INDIRECT, ("dynamic", "glibc", "possible"), id="indirect"
        ),
        pytest.param(
            "golang:1.24-bookworm", "go build -o /app .", {}, ("dynamic", "glibc", "possible"), id="no sources"
        ),
        pytest.param("golang:1.24-bookworm", "go build -o /app .", PURE, ("static", "none", "likely"), id="pure"),
        pytest.param("golang:1.24", "CGO_ENABLED=0 go build -o /app .", NET, ("static", "none", "likely"), id="prefix"),
        pytest.param(
            "golang:1.24", "export CGO_ENABLED=0; go build -o /app .", NET, ("static", "none", "likely"), id="export"
        ),
        pytest.param(
            "golang:1.24", "env CGO_ENABLED=0 go build -o /app .", NET, ("static", "none", "likely"), id="env"
        ),
        pytest.param("golang:1.24", "GOARCH=arm64 go build -o /app .", NET, ("static", "none", "likely"), id="cross"),
        pytest.param(
            "golang:1.24",
            "GOARCH=arm64 CC=aarch64-linux-gnu-gcc go build -o /app .",
            {},
            ("static", "none", "likely"),
            id="a compiler does not turn cgo on",
        ),
        pytest.param(
            "golang:1.24",
            "CGO_ENABLED=1 GOARCH=arm64 CC=aarch64-linux-gnu-gcc go build -o /app .",
            {},
            ("dynamic", "glibc", "likely"),
            id="cross, cgo",
        ),
        pytest.param(
            "golang:1.24",
            "CGO_ENABLED=1 CC=musl-gcc go build -o /app .",
            {},
            ("dynamic", "musl", "likely"),
            id="musl-gcc",
        ),
        pytest.param("golang:1.24-alpine", "go build -o /app .", NET, ("static", "none", "likely"), id="no compiler"),
        pytest.param(
            "golang:1.24-alpine",
            "apk add gcc musl-dev && go build -o /app ./cmd/api",
            NET,
            ("dynamic", "musl", "likely"),
            id="musl",
        ),
        pytest.param(
            "golang:1.24",
            "go build -ldflags '-linkmode external -extldflags \"-static\"' -o /app .",
            C,
            ("static", "none", "likely"),
            id="extldflags",
        ),
        pytest.param(
            "golang:1.24",
            'go build -ldflags="-s -w -extldflags=-static" -o /app .',
            C,
            ("static", "none", "likely"),
            id="=",
        ),
        pytest.param(
            "golang:1.24", "go build -tags netgo,osusergo -o /app .", NET, ("static", "none", "likely"), id="tags"
        ),
        pytest.param(
            "golang:1.24",
            "go build -tags 'netgo osusergo' -o /app .",
            C,
            ("dynamic", "glibc", "likely"),
            id="tags and C",
        ),
        pytest.param(
            "golang:1.24",
            'CGO_ENABLED=1 go build -ldflags "$EXTRA" -o /app .',
            NET,
            ("dynamic", "glibc", "possible"),
            id="unknown flags",
        ),
        pytest.param(
            "golang:1.24-bookworm",
            "go install example.org/x/app@v1.2.0 && mv /go/bin/app /app",
            SQLITE,
            ("dynamic", "glibc", "possible"),
            id="a version of another module: this go.mod is not read",
        ),
        pytest.param(
            "golang:1.24-bookworm",
            "go install example.org/x/app@$EXTRA && mv /go/bin/app /app",
            SQLITE,
            ("dynamic", "glibc", "possible"),
            id="a version that is not known",
        ),
        pytest.param(
            "golang:1.24-bookworm",
            "go build -o /app example.org/shop/api/cmd/api",
            NET,
            ("dynamic", "glibc", "likely"),
            id="a package of the module by its import path",
        ),
        pytest.param("golang:1.24", ". /env && go build -o /app .", NET, NOTHING, id="variables from a file"),
        pytest.param(
            "golang:1.24",
            "export GOOS=linux GOARCH=amd64; . ./env.sh; go build -o /app .",
            C,
            NOTHING,
            id="variables from a file, which may set them anew",
        ),
        pytest.param(
            "golang:1.24",
            '. "$HOME/.cargo/env"; . /opt/venv/bin/activate; go build -o /app .',
            C,
            ("dynamic", "glibc", "likely"),
            id="files that set PATH",
        ),
        pytest.param(
            "golang:1.24", "(. /env); go build -o /app .", C, ("dynamic", "glibc", "likely"), id="in another shell"
        ),
        pytest.param("golang:1.24", "GOOS=windows go build -o /app .", NET, NOTHING, id="another system"),
        pytest.param("golang:1.24", "go build -buildmode=c-shared -o /app .", NET, NOTHING, id="a library"),
        pytest.param("golang:1.24", "go vet -o /app .", NET, NOTHING, id="another verb"),
        pytest.param("golang:1.24", "if [ x = y ]; then go build -o /app .; fi", NET, NOTHING, id="conditional"),
    ],
)
def test_linkage(
    tmp_path: Path,
    base: str,
    command: str,
    files: dict[str, str],
    expected: tuple[str | None, str | None, str | None],
) -> None:
    text = f"FROM {base}\nARG EXTRA\nWORKDIR /src\nCOPY . .\nRUN {command}\n"
    found = predict(tmp_path, text, files).get("/app")
    got = (found.facts.linkage, found.facts.libc, found.confidence) if found else NOTHING
    assert got == expected


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("go build ./cmd/api", ["/src/api"]),
        ("go build", ["/src/shop"]),
        ("go build -o bin/ ./cmd/api ./cmd/worker", ["/src/bin/api", "/src/bin/worker"]),
        ("go build -o=/usr/bin/tool main.go", ["/usr/bin/tool"]),
        ("cd cmd && go build -o ../tool .", ["/src/tool"]),
        ("go install ./cmd/api", ["/go/bin/api"]),
        ("GOBIN=/usr/local/bin go install example.org/x/tool/v2@latest", ["/usr/local/bin/tool"]),
        ("GOARCH=arm64 go install ./cmd/api", ["/go/bin/linux_arm64/api"]),
        ("go build -o /x/api . && mv /x/api /usr/bin/api", ["/usr/bin/api"]),
        ("go build -o /x/api . && install -m 755 /x/api /opt/api", ["/opt/api", "/x/api"]),
        ("mkdir -p /out && go build -o /out ./cmd/api", ["/out/api"]),
        ("install -d bin; go build -o bin ./cmd/api", ["/src/bin/api"]),
        ("go build -o /usr/local/bin ./cmd/api", ["/usr/local/bin/api"]),
        ("go build -o .. ./cmd/api", ["/api"]),
        ('go build -o "$OUT" .', []),
        ("go build -o /out/api ./...", ["/out/api"]),  # right while there is one program: else the build ends
        ("go build -o /usr/local/bin ./cmd/api", ["/usr/local/bin/api"]),
        ("mkdir -p bin && go build -o bin ./cmd/api", ["/src/bin/api"]),
        ("go build -o bin ./cmd/api", ["/src/bin"]),
    ],
)
def test_paths(tmp_path: Path, command: str, paths: list[str]) -> None:
    files = {"go.mod": "module example.org/shop/v2\n"}
    text = f"FROM golang:1.24\nARG OUT\nWORKDIR /src\nCOPY go.mod .\nRUN {command}\n"
    assert sorted(predict(tmp_path, text, files)) == paths


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("go build -o /out/ ./cmd/...", ["/out/api", "/out/worker"]),
        ("go build -o /out/ ./...", ["/out/api", "/out/shop", "/out/worker"]),
        ("go install ./cmd/api/...", ["/go/bin/api"]),
        ("cd cmd && go install ./...", ["/go/bin/api", "/go/bin/worker"]),
        ("go build ./...", []),
        ("go build -o /out/ example.org/other/...", []),
    ],
)
def test_all_programs_below_a_directory(tmp_path: Path, command: str, paths: list[str]) -> None:
    main = "package main\n\nfunc main() {}\n"
    files = {
        "go.mod": "module example.org/shop\n",
        "main.go": main,
        "cmd/api/main.go": f"// The API.\n{main}",
        "cmd/worker/v2/main.go": main,
        "cmd/lib/lib.go": "package lib\n",
        "cmd/lib/gen.go": f"//go:build ignore\n\n{main}",
        "cmd/lib/main_test.go": main,
        "cmd/testdata/x/main.go": main,
        "cmd/_old/main.go": main,
    }
    last = 'FROM debian:13\nCOPY --from=b /out/ /go/bin/ /app/\nCMD ["/app/x"]\n'
    text = f"FROM golang:1.24 AS b\nWORKDIR /src\nCOPY . .\nRUN {command}\n"
    assert sorted(predict(tmp_path, text, files)) == paths
    assert len(predict(tmp_path, text + last, files)) == len(paths) + ("other" in command)


MODULE = {"go.mod": "module example.org/shop\nrequire example.com/dep v1.0.0\n"}


@pytest.mark.parametrize(
    ("command", "files", "expected"),
    [
        pytest.param(
            "go build -o /app ./cmd/tool",
            {
                "cmd/api/main.go": 'package main\nimport "net/http"\n',
                "cmd/tool/main.go": 'package main\nimport "fmt"\n',
            },
            ("static", "likely"),
            id="another program of the module uses net",
        ),
        pytest.param(
            "go build -o /app .",
            {
                "main.go": 'package main\nimport (\n\t"fmt"\n\tw "example.org/shop/web"\n)\n',
                "web/web.go": 'package web\nimport "net/http"\n',
            },
            ("dynamic", "likely"),
            id="through a package of the module",
        ),
        pytest.param(
            "go build -o /app .",
            {
                "main.go": 'package main\nimport "example.com/dep"\n',
                "vendor/example.com/dep/d.go": 'package dep\nimport "C"\n',
            },
            ("dynamic", "likely"),
            id="through the vendor folder",
        ),
        pytest.param(
            "go build -o /app .",
            {"main.go": 'package main\nimport "example.com/dep"\n'},
            ("dynamic", "possible"),
            id="a dependency that is not at hand",
        ),
        pytest.param(
            "go build -o /app .",
            {
                "main.go": "package main\n",
                "net_windows.go": 'package main\nimport "net"\n',
                "x_test.go": 'package main\nimport "net"\n',
            },
            ("static", "likely"),
            id="other systems and tests",
        ),
        pytest.param(
            "go build -o /app .",
            {"main.go": "package main\n", "c.go": '//go:build cgo\n\npackage main\nimport "C"\n'},
            ("dynamic", "likely"),
            id="a file under a constraint",
        ),
        pytest.param("go env -w CGO_ENABLED=0 && go build -o /app .", {}, ("static", "likely"), id="go env -w"),
        pytest.param(
            "go build -C cmd/api -o ../../../app .",
            {"cmd/api/main.go": 'package main\nimport "net"\n'},
            ("dynamic", "likely"),
            id="-C",
        ),
    ],
)
def test_what_the_program_reaches(
    tmp_path: Path, command: str, files: dict[str, str], expected: tuple[str, str]
) -> None:
    text = f"FROM golang:1.24\nWORKDIR /src\nCOPY . .\nRUN {command}\n"
    found = predict(tmp_path, text, MODULE | files)["/app"]
    assert (found.facts.linkage, found.confidence) == expected


def test_names_that_only_a_copy_tells(tmp_path: Path) -> None:
    text = "FROM golang:1.24 AS b\nRUN go build -o /out/ ./...\nFROM alpine\nCOPY --from=b /out/api /usr/bin/\n"
    assert list(predict(tmp_path, text)) == ["/usr/bin/api"]


def test_names_that_only_the_start_command_tells(tmp_path: Path) -> None:
    text = (
        'FROM golang:1.24 AS b\nRUN go build -o /out/ ./...\nFROM alpine\nCOPY --from=b /out /app\nCMD ["/app/api"]\n'
    )
    assert list(predict(tmp_path, text)) == ["/app/api"]


def test_assets_beside_programs_are_no_programs(tmp_path: Path) -> None:
    text = "FROM golang:1.24 AS b\nRUN go build -o /out/ ./...\nFROM alpine\nCOPY --from=b /out/app.css /usr/bin/\n"
    assert predict(tmp_path, text) == {}


def test_a_cross_build_has_the_machine_it_names(tmp_path: Path) -> None:
    text = "FROM golang:1.24\nARG TARGETARCH\nRUN CGO_ENABLED=0 GOARCH=$TARGETARCH go build -o /app .\n"
    (found,) = predict(tmp_path, text, platforms=(parse_platform("linux/arm64"),)).values()
    assert found.facts.machine == "aarch64"


def test_needs_what_glibc_merged_in_2_34(tmp_path: Path) -> None:
    needs = {}
    for release in ("bullseye", "bookworm"):
        text = f"FROM golang:1.20-{release}\nRUN CGO_ENABLED=1 go build -o /app .\n"
        (found,) = predict(tmp_path, text).values()
        needs[release] = [need.name for need in found.facts.version_needs.get("libc.so.6", ())]
    assert needs == {"bullseye": [], "bookworm": ["GLIBC_2.34"]}


XX = "FROM --platform=$BUILDPLATFORM golang:1.24-alpine AS build\n"


@pytest.mark.parametrize(
    ("lines", "machine"),
    [
        ("ARG TARGETPLATFORM\nRUN xx-go build -o /app .", "aarch64"),
        ("ARG TARGETOS TARGETARCH\nRUN xx-go build -o /app .", "aarch64"),
        ("ARG TARGETARCH\nRUN xx-go build -o /app .", "aarch64"),
        ("RUN TARGETPAIR=linux-armv7 xx-go build -o /app .", "arm"),
        ("RUN TARGETPLATFORM=linux/s390x xx-go build -o /app .", "s390x"),
        ("ARG TARGETPLATFORM\nRUN TARGETPAIR=linux-s390x xx-go build -o /app .", "aarch64"),
        ("RUN xx-go build -o /app .", "x86_64"),
        ("ARG TARGETPLATFORM\nRUN go build -o /app .", "x86_64"),
        ("ARG TARGETPLATFORM\nRUN xx-go --wrap && go build -o /app .", "aarch64"),
        ("ARG TARGETPLATFORM\nRUN xx-go --wrap\nRUN xx-go --unwrap && go build -o /app .", "x86_64"),
        ("ARG TARGETPLATFORM\nRUN TARGETPLATFORM=$(cat x) xx-go build -o /app .", None),
        ("RUN TARGETPLATFORM=windows/amd64 xx-go build -o /app .", None),
        ("RUN TARGETPLATFORM=$(cat x) xx-go --wrap && go build -o /app .", None),
    ],
)
def test_xx_builds_for_the_platform_of_the_image(tmp_path: Path, lines: str, machine: str | None) -> None:
    """src/xx-info and src/xx-go of tonistiigi/xx."""
    text = f"{XX}WORKDIR /src\nCOPY . .\nENV CGO_ENABLED=0\n{lines}\nFROM scratch\nCOPY --from=build /app /app\n"
    (tmp_path / "go.mod").write_text("module example.org/x\n")
    (tmp_path / "Dockerfile").write_text(text)
    platforms = (parse_platform("linux/amd64"), parse_platform("linux/arm64"))
    scans = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1, platforms=platforms)).scans
    found = [each.artifact.facts.machine for each in scans[1].placements if each.filesystem.stage.index == 1]
    assert found == ([machine] if machine else [])


REACHED = [
    # files, command, linkage, confidence, whether it may need more
    ({"main.go": 'package main\nimport _ "github.com/mattn/go-sqlite3"\n'}, "go build", "dynamic", "likely", False),
    ({"main.go": 'package main\nimport _ "github.com/pebbe/zmq4"\n'}, "go build", "dynamic", "likely", True),
    ({"main.go": 'package main\nimport _ "modernc.org/sqlite"\n'}, "go build", "dynamic", "possible", False),
    ({"x_test.go": 'package main\nimport _ "github.com/mattn/go-sqlite3"\n'}, "go build", "static", "likely", False),
    (
        {"a.go": '//go:build sqlite && !(arm64 || windows)\n\npackage main\nimport "C"\n'},
        "go build",
        "static",
        "likely",
        False,
    ),
    ({"a.go": '// +build sqlite\n\npackage main\nimport "C"\n'}, "go build -tags sqlite", "dynamic", "likely", False),
    (
        {"a.go": '// +build sqlite\n\npackage main\nimport "C"\n'},
        "GOFLAGS=-tags=sqlite go build",
        "dynamic",
        "likely",
        False,
    ),
    ({"a.go": '//go:build !cgo\n\npackage main\nimport "net"\n'}, "go build", "static", "likely", False),
    ({"a_arm64.go": 'package main\nimport "net"\n'}, "go build", "static", "likely", False),
    (
        {"a.go": 'package main\nimport "net"\n'},
        "go build -ldflags '-extldflags \"-static\"'",
        "dynamic",
        "likely",
        False,
    ),
    (
        {"a.go": 'package main\nimport "net"\n'},
        "go build -ldflags '-linkmode external -extldflags -static'",
        "static",
        "likely",
        False,
    ),
    ({}, "go build -ldflags '-linkmode external'", "dynamic", "likely", False),
    ({}, "CGO_ENABLED=1 go build -race", "dynamic", "likely", False),
    (
        {
            "a.go": 'package main\nimport "example.com/x"\n',
            "../x/go.mod": "module example.com/x\n",
            "../x/x.go": 'package x\nimport "os/user"\n',
            "go.mod": "module example.org/a\nreplace example.com/x => ../x\n",
        },
        "go build",
        "dynamic",
        "likely",
        False,
    ),
    ({"a.go": 'package main\nimport "example.org/a/gone"\n'}, "go build", "dynamic", "possible", False),
]


@pytest.mark.parametrize("case", REACHED)
def test_evidence_is_what_the_program_imports(tmp_path: Path, case: tuple[dict[str, str], str, str, str, bool]) -> None:
    files, command, *expected = case
    text = f"FROM golang:1.24\nWORKDIR /w/src\nCOPY . /w\nRUN {command.replace('go build', 'go build -o /app', 1)} .\n"
    given = {"go.mod": "module example.org/a\n", "base.go": "package main\n"} | files
    paths = {path[3:] if path.startswith("../") else f"src/{path}": each for path, each in given.items()}
    found = predict(tmp_path, text, paths)["/app"]
    assert found.prediction is not None
    assert [found.facts.linkage, found.confidence, found.prediction.product.open] == expected


def test_purego_counts_where_it_is_imported(tmp_path: Path) -> None:
    module = "module example.org/a\nrequire github.com/ebitengine/purego v0.8.0\n"
    text = "FROM golang:1.24\nWORKDIR /src\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /app .\n"
    used = {"go.mod": module, "main.go": 'package main\nimport "github.com/ebitengine/purego"\n'}
    assert predict(tmp_path, text, used)["/app"].facts.linkage == "dynamic"
    assert predict(tmp_path, text, used | {"main.go": "package main\n"})["/app"].facts.linkage == "static"


@pytest.mark.parametrize("command", ["go install std", "go install cmd/...", "go install net/http", "go install ./lib"])
def test_what_makes_no_program(tmp_path: Path, command: str) -> None:
    files = {"go.mod": "module example.org/a\n", "lib/lib.go": "package lib\n"}
    assert predict(tmp_path, f"FROM golang:1.24\nWORKDIR /src\nCOPY . .\nRUN {command}\n", files) == {}


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 300_000,
        "/*" * 200_000,
        "package a\nimport (\n" + '"x";' * 200_000,
        "//go:build " + "(" * 100_000 + "\npackage a\n",
        "//go:build " + "!" * 100_000 + "a\npackage a\n",
        "package a\n" + "// #cgo LDFLAGS: -lx\n" * 40_000 + 'import "C"\n',
        "package a\nimport `" * 9_000,
    ],
)
def test_hostile_sources_end(tmp_path: Path, text: str) -> None:
    before = time.process_time()
    predict(
        tmp_path,
        "FROM golang:1.24\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\n",
        {"go.mod": "module a\n", "a.go": text},
    )
    assert time.process_time() - before < 5
