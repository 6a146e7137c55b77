"""What Erlang and Elixir releases carry, and what Haskell, Crystal, Nim and Swift build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from depscan.platforms import Platform
from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "mix.exs": 'def project do\n[app: :shop, version: "1.0.0"]\nend\n',
    "rebar.config": '{relx, [{release, {api, "1.0"}, [api]}]}.\n{profiles, [{prod, [{relx, [{mode, prod}]}]}]}.\n',
    "shard.yml": "name: x\ntargets:\n  web:\n    main: src/web.cr\n  worker:\n    main: w.cr\nlicense: MIT\n",
    "tool.nimble": 'version = "1.0"\nbin = @["tool", "extra"]\nbinDir = "out"\n',
    "package.yaml": "name: x\nexecutables:\n  x-web:\n    main: Main.hs\n  x-cli:\n    main: Cli.hs\nflags: {}\n",
    "Package.swift": 'products: [.executable(name: "App", targets: [])], targets: [.executableTarget(name: "App")]\n',
}
GNU = "/src/.build/x86_64-unknown-linux-gnu/release/App"


@pytest.mark.parametrize(
    ("base", "command", "expected"),
    [
        ("elixir:1.16", "MIX_ENV=prod mix release", {"/src/_build/prod/rel/shop/erts-*/bin/beam.smp": "glibc"}),
        ("elixir:1.16-alpine", "mix release web", {"/src/_build/dev/rel/web/erts-*/bin/beam.smp": "musl"}),
        ("elixir:1.16", "mix release --path /out", {"/out/erts-*/bin/beam.smp": "glibc"}),
        ("elixir:1.16", "MIX_ENV=$X mix release", {}),
        ("elixir:1.16", "mix compile", {}),
        ("erlang:26", "rebar3 as prod release", {"/src/_build/prod/rel/api/erts-*/bin/beam.smp": "glibc"}),
        ("erlang:26", "./rebar3 as prod release -o /o", {"/o/api/erts-*/bin/beam.smp": "glibc"}),
        ("erlang:26", "rebar3 compile", {}),
        ("haskell:9", "ghc -O2 -o /out/app Main.hs", {"/out/app": "glibc"}),
        ("haskell:9", "ghc app/Main.hs", {"/src/app/Main": "glibc"}),
        ("haskell:9", "ghc -optl-static -o app Main.hs", {"/src/app": "none"}),
        ("haskell:9", "ghc -c Main.hs", {}),
        ("haskell:9", "stack install --local-bin-path /b", {"/b/x-web": "glibc", "/b/x-cli": "glibc"}),
        (
            "haskell:9",
            "stack build --copy-bins",
            {"/root/.local/bin/x-web": "glibc", "/root/.local/bin/x-cli": "glibc"},
        ),
        ("haskell:9", "cabal install --installdir=/b", {"/b/x-web": "glibc", "/b/x-cli": "glibc"}),
        ("haskell:9", "stack build", {}),
        ("debian:12", "crystal build src/web.cr -o /out/web --release", {"/out/web": "glibc"}),
        ("crystallang/crystal:1.11-alpine", "crystal build --static src/web.cr", {"/src/web": "none"}),
        ("crystallang/crystal:1.11-alpine", "crystal build src/web.cr", {"/src/web": "musl"}),
        ("debian:12", "crystal build --link-flags '-static' src/web.cr", {"/src/web": "none"}),
        ("debian:12", "crystal build --cross-compile src/web.cr", {}),
        ("debian:12", "shards build --release", {"/src/bin/web": "glibc", "/src/bin/worker": "glibc"}),
        ("debian:12", "shards build web --static", {"/src/bin/web": "none"}),
        ("debian:12", "shards install", {}),
        ("debian:12", "nim c -d:release src/main.nim", {"/src/src/main": "glibc"}),
        ("debian:12", "nim c -o:/out/app src/main.nim", {"/out/app": "glibc"}),
        ("debian:12", "nim c --outdir:bin src/main.nim", {"/src/bin/main": "glibc"}),
        ("nimlang/nim:2.2.0-alpine", "nim c --passL:-static --out=app src/main.nim", {"/src/app": "none"}),
        ("debian:12", "nim c --passL:'-static' --out=app src/main.nim", {"/src/app": "none"}),
        ("debian:12", "nim c --gcc.exe:musl-gcc src/main.nim", {}),
        ("debian:12", "nim c -d:musl src/main.nim", {}),
        ("debian:12", "nim c --app:lib src/main.nim", {}),
        ("debian:12", "nim js src/main.nim", {}),
        ("nimlang/nim:2.2.0-alpine", "nimble build -d:release", {"/src/out/tool": "musl", "/src/out/extra": "musl"}),
        ("nimlang/nim:2.2.0-alpine", "nimble install", {}),
        ("swift:5.10", "swift build -c release --static-swift-stdlib", {GNU: "glibc"}),
        ("swift:5.10", "swift build -c release -Xswiftc -static-executable", {GNU: "none"}),
        (
            "swift:6.0",
            "swift build -c release --swift-sdk x86_64-swift-linux-musl",
            {"/src/.build/x86_64-swift-linux-musl/release/App": "none"},
        ),
        ("swift:5.10", "swift build -c release --product Other", {}),
        ("swift:5.10", "swift package resolve", {}),
    ],
)
def test_programs(base: str, command: str, expected: dict[str, str], tmp_path: Path) -> None:
    found = predict(tmp_path, f"FROM {base}\nWORKDIR /src\nCOPY . .\nRUN {command}\n", FILES)
    assert {path: artifact.facts.libc for path, artifact in found.items()} == expected


@pytest.mark.parametrize(
    ("command", "known"),
    [
        ('cp "$(swift build -c release --show-bin-path)/App" /out/', True),
        ('cd / && cp "$(swift build --package-path /src -c release --show-bin-path)/App" /out/', True),
        ('cd /tmp && cp "$(swift build -c release --show-bin-path)/App" /out/', False),
        ('cp "$(swift build -c release --triple x --show-bin-path)/App" /out/', False),
    ],
)
def test_swift_tells_where_it_builds(tmp_path: Path, command: str, known: bool) -> None:
    text = f"FROM swift:5.10\nWORKDIR /src\nCOPY . .\nRUN swift build -c release && mkdir /out\nRUN {command}\n"
    assert ("/out/App" in predict(tmp_path, text, FILES)) == known


def test_swift_links_its_configuration(tmp_path: Path) -> None:
    text = (
        "FROM swift:5.10 AS build\nWORKDIR /src\nCOPY . .\nRUN swift build -c release\n"
        "FROM swift:5.10-slim\nCOPY --from=build /src/.build/release/App /app/App\n"
    )
    assert list(predict(tmp_path, text, FILES)) == ["/app/App"]


@pytest.mark.parametrize(
    ("base", "architecture", "expected"),
    [
        ("elixir:1.16-alpine", "amd64", True),
        ("elixir:alpine", "arm64", True),
        ("elixir:1.11-alpine", "amd64", False),
        ("elixir:1.12-alpine", "arm64", False),
        ("erlang:24-alpine", "amd64", True),
        ("erlang:24-alpine", "arm64", False),
        ("erlang:23-alpine", "amd64", False),
        ("hexpm/elixir:1.14.0-erlang-25.0.4-alpine-3.16.1", "amd64", True),
        ("alpine:3.20", "amd64", False),
    ],
)
def test_the_runtime_system_is_of_cxx_since_its_compiler_is(
    base: str, architecture: str, expected: bool, tmp_path: Path
) -> None:
    text = f"FROM {base}\nWORKDIR /src\nRUN mix release shop\n"
    (found,) = predict(tmp_path, text, platforms=(Platform("linux", architecture),)).values()
    assert ("libstdc++.so.6" in found.facts.needed) == expected


@pytest.mark.parametrize(
    ("name", "text", "command"),
    [
        ("mix.exs", "[app: :shop, releases: [web: [include_erts: false]]]", "mix release"),
        ("mix.exs", "[app: :shop, releases: releases()]", "mix release"),
        ("rebar.config", '{relx, [{release, {api, "1.0"}, [api]}, {dev_mode, true}]}.', "rebar3 release"),
        ("nim.cfg", 'passL = "-static"', "nim c -o:app main.nim"),
        ("config.nims", "when defined(musl): discard", "nim c -o:app main.nim"),
        ("package.yaml", "executables:\n  x:\n    ghc-options: -static -optl-static\n", "stack install"),
        ("shard.yml", "targets: [", "shards build"),
        ("Package.swift", 'let package = Package(name: "x"', "swift build -c release"),
    ],
)
def test_nothing(name: str, text: str, command: str, tmp_path: Path) -> None:
    assert predict(tmp_path, f"FROM debian:12\nWORKDIR /src\nCOPY . .\nRUN {command}\n", {name: text}) == {}
