"""ghc, stack and cabal: programs with the Haskell libraries linked in, and the C library of the stage.

In: a command. Out: its programs. Measured with ghc 9.0 on glibc 2.36: libgmp.so.10, libc and libm are needed, GHC's
own libraries only with -dynamic; a GHC may count without libgmp, so that it is predicted only where the stage is known
to have it. `-optl-static` links statically. Options and places: the user's guides of GHC, cabal and stack.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.toolchains.arguments import Arguments, read_arguments
from depscan.toolchains.native_programs import native_program, static_native_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.artifacts.prediction import Product
    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset(
    """
    -o --output -outputdir --local-bin-path --installdir --install-method --ghc-options --flag --resolver --stack-yaml
    --work-dir --project-file -w --with-compiler --jobs -j --cabal-verbosity -package -X -package-id --overwrite-policy
    """.split()  # noqa: SIM905 - read as prose
)
_STATIC = r"-optl-?-?static\b|--enable-executable-static|-optl=-static\b"
_TOLD = r"\bstatic\b|musl"
_MANIFESTS = r"package\.yaml|stack[\w-]*\.yaml|cabal\.project[\w.]*|.*\.cabal"
_MAX_MANIFESTS = 50
_MAX_PROGRAMS = 500


def predict(place: Workplace) -> Iterator[Product]:
    """The programs of a command; nothing where a manifest speaks of static programs."""
    arguments = read_arguments(place.command.words[1:], _VALUED)
    words = " ".join(word or "" for word in place.words)
    if arguments.unknown or re.search(r"--ghcjs|wasm|--dynamic\b|-dynamic\b|-shared\b|-c\b|--nix\b", words):
        return
    texts = _manifests(place) if place.command.name != "ghc" else {}
    static = re.search(_STATIC, words) is not None
    if not static and any(re.search(_TOLD, text) for text in (words, *texts.values())):
        return
    for path in _of_file(place, arguments) if place.command.name == "ghc" else _installed(place, arguments, texts):
        if static:
            yield static_native_program(path, place, "-optl-static: it is linked statically", tool="haskell")
            continue
        gmp = place.soname("gmp")
        why = "nothing asks GHC for a static program: it is linked dynamically"
        product = native_program(path, place, why, tool="haskell", needed=(gmp,) if gmp else ())
        yield from [product] if product else []


def _manifests(place: Workplace) -> dict[str, str]:
    """The texts of the project's manifests by path, comments removed."""
    paths = [
        each for each in place.files.walk(place.path(".") or "/?") if re.fullmatch(_MANIFESTS, each.split("/")[-1])
    ]
    read = ((path, place.files.read(path) or "") for path in paths[:_MAX_MANIFESTS])
    return {path: re.sub(r"(?m)^[ \t]*(--|#).*$", "", text) for path, text in read}


def _of_file(place: Workplace, arguments: Arguments) -> Iterator[str]:
    """`ghc Main.hs` makes Main, `ghc -o NAME` that."""
    sources = [each for each in arguments.operands if each.endswith((".hs", ".lhs"))]
    if not sources or arguments.has("-e", "-M", "--make-mode", "-staticlib", "-no-link"):
        return
    path = place.path(arguments.value("-o") if arguments.has("-o") else posixpath.splitext(sources[-1])[0])
    yield from [path] if path else []


def _installed(place: Workplace, arguments: Arguments, texts: dict[str, str]) -> Iterator[str]:
    """The programs that `stack install` and `cabal install` put into their directory of programs."""
    verbs = set(arguments.operands[:1])
    by_stack = place.command.name == "stack"
    copies = by_stack and (verbs & {"install"} or arguments.has("--copy-bins"))
    if not copies and not (not by_stack and verbs & {"install", "v2-install", "new-install"}):
        return
    option, default = ("--local-bin-path", ".local/bin") if by_stack else ("--installdir", ".local/bin")
    home = place.environment.get("HOME", "/root")
    directory = arguments.value(option) if arguments.has(option) else home and f"{home}/{default}"
    path = place.path(directory) if directory else None
    names = sorted({name for file, text in texts.items() for name in _executables(file, text)})
    if path is not None:
        yield from (posixpath.join(path, name) for name in names[:_MAX_PROGRAMS] or ["*"])


def _executables(path: str, text: str) -> list[str]:
    """The programs of a .cabal file (`executable NAME`) or a package.yaml (`executables:`)."""
    if path.endswith(".cabal"):
        return re.findall(r"(?mi)^executable\s+([\w.-]+)", text)
    section = re.search(r"(?m)^executables:[ \t]*\n((?:(?:[ \t]+[^\n]*)?(?:\n|$))*)", text)
    lines = section[1].split("\n") if section and path.endswith("package.yaml") else []
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    found = (re.fullmatch(rf" {{{margin}}}([\w.-]+):\s*", line) for line in lines)
    return [each[1] for each in found if each]
