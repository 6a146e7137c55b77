"""Build commands to the programs they will make.

In: a `Workplace`: one command with its environment, on the stage as it stands. Out: `Product`s, other files `Made`,
`Fault`s for rules and `Unread` manifests; nothing for a command that nothing is known of. One module for each
toolchain; this one holds the table, and each is imported when a command first needs it. Nothing is executed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.artifacts.prediction import Made, Product
    from depscan.toolchains.workplace import Fault, Unread, Workplace

# Program -> the modules of this room, with spaces between, whose `predict` reads its commands.
PROGRAMS: dict[str, str] = {
    **dict.fromkeys(("gcc", "g++", "cc", "c++", "clang", "clang++", "musl-gcc", "musl-clang"), "c"),
    "cmake": "cmake",
    "configure": "autotools",
    **dict.fromkeys(("make", "gmake"), "cmake autotools"),
    "meson": "meson",
    "ninja": "cmake meson",
    "cargo": "cargo",
    "cross": "cargo",
    "xx-cargo": "cargo",
    "dart": "dart",
    "rustc": "cargo",
    **dict.fromkeys(("rustup-init", "rustup"), "rustup"),
    **dict.fromkeys(("nvm-init", "nvm", "fnm", "volta"), "node_versions"),
    "installer": "installers",
    "dotnet": "dotnet",
    **dict.fromkeys(("jlink", "jpackage"), "jlink"),
    **dict.fromkeys(("native-image", "mvn", "mvnw", "gradle", "gradlew"), "native_image"),
    **dict.fromkeys(("mix", "rebar"), "erlang"),  # rebar3 without its version
    **dict.fromkeys(("ghc", "stack", "cabal"), "haskell"),
    **dict.fromkeys(("nim", "nimble"), "nim"),
    **dict.fromkeys(("crystal", "shards"), "crystal"),
    "swift": "swift",
    "zig": "zig",
    "go": "go",
    "xx-go": "go",
    **dict.fromkeys(("pip", "python", "virtualenv", "uv", "poetry", "pdm", "pipenv"), "python"),
    **dict.fromkeys(("bundle", "bundler", "gem"), "ruby"),
    **dict.fromkeys(("docker-php-ext-install", "pecl"), "php"),
    **dict.fromkeys(("npm", "npx", "yarn", "yarnpkg", "pnpm", "pnpx", "bunx"), "node"),
    "bun": "node standalone",
    "deno": "standalone",
}


def predict(program: str, place: Workplace) -> Iterator[Product | Made | Fault | Unread]:
    """What the command of `place`, whose program is `program` without version and directory, will make."""
    for module in PROGRAMS.get(program, "").split():
        yield from import_module(f"depscan.toolchains.{module}").predict(place)
