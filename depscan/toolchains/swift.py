"""swift build: the programs of a package, in .build.

In: a command. Out: the programs that Package.swift names. `--static-swift-stdlib` links Swift's own libraries in and
leaves the C library dynamic; `-static-executable` and the static Linux SDK, which is of musl, link all of it
(swift.org: "Static Linking on Linux", "Getting Started with the Static Linux SDK"). No library beside libc is
predicted.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.artifacts.prediction import Made
from depscan.shell.commands import ShellWord
from depscan.toolchains.arguments import read_arguments
from depscan.toolchains.native_programs import native_program, static_native_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.artifacts.prediction import Product
    from depscan.toolchains.arguments import Arguments
    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset(
    """
    -c --configuration --product --target --package-path --scratch-path --build-path --triple --swift-sdk --sdk -j
    --jobs --arch --toolchain --destination --experimental-swift-sdk -Xswiftc -Xlinker -Xcc -Xcxx --sanitize
    """.split()  # noqa: SIM905 - read as prose
)
_ELSEWHERE = ("--triple", "--arch", "--destination", "--sdk", "--toolchain", "--target", "--show-bin-path")
_SDK = ("--swift-sdk", "--experimental-swift-sdk")
_MAX_PROGRAMS = 500
_TARGET = r"(x86_64|aarch64)-swift-linux-musl"


def predict(place: Workplace) -> Iterator[Product | Made]:
    """The programs of `swift build`, and the link that its configuration's name is."""
    arguments = read_arguments(place.command.words[1:], _VALUED)
    if arguments.operands[:1] != ("build",) or arguments.unknown or arguments.has(*_ELSEWHERE):
        return
    package, build = _directories(arguments, place.command.directory)
    sdk = arguments.value(*_SDK) if arguments.has(*_SDK) else ""
    if package is None or build is None or sdk is None or (sdk and not re.fullmatch(_TARGET, sdk)):
        return
    configuration = _configuration(arguments)
    told = [value for name in ("-Xswiftc", "-Xlinker") for value in arguments.values(name)]
    static = bool(sdk) or "-static-executable" in told or "-static" in told
    if not static and None in told:
        return
    target = sdk or f"{place.machine}-unknown-linux-gnu"
    yield Made(f"{build}/{configuration}", target=f"{target}/{configuration}")
    for name in _names(place, package, arguments.value("--product")):
        path = f"{build}/{target}/{configuration}/{name}"
        if static:
            yield static_native_program(path, place, "it is linked as a static executable", tool="swift")
            continue
        product = native_program(path, place, "nothing asks swift for a static executable", tool="swift")
        yield from [product] if product else []


def bin_path(words: Sequence[str], directory: str | None, machine: str) -> str | None:
    """What `swift build --show-bin-path` prints in `directory`; None where that is not known."""
    arguments = read_arguments([ShellWord(word, word, 0, 0) for word in words], _VALUED)
    if arguments.operands != ("build",) or arguments.has(*set(_ELSEWHERE + _SDK) - {"--show-bin-path"}):
        return None
    build = _directories(arguments, directory)[1]
    return build and f"{build}/{machine}-unknown-linux-gnu/{_configuration(arguments)}"


def _directories(arguments: Arguments, directory: str | None) -> tuple[str | None, str | None]:
    """The package's directory and that of its build, for a command in `directory`; None where they are not known."""
    package = posixpath.normpath(posixpath.join(directory or "", arguments.value("--package-path") or "."))
    given = arguments.value("--scratch-path", "--build-path")
    build = posixpath.normpath(posixpath.join(directory or "", given)) if given else f"{package}/.build"
    return (package, build) if package.startswith("/") and build.startswith("/") else (None, None)


def _configuration(arguments: Arguments) -> str:
    return arguments.value("-c", "--configuration") or "debug"


def _names(place: Workplace, package: str, product: str | None) -> list[str]:
    """The programs of Package.swift, or the one that is named."""
    text = re.sub(r"//[^\n]*", "", place.files.read(f"{package}/Package.swift") or "")
    names = re.findall(r"\.executable(?:Target)?\s*\(\s*name:\s*\"([\w.-]+)\"", text)
    return sorted({name for name in names if product in (None, name)})[:_MAX_PROGRAMS]
