"""Build commands to the programs they will make.

In: a `Workplace`: one command with its environment, on the stage as it stands. Out: `Product`s, other files `Made`,
`Fault`s for rules and `Unread` manifests; nothing for a command that nothing is known of. One module for each
toolchain; this one holds the table, and each is imported when a command first needs it. Nothing is executed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depscan.artifacts.prediction import Made, Product
    from depscan.toolchains.workplace import Fault, Unread, Workplace

# Program -> the module of this room whose `predict` reads its commands.
PROGRAMS: dict[str, str] = {
    **dict.fromkeys(("gcc", "g++", "cc", "c++", "clang", "clang++", "musl-gcc", "musl-clang"), "c"),
    **dict.fromkeys(("cmake", "make", "gmake", "ninja"), "cmake"),
    "cargo": "cargo",
    "cross": "cargo",
    "dart": "dart",
    "rustc": "cargo",
    "dotnet": "dotnet",
    **dict.fromkeys(("jlink", "jpackage"), "jlink"),
    **dict.fromkeys(("native-image", "mvn", "mvnw", "gradle", "gradlew"), "native_image"),
    "zig": "zig",
    "go": "go",
    "xx-go": "go",
    **dict.fromkeys(("pip", "python", "virtualenv", "uv", "poetry", "pdm", "pipenv"), "python"),
    **dict.fromkeys(("bundle", "bundler", "gem"), "ruby"),
    **dict.fromkeys(("docker-php-ext-install", "pecl"), "php"),
    **dict.fromkeys(("npm", "npx", "yarn", "yarnpkg", "pnpm", "pnpx", "bun", "bunx"), "node"),
}


def predict(program: str, place: Workplace) -> Iterable[Product | Made | Fault | Unread]:
    """What the command of `place`, whose program is `program` without version and directory, will make."""
    module = PROGRAMS.get(program)
    if module is None:
        return ()
    products: Iterable[Product | Made | Fault | Unread] = import_module(f"depscan.toolchains.{module}").predict(place)
    return products
