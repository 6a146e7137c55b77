"""nim c and nimble build: programs that the C compiler of the stage links.

In: a command. Out: its programs. `--passL:-static` and a configuration that speaks of static programs or of musl make
the outcome static or unknown. Measured with 1.6 on glibc 2.36: libc alone is needed; other libraries are opened at run
time. Options and places: nim-lang.org (Nim Compiler User Guide), the readme of nimble.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.toolchains.arguments import flag_text
from depscan.toolchains.native_programs import native_program, static_native_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.artifacts.prediction import Product
    from depscan.toolchains.workplace import Workplace

_COMPILES = frozenset({"c", "cc", "compile", "compileToC", "cpp", "compileToCpp"})
_OTHERWISE = re.compile(
    r"--?(os|cpu|cc|(gcc|clang)[\w.]*|app|compileOnly|noLinking|noMain|dynlibOverride\w*|header)\b|-c$|.*musl|.*static",
    re.IGNORECASE,
)
_MAX_PROGRAMS = 500
_STATIC = re.compile(r"--passL[:=]\s*[\"']?-static\b", re.IGNORECASE)
_CONFIGURATION = re.compile(r".*\.nims|(.*\.)?nim\.cfg|config\.nims|.*\.nimble")


def predict(place: Workplace) -> Iterator[Product]:
    """The programs of a compiling command; nothing for other verbs, libraries, other compilers and machines."""
    words = [flag_text(word) for word in place.command.words[1:]]
    operands = [word for word in words if not word.startswith("-")]
    flags = [word for word in words if word.startswith("-")]
    static = any(_STATIC.match(flag) for flag in flags)
    others = [flag for flag in flags if not _STATIC.match(flag)]
    if any(word.text is None for word in place.command.words) or any(_OTHERWISE.match(flag) for flag in others):
        return
    if not operands or (not static and _is_configured(place)):
        return
    for path in _of_package(place, operands) if place.command.name == "nimble" else _of_file(place, operands, flags):
        if static:
            yield static_native_program(path, place, "--passL:-static: it is linked statically", tool="nim")
            continue
        product = native_program(path, place, "no --passL:-static: it is linked dynamically", tool="nim")
        yield from [product] if product else []


def _is_configured(place: Workplace) -> bool:
    """Whether a configuration file here speaks of static programs or of musl."""
    here = place.path(".") or "/"
    names = [name for name in place.files.names(here) if _CONFIGURATION.fullmatch(name)]
    texts = (place.files.read(posixpath.join(here, name)) or "" for name in names)
    return any(re.search("static|musl", text) for text in texts)


def _of_file(place: Workplace, operands: list[str], flags: list[str]) -> Iterator[str]:
    """`nim c FILE`: beside the source, under its name, unless --out or --outdir says otherwise."""
    if operands[0] not in _COMPILES or len(operands) < 2:
        return
    source = operands[1]
    given = {name.lower(): value for name, value in (re.split("[:=]", f"{flag}=", maxsplit=1) for flag in flags)}
    values = {name.lstrip("-"): value.rstrip("=").strip("\"'") for name, value in given.items()}
    name = posixpath.basename(source).removesuffix(".nim")
    directory = values.get("outdir") or posixpath.dirname(source)
    output = values.get("o") or values.get("out")
    path = place.path(output or posixpath.join(directory, name))
    yield from [path] if path else []


def _of_package(place: Workplace, operands: list[str]) -> Iterator[str]:
    """`nimble build`: the programs of the package's `bin`, in its `binDir`."""
    here = place.path(".")
    manifests = [name for name in place.files.names(here) if name.endswith(".nimble")] if here else []
    if operands[0] != "build" or here is None or len(manifests) != 1:
        return
    text = re.sub(r"#[^\n]*", "", place.files.read(posixpath.join(here, manifests[0])) or "")
    listed = re.search(r"(?m)^[ \t]*bin[ \t]*=\s*@\[([^\]]*)\]", text)
    directory = re.search(r"(?m)^[ \t]*binDir[ \t]*=[ \t]*\"([^\"]*)\"", text)
    for name in re.findall(r"\"([\w./-]+)\"", listed[1] if listed else "")[:_MAX_PROGRAMS]:
        if len(operands) == 1 or name in operands[1:]:
            yield posixpath.normpath(posixpath.join(here, directory[1] if directory else "", name))
